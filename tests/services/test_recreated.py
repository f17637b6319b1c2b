"""Accounts that were made anew: whole runs over a real OpenLDAP (rule A7)."""

from contextlib import suppress

import ldap
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncapp.choices import RunMode, RunTrigger
from syncapp.exceptions import RunAlreadyActiveError, SyncError
from syncapp.models import Conflict, DirectoryServer, Employee, RunItem, SyncRecord, SyncRun
from syncapp.services.matches import answer_many, confirmable, create_new, join
from syncapp.services.people import find_people
from syncapp.services.sync import run_sync
from tests.factories import make_employee
from tests.services.company import Company, apply, counted, item_of, sync
from tests.services.test_write_back import there

pytestmark = pytest.mark.django_db(transaction=True)

ANNA = {"mail": "anna@example.test", "mobile": "8 (916) 123-45-67", "telephoneNumber": "215", "title": "Director"}
LOCKED = "000001010000Z"


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """Anna and Boris, known since a first run."""
    company.add("anna", "Anna Petrova", **ANNA)
    company.add("boris", "Boris Sidorov", mail="boris@example.test")
    server = company.server(write_back=True, bind_dn=company.directory.writer_dn)
    sync(server)
    sync(server)
    return server


def made_anew(company: Company, **changed: str) -> None:
    """Anna's account is deleted, and there is another one like it."""
    company.delete("anna")
    company.add("anna2", "Anna Petrova", **{**ANNA, **changed})


def anna() -> Employee:
    return Employee.objects.get(name="Anna Petrova")


def question() -> Conflict:
    return Conflict.objects.get(closed_at=None)


def confirm() -> SyncRecord:
    return join(conflict_id=question().pk, employee_id=anna().pk, user="olga")


def people() -> int:
    return Employee.objects.count()


@pytest.mark.promise(3)
@pytest.mark.parametrize("known_to_be_missing", [True, False])
def test_new_account_of_a_missing_person_is_proposed_and_nobody_is_created(
    company: Company, server: DirectoryServer, known_to_be_missing: bool
) -> None:
    company.delete("anna")
    if known_to_be_missing:
        sync(server)
    company.add("anna2", "Anna Petrova", **ANNA)

    previewed, run = sync(server, preview=True), sync(server)

    assert previewed.counts == run.counts
    assert (run.status, run.counts["proposed"], run.counts["new_matters"], run.counts["created"]) == (
        "partial", 1, 1, 0,
    )  # fmt: skip
    new = SyncRecord.objects.get(dn__startswith="uid=anna2")
    (candidate,) = question().candidates
    assert (question().kind, question().record, new.employee) == ("match_recreated", new, None)
    assert (candidate["employee"], candidate["disagrees"]) == (anna().pk, [])
    assert sorted(candidate["agrees"]) == ["email", "extension", "mobile", "name"]
    assert (people(), SyncRecord.objects.get(employee=anna()).state) == (2, "missing")


@pytest.mark.promise(2)
def test_open_question_is_no_news_in_later_runs(company: Company, server: DirectoryServer) -> None:
    made_anew(company)
    sync(server)

    run = sync(server)

    assert (run.counts["proposed"], run.counts["new_matters"], run.items.count()) == (1, 0, 0)


def test_question_is_found_in_a_run_for_the_new_entry_alone(company: Company, server: DirectoryServer) -> None:
    company.delete("anna")
    sync(server)
    dn = company.add("anna2", "Anna Petrova", **ANNA)

    run = sync_person(server, dn)

    assert (counted(run)["proposed"], people()) == (1, 2)


def sync_person(server: DirectoryServer, dn: str) -> SyncRun:
    found = [(each.anchor, each.dn) for each in find_people(server, dn)]
    return run_sync(server=server, mode=RunMode.APPLY, trigger=RunTrigger.COMMAND, who="test", anchors=found)


