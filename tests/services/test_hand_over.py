"""Numbers of people who have left, handed over to whom the directory gives them: whole runs over a real OpenLDAP (rule C4)."""

from typing import Any

import pytest

from syncapp.core.vocabulary import Resolution
from syncapp.exceptions import SyncError
from syncapp.models import Conflict, DirectoryServer, Employee, RunItem, SyncRecord
from syncapp.services.conflicts import Choice, decide_many
from syncapp.services.disputes import seen_of
from syncapp.services.edits import change_employee, set_archived
from tests.factories import make_employee
from tests.services.company import Company, changes_of, counted, item_of, sync
from tests.services.disputes import conflict, take

pytestmark = pytest.mark.django_db(transaction=True)

HAND_OVER = Resolution.HAND_OVER
LOCKED = "000001010000Z"


def numbers() -> dict[str, str]:
    return dict(Employee.objects.values_list("name", "extension"))


def boris() -> Employee:
    return Employee.objects.get(name="Boris Sidorov")


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """Boris has 215; writing back is on, so that whatever would go out does."""
    company.add("boris", "Boris Sidorov", mail="boris@example.test", telephoneNumber="215")
    company.add("zoe", "Zoe Stays", mail="zoe@example.test", telephoneNumber="216")
    server = company.server(write_back=True, bind_dn=company.directory.writer_dn)
    sync(server)
    sync(server)
    return server


def _disabled(company: Company) -> None:
    company.change("boris", pwdAccountLockedTime=LOCKED)


def _missing(company: Company) -> None:
    company.delete("boris")


def _emptied(company: Company) -> None:
    company.change("boris", telephoneNumber=None)


def _archived(company: Company) -> None:
    set_archived(boris().pk, archived=True, user=None)


LEFT = {"disabled": _disabled, "missing": _missing, "archived": _archived, "not_named_any_more": _emptied}


def succeed(company: Company, how: str = "disabled") -> None:
    """Boris leaves, and Clara gets his number in the directory."""
    LEFT[how](company)
    company.add("clara", "Clara Ivanova", mail="clara@example.test", telephoneNumber="215")


@pytest.mark.parametrize("how", LEFT)
def test_successor_waits_without_a_number(company: Company, server: DirectoryServer, how: str) -> None:
    succeed(company, how)

    previewed, run = sync(server, preview=True), sync(server)

    assert previewed.counts == run.counts
    assert (run.status, run.counts["created"], numbers()["Clara Ivanova"]) == ("partial", 1, "")
    assert (conflict().kind, conflict().owner, conflict().remote) == ("number_taken", boris(), "215")
    assert item_of(run, "Clara Ivanova").message_code == "number_waits"
    assert numbers()["Boris Sidorov"] == ("" if how == "archived" else "215")
    assert sync(server).items.count() == 0


@pytest.mark.promise(1)
@pytest.mark.parametrize("how", LEFT)
def test_number_is_handed_over_in_one_step(company: Company, server: DirectoryServer, how: str) -> None:
    succeed(company, how)
    sync(server)
    before = company.directory.modifications()

    item = take(HAND_OVER)

    assert numbers() == {"Boris Sidorov": "", "Clara Ivanova": "215", "Zoe Stays": "216"}
    given = RunItem.objects.get(run=item.run, employee=boris())
    assert (given.message_code, given.message_params) == (
        "number_handed_over", {"number": "215", "to": "Clara Ivanova", "who": "olga"},
    )  # fmt: skip
    assert changes_of(given) == ({} if how == "archived" else {"extension": ("215", "")})
    assert (changes_of(item), item.message_code) == ({"extension": ("", "215")}, "number_taken_over")
    closed = Conflict.objects.get(kind="number_taken")
    assert (closed.resolution, closed.resolved_by, closed.closed_at is not None) == ("hand_over", "olga", True)
    run = sync(server)

    assert run.status == "completed"
    assert numbers() == {"Boris Sidorov": "", "Clara Ivanova": "215", "Zoe Stays": "216"}
    assert (company.directory.modifications(), sync(server).items.count()) == (before, 0)


def test_number_here_is_not_told_to_the_owners_entry(company: Company, server: DirectoryServer) -> None:
    succeed(company)
    sync(server)
    take(HAND_OVER)

    sync(server)

    assert company.value("boris", "telephoneNumber") == ["215"]
    record = SyncRecord.objects.get(employee=boris())
    assert ("extension" in record.base, record.waits) == (False, {})


def test_owner_who_returns_gets_another_number_and_a_conflict_names_the_new_owner(
    company: Company, server: DirectoryServer
) -> None:
    succeed(company)
    sync(server)
    take(HAND_OVER)
    sync(server)
    company.change("boris", pwdAccountLockedTime=None)

    run = sync(server)

    assert (numbers()["Boris Sidorov"], numbers()["Clara Ivanova"]) == ("200", "215")
    assert (conflict().kind, conflict().owner) == ("number_taken", Employee.objects.get(name="Clara Ivanova"))
    assert company.value("boris", "telephoneNumber") == ["215"]
    assert run.counts["returned"] == 1


def test_successor_whose_predecessor_returns_gets_a_number_of_the_pool(
    company: Company, server: DirectoryServer
) -> None:
    succeed(company)
    sync(server)
    company.change("boris", pwdAccountLockedTime=None)

    sync(server)

    assert numbers() == {"Boris Sidorov": "215", "Clara Ivanova": "200", "Zoe Stays": "216"}
    with pytest.raises(SyncError) as caught:
        take(HAND_OVER)
    assert caught.value.code == "decision_no_hand_over"


