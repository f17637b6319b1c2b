"""The reason that is told is the reason of the decision."""

from dataclasses import replace

import pytest

from syncapp.core.explain import KeyStory, tell_keys, why
from syncapp.core.matters import EntryKeys, HubKeys
from syncapp.core.merge import merge_field
from syncapp.core.options import FieldRule
from syncapp.core.records import Base, Reading
from syncapp.core.vocabulary import Direction, Field, MatchKey, OnEmpty, Policy
from tests.core.hub import OPTIONS

TITLE = FieldRule(Field.TITLE, "title", Direction.BOTH)
AGREED = Base("a", "a")
CASES = {
    # id: rule, base, local, remote, expected
    "nobody_changed": (TITLE, AGREED, "a", "a", "why_unchanged"),
    "both_alike": (TITLE, AGREED, "b", "b", "why_agreed"),
    "there": (TITLE, AGREED, "a", "b", "why_changed_there"),
    "here": (TITLE, AGREED, "b", "a", "why_changed_here"),
    "both": (TITLE, AGREED, "b", "c", "why_both_changed"),
    "domain_wins": (replace(TITLE, policy=Policy.REMOTE_WINS), AGREED, "b", "c", "why_domain_wins"),
    "pbx_wins": (replace(TITLE, policy=Policy.LOCAL_WINS), AGREED, "b", "c", "why_pbx_wins"),
    "domain_wins_and_only_it_changed": (
        replace(TITLE, policy=Policy.REMOTE_WINS),
        AGREED,
        "a",
        "c",
        "why_changed_there",
    ),
    "first_there": (TITLE, None, "", "a", "why_first_there"),
    "first_differ": (TITLE, None, "b", "a", "why_first_there"),
    "first_here": (TITLE, None, "a", "", "why_only_here"),
    "first_pbx_wins": (replace(TITLE, policy=Policy.LOCAL_WINS), None, "a", "b", "why_pbx_wins"),
    "first_number": (FieldRule(Field.EXTENSION, "pager", Direction.BOTH), None, "201", "202", "why_never_agreed"),
    "pull_only": (replace(TITLE, direction=Direction.PULL), AGREED, "b", "a", "why_pull_only"),
    "push_only": (replace(TITLE, direction=Direction.PUSH), AGREED, "a", "b", "why_push_only"),
    "emptied_kept": (TITLE, AGREED, "a", "", "why_kept"),
    "emptied_number": (
        FieldRule(Field.EXTENSION, "pager", Direction.BOTH, on_empty=OnEmpty.CLEAR),
        Base("201", "201"),
        "201",
        "",
        "why_number_kept",
    ),
    "photo_there": (FieldRule(Field.PHOTO, "jpegPhoto", Direction.BOTH), None, "x", "y", "why_larger_there"),
}


@pytest.mark.parametrize(("rule", "base", "local", "remote", "expected"), CASES.values(), ids=CASES.keys())
def test_why_names_the_reason(rule: FieldRule, base: Base | None, local: str, remote: str, expected: str) -> None:
    reading = Reading((remote,) if remote else ())

    merged = merge_field(rule=rule, base=base, local=local, reading=reading)

    assert why(rule, base=base, local=local, merged=merged).code == expected


def test_why_of_the_larger_photo_here() -> None:
    rule = FieldRule(Field.PHOTO, "jpegPhoto", Direction.BOTH)
    merged = merge_field(rule=rule, base=None, local="x", reading=Reading(("y",)), larger_here=True)

    assert why(rule, base=None, local="x", merged=merged).code == "why_larger_here"


def test_why_of_a_foreign_value() -> None:
    merged = merge_field(rule=TITLE, base=AGREED, local="a", reading=Reading(foreign=("?",)))

    assert why(TITLE, base=AGREED, local="a", merged=merged).code == "why_unreadable"


def test_tell_keys_says_who_else_has_each() -> None:
    entry = EntryKeys("Anna Petrova", ("anna petrova",), ("anna@x.test",), (), ("215",))
    twin = EntryKeys("Other", ("other",), (), (), ("215",))
    anna = HubKeys(1, "Anna Petrova", "anna petrova", "", "", "")
    boris = HubKeys(2, "Boris", "boris", "", "", "215")
    issued = HubKeys(3, "Clara", "clara", "", "", "215", number_issued=True)

    told = tell_keys(entry, OPTIONS, employees=[anna, boris, issued], entries=[entry, twin])

    assert told == [
        KeyStory(MatchKey.EMAIL, "anna@x.test", (), 1),
        KeyStory(MatchKey.NAME, "anna petrova", (1,), 1),
        KeyStory(MatchKey.EXTENSION, "215", (2,), 2),
    ]
