"""How much of one kind of change is too much (rule E3)."""

import pytest

from syncapp.core.limits import BEGINS_AFTER, DEFAULTS, Limit, exceeded, kinds_of
from syncapp.core.matters import Matter
from syncapp.core.planned import FieldChange, PlanItem
from syncapp.core.records import KnownRecord, Message
from syncapp.core.vocabulary import Action, Field, MatterKind, Outcome, Side, State

HERE, THERE = Side.LOCAL, Side.REMOTE

LIMITS = {
    # id                     tied   limit
    "count_in_a_small_one": (20, 5),
    "share_in_a_large_one": (300, 30),
    "share_is_rounded_down": (109, 10),
    "ceiling_in_a_huge_one": (50_000, 1000),
}


@pytest.mark.parametrize("case", LIMITS)
def test_limit_is_the_larger_of_count_and_share_below_the_ceiling(case: str) -> None:
    tied, expected = LIMITS[case]

    assert Limit(5, 10, 1000).of(tied) == expected


def test_ceiling_is_never_passed_by_the_count() -> None:
    assert Limit(50, 10, 20).of(1000) == 20


@pytest.mark.parametrize("kind", DEFAULTS)
def test_one_more_than_the_limit_holds_and_the_limit_does_not(kind: str) -> None:
    limit = DEFAULTS[kind].of(100)

    def held(count: int) -> bool:
        return bool(exceeded(planned={kind: count}, recent={}, tied=100, applied=2, limits={}))

    assert (held(limit), held(limit + 1)) == (False, True)


@pytest.mark.parametrize("tied", [50, 50_000])
def test_ordinary_churn_holds_nothing(tied: int) -> None:
    """1 in 100 created or gone, 5 in 100 changed."""
    gone, changed = max(tied // 100, 1), tied * 5 // 100
    planned = {"created": gone, "lost": gone, "disabled": gone, "replaced": changed, "written_back": changed}

    assert exceeded(planned=planned, recent={}, tied=tied, applied=9, limits={}) == {}


@pytest.mark.parametrize(("kind", "after"), BEGINS_AFTER.items())
def test_brake_begins_after_the_first_runs(kind: str, after: int) -> None:
    def held(applied: int) -> bool:
        return bool(exceeded(planned={kind: 9999}, recent={}, tied=100, applied=applied, limits={}))

    assert (held(after - 1), held(after)) == (False, True)


def test_what_was_applied_lately_counts_too_and_its_figures_are_said() -> None:
    held = exceeded(planned={"disabled": 4}, recent={"disabled": 7}, tied=100, applied=1, limits={})

    assert held["disabled"].code == "limit_disabled"
    assert held["disabled"].params == {"count": 4, "recent": 7, "limit": 10, "tied": 100}


def test_run_without_such_changes_is_not_held_for_earlier_ones() -> None:
    assert exceeded(planned={"replaced": 1}, recent={"disabled": 99}, tied=100, applied=1, limits={}) == {}


def test_limits_of_the_server_count_for_their_kinds_alone() -> None:
    held = exceeded(planned={"disabled": 1, "lost": 1}, recent={}, tied=100, applied=1, limits={"disabled": [0, 0, 0]})

    assert list(held) == ["disabled"]


def item(
    *changes: FieldChange, action: Action = Action.UPDATE, state: State = State.ACTIVE, **more: object
) -> PlanItem:
    return PlanItem("a", "cn=a", action, Outcome.UPDATED, state, changes=changes)._replace(**more)


def record(state: State = State.ACTIVE, employee_id: int | None = 1, *matters: Matter) -> KnownRecord:
    return KnownRecord(1, "a", employee_id, state, Outcome.SKIPPED, open_matters=matters)


TITLE, EXTENSION = Field.TITLE, Field.EXTENSION
CLAIMED = Matter(MatterKind.NUMBER_TAKEN, EXTENSION)
DECIDED = KnownRecord(
    1, "a", 1, State.ACTIVE, Outcome.SKIPPED, due=True, message=Message("decided_remote", {"field": "extension"})
)
KINDS: dict[str, tuple[PlanItem, KnownRecord | None, tuple[str, ...]]] = {
    "created": (item(FieldChange(TITLE, HERE, "", "Boss"), action=Action.CREATE), None, ("created",)),
    "filled_is_no_change": (item(FieldChange(TITLE, HERE, "", "Boss")), record(), ()),
    "first_number_is_no_change": (item(FieldChange(EXTENSION, HERE, "", "215")), record(), ()),
    "replaced": (item(FieldChange(TITLE, HERE, "Clerk", "Boss")), record(), ("replaced",)),
    "renumbered_by_a_decision": (item(FieldChange(EXTENSION, HERE, "215", "216")), DECIDED, ()),
    "another_field_beside_a_decision": (item(FieldChange(TITLE, HERE, "Clerk", "Boss")), DECIDED, ("replaced",)),
    "renumbered": (item(FieldChange(EXTENSION, HERE, "215", "216")), record(), ("renumbered",)),
    "emptied_here": (item(FieldChange(TITLE, HERE, "Clerk", "")), record(), ("emptied",)),
    "emptied_there": (item(FieldChange(TITLE, THERE, "Clerk", "")), record(), ("emptied", "written_back")),
    "written_back": (item(FieldChange(TITLE, THERE, "Clerk", "Boss")), record(), ("written_back",)),
    "disabled": (item(state=State.DISABLED), record(), ("disabled",)),
    "expired": (item(state=State.EXPIRED), record(), ("disabled",)),
    "missing": (item(state=State.MISSING), record(), ("lost",)),
    "disabled_already": (item(state=State.EXPIRED), record(State.DISABLED), ()),
    "missing_who_was_disabled": (item(state=State.MISSING), record(State.DISABLED), ()),
    "disabled_and_nobody_s": (item(state=State.DISABLED, action=Action.WAIT), record(employee_id=None), ()),
    "returned": (item(), record(State.DISABLED), ()),
    "conflict_opened": (item(matters=(CLAIMED,)), record(), ("conflicts",)),
    "conflict_open_already": (item(matters=(CLAIMED,)), record(State.ACTIVE, 1, CLAIMED), ()),
}


@pytest.mark.parametrize("case", KINDS)
def test_kinds_of_change_of_one_person(case: str) -> None:
    planned, known, expected = KINDS[case]

    assert kinds_of(planned, known) == expected
