"""What a decision does to what was agreed, and what the next merge makes of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.merge import Decision, merge_field
from syncapp.core.options import FieldRule
from syncapp.core.records import Base, Message, Reading
from syncapp.core.resolution import Settlement, settle
from syncapp.core.vocabulary import Direction, Field, OnEmpty, Policy, Resolution

LOCAL, REMOTE, VALUE = Resolution.LOCAL, Resolution.REMOTE, Resolution.VALUE


def rule(field: Field = Field.TITLE, **values: Any) -> FieldRule:
    return FieldRule(field, "title", **{"direction": Direction.BOTH, **values})


def decided(take: Resolution, *, value: str = "", **values: Any) -> Settlement | Message:
    of = values.pop("rule", rule())
    return settle(rule=of, take=take, value=value, **{"local": "Ours", "remote": "Theirs", **values})


CASES = {
    # id: decision, agreed after, entered by hand
    "ours": (LOCAL, Base("Theirs", "Theirs"), None),
    "theirs": (REMOTE, Base("Ours", "Ours"), None),
    "third": (VALUE, Base("Theirs", "Theirs"), "Third"),
}


@pytest.mark.parametrize(("take", "after", "entered"), CASES.values(), ids=CASES.keys())
def test_decision_changes_what_was_agreed(take: Resolution, after: Base, entered: str | None) -> None:
    assert decided(take, value="Third" if take is VALUE else "") == Settlement(after, entered)


def test_value_that_stands_here_already_is_ours() -> None:
    assert decided(VALUE, value="Ours") == decided(LOCAL)


@pytest.mark.parametrize("value", ["Theirs", " Theirs "])
def test_value_that_stands_there_already_is_agreed(value: str) -> None:
    assert decided(VALUE, value=value) == Settlement(Base(value, "Theirs"), value)


def test_theirs_is_entered_by_hand_where_the_mapping_does_not_bring_it_in() -> None:
    pushed = rule(direction=Direction.PUSH)

    assert decided(REMOTE, rule=pushed) == Settlement(Base("Theirs", "Theirs"), "Theirs")


EMPTY_THERE = {
    # id: field, on_empty, what is expected
    "kept": (Field.TITLE, OnEmpty.KEEP, Settlement(Base("", ""), "")),
    "cleared": (Field.TITLE, OnEmpty.CLEAR, Settlement(Base("Ours", "Ours"))),
    "extension": (Field.EXTENSION, OnEmpty.CLEAR, Settlement(Base("", ""), "")),
}


@pytest.mark.parametrize(("field", "on_empty", "expected"), EMPTY_THERE.values(), ids=EMPTY_THERE.keys())
def test_theirs_that_is_empty(field: Field, on_empty: OnEmpty, expected: Settlement) -> None:
    assert decided(REMOTE, remote="", rule=rule(field, on_empty=on_empty)) == expected


EMPTY_HERE = {
    "kept_there": (Field.TITLE, Direction.BOTH, OnEmpty.KEEP, "decision_empty"),
    "extension": (Field.EXTENSION, Direction.BOTH, OnEmpty.CLEAR, "decision_empty_number"),
    "extension_that_is_pulled": (Field.EXTENSION, Direction.PULL, OnEmpty.CLEAR, "decision_empty_number"),
    "cleared_there": (Field.TITLE, Direction.BOTH, OnEmpty.CLEAR, ""),
    "shown_as_a_difference": (Field.TITLE, Direction.PULL, OnEmpty.KEEP, ""),
}


@pytest.mark.parametrize(("field", "direction", "on_empty", "code"), EMPTY_HERE.values(), ids=EMPTY_HERE.keys())
@pytest.mark.parametrize(("take", "local"), [(LOCAL, ""), (VALUE, "Ours")], ids=["ours", "typed"])
def test_empty_value_of_ours(
    take: Resolution, local: str, field: Field, direction: Direction, on_empty: OnEmpty, code: str
) -> None:
    of = rule(field, direction=direction, on_empty=on_empty)

    found = decided(take, local=local, rule=of)

    assert (found.code if isinstance(found, Message) else "") == code


@pytest.mark.parametrize("field", [Field.PHOTO, Field.SIP_SECRET])
def test_what_has_no_text_can_be_taken_from_either_side_but_not_typed(field: Field) -> None:
    assert decided(LOCAL, rule=rule(field)) == Settlement(Base("Theirs", "Theirs"))
    assert decided(REMOTE, rule=rule(field)) == Settlement(Base("Ours", "Ours"))
    assert decided(VALUE, rule=rule(field), value="x") == Message("decision_not_typed", {"field": field.value})
    assert decided(REMOTE, rule=rule(field, direction=Direction.PUSH)) == Message(
        "decision_not_brought_in", {"field": field.value}
    )


texts = st.sampled_from(["", "A", "B", "C", "a b"])


@given(
    local=texts,
    remote=texts,
    value=texts,
    take=st.sampled_from(Resolution),
    direction=st.sampled_from(Direction),
    policy=st.sampled_from(Policy),
    on_empty=st.sampled_from(OnEmpty),
)
def test_next_merge_never_asks_again_and_never_takes_the_other_side(
    local: str,
    remote: str,
    value: str,
    take: Resolution,
    direction: Direction,
    policy: Policy,
    on_empty: OnEmpty,
) -> None:
    """As long as nobody edits, what was decided is what the run carries over."""
    if local == remote:
        return
    of = rule(direction=direction, policy=policy, on_empty=on_empty)
    settled = settle(rule=of, local=local, remote=remote, take=take, value=value)
    if isinstance(settled, Message):
        return
    here = local if settled.value is None else settled.value

    merged = merge_field(rule=of, base=settled.base, local=here, reading=Reading((remote,) if remote else ()))

    if take is Resolution.REMOTE:
        assert merged.decision in {Decision.PULL, Decision.UNCHANGED}
        assert remote in (here, merged.remote)
    elif here == remote:
        assert merged.decision is Decision.UNCHANGED
    else:
        carried = Decision.PUSH if of.pushes else Decision.DIFFERENCE
        assert merged.decision is carried


@given(
    local=texts,
    remote=texts,
    value=texts,
    next_value=texts,
    take=st.sampled_from(Resolution),
    direction=st.sampled_from(Direction),
    on_empty=st.sampled_from(OnEmpty),
)
def test_value_that_is_entered_after_the_decision_is_a_change(
    local: str, remote: str, value: str, next_value: str, take: Resolution, direction: Direction, on_empty: OnEmpty
) -> None:
    """Before a run has carried the decision out: nothing that differs is taken for agreed."""
    if local == remote:
        return
    of = rule(direction=direction, on_empty=on_empty)
    settled = settle(rule=of, local=local, remote=remote, take=take, value=value)
    if isinstance(settled, Message) or next_value == remote:
        return

    merged = merge_field(rule=of, base=settled.base, local=next_value, reading=Reading((remote,) if remote else ()))

    assert merged.decision not in {Decision.UNCHANGED, Decision.AGREED}
