"""A person's page: archive, records, history."""

from typing import Any

import pytest
from django.test import Client

from syncapp.choices import RunMode, Status
from syncapp.models import Conflict, Employee, RunItem, SyncRun
from tests.admin.pages import page, save, text
from tests.factories import make_phone_system, make_record, make_server

CHANGE = "syncapp_employee_change"


def reread(employee: Employee) -> Employee:
    return Employee.objects.get(pk=employee.pk)


@pytest.mark.promise(1)
def test_archive_is_a_run_of_its_own(admin_client: Client, anna: Employee) -> None:
    response = admin_client.post(page("syncapp_employee_archive", anna.pk), follow=True)

    assert reread(anna).archived_at is not None
    assert RunItem.objects.get().message_code == "employee_archived_number"
    assert "is archived" in text(response)


def test_archived_person_gives_up_the_number(admin_client: Client, anna: Employee) -> None:
    assert "Archiving gives up number 215" in text(admin_client.get(page(CHANGE, anna.pk)))

    admin_client.post(page("syncapp_employee_archive", anna.pk))

    assert reread(anna).extension == ""
    assert "Archiving gives up" not in text(admin_client.get(page(CHANGE, anna.pk)))


def test_archived_person_is_taken_back(admin_client: Client, anna: Employee) -> None:
    admin_client.post(page("syncapp_employee_archive", anna.pk))

    admin_client.post(page("syncapp_employee_take_back", anna.pk))

    assert (reread(anna).archived_at, reread(anna).extension) == (None, "215")


def test_archiving_twice_is_one_change(admin_client: Client, anna: Employee) -> None:
    for _time in range(2):
        admin_client.post(page("syncapp_employee_archive", anna.pk))

    assert RunItem.objects.count() == 1


def test_page_shows_records_and_history(admin_client: Client, anna: Employee) -> None:
    record = make_record(employee=anna, endpoint=make_server(name="Head office"), status=Status.UPDATED)
    run = SyncRun.objects.create(endpoint=record.endpoint, who="boris", status="completed")
    change = {"field": "title", "side": "pbx", "before": "Clerk", "after": "Manager"}
    RunItem.objects.create(run=run, employee=anna, outcome="updated", changes=[change])

    shown = text(admin_client.get(page(CHANGE, anna.pk)))

    assert page("syncapp_syncrecord_change", record.pk) in shown
    assert page("syncapp_syncrun_change", run.pk) in shown
    assert "boris" in shown
    assert "Clerk" in shown


def test_history_is_a_timeline_of_what_happened(admin_client: Client, anna: Employee) -> None:
    for mode, who in ((RunMode.APPLY, "first"), (RunMode.PREVIEW, "preview"), (RunMode.EDIT, "second")):
        run = SyncRun.objects.create(mode=mode, status="completed", who=f"by-{who}")
        RunItem.objects.create(run=run, employee=anna, outcome="updated")

    shown = text(admin_client.get(page(CHANGE, anna.pk))).partition("sync-timeline")[2]

    assert 0 < shown.index("by-second") < shown.index("by-first")
    assert "by-preview" not in shown
    assert shown.count("sync-event-first") == 2


def test_long_history_is_shown_in_pages(admin_client: Client, anna: Employee) -> None:
    for number in range(45):
        run = SyncRun.objects.create(mode=RunMode.EDIT, status="completed", who=f"user-{number:02}")
        RunItem.objects.create(run=run, employee=anna, outcome="updated")

    first = text(admin_client.get(page(CHANGE, anna.pk)))
    second = text(admin_client.get(page(CHANGE, anna.pk, query="items-page=2")))

    assert "user-44" in first
    assert "user-20" not in first
    assert "user-20" in second


@pytest.mark.parametrize("number", [2, 15])
def test_page_takes_the_same_number_of_queries(
    admin_client: Client, anna: Employee, django_assert_num_queries: Any, number: int
) -> None:
    for _time in range(number):
        make_record(employee=anna)
        run = SyncRun.objects.create(endpoint=make_server(), status="completed")
        RunItem.objects.create(run=run, employee=anna, outcome="updated")

    with django_assert_num_queries(13):
        admin_client.get(page(CHANGE, anna.pk))


def test_history_names_an_edit_by_hand(admin_client: Client, anna: Employee) -> None:
    save(admin_client, CHANGE, anna.pk, title="Director")

    assert f"#{SyncRun.objects.get().pk} edit" in text(admin_client.get(page(CHANGE, anna.pk)))