def test_hand_over_is_reversible_by_hand(company: Company, server: DirectoryServer) -> None:
    succeed(company)
    sync(server)
    take(HAND_OVER)
    clara = Employee.objects.get(name="Clara Ivanova")

    change_employee(clara.pk, {"extension": "230"}, version=clara.version, user=None)
    change_employee(boris().pk, {"extension": "215"}, version=boris().version, user=None)
    sync(server)

    assert (numbers()["Boris Sidorov"], numbers()["Clara Ivanova"]) == ("215", "230")


def test_server_that_says_pool_gives_the_successor_a_number_until_it_is_decided(
    company: Company, server: DirectoryServer
) -> None:
    server.taken_number = "pool"
    server.save()
    succeed(company)

    run = sync(server)

    assert (numbers()["Clara Ivanova"], item_of(run, "Clara Ivanova").message_code) == ("200", "number_of_leaver")
    take(HAND_OVER)
    assert numbers()["Clara Ivanova"] == "215"
    assert sync(server).status == "completed"


def test_setting_that_is_changed_later_serves_who_waits(company: Company, server: DirectoryServer) -> None:
    succeed(company)
    sync(server)
    server.taken_number = "pool"
    server.save()

    sync(server)

    assert numbers()["Clara Ivanova"] == "200"


def test_active_owner_whose_entry_names_the_number_keeps_it(company: Company, server: DirectoryServer) -> None:
    company.add("clara", "Clara Ivanova", mail="clara@example.test", telephoneNumber="215")

    run = sync(server)

    assert (numbers()["Clara Ivanova"], item_of(run, "Clara Ivanova").message_code) == ("200", "number_taken")
    with pytest.raises(SyncError) as caught:
        take(HAND_OVER)
    assert caught.value.code == "decision_no_hand_over"
    assert numbers()["Boris Sidorov"] == "215"


def test_employee_of_no_directory_keeps_the_number(company: Company, server: DirectoryServer) -> None:
    make_employee(name="Reception", extension="217", number_issued=True)
    company.add("clara", "Clara Ivanova", mail="clara@example.test", telephoneNumber="217")

    sync(server)

    assert (numbers()["Clara Ivanova"], numbers()["Reception"]) == ("200", "217")
    assert conflict().kind == "number_taken"


def test_number_that_another_entry_claims_too_is_not_handed_over(company: Company, server: DirectoryServer) -> None:
    succeed(company)
    company.add("dora", "Dora Orlova", mail="dora@example.test", telephoneNumber="215")
    sync(server)
    questions = list(Conflict.objects.filter(kind="number_taken"))

    decided = decide_many([(each.pk, seen_of(each)) for each in questions], Choice(HAND_OVER), user="olga")

    assert (len(questions), decided.records) == (2, [])
    assert {error.code for error in decided.refused.values()} == {"decision_number_claimed"}


@pytest.mark.promise(5)
def test_owner_who_got_another_number_meanwhile_keeps_it(company: Company, server: DirectoryServer) -> None:
    succeed(company)
    sync(server)
    Employee.objects.filter(pk=boris().pk).update(extension="231")

    with pytest.raises(SyncError) as caught:
        take(HAND_OVER)

    assert (caught.value.code, numbers()["Boris Sidorov"]) == ("decision_owner_changed", "231")


@pytest.mark.promise(5)
def test_hand_over_while_a_run_is_going_on_survives(company: Company, server: DirectoryServer) -> None:
    succeed(company)
    sync(server)
    SyncRecord.objects.update(due=True)
    company.change("clara", title="Clerk")
    done: list[Any] = []

    def meanwhile(phase: str, _done: int, _total: int | None) -> None:
        if phase == "apply" and not done:
            done.append(take(HAND_OVER))

    sync(server, progress=meanwhile)
    run = sync(server)

    assert (run.status, numbers()["Clara Ivanova"], numbers()["Boris Sidorov"]) == ("completed", "215", "")


def test_conflict_about_values_is_no_question_of_handing_over(company: Company, server: DirectoryServer) -> None:
    Employee.objects.filter(pk=boris().pk).update(mobile="+79160000001")
    sync(server)
    Employee.objects.filter(pk=boris().pk).update(mobile="+79160000002")
    company.change("boris", mobile="+79160000003")
    sync(server)

    with pytest.raises(SyncError) as caught:
        take(HAND_OVER)

    assert caught.value.code == "decision_not_number"


def test_many_are_handed_over_in_one_edit(company: Company) -> None:
    company.add_many(6, mail="p{}@example.test", telephoneNumber="40{}")
    server = company.server()
    sync(server)
    for number in range(6):
        company.change(f"p{number:04}", pwdAccountLockedTime=LOCKED)
        company.add(
            f"n{number}", f"Newcomer Name{number}", mail=f"n{number}@example.test", telephoneNumber=f"40{number}"
        )
    sync(server, force=True)
    questions = list(Conflict.objects.filter(kind="number_taken"))

    decided = decide_many([(each.pk, seen_of(each)) for each in questions], Choice(HAND_OVER), user="olga")

    assert (len(decided.records), decided.refused) == (6, {})
    assert RunItem.objects.filter(message_code="number_handed_over").values("run").distinct().count() == 1
    run = sync(server)
    assert (run.status, counted(run)) == ("completed", {"read": 12, "skipped": 12})
