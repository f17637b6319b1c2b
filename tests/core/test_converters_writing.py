"""What a push writes, and which mappings could not read it back (rules B4, B5, B14)."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from syncapp.core.converters import cautions, check_rule, read_field, to_remote
from syncapp.core.options import FieldRule
from syncapp.core.vocabulary import Direction, Field
from syncapp.messages import render

PATTERN = r"(?:^|(?:доб|вн|ext|x)\.?\s*|#\s*)(\d{2,5})$"

WRITTEN = {
    # id: field, pattern, value, what stands there, what is written
    "bare_into_nothing": (Field.EXTENSION, PATTERN, "216", None, "216"),
    "bare_into_blank": (Field.EXTENSION, PATTERN, "216", " ", "216"),
    "captured_part_is_replaced": (Field.EXTENSION, PATTERN, "216", "+7 (495) 12 доб. 215", "+7 (495) 12 доб. 216"),
    "value_that_reads_so_stays": (Field.EXTENSION, PATTERN, "215", "+7  (495) 12 доб. 215", "+7  (495) 12 доб. 215"),
    "whole_value_without_pattern": (Field.TITLE, "", "Head", "Engineer", "Head"),
    "emptied": (Field.TITLE, "", "", "Engineer", ""),
    "captured_part_is_emptied": (Field.TITLE, r"^([^(]+)", "", "Boss (acting)", "(acting)"),
    "nothing_into_nothing": (Field.TITLE, "", "", None, ""),
    "mobile_keeps_its_label": (Field.MOBILE, "", "+79261112233", "8-916-123-45-67 (личный)", "+79261112233 (личный)"),
    "mobile_keeps_what_is_around_it": (Field.MOBILE, "", "+79261112233", "тел. (89161234567)", "тел. (+79261112233)"),
    "mobile_with_a_code_in_brackets": (Field.MOBILE, "", "+79261112233", "моб (916) 123-45-67", "моб +79261112233"),
    "mobile_that_reads_so_stays": (Field.MOBILE, "", "+79161234567", "8 (916) 123-45-67", "8 (916) 123-45-67"),
    "mobile_picked_by_a_pattern": (
        Field.MOBILE,
        r"mobile (\S+)",
        "+79261112233",
        "office 84951234567, mobile 89161234567",
        "office 84951234567, mobile +79261112233",
    ),
}


@pytest.mark.parametrize(("field", "pattern", "value", "current", "expected"), WRITTEN.values(), ids=WRITTEN.keys())
def test_to_remote_replaces_what_is_ours(
    field: Field, pattern: str, value: str, current: str | None, expected: str
) -> None:
    rule = FieldRule(field, "thing", Direction.BOTH, pattern=pattern)

    assert to_remote(rule, value=value, current=current, region="RU") == expected


REFUSED = {
    # id: field, pattern, value, what stands there, why
    "foreign_value_stands_there": (Field.EXTENSION, PATTERN, "216", "see Anna", "value_not_matched"),
    "foreign_mobile_stands_there": (Field.MOBILE, "", "+79161234567", "ask Anna", "value_not_mobile"),
    "control_characters_stand_there": (Field.TITLE, "", "Boss", "a\x00b", "value_control_characters"),
    "pattern_would_not_read_it": (Field.EXTENSION, r"^(\d{3})$", "2160", None, "value_not_read_back"),
    "pattern_would_read_another": (Field.EXTENSION, r"(\d{3})$", "2160", "+7 215", "value_not_read_back"),
    "converter_would_not_read_it": (Field.EXTENSION, "", "21a", "215", "value_not_read_back"),
}


@pytest.mark.parametrize(("field", "pattern", "value", "current", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_to_remote_refuses_what_would_be_lost_or_misread(
    field: Field, pattern: str, value: str, current: str | None, reason: str
) -> None:
    rule = FieldRule(field, "thing", Direction.BOTH, pattern=pattern)

    with pytest.raises(ValueError, match=reason):
        to_remote(rule, value=value, current=current, region="RU")


numbers = st.from_regex(r"[2-9][0-9]{1,4}", fullmatch=True)
current_extensions = st.one_of(
    st.none(), numbers, st.tuples(st.sampled_from(["+7 495 12 доб. ", "ext ", "#", "1 x"]), numbers).map("".join)
)


@given(value=numbers, current=current_extensions)
def test_reading_what_was_written_gives_the_extension(value: str, current: str | None) -> None:
    rule = FieldRule(Field.EXTENSION, "thing", Direction.BOTH, pattern=PATTERN)

    written = to_remote(rule, value=value, current=current, region="RU")

    assert read_field(rule, {"thing": [written.encode()]}, region="RU").values == (value,)
    assert to_remote(rule, value=value, current=written, region="RU") == written


@given(
    value=st.integers(0, 9_999_999).map(lambda number: f"+7916{number:07}"),
    current=st.one_of(st.none(), st.sampled_from(["8 926 123-45-67", "тел. +7 (926) 1234567 (личный)", "9261234567"])),
)
def test_reading_what_was_written_gives_the_mobile(value: str, current: str | None) -> None:
    rule = FieldRule(Field.MOBILE, "thing", Direction.BOTH)

    written = to_remote(rule, value=value, current=current, region="RU")

    assert read_field(rule, {"thing": [written.encode()]}, region="RU").values == (value,)


@pytest.mark.parametrize("field", [Field.NAME, Field.EMAIL, Field.TITLE, Field.DEPARTMENT])
@given(value=st.emails() | st.text(min_size=1, max_size=50), current=st.text(max_size=50))
def test_reading_what_was_written_gives_the_text(field: Field, value: str, current: str) -> None:
    rule = FieldRule(field, "thing", Direction.BOTH)
    readable = read_field(rule, {"thing": [value.encode("utf-8", "ignore")]}, region="RU").values
    assume(readable)
    try:
        written = to_remote(rule, value=readable[0], current=current, region="RU")
    except ValueError:
        return  # something foreign stands there

    assert read_field(rule, {"thing": [written.encode()]}, region="RU").values == readable


CHECKS = {
    # id: field, attribute, direction, pattern, code ('': the mapping is fine)
    "one_attribute_both_ways": (Field.TITLE, "title", Direction.BOTH, "", ""),
    "alternatives_pulled": (Field.NAME, "displayName|cn", Direction.PULL, "", ""),
    "composition_pulled": (Field.NAME, "{givenName} {sn}", Direction.PULL, "", ""),
    "usual_extension": (Field.EXTENSION, "telephoneNumber", Direction.BOTH, r"^(\d{2,5})$", ""),
    "extension_behind_words": (Field.EXTENSION, "telephoneNumber", Direction.BOTH, PATTERN, ""),
    "three_digits_alone": (Field.EXTENSION, "ipPhone", Direction.BOTH, r"^(\d{3})$", ""),
    "six_digits_alone": (Field.EXTENSION, "ipPhone", Direction.BOTH, r"^(\d{6})$", ""),
    "numbers_of_one_pool": (Field.EXTENSION, "ipPhone", Direction.BOTH, r"^(2[0-5]\d)$", ""),
    "mobile_of_the_region": (Field.MOBILE, "mobile", Direction.BOTH, r"^(\+7\d{10})$", ""),
    "name_before_a_bracket": (Field.NAME, "displayName", Direction.BOTH, r"^([^(]+)", ""),
    "photo": (Field.PHOTO, "jpegPhoto", Direction.BOTH, "", ""),
    "alternatives_pulled_with_pattern": (Field.EXTENSION, "ipPhone|pager", Direction.PULL, r"(\d+)$", ""),
    "no_attribute": (Field.TITLE, "", Direction.PULL, "", "mapping_attribute_invalid"),
    "open_bracket": (Field.NAME, "{givenName", Direction.PULL, "", "mapping_attribute_invalid"),
    "composition_pushed": (Field.NAME, "{givenName} {sn}", Direction.PUSH, "", "mapping_push_needs_one_attribute"),
    "alternatives_pushed": (Field.NAME, "displayName|cn", Direction.BOTH, "", "mapping_push_needs_one_attribute"),
    "photo_of_alternatives": (
        Field.PHOTO,
        "jpegPhoto|thumbnailPhoto",
        Direction.PULL,
        "",
        "mapping_needs_one_attribute",
    ),
    "photo_with_pattern": (Field.PHOTO, "jpegPhoto", Direction.PULL, "(.*)", "mapping_pattern_not_text"),
    "composition_with_pattern": (
        Field.NAME,
        "{givenName} {sn}",
        Direction.PULL,
        "(.*)",
        "mapping_pattern_with_composition",
    ),
    "broken_pattern": (Field.EXTENSION, "ipPhone", Direction.PULL, r"(\d+", "mapping_pattern_invalid"),
    "repetition_beyond_reason": (
        Field.EXTENSION,
        "ipPhone",
        Direction.PULL,
        "(a{99999999999})",
        "mapping_pattern_invalid",
    ),
    "no_group": (Field.EXTENSION, "ipPhone", Direction.PULL, r"\d+", "mapping_pattern_without_group"),
    "nested_repetition": (Field.EXTENSION, "ipPhone", Direction.PULL, r"(\d+)+$", "mapping_pattern_slow"),
    "nested_words": (Field.NAME, "cn", Direction.PULL, r"^((?:\w+\s?)*)$", "mapping_pattern_slow"),
    "label_demanded": (Field.EXTENSION, "ipPhone", Direction.BOTH, r"доб\. (\d+)", "mapping_pattern_not_read_back"),
    "label_demanded_but_pulled": (Field.EXTENSION, "ipPhone", Direction.PULL, r"доб\. (\d+)", ""),
    "end_of_longer_numbers": (Field.EXTENSION, "ipPhone", Direction.BOTH, r"(\d{3})$", "mapping_pattern_not_read_back"),
    "mobile_without_its_code": (
        Field.MOBILE,
        "mobile",
        Direction.BOTH,
        r"^\+7(\d{10})$",
        "mapping_pattern_not_read_back",
    ),
    "first_word_of_a_name": (Field.NAME, "cn", Direction.BOTH, r"^(\w+)", "mapping_pattern_not_read_back"),
}


@pytest.mark.parametrize(("field", "attribute", "direction", "pattern", "code"), CHECKS.values(), ids=CHECKS.keys())
def test_check_rule_says_what_cannot_work(
    field: Field, attribute: str, direction: Direction, pattern: str, code: str
) -> None:
    message = check_rule(FieldRule(field, attribute, direction, pattern=pattern), region="RU")

    assert (message.code if message else "") == code
    assert bool(message and render(message.code, message.params)) == bool(code)


def test_check_rule_knows_the_mobiles_of_the_region() -> None:
    rule = FieldRule(Field.MOBILE, "mobile", Direction.BOTH, pattern=r"^(\+380\d{9})$")

    assert check_rule(rule, region="UA") is None
    assert check_rule(rule, region="RU") is not None


CAUTIONS = {
    "ordinary": (Field.MOBILE, Direction.BOTH, None),
    "mail_that_comes_in": (Field.EMAIL, Direction.PULL, None),
    "mail_that_goes_out": (Field.EMAIL, Direction.BOTH, "mapping_pushes_identity"),
    "name_that_goes_out": (Field.NAME, Direction.PUSH, "mapping_pushes_identity"),
    "secret_that_comes_in": (Field.SIP_SECRET, Direction.PULL, "mapping_reads_secrets"),
    "secret_that_goes_out": (Field.SIP_SECRET, Direction.BOTH, "mapping_pushes_secrets"),
}


@pytest.mark.parametrize(("field", "direction", "code"), CAUTIONS.values(), ids=CAUTIONS.keys())
def test_cautions_tells_of_mappings_that_can_hurt(field: Field, direction: Direction, code: str | None) -> None:
    """Rules B7 and B15."""
    caution = cautions(FieldRule(field, "pager", direction))

    assert (caution.code if caution else None) == code