@pytest.mark.promise(1)
def test_confirmed_record_moves_to_the_new_entry_with_base_number_and_history(
    company: Company, server: DirectoryServer
) -> None:
    SyncRecord.objects.update(written={"title": [["Boss"], "2026-11-25T12:00:00+00:00", ["ldap://other"]]})
    before = SyncRecord.objects.get(employee=anna())
    made_anew(company, title="Chief")
    sync(server)
    number, new = anna().extension, SyncRecord.objects.get(dn__startswith="uid=anna2")

    moved = confirm()

    assert (moved.pk, moved.anchor, moved.dn, moved.state) == (before.pk, new.anchor, new.dn, "active")
    assert (moved.base, moved.employee, moved.message_code) == (before.base, anna(), "match_moved")
    assert moved.written == {}, "nothing was written to the new entry, so no controller can be behind with it"
    assert moved.message_params == {
        "who": "olga", "dn": new.dn, "anchor": new.anchor, "old_dn": before.dn, "old_anchor": before.anchor,
    }  # fmt: skip
    assert RunItem.objects.filter(employee=anna(), message_code="match_moved").count() == 1
    run = sync(server)

    assert (run.status, people(), anna().title, anna().extension) == ("completed", 2, "Chief", number)
    assert counted(run) == {"read": 2, "updated": 1, "skipped": 1, "ignored": 1}
    assert item_of(run, "Anna Petrova").record == moved
    assert sync(server).items.count() == 0


def test_edit_made_here_meanwhile_goes_out_to_the_new_entry(company: Company, server: DirectoryServer) -> None:
    made_anew(company)
    sync(server)
    Employee.objects.filter(pk=anna().pk).update(mobile="+79160000009")
    confirm()

    run = sync(server)

    assert (run.counts["written_back"], run.status) == (1, "completed")
    assert there(company, "anna2", "mobile") == ["8 (916) 000-00-09"]


def test_values_that_differ_on_both_sides_are_conflicts_as_ever(company: Company, server: DirectoryServer) -> None:
    made_anew(company, mobile="+79260000000")
    sync(server)
    Employee.objects.filter(pk=anna().pk).update(mobile="+79160000009")
    confirm()

    sync(server)

    assert (question().kind, question().field, question().record) == (
        "field", "mobile", SyncRecord.objects.get(employee=anna()),
    )  # fmt: skip


def test_old_entry_is_remembered_and_belongs_to_nobody(company: Company, server: DirectoryServer) -> None:
    before = SyncRecord.objects.get(employee=anna())
    made_anew(company)
    sync(server)

    confirm()

    old = SyncRecord.objects.get(anchor=before.anchor)
    assert (old.employee, old.former_employee, old.state, old.dn) == (None, anna(), "missing", before.dn)
    assert (old.message_code, old.status) == ("account_replaced", "ignored")
    assert Conflict.objects.get().record.employee == anna()


def test_refused_account_becomes_a_new_person_and_is_never_proposed_again(
    company: Company, server: DirectoryServer
) -> None:
    made_anew(company)
    sync(server)
    create_new(conflict_id=question().pk, user="olga")

    first, second = sync(server), sync(server)

    assert (counted(first)["created"], people()) == (1, 3)
    assert (
        SyncRecord.objects.get(dn__startswith="uid=anna2").employee != SyncRecord.objects.get(state="missing").employee
    )
    assert Conflict.objects.filter(closed_at=None, kind="match_recreated").count() == 0
    assert second.counts["created"] == 0


@pytest.mark.promise(3)
def test_old_account_that_comes_back_beside_the_confirmed_one_is_a_conflict(
    company: Company, server: DirectoryServer
) -> None:
    company.ldap.rename_s(f"uid=anna,{company.base}", "uid=anna", away(company))
    company.add("anna2", "Anna Petrova", **ANNA)
    sync(server)
    confirm()
    sync(server)
    company.ldap.rename_s(f"uid=anna,{away(company)}", "uid=anna", company.base)

    run = sync(server)

    assert (run.counts["conflicts"], run.counts["created"], people()) == (1, 0, 2)
    assert (question().kind, question().record.dn) == ("match_twice", f"uid=anna,{company.base}")
    assert SyncRecord.objects.get(employee=anna()).dn.startswith("uid=anna2")
    with pytest.raises(SyncError) as caught:
        confirm()
    assert caught.value.code == "match_other_account"


def away(company: Company) -> str:
    """A unit that is not read, made when it is asked for first."""
    dn = f"ou=away,{company.directory.suffix}"
    with suppress(ldap.ALREADY_EXISTS):
        company.ldap.add_s(dn, [("objectClass", [b"organizationalUnit"]), ("ou", [b"away"])])
    return dn


def test_old_account_is_taken_again_when_the_new_one_is_switched_off(company: Company, server: DirectoryServer) -> None:
    company.ldap.rename_s(f"uid=anna,{company.base}", "uid=anna", away(company))
    company.add("anna2", "Anna Petrova", **ANNA)
    sync(server)
    confirm()
    company.ldap.rename_s(f"uid=anna,{away(company)}", "uid=anna", company.base)
    company.change("anna2", pwdAccountLockedTime=LOCKED)
    sync(server)

    confirm()
    run = sync(server)

    assert SyncRecord.objects.get(employee=anna()).dn == f"uid=anna,{company.base}"
    assert (run.status, people(), sync(server).items.count()) == ("completed", 2, 0)


