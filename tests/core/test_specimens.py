"""Examples of what becomes of a directory's values."""

import pytest

from syncapp.core.options import FieldRule
from syncapp.core.specimens import LONGEST, Specimen, specimens
from syncapp.core.vocabulary import Field

NUMBER = FieldRule(Field.EXTENSION, "telephoneNumber", pattern=r"(\d{3})$")


def person(**values: str | list[str]) -> dict[str, list[bytes]]:
    return {
        name.lower(): [text.encode() for text in (value if isinstance(value, list) else [value])]
        for name, value in values.items()
    }


CASES = {
    "as_it_stands": (NUMBER, [person(telephoneNumber="215")], [("215", "215")]),
    "what_is_ours_of_it": (NUMBER, [person(telephoneNumber="+7 495 123-45-67 #215")], [("+7 495 123-45-67 #215", "215")]),
    "one_that_becomes_another_before_one_that_stays": (
        NUMBER,
        [person(telephoneNumber="215"), person(telephoneNumber="ext. 216")],
        [("ext. 216", "216")],
    ),
    "one_that_cannot_be_read_beside_it": (
        NUMBER,
        [person(telephoneNumber="ask Anna"), person(telephoneNumber="215")],
        [("215", "215"), ("ask Anna", "")],
    ),
    "nobody_has_one": (NUMBER, [person(), person(mail="a@example.test")], []),
    "the_first_that_has_a_value": (
        FieldRule(Field.NAME, "displayName|cn"),
        [person(cn="Anna  Petrova")],
        [("Anna  Petrova", "Anna Petrova")],
    ),
    "a_composition": (
        FieldRule(Field.NAME, "{givenName} {sn}"),
        [person(givenName="Anna", sn="Petrova")],
        [("Anna, Petrova", "Anna Petrova")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "people", "expected"), CASES.values(), ids=CASES)
def test_specimens_show_what_tells_most(
    rule: FieldRule, people: list[dict[str, list[bytes]]], expected: list[tuple[str, str]]
) -> None:
    found = specimens(rule, people, region="RU")

    assert [(each.stands, each.reads) for each in found] == expected


def test_reason_is_given_where_nothing_is_read() -> None:
    [found] = specimens(NUMBER, [person(telephoneNumber="ask Anna")], region="RU")

    assert isinstance(found, Specimen)
    assert found.why is not None


def test_long_value_is_cut() -> None:
    [found] = specimens(FieldRule(Field.TITLE, "title"), [person(title="x" * 200)], region="RU")

    assert found.stands == "x" * LONGEST + "…"
