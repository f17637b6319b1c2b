"""Who has left and is still in a phone system is a task for a person: nobody can be switched off there from here."""

import pytest
from django.test import Client

from fixtures.mikopbx import MikoPbx
from syncapp.exceptions import SyncError
from syncapp.models import DirectoryServer, Employee, PhoneFarewell, PhoneSystem, SyncRecord
from syncapp.services.edits import set_archived
from syncapp.services.phone_tasks import phone_tasks, tick_off
from tests.admin.pages import page, text
from tests.factories import make_employee, make_phone_system, make_record
from tests.services.company import Company
from tests.services.corners import phones_of, sync, there
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)

LOCKED = "000001010000Z"


@pytest.fixture
def phones(pbx: MikoPbx, company: Company) -> PhoneSystem:
    """Anna and Boris are in the directory and in the box, where Boris forwards to Anna."""
    pbx.box.add("Anna Orlova", number="201", user_email="anna@corp.example")
    pbx.box.add("Boris Titov", number="202", user_email="boris@corp.example", fwd_forwardingonbusy="201")
    phones = phones_of(pbx, name="Head office")
    sync(phones)
    company.add("anna", "Anna Orlova", mail="anna@corp.example", telephoneNumber="201")
    company.add("boris", "Boris Titov", mail="boris@corp.example", telephoneNumber="202")
    return phones


@pytest.fixture
def server(company: Company, phones: PhoneSystem) -> DirectoryServer:
    server = company.server()
    sync(server)
    return server


@pytest.fixture
def left(company: Company, server: DirectoryServer) -> DirectoryServer:
    """Anna is switched off in the directory."""
    company.change("anna", pwdAccountLockedTime=LOCKED)
    sync(server)
    return server


def waiting() -> list[tuple[str, str]]:
    return [(task.record.name, task.number) for task in phone_tasks() if task.done is None]


def done() -> None:
    tick_off(phone_tasks()[0].record.pk, who="olga", now=phone_tasks()[0].record.created_at)


def test_nobody_is_a_task_while_all_work_here(server: DirectoryServer) -> None:
    assert phone_tasks() == []


@pytest.mark.promise(3)
def test_who_is_switched_off_in_the_directory_is_a_task_and_stays_untouched(
    left: DirectoryServer, pbx: MikoPbx, phones: PhoneSystem
) -> None:
    assert waiting() == [("Anna Orlova", "201")]
    sync(phones)
    assert there(pbx, "Anna Orlova").number == "201"
    assert waiting() == [("Anna Orlova", "201")]


def test_archived_person_is_a_task(server: DirectoryServer) -> None:
    set_archived(Employee.objects.get(name="Boris Titov").pk, archived=True, user=None)

    assert waiting() == [("Boris Titov", "202")]


def test_task_goes_when_the_phone_system_has_the_person_no_more(
    left: DirectoryServer, pbx: MikoPbx, phones: PhoneSystem
) -> None:
    pbx.box.remove(there(pbx, "Anna Orlova").id)
    sync(phones)

    assert phone_tasks() == []


def test_task_goes_when_the_person_is_back(left: DirectoryServer, company: Company) -> None:
    company.change("anna", pwdAccountLockedTime=None)
    sync(left)

    assert phone_tasks() == []


def test_what_is_ticked_off_waits_no_more_until_the_person_leaves_again(
    left: DirectoryServer, company: Company
) -> None:
    done()
    sync(left)
    assert (waiting(), PhoneFarewell.objects.get().who) == ([], "olga")

    company.change("anna", pwdAccountLockedTime=None)
    sync(left)
    assert not PhoneFarewell.objects.exists()

    company.change("anna", pwdAccountLockedTime=LOCKED)
    sync(left)
    assert waiting() == [("Anna Orlova", "201")]


def test_who_has_no_task_cannot_be_ticked_off(server: DirectoryServer) -> None:
    record = SyncRecord.objects.get(endpoint__phonesystem__isnull=False, name="Anna Orlova")

    with pytest.raises(SyncError) as refused:
        tick_off(record.pk, who="olga", now=record.created_at)

    assert refused.value.code == "phone_task_gone"


NO_TASKS = {
    "in_no_directory": ([], {}),
    "active_in_one_of_two_directories": (["disabled", "active"], {}),
    "switched_off_there_too": (["disabled"], {"state": "disabled"}),
    "not_there_any_more": (["disabled"], {"state": "missing"}),
    "not_made_there_yet": (["disabled"], {"anchor": "new:7"}),
}


@pytest.mark.parametrize(("directories", "values"), NO_TASKS.values(), ids=NO_TASKS)
def test_who_is_no_task(directories: list[str], values: dict[str, str]) -> None:
    employee = make_employee()
    for state in directories:
        make_record(employee=employee, state=state)
    make_record(employee=employee, endpoint=make_phone_system(), **values)

    assert phone_tasks() == []


def test_overview_and_page_say_what_is_to_be_done(admin_client: Client, left: DirectoryServer) -> None:
    overview = text(admin_client.get(page("index")))
    shown = text(admin_client.get(page("syncapp_phone_tasks")))

    assert "1 person has left and is still in a phone system" in overview
    assert "Boris Titov: calls go on to 201 when busy." in shown


def test_page_ticks_off_and_takes_back(admin_client: Client, left: DirectoryServer) -> None:
    record = phone_tasks()[0].record

    admin_client.post(page("syncapp_phone_task_done", record.pk))
    assert waiting() == []
    assert "still in a phone system" not in text(admin_client.get(page("index")))
    assert "Not done after all" in text(admin_client.get(page("syncapp_phone_tasks")))

    admin_client.post(page("syncapp_phone_task_done", record.pk), {"back": "1"})
    assert waiting() == [("Anna Orlova", "201")]
