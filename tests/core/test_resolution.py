"""What a decision does to what was agreed, and what the next merge makes of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.merge import Decision, merge_field
from syncapp.core.records import Base, FieldRule, Message, Reading
from syncapp.core.resolution import Settlement, settle
from syncapp.core.vocabulary import Direction, Field, OnEmpty, Policy, Resolution

LOCAL, REMOTE, VALUE = Resolution.LOCAL, Resolution.REMOTE, Resolution.VALUE
OLD = Base("Old", "Old")


def rule(field: Field = Field.TITLE, **values: Any) -> FieldRule:
    return FieldRule(field, "title", **{"direction": Direction.BOTH, **values})


def decided(take: Resolution, *, base: Base | None = OLD, value: str = "", **values: Any) -> Settlement | Message:
    of = values.pop("rule", rule())
    return settle(rule=of, base=base, take=take, value=value, **{"local": "Ours", "remote": "Theirs", **values})


CASES = {
    # id: decision, agreed before, agreed after, entered by hand
    "ours": (LOCAL, OLD, Base("Old", "Theirs"), None),
    "ours_never_agreed": (LOCAL, None, Base("", "Theirs"), None),
    "ours_agreed_here_before": (LOCAL, Base("Ours", "Old"), Base("", "Theirs"), None),
    "theirs": (REMOTE, OLD, Base("Ours", "Old"), None),
    "theirs_never_agreed": (REMOTE, None, Base("Ours", ""), None),
    "theirs_agreed_there_before": (REMOTE, Base("Old", "Theirs"), Base("Ours", ""), None),
    "third": (VALUE, OLD, Base("Old", "Theirs"), "Third"),
    "third_never_agreed": (VALUE, None, Base("", "Theirs"), "Third"),
    "third_agreed_here_before": (VALUE, Base("Third", "Old"), Base("", "Theirs"), "Third"),
}


@pytest.mark.parametrize(("take", "base", "after", "entered"), CASES.values(), ids=CASES.keys())
def test_decision_changes_what_was_agreed(
    take: Resolution, base: Base | None, after: Base, entered: str | None
) -> None:
    assert decided(take, base=base, value="Third" if take is VALUE else "") == Settlement(after, entered)


def test_value_that_stands_here_already_is_ours() -> None:
    assert decided(VALUE, value="Ours") == decided(LOCAL)


@pytest.mark.parametrize("value", ["Theirs", " Theirs "])
def test_value_that_stands_there_already_is_agreed(value: str) -> None:
    assert decided(VALUE, value=value) == Settlement(Base(value, "Theirs"), value)


def test_theirs_is_entered_by_hand_where_the_mapping_does_not_bring_it_in() -> None:
    pushed = rule(direction=Direction.PUSH)

    assert decided(REMOTE, rule=pushed) == Settlement(Base("Theirs", "Theirs"), "Theirs")


EMPTY_THERE = {
    # id: field, on_empty, agreed before, what is expected
    "kept": (Field.TITLE, OnEmpty.KEEP, OLD, Settlement(Base("", ""), "")),
    "cleared": (Field.TITLE, OnEmpty.CLEAR, OLD, Settlement(Base("Ours", "Old"))),
    "cleared_never_agreed": (Field.TITLE, OnEmpty.CLEAR, None, Settlement(Base("", ""), "")),
    "extension": (Field.EXTENSION, OnEmpty.CLEAR, OLD, Settlement(Base("", ""), "")),
}


@pytest.mark.parametrize(("field", "on_empty", "base", "expected"), EMPTY_THERE.values(), ids=EMPTY_THERE.keys())
def test_theirs_that_is_empty(field: Field, on_empty: OnEmpty, base: Base | None, expected: Settlement) -> None:
    assert decided(REMOTE, remote="", base=base, rule=rule(field, on_empty=on_empty)) == expected


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
    assert decided(LOCAL, rule=rule(field)) == Settlement(Base("Old", "Theirs"))
    assert decided(REMOTE, rule=rule(field)) == Settlement(Base("Ours", "Old"))
    assert decided(VALUE, rule=rule(field), value="x") == Message("decision_not_typed", {"field": field.value})
    assert decided(REMOTE, rule=rule(field, direction=Direction.PUSH)) == Message(
        "decision_not_brought_in", {"field": field.value}
    )


texts = st.sampled_from(["", "A", "B", "C", "a b"])
bases = st.none() | st.builds(Base, texts, texts)


@given(
    base=bases,
    local=texts,
    remote=texts,
    value=texts,
    take=st.sampled_from(Resolution),
    direction=st.sampled_from(Direction),
    policy=st.sampled_from(Policy),
    on_empty=st.sampled_from(OnEmpty),
)
def test_next_merge_never_asks_again_and_never_takes_the_other_side(
    base: Base | None,
    local: str,
    remote: str,
    value: str,
    take: Resolution,
    direction: Direction,
    policy: Policy,
    on_empty: OnEmpty,
) -> None:
    """Whatever was agreed before: as long as nobody edits, what was decided is what the run carries over, or nothing."""
    if local == remote:
        return
    of = rule(direction=direction, policy=policy, on_empty=on_empty)
    settled = settle(rule=of, base=base, local=local, remote=remote, take=take, value=value)
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
        assert merged.decision in {carried, *([] if here else [Decision.UNCHANGED])}
