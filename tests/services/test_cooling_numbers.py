"""Numbers of archived employees, and people who are hired again (rules C5, C8, D4)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from syncapp.models import Conflict, CoolingNumber, DirectoryServer, Employee, NumberPool, RunItem, SyncRecord
from syncapp.services.conflicts import Choice, decide_many
from syncapp.services.disputes import seen_of
from syncapp.services.edits import change_employee, set_archived
from syncapp.services.matches import create_new, join
from syncapp.services.numbers import pool_usage
from tests.factories import make_employee, make_pool
from tests.services.company import Company, changes_of, item_of, sync
from tests.services.disputes import REMOTE, conflict

pytestmark = pytest.mark.django_db(transaction=True)

MAIL = "anna@example.test"
LOCKED = "000001010000Z"


def archive(employee: Employee) -> None:
    set_archived(employee.pk, archived=True, user=None)


def take_back(employee: Employee) -> None:
    set_archived(employee.pk, archived=False, user=None)


def anna() -> Employee:
    return Employee.objects.get(name="Anna Petrova")


def numbers() -> dict[str, str]:
    return dict(Employee.objects.values_list("name", "extension"))


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """Anna has the first number of the pool, which the directory does not know."""
    company.add("anna", "Anna Petrova", mail=MAIL)
    company.add("zoe", "Zoe Stays", mail="zoe@example.test", telephoneNumber="299")
    server = company.server()
    sync(server)
    return server


@pytest.mark.promise(1)
def test_archiving_gives_up_the_number_which_then_rests(server: DirectoryServer) -> None:
    archive(anna())

    rest = CoolingNumber.objects.get()
    item = RunItem.objects.get(message_code="employee_archived_number")
    assert (anna().extension, rest.extension, rest.employee, rest.issued) == ("", "200", anna(), True)
    assert timedelta(days=89) < rest.until - timezone.now() <= timedelta(days=90)
    assert changes_of(item) == {"extension": ("200", "")}
    assert item.message_params == {"number": "200", "until": timezone.localdate(rest.until).isoformat()}


def test_pool_says_how_long_a_number_rests(server: DirectoryServer) -> None:
    NumberPool.objects.update(cool_down_days=7)
    make_pool(first="200", last="209", cool_down_days=14)
    make_pool(first="0200", last="0209", cool_down_days=300)
    make_pool(first="200", last="209", cool_down_days=400, number_plan="branch")

    archive(anna())

    assert (CoolingNumber.objects.get().until - timezone.now()).days == 13


def test_number_of_no_pool_is_only_remembered() -> None:
    employee = make_employee(extension="700")

    archive(employee)

    assert CoolingNumber.objects.get().until <= timezone.now()


def test_employee_without_a_number_is_archived_as_well() -> None:
    employee = make_employee()

    archive(employee)

    assert (RunItem.objects.get().message_code, CoolingNumber.objects.count()) == ("employee_archived", 0)


def test_cooling_number_is_never_issued(company: Company, server: DirectoryServer) -> None:
    archive(anna())
    company.add("boris", "Boris Sidorov", mail="boris@example.test")

    sync(server)

    assert numbers()["Boris Sidorov"] == "201"


def test_number_that_has_rested_is_issued_again(company: Company, server: DirectoryServer) -> None:
    archive(anna())
    CoolingNumber.objects.update(until=timezone.now())
    company.add("boris", "Boris Sidorov", mail="boris@example.test")

    sync(server)

    assert numbers()["Boris Sidorov"] == "200"


@pytest.mark.promise(3)
def test_no_run_gives_an_archived_person_anything_or_tells_the_directory(
    company: Company, server: DirectoryServer
) -> None:
    company.change("anna", telephoneNumber="200")
    sync(server)
    archive(anna())
    before = company.directory.modifications()

    first, second = sync(server), sync(server)

    assert (anna().extension, anna().archived_at is not None) == ("", True)
    assert (first.status, second.items.count(), company.directory.modifications()) == ("completed", 0, before)


@pytest.mark.promise(2)
def test_who_is_taken_back_gets_the_number_again(company: Company, server: DirectoryServer) -> None:
    company.change("anna", telephoneNumber="200")
    sync(server)
    archive(anna())
    sync(server)

    take_back(anna())

    item = RunItem.objects.get(message_code="employee_taken_back_number")
    assert (anna().extension, CoolingNumber.objects.count(), changes_of(item)) == (
        "200", 0, {"extension": ("", "200")},
    )  # fmt: skip
    run = sync(server)
    assert (run.status, anna().extension, sync(server).items.count()) == ("completed", "200", 0)


def test_number_that_this_program_issued_stays_no_match_key(server: DirectoryServer) -> None:
    archive(anna())

    take_back(anna())

    assert anna().number_issued


def test_who_is_taken_back_too_late_gets_another_number(company: Company, server: DirectoryServer) -> None:
    company.change("anna", telephoneNumber="200")
    sync(server)
    archive(anna())
    zoe = Employee.objects.get(name="Zoe Stays")
    change_employee(zoe.pk, {"extension": "200"}, version=zoe.version, user=None)

    take_back(anna())

    assert RunItem.objects.filter(message_code="employee_taken_back_numberless").count() == 1
    sync(server)
    assert (anna().extension, numbers()["Zoe Stays"]) == ("201", "200")


def test_employee_who_was_given_a_number_before_keeps_that(server: DirectoryServer) -> None:
    archive(anna())
    change_employee(anna().pk, {"extension": "210"}, version=anna().version, user=None)

    take_back(anna())

    assert anna().extension == "210"


def test_cooling_number_that_the_directory_gives_to_somebody_waits_for_a_decision(
    company: Company, server: DirectoryServer
) -> None:
    archive(anna())
    company.add("boris", "Boris Sidorov", mail="boris@example.test", telephoneNumber="200")

    run = sync(server)

    assert (conflict().kind, conflict().owner, numbers()["Boris Sidorov"]) == ("number_taken", anna(), "")
    assert item_of(run, "Boris Sidorov").message_code == "number_waits"
    decided = decide_many([(conflict().pk, seen_of(conflict()))], Choice(REMOTE), user="olga")
    assert [error.code for error in decided.refused.values()] == ["decision_number_cooling"]


def test_pool_tells_cooling_numbers_and_until_when(server: DirectoryServer) -> None:
    pool = NumberPool.objects.get()
    archive(anna())

    usage = pool_usage([pool])[pool.pk]

    assert ([row.extension for row in usage.cooling], usage.used, usage.free, usage.next) == (["200"], 1, 98, "201")


def test_cooling_number_that_somebody_typed_is_used(server: DirectoryServer) -> None:
    pool = NumberPool.objects.get()
    archive(anna())
    make_employee(extension="200")

    usage = pool_usage([pool])[pool.pk]

    assert (usage.cooling, usage.used) == ((), 2)


# --- hired again ------------------------------------------------------------------------------------------------------


def _deleted(company: Company) -> None:
    company.delete("anna")


def _switched_off(company: Company) -> None:
    company.change("anna", pwdAccountLockedTime=LOCKED, mail=None)


@pytest.mark.promise(3)
@pytest.mark.parametrize("left", [_deleted, _switched_off], ids=["deleted", "switched_off"])
def test_mail_of_an_archived_person_is_asked_about_and_confirmed(
    company: Company, server: DirectoryServer, left: object
) -> None:
    before = SyncRecord.objects.get(employee=anna())
    left(company)  # type: ignore[operator]
    sync(server)
    SyncRecord.objects.filter(state="missing").update(
        evidence_since=timezone.now() - timedelta(hours=3), confirmed_at=timezone.now()
    )
    archive(anna())
    company.add("again", "Anna Petrova", mail=MAIL, title="Director")

    run = sync(server)

    assert (run.counts["proposed"], run.counts["created"], conflict().kind) == (1, 0, "match_rehired")
    assert anna().archived_at is not None
    moved = join(conflict_id=conflict().pk, employee_id=anna().pk, user="olga")
    assert (moved.pk, moved.dn, anna().archived_at, anna().extension) == (
        before.pk, f"uid=again,{company.base}", None, "200",
    )  # fmt: skip
    after = sync(server)
    assert (after.status, anna().title, Employee.objects.count()) == ("completed", "Director", 2)
    assert sync(server).items.count() == 0


def test_archived_person_of_no_directory_is_hired_again(company: Company, server: DirectoryServer) -> None:
    old = make_employee(name="Old Colleague", email="old@example.test", extension="205")
    archive(old)
    company.add("old", "Old Colleague", mail="OLD@example.test")
    sync(server)

    join(conflict_id=conflict().pk, employee_id=old.pk, user="olga")
    run = sync(server)

    old.refresh_from_db()
    assert (old.archived_at, old.extension, old.records.count()) == (None, "205", 1)
    assert (run.status, run.counts["skipped"], run.items.count()) == ("completed", 3, 0)


def test_refused_mail_becomes_a_new_person(company: Company, server: DirectoryServer) -> None:
    old = make_employee(name="Old Colleague", email="old@example.test")
    archive(old)
    company.add("old", "New Colleague", mail="old@example.test")
    sync(server)

    create_new(conflict_id=conflict().pk, user="olga")
    run = sync(server)

    old.refresh_from_db()
    assert (run.counts["created"], old.archived_at is not None) == (1, True)
    assert not Conflict.objects.filter(closed_at=None).exists()
