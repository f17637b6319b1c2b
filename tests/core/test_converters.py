"""Reading values of entries (rules A2, B4 to B7, bad input of the first issue)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.converters import entry_keys, read_field, read_person
from syncapp.core.matters import EntryKeys
from syncapp.core.options import FieldRule, SyncOptions
from syncapp.core.records import Message, Reading, RemoteRecord
from syncapp.core.values import LENGTHS
from syncapp.core.vocabulary import TEXT_FIELDS, Field, MatchKey, State
from syncapp.messages import render

PATTERN = r"(?:^|(?:доб|вн|ext|x)\.?\s*|#\s*)(\d{2,5})$"


def read(field: Field, *values: str | bytes, pattern: str = "", region: str = "RU") -> Reading:
    raws = [value.encode() if isinstance(value, str) else value for value in values]
    return read_field(FieldRule(field, "thing", pattern=pattern), {"thing": raws}, region=region)


READABLE = {
    # id: field, value, what is read
    "plain_name": (Field.NAME, "Иван Петров", "Иван Петров"),
    "white_space_is_collapsed": (Field.NAME, "  Иван \t\r\n Петров ", "Иван Петров"),
    "no_break_space_is_white_space": (Field.NAME, "Иван\u00a0Петров", "Иван Петров"),
    "decomposed_letters_are_composed": (Field.NAME, "Андреи\u0306", "Андрей"),
    "invisible_signs_are_dropped": (Field.TITLE, "\ufeffИнже\u00adнер\u200b", "Инженер"),
    "joiners_of_scripts_that_need_them_stay": (Field.NAME, "می\u200cخواهم", "می\u200cخواهم"),
    "longest_name": (Field.NAME, "ё" * 255, "ё" * 255),
    "email_keeps_its_spelling": (Field.EMAIL, " Anna.Smith@Corp.Example ", "Anna.Smith@Corp.Example"),
    "email_of_an_intranet": (Field.EMAIL, "anna@corp", "anna@corp"),
    "email_in_cyrillic": (Field.EMAIL, "анна@пример.рф", "анна@пример.рф"),
    "email_with_a_tag": (Field.EMAIL, "anna+sip@corp.example", "anna+sip@corp.example"),
    "extension": (Field.EXTENSION, " 215 ", "215"),
    "extension_with_leading_zero": (Field.EXTENSION, "0215", "0215"),
    "extension_of_the_fire_brigade": (Field.EXTENSION, "101", "101"),
    "extension_of_one_digit": (Field.EXTENSION, "7", "7"),
    "longest_extension": (Field.EXTENSION, "9" * 20, "9" * 20),
    "department": (Field.DEPARTMENT, "Отдел продаж", "Отдел продаж"),
    "title": (Field.TITLE, "Head of Sales", "Head of Sales"),
}


@pytest.mark.parametrize(("field", "value", "expected"), READABLE.values(), ids=READABLE.keys())
def test_read_field_reads_a_value(field: Field, value: str, expected: str) -> None:
    assert read(field, value) == Reading(values=(expected,))


FOREIGN = {
    # id: field, value, code of the remark
    "undecodable_bytes": (Field.NAME, b"\xd0\x98\xff\xfe", "value_undecodable"),
    "surrogate_in_utf8": (Field.NAME, b"a\xed\xa0\x80", "value_undecodable"),
    "nul": (Field.NAME, "Иван\x00Петров", "value_control_characters"),
    "escape": (Field.TITLE, "\x1b[31mboss", "value_control_characters"),
    "c1_control": (Field.TITLE, "boss\x9b31m", "value_control_characters"),
    "name_of_300_characters": (Field.NAME, "я" * 300, "value_too_long"),
    "name_whose_key_would_be_too_long": (Field.NAME, "ß" * 200, "value_too_long"),
    "title_one_too_long": (Field.TITLE, "x" * 256, "value_too_long"),
    "department_one_too_long": (Field.DEPARTMENT, "x" * 256, "value_too_long"),
    "email_one_too_long": (Field.EMAIL, "a" * 242 + "@corp.example", "value_too_long"),
    "extension_one_too_long": (Field.EXTENSION, "9" * 21, "value_too_long"),
    "email_without_at": (Field.EMAIL, "anna.corp.example", "value_not_email"),
    "email_with_two_at": (Field.EMAIL, "anna@corp@example", "value_not_email"),
    "email_without_local_part": (Field.EMAIL, "@corp.example", "value_not_email"),
    "email_without_domain": (Field.EMAIL, "anna@", "value_not_email"),
    "email_with_space": (Field.EMAIL, "anna smith@corp.example", "value_not_email"),
    "email_with_name": (Field.EMAIL, "Anna <anna@corp.example>", "value_not_email"),
    "two_emails": (Field.EMAIL, "anna@corp.example; bob@corp.example", "value_not_email"),
    "email_with_empty_label": (Field.EMAIL, "anna@corp..example", "value_not_email"),
    "city_number_as_extension": (Field.EXTENSION, "+7 495 123-45-67", "value_not_extension"),
    "two_extensions": (Field.EXTENSION, "201/202", "value_not_extension"),
    "words_as_extension": (Field.EXTENSION, "see Anna", "value_not_extension"),
    "foreign_digits_as_extension": (Field.EXTENSION, "٢١٥", "value_not_extension"),
    "raised_digit_as_extension": (Field.EXTENSION, "21²", "value_not_extension"),
    "words_as_mobile": (Field.MOBILE, "ask Anna", "value_not_mobile"),
    "two_mobiles": (Field.MOBILE, "89161234567, 89261234567", "value_several_numbers"),
    "mobile_with_extension": (Field.MOBILE, "+7 495 123-45-67 доб. 12", "value_mobile_with_extension"),
}


@pytest.mark.parametrize(("field", "value", "code"), FOREIGN.values(), ids=FOREIGN.keys())
def test_read_field_says_why_a_value_is_foreign(field: Field, value: str | bytes, code: str) -> None:
    reading = read(field, value)

    assert reading.values == ()
    assert len(reading.foreign) == 1
    assert reading.remark is not None
    assert reading.remark.code == code


@pytest.mark.parametrize(("field", "value", "code"), FOREIGN.values(), ids=FOREIGN.keys())
def test_every_remark_has_its_sentence(field: Field, value: str | bytes, code: str) -> None:
    remark = read(field, value).remark

    assert remark is not None
    assert "thing" in render(remark.code, remark.params)


EMPTY = {
    "attribute_is_absent": {},
    "attribute_without_values": {"thing": []},
    "empty_value": {"thing": [b""]},
    "blank_values": {"thing": [b" ", "\u00a0\u200b".encode()]},
    "other_attribute_alone": {"thingamajig": [b"x"]},
}


@pytest.mark.parametrize("attributes", EMPTY.values(), ids=EMPTY.keys())
@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_read_field_takes_nothing_for_empty(field: Field, attributes: dict[str, list[bytes]]) -> None:
    assert read_field(FieldRule(field, "thing", pattern="(.+)"), attributes, region="RU") == Reading()


SEVERAL = {
    # id: field, values, readable ones
    "sorted": (Field.TITLE, ["б", "а"], ("а", "б")),
    "each_once": (Field.TITLE, ["а", " а "], ("а",)),
    "departments_are_all_kept_for_the_base": (Field.DEPARTMENT, ["Sales", "Board"], ("Board", "Sales")),
    "one_mobile_in_two_spellings": (Field.MOBILE, ["8 916 123-45-67", "+79161234567"], ("+79161234567",)),
    "one_address_in_two_spellings": (Field.EMAIL, ["anna@corp", "Anna@corp"], ("Anna@corp",)),
    "an_empty_one_is_none": (Field.NAME, ["", "Anna"], ("Anna",)),
}


@pytest.mark.parametrize(("field", "values", "expected"), SEVERAL.values(), ids=SEVERAL.keys())
def test_read_field_keeps_all_readable_values(field: Field, values: list[str], expected: tuple[str, ...]) -> None:
    assert read(field, *values) == Reading(values=expected)


def test_read_field_keeps_readable_values_beside_foreign_ones() -> None:
    reading = read(Field.EXTENSION, "see Anna", "215", b"\xff", "201/202")

    assert reading.values == ("215",)
    assert reading.foreign == ("201/202", "\\xff", "see Anna")
    assert reading.remark == Message(
        "value_not_extension", {"field": "extension", "attribute": "thing", "value": "201/202"}
    )


def test_read_field_shows_a_long_foreign_value_shortened() -> None:
    (shown,) = read(Field.NAME, "я" * 5000).foreign

    assert shown == "я" * 99 + "…"


PATTERNS = {
    # id: pattern, value, what is read ('': foreign)
    "bare_number": (PATTERN, "215", "215"),
    "number_after_a_word": (PATTERN, "+7 (495) 123-45-67 доб. 215", "215"),
    "number_after_a_hash": (PATTERN, "+7 495 1234567 # 215", "215"),
    "city_number_alone": (PATTERN, "+7 (495) 123-45-67", ""),
    "six_digits": (PATTERN, "123456", ""),
    "group_that_took_no_part": (r"(?:x(\d+)|\d+)", "215", ""),
    "empty_group": (r"(\d*)", "x215", ""),
    "group_that_is_no_number": (r"доб\. (.+)", "доб. 21a", ""),
    "white_space_around_the_group": (r"^(.+),", " 215 , office", "215"),
    "value_too_long_to_search": (PATTERN, "x" * 300 + "215", ""),
}


@pytest.mark.parametrize(("pattern", "value", "expected"), PATTERNS.values(), ids=PATTERNS.keys())
def test_read_field_takes_the_first_group(pattern: str, value: str, expected: str) -> None:
    assert read(Field.EXTENSION, value, pattern=pattern).values == ((expected,) if expected else ())


def test_read_field_says_that_a_pattern_does_not_fit() -> None:
    remark = read(Field.EXTENSION, "see Anna", pattern=PATTERN).remark

    assert remark is not None
    assert remark.code == "value_not_matched"
    assert "see Anna" in render(remark.code, remark.params)


def test_read_field_lets_a_pattern_pick_a_mobile() -> None:
    reading = read(Field.MOBILE, "office 84951234567, mobile 89161234567", pattern=r"mobile (\S+)")

    assert reading.values == ("+79161234567",)


def test_read_field_takes_the_first_attribute_that_has_a_value() -> None:
    rule = FieldRule(Field.NAME, "displayName|cn")

    assert read_field(rule, {"displayname": [b"Anna S."], "cn": [b"Anna"]}, region="RU").values == ("Anna S.",)
    assert read_field(rule, {"displayname": [b" "], "cn": [b"Anna"]}, region="RU").values == ("Anna",)


def test_read_field_does_not_pass_over_a_foreign_first_attribute() -> None:
    reading = read_field(FieldRule(Field.NAME, "displayName|cn"), {"displayname": [b"\xff"], "cn": [b"A"]}, region="RU")

    assert reading.values == ()
    assert reading.remark is not None
    assert reading.remark.params["attribute"] == "displayname"


anything = st.one_of(st.binary(max_size=400), st.text(max_size=400).map(lambda text: text.encode("utf-8", "ignore")))
telephone_like = st.text(alphabet="0123456789+-() ./доб#x\u200e٣", max_size=40).map(str.encode)


@pytest.mark.parametrize("pattern", ["", PATTERN, "(.*)", r"([^@\s]*)"], ids=["none", "extension", "all", "word"])
@pytest.mark.parametrize("field", TEXT_FIELDS)
@given(raws=st.lists(anything | telephone_like, max_size=3))
def test_read_field_never_raises_and_gives_only_what_fits(field: Field, pattern: str, raws: list[bytes]) -> None:
    reading = read(field, *raws, pattern=pattern)

    assert list(reading.values) == sorted(set(reading.values))
    for value in reading.values:
        assert 0 < len(value) <= LENGTHS[field]
        assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", value)
        assert value == " ".join(value.split())
    assert (reading.remark is not None) == bool(reading.foreign)
    for shown in reading.foreign:
        assert len(shown) <= 100
        shown.encode()


@given(text=st.text(max_size=60))
@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_read_field_reads_what_it_read_as_itself(field: Field, text: str) -> None:
    for value in read(field, text.encode("utf-8", "ignore")).values:
        assert read(field, value).values == (value,)


OPTIONS = SyncOptions(
    rules=(
        FieldRule(Field.NAME, "{givenName} {sn}"),
        FieldRule(Field.EMAIL, "mail"),
        FieldRule(Field.MOBILE, "mobile"),
        FieldRule(Field.EXTENSION, "telephoneNumber"),
        FieldRule(Field.PHOTO, "jpegPhoto"),
        FieldRule(Field.SIP_SECRET, "sipSecret"),
    ),
    match_keys=tuple(MatchKey),
    region="RU",
)
RECORD = RemoteRecord(
    anchor="a1",
    dn="uid=anna,dc=corp",
    attributes={
        "givenname": ["Анна".encode()],
        "sn": ["Королёва".encode()],
        "mail": [b"Anna@corp.example", b"a.k@corp.example"],
        "mobile": [b"8 916 123-45-67"],
        "telephonenumber": [b"216", b"215", b"see Anna"],
        "jpegphoto": [b"\xff\xd8"],
        "sipsecret": [b"secret"],
    },
    state=State.DISABLED,
)


def test_read_person_leaves_out_photo_and_secret() -> None:
    person = read_person(RECORD, OPTIONS, fingerprint="f")

    assert set(person.readings) == {Field.NAME, Field.EMAIL, Field.MOBILE, Field.EXTENSION}
    assert (person.anchor, person.dn, person.state, person.fingerprint) == ("a1", RECORD.dn, State.DISABLED, "f")


def test_entry_keys_has_the_compared_forms_of_all_readable_values() -> None:
    assert entry_keys(read_person(RECORD, OPTIONS)) == EntryKeys(
        name="Анна Королёва",
        name_keys=("анна королева",),
        emails=("anna@corp.example", "a.k@corp.example"),
        mobiles=("+79161234567",),
        extensions=("215", "216"),
    )


def test_entry_keys_of_an_empty_entry_are_empty() -> None:
    person = read_person(RemoteRecord(anchor="a1", dn="uid=x", attributes={}), OPTIONS)

    assert entry_keys(person) == EntryKeys()
