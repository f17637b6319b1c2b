"""What it means that a full read did not bring somebody (rules D2, D3)."""

import pytest

from syncapp.core.absence import Evidence, judge, plan_absences, renamed_base, same_scope
from syncapp.core.records import Base, KnownRecord, LocalPerson, Message, Scope, Whereabouts
from syncapp.core.vocabulary import Action, Field, Outcome, State

DC1, DC2 = "ldaps://dc1", "ldaps://dc2"
INSIDE = "cn=anna,ou=people,dc=example"
OUTSIDE = "cn=anna,ou=left,dc=example"


def known(state: State = State.ACTIVE, message: Message | None = None, employee_id: int | None = 1) -> KnownRecord:
    return KnownRecord(
        id=7,
        anchor="a",
        employee_id=employee_id,
        state=state,
        status=Outcome.SKIPPED,
        dn=INSIDE,
        name="Anna",
        message=message,
        base={Field.TITLE: Base("Boss", "Boss")},
    )


FOUND = {
    "moved": (Whereabouts(OUTSIDE, State.ACTIVE, False, False), State.MISSING, Evidence.MOVED_TO),
    "left_the_filter": (Whereabouts(INSIDE, State.ACTIVE, True, False), State.MISSING, Evidence.LEFT_FILTER),
    "disabled_and_moved": (Whereabouts(OUTSIDE, State.DISABLED, False, False), State.MISSING, Evidence.DISABLED),
    "expired_and_left_the_filter": (Whereabouts(INSIDE, State.EXPIRED, True, False), State.MISSING, Evidence.DISABLED),
    "left_out_by_us": (Whereabouts(INSIDE, State.ACTIVE, False, False, True), State.RELEASED, "released_by_scope"),
    "disabled_and_left_out": (
        Whereabouts(INSIDE, State.DISABLED, False, False, True),
        State.MISSING,
        Evidence.DISABLED,
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_judge_says_what_became_of_an_entry_that_is_there(case: str) -> None:
    where, state, code = FOUND[case]

    absence = judge(known(), where, uri=DC1, shown_by=DC1)

    assert absence is not None
    assert (absence.state, absence.message.code, absence.dn) == (state, code, where.dn)


@pytest.mark.promise(4)
def test_judge_says_nothing_of_who_is_in_scope_by_now() -> None:
    where = Whereabouts(INSIDE, State.ACTIVE, True, True)

    assert judge(known(), where, uri=DC1, shown_by=DC1) is None


ELSEWHERE = Message(Evidence.NOT_ON_THIS_CONTROLLER, {"uri": DC2, "shown_by": DC1})
GONE = Message(Evidence.DELETED_OR_UNREADABLE)
NOT_FOUND = {
    "same_controller": (known(), DC1, DC1, GONE),
    "another_controller": (known(), DC2, DC1, ELSEWHERE),
    "still_another_controller": (known(State.MISSING, ELSEWHERE), DC2, DC2, ELSEWHERE),
    "the_one_that_showed_him": (known(State.MISSING, ELSEWHERE), DC1, DC2, GONE),
    "gone_before": (known(State.MISSING, GONE), DC2, DC1, GONE),
    "never_said_which": (known(), DC1, "", GONE),
}


@pytest.mark.parametrize("case", NOT_FOUND)
def test_judge_calls_nobody_deleted_on_another_controller(case: str) -> None:
    record, uri, shown_by, message = NOT_FOUND[case]

    absence = judge(record, None, uri=uri, shown_by=shown_by)

    assert absence is not None
    assert (absence.state, absence.message, absence.dn) == (State.MISSING, message, INSIDE)


ANNA = LocalPerson(id=1, version=3, values={})
PLANNED = {
    "newly_missing": (known(), State.MISSING, Action.UPDATE, Outcome.UPDATED, True),
    "other_evidence": (known(State.MISSING), State.MISSING, Action.UPDATE, Outcome.SKIPPED, False),
    "released": (known(), State.RELEASED, Action.RELEASE, Outcome.IGNORED, True),
    "tied_to_nobody": (known(employee_id=None), State.MISSING, Action.WAIT, Outcome.IGNORED, True),
}


@pytest.mark.promise(3)
@pytest.mark.parametrize("case", PLANNED)
def test_plan_absences_keeps_values_base_and_employee(case: str) -> None:
    record, state, action, outcome, changed = PLANNED[case]
    absence = judge(record, None, uri=DC1, shown_by=DC1)
    assert absence is not None

    (item,) = plan_absences([absence._replace(state=state)], {1: ANNA})

    assert (item.action, item.outcome, item.state_changed, item.state_before) == (
        action,
        outcome,
        changed,
        record.state,
    )
    assert (item.employee_id, item.changes, item.base) == (record.employee_id, (), record.base)


SCOPES = {
    "the_same": ({"ou=a": "1"}, "(x=1)", True),
    "base_renamed": ({"ou=b": "1"}, "(x=1)", True),
    "another_base": ({"ou=a": "1", "ou=c": "2"}, "(x=1)", False),
    "another_filter": ({"ou=a": "1"}, "(x=2)", False),
}


@pytest.mark.parametrize("case", SCOPES)
def test_same_scope_goes_by_the_ids_of_bases_and_by_the_filter(case: str) -> None:
    bases, people, same = SCOPES[case]

    assert same_scope(Scope({"ou=a": "1"}, "(x=1)"), Scope(bases, people)) is same


def test_renamed_base_is_found_in_any_spelling() -> None:
    scope = Scope({"OU=Sales,DC=x": "1"}, "")

    assert (renamed_base(scope, "ou=sales,dc=x"), renamed_base(scope, "ou=other,dc=x")) == ("1", "")
