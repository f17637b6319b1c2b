"""What a run counts (rule E7): what it did, and where everybody stands."""

import pytest

from syncapp.core.planned import PlanItem
from syncapp.core.vocabulary import Action, Outcome, State
from syncapp.models import Employee, SyncRecord
from syncapp.services.counts import NAMES, Tally, planned_counts
from tests.factories import make_employee, make_record, make_server
from tests.services.company import Company, counted, sync

pytestmark = pytest.mark.django_db(transaction=True)


def item(action: Action, outcome: Outcome, **values: object) -> PlanItem:
    return PlanItem(anchor="a", dn="", action=action, outcome=outcome, state=State.ACTIVE, **values)  # type: ignore[arg-type]  # named by the test


def test_every_count_of_the_format_is_there_from_the_start() -> None:
    counts = planned_counts(endpoint_id=make_server().pk, read=0, tally=Tally())

    assert counts == dict.fromkeys(NAMES, 0)


NEW_MATTERS = {
    "of somebody new": ("", Outcome.CONFLICT, 1),
    "of somebody settled": ("skipped", Outcome.FAILED, 1),
    "of somebody ignored": ("ignored", Outcome.PROPOSED, 1),
    "still open": ("conflict", Outcome.CONFLICT, 0),
    "another one now": ("proposed", Outcome.CONFLICT, 0),
    "none any more": ("conflict", Outcome.SKIPPED, 0),
}


@pytest.mark.parametrize(("before", "outcome", "new"), NEW_MATTERS.values(), ids=NEW_MATTERS.keys())
def test_new_matter_is_one_that_this_run_opened(before: str, outcome: Outcome, new: int) -> None:
    tally = Tally()

    tally.add_planned(item(Action.UPDATE, outcome), before=before)

    assert tally.done["new_matters"] == new


STATES = {
    "disabled": (State.ACTIVE, State.DISABLED, "disabled"),
    "returned": (State.DISABLED, State.ACTIVE, "returned"),
    "missing": (State.ACTIVE, State.MISSING, "missing"),
}


@pytest.mark.parametrize(("before", "now", "count"), STATES.values(), ids=STATES.keys())
def test_state_of_an_entry_that_is_tied_to_nobody_is_nobodys(before: State, now: State, count: str) -> None:
    """A locked account that nobody here belongs to has not made anybody a leaver."""
    tied, untied = Tally(), Tally()
    changed = item(Action.UPDATE, Outcome.UPDATED, employee_id=1)._replace(state=now, state_before=before)

    tied.add_planned(changed, before="skipped")
    untied.add_planned(changed._replace(employee_id=None, outcome=Outcome.IGNORED), before="ignored")

    assert (tied.done[count], tied.done["updated"]) == (1, 1)
    assert not +untied.done


def test_person_is_created_and_in_conflict_at_once() -> None:
    tally = Tally()
    tally.add_planned(item(Action.CREATE, Outcome.CONFLICT), before="")

    counts = planned_counts(endpoint_id=make_server().pk, read=1, tally=tally)

    assert {name: count for name, count in counts.items() if count} == {
        "read": 1, "created": 1, "conflicts": 1, "new_matters": 1,
    }  # fmt: skip


def test_totals_are_of_this_server_and_count_each_person_once() -> None:
    server, other = make_server(), make_server()
    for status in ("created", "updated", "skipped", "ignored", "conflict", "proposed", "failed", "failed"):
        make_record(endpoint=server, status=status, waiting=status == "created")
        make_record(endpoint=other, status=status)

    counts = planned_counts(endpoint_id=server.pk, read=8, tally=Tally())

    assert {name: count for name, count in counts.items() if count} == {
        "read": 8, "skipped": 3, "ignored": 1, "conflicts": 1, "proposed": 1, "failed": 2, "waiting": 1,
    }  # fmt: skip


def test_settled_people_who_were_not_read_are_skipped_too(company: Company) -> None:
    company.add_many(3, mail="a{}@example.test")
    server = company.server(pool=None)
    sync(server)
    company.delete("p0001")
    sync(server)

    assert counted(sync(server)) == {"read": 2, "skipped": 3}


@pytest.mark.promise(6)
def test_counts_of_a_preview_are_those_of_applying(company: Company) -> None:
    make_employee(name="Zoe Owner", email="zoe@example.test", extension="215")
    make_employee(name="Person Number0000", email="other@example.test")
    company.add_many(4, mail="a{}@example.test")
    company.add("anna", "Anna Petrova", telephoneNumber="215")
    company.add("zoe", "Zoe Owner", mail="zoe@example.test", telephoneNumber="215")
    company.add("gone", "Gone Long", pwdAccountLockedTime="000001010000Z")
    server = company.server()
    first = sync(server, preview=True).counts, sync(server).counts
    company.change("p0001", title="Boss", telephoneNumber="290")
    company.change("p0002", pwdAccountLockedTime="000001010000Z")
    company.change("anna", telephoneNumber=None)

    second = sync(server, preview=True).counts, sync(server).counts

    assert first[0] == first[1]
    assert second[0] == second[1]
    assert {name: count for name, count in second[0].items() if count} == {
        "read": 7, "updated": 2, "skipped": 3, "conflicts": 1, "new_matters": 1, "proposed": 1, "waiting": 2,
        "disabled": 1, "ignored": 1,
    }  # fmt: skip


@pytest.mark.promise(5)
def test_somebody_who_was_edited_meanwhile_is_not_counted_as_changed(company: Company) -> None:
    company.add_many(2, mail="a{}@example.test")
    server = company.server(pool=None)
    sync(server)
    company.change("p0000", title="Boss")

    def edit(phase: str, done: int, total: int | None) -> None:
        if phase == "apply" and not done:
            employee = Employee.objects.get(email="a0@example.test")
            employee.title = "Chief"
            employee.save()

    run = sync(server, progress=edit)

    assert (run.status, counted(run)) == ("completed", {"read": 2, "skipped": 2})
    assert [note["code"] for note in run.notes] == ["edited_meanwhile_note"]
    assert SyncRecord.objects.get(due=True).employee == Employee.objects.get(title="Chief")
