"""The page on which an entry is said to be somebody else's."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from syncapp.models import Employee, RunItem, SyncRecord, SyncRun
from tests.admin.pages import page, text
from tests.factories import make_employee, make_record

UNTIE = "syncapp_syncrecord_untie"
CHANGE = "syncapp_syncrecord_change"


@pytest.fixture
def record(anna: Employee) -> SyncRecord:
    """Anna's, recognised by name in a run that brought a title, and wrote her mobile."""
    record = make_record(employee=anna, name="Anna of the entry", base={"title": ["Boss", "Boss"]})
    Employee.objects.filter(pk=anna.pk).update(title="Sales director")
    run = SyncRun.objects.create(endpoint=record.endpoint, status="completed", who="boris")
    changes = [
        {"field": "title", "side": "pbx", "before": "Sales manager", "after": "Sales director"},
        {"field": "department", "side": "pbx", "before": "Sales", "after": "Elsewhere"},
        {"field": "mobile", "side": "domain", "before": "", "after": "+79161112233"},
    ]
    RunItem.objects.create(
        run=run, record=record, employee=anna, outcome="updated", changes=changes, message_code="matched",
        message_params={"key": "name"}, plan={"action": "join"},
    )  # fmt: skip
    return record


def send(client: Client, record: SyncRecord, **data: Any) -> str:
    values = {"employee": record.employee_id, **data}
    return text(client.post(page(UNTIE, record.pk), values, follow=True))


def test_page_says_what_will_happen_before_it_does(admin_client: Client, record: SyncRecord) -> None:
    shown = text(admin_client.get(page(UNTIE, record.pk)))

    for told in (
        "Anna of the entry", "Recognised by name", "never joined or proposed again",
        "Sales <del>manager</del>", "Sales <ins>director</ins>", "can be put back", "was changed since",
        "+79161112233", "This stays on the server",
    ):  # fmt: skip
        assert told in shown
    assert SyncRecord.objects.get().employee == record.employee


def test_entry_is_untied_and_the_values_stay(admin_client: Client, record: SyncRecord, anna: Employee) -> None:
    shown = send(admin_client, record)

    assert (SyncRecord.objects.get().employee, SyncRecord.objects.get().refused) == (None, [anna.pk])
    assert Employee.objects.get(pk=anna.pk).title == "Sales director"
    assert "is untied from" in shown
    assert "were put back" not in shown


def test_values_are_put_back_on_request(admin_client: Client, record: SyncRecord, anna: Employee) -> None:
    shown = send(admin_client, record, restore="on")

    assert Employee.objects.get(pk=anna.pk).title == "Sales manager"
    assert "were put back" in shown
    history = text(admin_client.get(page("syncapp_employee_change", anna.pk)))
    assert "The join had brought in: job title “Sales manager” → “Sales director”" in history


@pytest.mark.parametrize("seen", ["", "x", "0", "another"])
def test_who_was_shown_another_employee_is_refused(admin_client: Client, record: SyncRecord, seen: str) -> None:
    shown = send(admin_client, record, employee=make_employee().pk if seen == "another" else seen)

    assert "belongs to somebody else or to nobody by now" in shown
    assert SyncRecord.objects.get().employee == record.employee


def test_buttons_lead_there(admin_client: Client, record: SyncRecord, anna: Employee) -> None:
    for address in (page(CHANGE, record.pk), page("syncapp_employee_change", anna.pk)):
        assert page(UNTIE, record.pk) in text(admin_client.get(address))


def test_entry_that_an_employee_was_created_from_has_no_button(
    admin_client: Client, record: SyncRecord, anna: Employee
) -> None:
    RunItem.objects.update(plan={"action": "create"})

    for address in (page(CHANGE, record.pk), page("syncapp_employee_change", anna.pk)):
        assert page(UNTIE, record.pk) not in text(admin_client.get(address))
    assert "No join of Anna of the entry is known" in text(admin_client.get(page(UNTIE, record.pk), follow=True))


def test_page_of_a_record_of_nobody_leads_back(admin_client: Client) -> None:
    assert "No join of" in text(admin_client.get(page(UNTIE, make_record().pk), follow=True))


def test_untying_needs_the_right_to_decide(viewer_client: Client, viewer: User, record: SyncRecord) -> None:
    assert viewer_client.get(page(UNTIE, record.pk)).status_code == 403
    assert viewer_client.post(page(UNTIE, record.pk), {"employee": record.employee_id}).status_code == 403
    assert page(UNTIE, record.pk) not in text(viewer_client.get(page(CHANGE, record.pk)))

    viewer.user_permissions.add(Permission.objects.get(codename="change_conflict"))
    assert page(UNTIE, record.pk) in text(viewer_client.get(page(CHANGE, record.pk)))
