"""What a few people's answers come to, and where which right is missing."""

import pytest

from syncapp.core.options import FieldRule
from syncapp.core.rights import Answer, AttributeRights, Missing, Sampled, Writable, count_rights, missing_rights
from syncapp.core.vocabulary import Direction, Field

YES, NO, PROTECTED, UNKNOWN = Answer.YES, Answer.NO, Answer.PROTECTED, Answer.UNKNOWN
PHONE = FieldRule(Field.EXTENSION, "telephoneNumber", Direction.BOTH)
TITLE = FieldRule(Field.TITLE, "title", Direction.PUSH)


def counted(*places: list[Answer], rule: FieldRule = PHONE) -> AttributeRights:
    """The rights to one attribute, one place for each list, named a, b, …"""
    sample, answers = [], {}
    for place, given in zip("abc", places, strict=False):
        for number, answer in enumerate(given):
            anchor = f"{place}{number}"
            sample.append(Sampled(anchor, f"cn={anchor},ou={place}", f"ou={place}"))
            answers[anchor] = {rule.attribute.lower(): answer}
    (rights,) = count_rights([rule], sample, answers)
    return rights


VERDICTS = {
    "everybody": ([[YES, YES]], Writable.ALL),
    "nobody": ([[NO, NO]], Writable.NONE),
    "one of two": ([[YES, NO]], Writable.SOME),
    "another in each place": ([[YES], [NO]], Writable.SOME),
    "nothing is known": ([[UNKNOWN, UNKNOWN]], Writable.UNKNOWN),
    "nobody was looked at": ([], Writable.UNKNOWN),
    "who is not known does not hide the others": ([[YES, UNKNOWN]], Writable.ALL),
    "nor that they are refused": ([[NO], [UNKNOWN]], Writable.NONE),
    "protected is refused": ([[PROTECTED]], Writable.NONE),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_verdict(case: str) -> None:
    places, verdict = VERDICTS[case]

    assert counted(*places).verdict is verdict


def test_only_mappings_that_push_are_counted() -> None:
    assert count_rights([FieldRule(Field.NAME, "displayName")], [], {}) == ()


def test_places_are_named_where_they_differ() -> None:
    assert [place.place for place in counted([YES], [NO]).differing] == ["ou=a", "ou=b"]
    assert counted([NO], [NO]).differing == ()


def test_who_was_not_answered_for_is_unknown() -> None:
    (rights,) = count_rights([PHONE], [Sampled("x", "cn=x,ou=a", "ou=a")], {})

    assert (rights.verdict, rights.people) == (Writable.UNKNOWN, 1)


MISSING = {
    # id: attributes' rights, what is missing
    "nothing": ([counted([YES], [YES])], ()),
    "not known": ([counted([UNKNOWN])], ()),
    "in one place": ([counted([YES], [NO])], (Missing("ou=b", ("telephoneNumber",)),)),
    "in the only place": ([counted([NO])], (Missing("ou=a", ("telephoneNumber",)),)),
    "everywhere": ([counted([NO], [NO])], (Missing("base", ("telephoneNumber",)),)),
    "two everywhere": (
        [counted([NO], [NO]), counted([NO], [NO], rule=TITLE)],
        (Missing("base", ("telephoneNumber", "title")),),
    ),
    "one everywhere, one in a place": (
        [counted([NO], [NO]), counted([NO], [YES], rule=TITLE)],
        (Missing("base", ("telephoneNumber",)), Missing("ou=a", ("title",))),
    ),
    "some of a place": ([counted([YES, NO])], (Missing("ou=a", ("telephoneNumber",)),)),
    "of those whom no grant reaches": ([counted([YES, PROTECTED])], ()),
}


@pytest.mark.parametrize("case", MISSING)
def test_missing_rights(case: str) -> None:
    rights, missing = MISSING[case]

    assert missing_rights(rights, ["base"]) == missing
