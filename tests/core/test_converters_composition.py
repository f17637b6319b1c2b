"""The grammar of a mapping's attribute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.composition import AttributeGrammarError, attributes_as_typed, attributes_of, parse_attribute
from syncapp.core.converters import read_field
from syncapp.core.options import FieldRule
from syncapp.core.records import Reading
from syncapp.core.vocabulary import Field

NAMES = {
    "one": ("Mail", ("mail",)),
    "alternatives": ("displayName | cn", ("displayname", "cn")),
    "composition": ("{givenName} {sn}", ("givenname", "sn")),
    "each_once": ("{sn} ({sn})", ("sn",)),
    "language_option": ("displayName;lang-ru|displayName", ("displayname;lang-ru", "displayname")),
    "object_identifier": ("2.5.4.3", ("2.5.4.3",)),
}


@pytest.mark.parametrize(("attribute", "names"), NAMES.values(), ids=NAMES.keys())
def test_attributes_of_names_what_is_read(attribute: str, names: tuple[str, ...]) -> None:
    assert attributes_of(attribute) == names


def test_attributes_as_typed_keeps_the_spelling() -> None:
    assert attributes_as_typed("displayName;lang-RU | CN") == ("displayName;lang-RU", "CN")


@pytest.mark.parametrize(
    "attribute", ["", " ", "a b", "a|", "|a", "{sn", "sn}", "{}", "{a b}", "{{sn}}", "{a|b}", "*", "a=b", "a)(b"]
)
def test_parse_attribute_refuses_what_is_no_attribute(attribute: str) -> None:
    with pytest.raises(AttributeGrammarError):
        parse_attribute(attribute)


COMPOSED = {
    # id: composition, entry, what is read
    "all_there": ("{givenName} {sn}", {"givenname": "Иван", "sn": "Петров"}, "Иван Петров"),
    "first_missing": ("{givenName} {sn}", {"sn": "Петров"}, "Петров"),
    "last_missing": ("{givenName} {sn}", {"givenname": "Иван"}, "Иван"),
    "all_missing": ("{givenName} {sn}", {}, ""),
    "blank_is_missing": ("{givenName} {sn}", {"givenname": " ", "sn": "Петров"}, "Петров"),
    "comma_all_there": ("{sn}, {givenName}", {"sn": "Smith", "givenname": "Anna"}, "Smith, Anna"),
    "comma_last_missing": ("{sn}, {givenName}", {"sn": "Smith"}, "Smith"),
    "comma_first_missing": ("{sn}, {givenName}", {"givenname": "Anna"}, "Anna"),
    "dot_goes_with_its_part": ("{givenName} {initials}. {sn}", {"givenname": "Ivan", "sn": "Petrov"}, "Ivan Petrov"),
    "dot_stays_with_its_part": (
        "{givenName} {initials}. {sn}",
        {"givenname": "Ivan", "initials": "S", "sn": "Petrov"},
        "Ivan S. Petrov",
    ),
    "brackets_go_with_their_part": ("{sn} {givenName} ({ou})", {"sn": "P", "givenname": "I"}, "P I"),
    "brackets_stay_with_their_part": ("{sn} {givenName} ({ou})", {"sn": "P", "ou": "Sales"}, "P (Sales)"),
    "dash_between": ("{cn} - {ou}", {"ou": "Sales"}, "Sales"),
    "nothing_between": ("{sn}{initials} {givenName}", {"sn": "P", "givenname": "I"}, "P I"),
    "middle_of_three_missing": ("{sn} {givenName} {middleName}", {"sn": "P", "middlename": "S"}, "P S"),
    "text_around": ("{uid}@corp.example", {"uid": "anna"}, "anna@corp.example"),
    "text_around_nothing": ("{uid}@corp.example", {}, ""),
    "sign_that_belongs_to_a_value": ("{sn} {givenName}", {"sn": "P-", "givenname": "I"}, "P- I"),
}


@pytest.mark.parametrize(("composition", "entry", "expected"), COMPOSED.values(), ids=COMPOSED.keys())
def test_read_field_composes(composition: str, entry: dict[str, str], expected: str) -> None:
    attributes = {name: [value.encode()] for name, value in entry.items()}

    reading = read_field(FieldRule(Field.TITLE, composition), attributes, region="RU")

    assert reading == Reading(values=(expected,) if expected else ())


def test_read_field_composes_the_first_value_in_sorted_order() -> None:
    attributes = {"givenname": [b"Jane", b"Anna"], "sn": [b"Smith"]}

    assert read_field(FieldRule(Field.NAME, "{givenName} {sn}"), attributes, region="RU").values == ("Anna Smith",)


def test_read_field_does_not_compose_with_an_unreadable_part() -> None:
    reading = read_field(
        FieldRule(Field.NAME, "{givenName} {sn}"), {"givenname": [b"\xff"], "sn": [b"Smith"]}, region="RU"
    )

    assert reading.values == ()
    assert reading.remark is not None
    assert (reading.remark.code, reading.remark.params["field"]) == ("value_undecodable", "name")


def test_read_field_checks_a_composed_value_like_any_other() -> None:
    attributes = {"givenname": [b"a" * 200], "sn": [b"b" * 200]}

    reading = read_field(FieldRule(Field.NAME, "{givenName} {sn}"), attributes, region="RU")

    assert reading.remark is not None
    assert reading.remark.code == "value_too_long"


@given(st.text(alphabet="ab{}|; 1.-é", max_size=12))
def test_parse_attribute_takes_any_text_or_says_no(text: str) -> None:
    try:
        names = attributes_of(text)
    except AttributeGrammarError:
        return

    assert names
    assert all(name in text.lower() for name in names)
