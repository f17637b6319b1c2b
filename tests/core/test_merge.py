"""Rules B1 to B4 and B6: what becomes of one field."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.merge import Decision, FieldMerge, merge_field
from syncapp.core.options import FieldRule
from syncapp.core.records import Base, Message, Reading
from syncapp.core.vocabulary import Direction, Field, OnEmpty, Policy

BOTH = FieldRule(Field.MOBILE, "mobile", Direction.BOTH)
PULL = replace(BOTH, direction=Direction.PULL)
PUSH = replace(BOTH, direction=Direction.PUSH)
EXTENSION = FieldRule(Field.EXTENSION, "telephoneNumber", Direction.BOTH)
MAIL = FieldRule(Field.EMAIL, "mail", Direction.PULL)
CLEAR = replace(BOTH, on_empty=OnEmpty.CLEAR)
REMOTE_WINS = replace(BOTH, policy=Policy.REMOTE_WINS)
LOCAL_WINS = replace(BOTH, policy=Policy.LOCAL_WINS)


def merge(rule: FieldRule, base: str | None, local: str, remote: str) -> FieldMerge:
    agreed = Base(base, base) if base is not None else None
    return merge_field(rule=rule, base=agreed, local=local, reading=Reading(values=(remote,) if remote else ()))


FIRST = {
    # id                                        rule   local remote expected
    "same": (BOTH, "1", "1", Decision.AGREED),
    "both_empty": (BOTH, "", "", Decision.AGREED),
    "directory_wins": (BOTH, "1", "2", Decision.PULL),
    "directory_fills": (BOTH, "", "2", Decision.PULL),
    "empty_directory_never_wipes": (BOTH, "1", "", Decision.PUSH),
    "empty_directory_never_wipes_even_with_clear": (CLEAR, "1", "", Decision.PUSH),
    "only_local_and_no_way_out": (PULL, "1", "", Decision.DIFFERENCE),
    "only_remote_and_no_way_in": (PUSH, "", "2", Decision.DIFFERENCE),
    "push_does_not_run_over": (PUSH, "1", "2", Decision.DIFFERENCE),
    "named_winner_wins_at_first_sight": (LOCAL_WINS, "1", "2", Decision.PUSH),
    "phone_on_a_desk_is_asked_about": (EXTENSION, "215", "216", Decision.CONFLICT),
    "first_extension_is_taken": (EXTENSION, "", "216", Decision.PULL),
    "extension_is_changed_where_the_mapping_says_so": (
        replace(EXTENSION, policy=Policy.REMOTE_WINS), "215", "216", Decision.PULL,
    ),
    "case_of_mail_is_no_difference": (MAIL, "Anna@example.test", "anna@EXAMPLE.test", Decision.AGREED),
}  # fmt: skip


@pytest.mark.parametrize("case", FIRST)
def test_merge_field_at_first_sight(case: str) -> None:
    rule, local, remote, expected = FIRST[case]

    assert merge(rule, None, local, remote).decision is expected


LATER = {
    # id                                 rule        base local remote expected
    "nobody_changed": (BOTH, "1", "1", "1", Decision.UNCHANGED),
    "remote_changed": (BOTH, "1", "1", "3", Decision.PULL),
    "local_changed": (BOTH, "1", "2", "1", Decision.PUSH),
    "both_changed_alike": (BOTH, "1", "2", "2", Decision.AGREED),
    "both_changed_apart": (BOTH, "1", "2", "3", Decision.CONFLICT),
    "both_changed_apart_domain_wins": (REMOTE_WINS, "1", "2", "3", Decision.PULL),
    "both_changed_apart_pbx_wins": (LOCAL_WINS, "1", "2", "3", Decision.PUSH),
    "remote_changed_under_push": (PUSH, "1", "1", "3", Decision.DIFFERENCE),
    "local_changed_under_pull": (PULL, "1", "2", "1", Decision.DIFFERENCE),
    "both_changed_under_pull_domain_wins": (replace(PULL, policy=Policy.REMOTE_WINS), "1", "2", "3", Decision.PULL),
    "both_changed_under_push_domain_wins": (
        replace(PUSH, policy=Policy.REMOTE_WINS), "1", "2", "3", Decision.DIFFERENCE,
    ),
    "both_changed_under_pull_asks": (PULL, "1", "2", "3", Decision.CONFLICT),
    "emptied_remote_is_kept": (BOTH, "1", "1", "", Decision.KEPT),
    "emptied_remote_clears": (CLEAR, "1", "1", "", Decision.PULL),
    "emptied_local_is_kept": (BOTH, "1", "", "1", Decision.KEPT),
    "emptied_local_clears": (CLEAR, "1", "", "1", Decision.PUSH),
    "both_emptied": (BOTH, "1", "", "", Decision.AGREED),
    "emptied_and_changed": (BOTH, "1", "2", "", Decision.CONFLICT),
    "extension_is_never_emptied": (replace(EXTENSION, on_empty=OnEmpty.CLEAR), "215", "215", "", Decision.KEPT),
    "filled_after_agreed_empty": (BOTH, "", "", "3", Decision.PULL),
}  # fmt: skip


@pytest.mark.parametrize("case", LATER)
def test_merge_field_later(case: str) -> None:
    rule, base, local, remote, expected = LATER[case]

    assert merge(rule, base, local, remote).decision is expected


def test_our_own_write_coming_back_in_another_form_is_no_change() -> None:
    merged = merge_field(
        rule=BOTH,
        base=Base(local="+79161234567", remote="8 916 123-45-67"),
        local="+79161234567",
        reading=Reading(values=("8 916 123-45-67",)),
    )

    assert merged.decision is Decision.UNCHANGED


def test_foreign_value_moves_nothing_and_is_remarked() -> None:
    remark = Message("value_not_extension", {"value": "see Anna"})
    base = Base("215", "215")

    merged = merge_field(
        rule=replace(EXTENSION, on_empty=OnEmpty.CLEAR),
        base=base,
        local="216",
        reading=Reading(foreign=("see Anna",), remark=remark),
    )

    assert merged == FieldMerge(Decision.UNREADABLE, base=base, remark=remark)


VALUES = {
    # id                              field            base   values       chosen
    "the_agreed_one": (Field.MOBILE, "2", ("1", "2"), "2"),
    "the_only_one": (Field.MOBILE, None, ("1",), "1"),
    "the_only_one_though_another_was_agreed": (Field.MOBILE, "2", ("1",), "1"),
    "none_of_several": (Field.MOBILE, None, ("1", "2"), None),
    "first_department": (Field.DEPARTMENT, None, ("IT", "Sales"), "IT"),
    "agreed_department": (Field.DEPARTMENT, "Sales", ("IT", "Sales"), "Sales"),
}


@pytest.mark.parametrize("case", VALUES)
def test_merge_field_chooses_one_of_several_values(case: str) -> None:
    field, agreed, values, chosen = VALUES[case]
    base = Base(agreed, agreed) if agreed is not None else None

    merged = merge_field(
        rule=FieldRule(field, "x", Direction.PULL), base=base, local=agreed or "", reading=Reading(values=values)
    )

    assert (None if merged.decision is Decision.UNREADABLE else merged.remote) == chosen


RULES = st.builds(
    FieldRule,
    field=st.sampled_from([Field.NAME, Field.EMAIL, Field.MOBILE, Field.EXTENSION, Field.DEPARTMENT, Field.TITLE]),
    attribute=st.just("x"),
    direction=st.sampled_from(Direction),
    policy=st.sampled_from(Policy),
    on_empty=st.sampled_from(OnEmpty),
)
VALUE = st.sampled_from(["", "1", "2", "3"])


@given(RULES, st.none() | VALUE, VALUE, VALUE)
def test_merging_again_after_a_pull_changes_nothing(rule: FieldRule, base: str | None, local: str, remote: str) -> None:
    merged = merge(rule, base, local, remote)
    local = merged.remote if merged.decision is Decision.PULL else local

    again = merge_field(rule=rule, base=merged.base, local=local, reading=Reading(values=(remote,) if remote else ()))

    expected = Decision.UNCHANGED if merged.decision in (Decision.PULL, Decision.AGREED) else merged.decision
    assert again.decision is expected


@given(RULES, st.none() | VALUE, VALUE, VALUE)
def test_a_field_is_never_pulled_where_the_mapping_does_not_pull(
    rule: FieldRule, base: str | None, local: str, remote: str
) -> None:
    merged = merge(rule, base, local, remote)

    if merged.decision is Decision.PULL:
        assert rule.pulls
        assert remote or (base and rule.on_empty is OnEmpty.CLEAR and rule.field is not Field.EXTENSION)
    if merged.decision is Decision.PUSH:
        assert rule.pushes


MIRROR = {Decision.PULL: Decision.PUSH, Decision.PUSH: Decision.PULL}
SWAP_POLICY = {
    Policy.REMOTE_WINS: Policy.LOCAL_WINS,
    Policy.LOCAL_WINS: Policy.REMOTE_WINS,
    Policy.ASK: Policy.ASK,
}
SWAP_DIRECTION = {
    Direction.PULL: Direction.PUSH,
    Direction.PUSH: Direction.PULL,
    Direction.BOTH: Direction.BOTH,
}


@given(RULES, VALUE, VALUE, VALUE)
def test_swapping_sides_mirrors_the_decision(rule: FieldRule, base: str, local: str, remote: str) -> None:
    mirrored = replace(rule, policy=SWAP_POLICY[rule.policy], direction=SWAP_DIRECTION[rule.direction])

    decision = merge(rule, base, local, remote).decision

    assert merge(mirrored, base, remote, local).decision is MIRROR.get(decision, decision)


PHOTO = FieldRule(Field.PHOTO, "jpegPhoto", Direction.BOTH)
PHOTOS = {
    # id                             base               local   remote  twins     larger_here expected
    "larger_one_here_stays": (None, "ours", "theirs", (), True, Decision.PUSH),
    "larger_one_there_comes_in": (None, "ours", "theirs", (), False, Decision.PULL),
    "the_same_picture_in_their_form": (None, "ours", "small", ("small",), True, Decision.AGREED),
    "size_does_not_count_later": (Base("ours", "old"), "ours", "theirs", (), True, Decision.PULL),
    "ours_replaced": (Base("old", "small"), "ours", "small", (), False, Decision.PUSH),
    "both_replaced_by_the_same": (Base("old", "old"), "ours", "small", ("small",), False, Decision.AGREED),
    "both_replaced": (Base("old", "old"), "ours", "theirs", (), True, Decision.CONFLICT),
}


@pytest.mark.parametrize(
    ("base", "local", "remote", "twins", "larger_here", "expected"), PHOTOS.values(), ids=PHOTOS.keys()
)
def test_photos_are_compared_by_the_digests_of_either_side(
    base: Base | None, local: str, remote: str, twins: tuple[str, ...], larger_here: bool, expected: Decision
) -> None:
    """Rules B1 and B13: our picture has another digest there than here."""
    merged = merge_field(
        rule=PHOTO, base=base, local=local, reading=Reading((remote,)), twins=twins, larger_here=larger_here
    )

    assert merged.decision is expected


REMAPPED = {
    # id: local, remote, expected
    "different": ("1", "2", Decision.CONFLICT),
    "the_same": ("1", "1", Decision.AGREED),
    "empty_here": ("", "2", Decision.PULL),
    "empty_there": ("1", "", Decision.PUSH),
}


@pytest.mark.parametrize(("local", "remote", "expected"), REMAPPED.values(), ids=REMAPPED.keys())
def test_what_another_attribute_says_is_nobody_s_change(local: str, remote: str, expected: Decision) -> None:
    """Rule B8: it fills what is empty on either side; what differs is for a person."""
    reading = Reading((remote,) if remote else ())

    assert merge_field(rule=BOTH, base=None, local=local, reading=reading, remapped=True).decision is expected


BESIDE = {
    # id: rule, agreed, here, there; what is decided and agreed
    "ours stands there beside the agreed one": (BOTH, "1", "2", ("1", "2"), (Decision.AGREED, Base("2", "2"))),
    "in another spelling": (
        replace(BOTH, field=Field.TITLE), "Boss", "Chief", ("Boss", " Chief "), (Decision.AGREED, Base("Chief", " Chief ")),
    ),
    "a picture of ours, as it is sent": (
        replace(BOTH, field=Field.PHOTO), "1", "2", ("1", "sent"), (Decision.AGREED, Base("2", "sent")),
    ),
    "ours is not there": (BOTH, "1", "3", ("1", "2"), (Decision.PUSH, Base("1", "1"))),
    "ours was not changed": (BOTH, "1", "1", ("1", "2"), (Decision.UNCHANGED, Base("1", "1"))),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "agreed", "local", "values", "expected"), BESIDE.values(), ids=BESIDE.keys())
def test_value_that_stands_there_beside_the_agreed_one_need_not_go_out(
    rule: FieldRule, agreed: str, local: str, values: tuple[str, ...], expected: tuple[Decision, Base]
) -> None:
    """Rule B6, promise 6: a preview that says "written" where nothing would be written is not the truth."""
    merged = merge_field(
        rule=rule, base=Base(agreed, agreed), local=local, reading=Reading(values=values), twins={"sent"}
    )

    assert (merged.decision, merged.base) == expected