def test_button_queues_a_run_for_this_person_alone(admin_client: Client, anna: Employee) -> None:
    record = make_record(employee=anna, endpoint=make_server(name="Head office"), dn="uid=anna")
    make_record(employee=anna, endpoint=make_server(name="Off", enabled=False))

    shown = text(admin_client.get(page(CHANGE, anna.pk)))
    response = admin_client.post(page("syncapp_employee_synchronise", anna.pk), follow=True)

    assert page("syncapp_employee_synchronise", anna.pk) in shown
    run = SyncRun.objects.get()
    assert (run.endpoint_id, run.mode, run.anchors) == (
        record.endpoint_id,
        RunMode.APPLY,
        [[record.anchor, "uid=anna"]],
    )
    assert page("syncapp_syncrun_change", run.pk) in text(response)


def test_button_leads_to_the_run_that_is_going_on(admin_client: Client, anna: Employee) -> None:
    record = make_record(employee=anna, endpoint=make_server())
    busy = SyncRun.objects.create(endpoint=record.endpoint, status="queued")

    response = admin_client.post(page("syncapp_employee_synchronise", anna.pk), follow=True)

    assert SyncRun.objects.count() == 1
    assert page("syncapp_syncrun_change", busy.pk) in text(response)


def test_person_whom_no_server_knows_is_not_synchronised(admin_client: Client, anna: Employee) -> None:
    response = admin_client.post(page("syncapp_employee_synchronise", anna.pk), follow=True)

    assert SyncRun.objects.count() == 0
    assert "No enabled server knows this person yet" in text(response)


def test_button_needs_the_right_to_start_runs(viewer_client: Client, anna: Employee) -> None:
    client = viewer_client

    assert client.post(page("syncapp_employee_synchronise", anna.pk)).status_code == 403
    assert page("syncapp_employee_synchronise", anna.pk) not in text(client.get(page(CHANGE, anna.pk)))


def test_edit_waits_for_the_domain_at_once(admin_client: Client, anna: Employee) -> None:
    record = make_record(
        employee=anna, endpoint=make_server(kind="openldap"), base={"extension": ["215", "215"], "title": ["", ""]}
    )

    save(admin_client, CHANGE, anna.pk, extension="301", title="Chief")
    record.refresh_from_db()
    assert (record.waits, record.waiting) == ({"extension": "215"}, True)  # titles only come in
    assert "Waits for the domain: extension." in text(admin_client.get(page(CHANGE, anna.pk)))

    save(admin_client, CHANGE, anna.pk, extension="215")
    record.refresh_from_db()
    assert (record.waits, record.waiting) == ({}, False)


def test_change_that_did_not_happen_says_so(admin_client: Client, anna: Employee) -> None:
    run = SyncRun.objects.create(endpoint=make_server(), status="partial")
    change = {"field": "title", "side": "domain", "before": "Clerk", "after": "Manager"}
    RunItem.objects.create(run=run, employee=anna, outcome="failed", changes=[change], unwritten=["domain:title"])

    assert "not written" in text(admin_client.get(page(CHANGE, anna.pk)))


def test_page_shows_all_endpoints_side_by_side(admin_client: Client, anna: Employee) -> None:
    directory = make_record(
        employee=anna,
        endpoint=make_server(name="Domain", rank=1),
        dn="cn=anna,dc=x",
        base={"title": ["Clerk", "Clerk"]},
    )
    phones = make_phone_system(name="Desk phones", rank=2)
    make_record(employee=anna, endpoint=phones, anchor="113", base={"extension": ["215", "215"]}, waits={"name": "A."})
    Conflict.objects.create(endpoint=directory.endpoint, record=directory, kind="field", field="email", remote="a@x")

    response = admin_client.get(page(CHANGE, anna.pk))

    sides = response.context["sides"]
    rows = {row.label: (row.ours, [(cell.text, cell.word) for cell in row.cells]) for row in sides.rows}
    assert [str(record.endpoint) for record in sides.records] == ["Domain", "Desk phones"]
    assert rows["Extension"] == ("215", [("", ""), ("215", "")])
    assert rows["Name"] == (anna.name, [("", ""), ("A.", "our value waits")])
    assert rows["Job title"] == ("Manager", [("Clerk", "changed here since"), ("", "")])
    assert rows["E-mail"][1][0] == ("a@x", "waits for a decision")
    assert "No. 113 in the phone system" in text(response)