def test_old_account_that_comes_back_before_the_answer_stays_a_question(
    company: Company, server: DirectoryServer
) -> None:
    company.ldap.rename_s(f"uid=anna,{company.base}", "uid=anna", away(company))
    company.add("anna2", "Anna Petrova", **ANNA)
    sync(server)
    company.ldap.rename_s(f"uid=anna,{away(company)}", "uid=anna", company.base)

    run = sync(server)

    assert (run.counts["returned"], run.counts["conflicts"], run.counts["created"], people()) == (1, 1, 0, 2)
    assert (question().kind, question().record.dn) == ("match_twice", f"uid=anna2,{company.base}")
    create_new(conflict_id=question().pk, user="olga")
    assert counted(sync(server))["created"] == 1


def test_nothing_moves_while_a_run_is_going_on(company: Company, server: DirectoryServer) -> None:
    made_anew(company)
    sync(server)
    SyncRun.objects.create(endpoint=server, status="running")

    with pytest.raises(RunAlreadyActiveError):
        confirm()

    assert question().closed_at is None


@pytest.mark.promise(6)
def test_plan_that_was_made_before_the_answer_is_refused_for_both(company: Company, server: DirectoryServer) -> None:
    made_anew(company)
    sync(server)
    SyncRecord.objects.update(due=True)
    company.change("anna2", title="Chief")
    company.change("boris", title="Clerk")
    plan = sync(server, preview=True)
    moved = confirm()

    apply(plan)

    moved.refresh_from_db()
    assert (moved.employee, moved.due, Conflict.objects.filter(closed_at=None).count()) == (anna(), True, 0)
    assert Employee.objects.get(name="Boris Sidorov").title == "Clerk"


@pytest.mark.promise(8)
def test_whole_domain_that_was_made_anew_is_held_and_then_confirmed_at_once(company: Company) -> None:
    company.add_many(40, mail="p{}@example.test", telephoneNumber="4{:02}")
    server = company.server()
    sync(server)
    before = list(Employee.objects.order_by("id").values_list("id", "extension", "email"))
    for number in range(40):
        company.delete(f"p{number:04}")
    company.add_many(40, mail="p{}@example.test", telephoneNumber="4{:02}")

    held, run = sync(server), sync(server, force=True)
    questions = list(Conflict.objects.filter(closed_at=None))
    assert (held.status, run.counts["proposed"], len(confirmable(questions))) == ("held", 40, 40)
    answered = answer_many(questions, confirm=True, user="olga")
    after = sync(server)

    assert (len(answered.records), answered.refused) == (40, {})
    assert (after.status, counted(after)) == ("completed", {"read": 40, "skipped": 40, "ignored": 40})
    assert list(Employee.objects.order_by("id").values_list("id", "extension", "email")) == before


def test_matters_of_two_entries_about_one_person_are_not_confirmed_among_many(
    company: Company, server: DirectoryServer
) -> None:
    made_anew(company)
    company.add("anna3", "Somebody Else", mobile=ANNA["mobile"])
    sync(server)
    questions = list(Conflict.objects.filter(closed_at=None))

    answered = answer_many(questions, confirm=True, user="olga")

    assert (len(questions), answered.records) == (2, [])
    assert {error.code for error in answered.refused.values()} == {"match_needs_a_look"}
    assert people() == 2


def test_missing_person_does_not_keep_others_from_being_recognised(company: Company, server: DirectoryServer) -> None:
    make_employee(name="Clara Ivanova")
    company.delete("anna")
    company.add("clara", "Clara Ivanova", mail="clara@example.test")

    run = sync(server)

    assert (run.counts["proposed"], run.counts["conflicts"], people()) == (0, 0, 3)
    assert SyncRecord.objects.get(dn__startswith="uid=clara").employee == Employee.objects.get(name="Clara Ivanova")


@pytest.mark.promise(2)
def test_questions_need_the_same_statements_however_many_there_are(company: Company) -> None:
    server = company.server(pool=None)
    company.add_many(30, mail="p{}@example.test")
    sync(server)
    counts = []
    for again in (range(5), range(5, 30)):
        for number in again:
            company.delete(f"p{number:04}")
            company.add(f"p{number:04}", f"Person Number{number:04}", mail=f"p{number}@example.test")
        sync(server, force=True)
        with CaptureQueriesContext(connection) as captured:
            sync(server)
        counts.append(len(captured.captured_queries))

    assert counts[0] == counts[1]
