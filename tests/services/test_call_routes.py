"""What leads to a person's numbers is said before the number is changed or the person archived."""

import pytest
from django.test import Client

from fixtures.mikopbx import MikoPbx
from syncapp.models import Employee, PhoneSystem, SyncRun
from syncapp.services.call_routes import Forward, call_routes
from tests.admin.pages import page, text
from tests.factories import make_employee, make_record
from tests.services.company import Company
from tests.services.corners import phones_of, sync
from tests.telephony.conftest import FULL_KEY
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phones(pbx: MikoPbx) -> PhoneSystem:
    """Boris forwards to Anna's number and Vera to her mobile; Anna to her own, and to Boris."""
    anna = pbx.box.add("Anna Orlova", number="201", user_email="anna@corp.example", mobile_number="79161234567")
    anna.fwd_forwarding, anna.fwd_forwardingonbusy = "79161234567", "202"
    pbx.box.add("Boris Titov", number="202", fwd_forwardingonbusy="201")
    pbx.box.add("Vera Lind", number="203", fwd_forwardingonunavailable="89161234567")
    phones = phones_of(pbx, name="Head office")
    sync(phones)
    return phones


def anna() -> Employee:
    return Employee.objects.get(name="Anna Orlova")


def test_forwards_of_others_to_number_and_mobile_are_found(phones: PhoneSystem) -> None:
    [routes] = call_routes([anna().pk])[anna().pk]

    assert (routes.system, routes.number) == (phones, "201")
    assert routes.forwards == (
        Forward("Boris Titov", "201", "fwd_forwardingonbusy"),
        Forward("Vera Lind", "89161234567", "fwd_forwardingonunavailable"),
    )


def test_who_is_in_no_phone_system_has_no_routes(phones: PhoneSystem) -> None:
    assert call_routes([make_employee(extension="250").pk]) == {}


def test_another_phone_system_says_nothing_of_this_one(pbx: MikoPbx, phones: PhoneSystem) -> None:
    with MikoPbx() as other:
        other.box.keys.add(FULL_KEY, full=True)
        other.box.add("Somebody Else", number="300", fwd_forwarding="201")
        sync(phones_of(other, number_plan="branch"))

    [routes] = call_routes([anna().pk])[anna().pk]

    assert "Somebody Else" not in [each.name for each in routes.forwards]


def test_number_of_people_does_not_change_that_of_queries(
    phones: PhoneSystem, django_assert_num_queries: object
) -> None:
    ids = list(Employee.objects.values_list("pk", flat=True))

    with django_assert_num_queries(4):  # type: ignore[operator]
        found = call_routes(ids)

    assert len(found) == 3


def test_page_of_a_person_says_what_leads_there_and_what_cannot_be_told(
    admin_client: Client, phones: PhoneSystem
) -> None:
    shown = text(admin_client.get(page("syncapp_employee_change", anna().pk)))

    assert "2 forwards of other people lead to this person." in shown
    assert "Boris Titov: calls go on to 201 when busy." in shown
    assert "Which queues, voice menus and incoming routes lead to 201 the phone system does not tell" in shown


def test_confirmation_of_archiving_says_it_too(admin_client: Client, phones: PhoneSystem) -> None:
    make_record(employee=anna(), state="disabled")
    make_record(employee=Employee.objects.get(name="Vera Lind"), state="disabled")
    chosen = {"action": "archive", "_selected_action": list(Employee.objects.values_list("pk", flat=True))}

    shown = text(admin_client.post(page("syncapp_leaver_changelist"), chosen))

    assert "2 people will be archived" in shown
    assert "Vera Lind: calls go on to 89161234567 when not reachable." in shown
    assert "no forward of anybody else to 203 is known" in shown


def test_preview_of_a_new_number_says_what_leads_to_the_old_one(
    admin_client: Client, company: Company, phones: PhoneSystem
) -> None:
    company.add("anna", "Anna Orlova", mail="anna@corp.example", telephoneNumber="201")
    server = company.server()
    sync(server)
    company.change("anna", telephoneNumber="250")

    run: SyncRun = sync(server, preview=True)
    shown = text(admin_client.get(page("syncapp_runitem_changelist") + f"?run__id__exact={run.pk}"))

    assert "Head office: calls of Boris Titov, Vera Lind are forwarded here" in shown
