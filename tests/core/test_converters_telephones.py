"""Telephone numbers as people write them (rules A2, B14, C5)."""

import random

import phonenumbers
import pytest

from syncapp.core.records import Message
from syncapp.core.telephones import is_emergency, read_mobile

ANNA = "+79161234567"
READABLE = {
    # id: value, E.164 (region RU)
    "e164": ("+79161234567", ANNA),
    "spaces": ("+7 916 123 45 67", ANNA),
    "national_prefix": ("8 (916) 123-45-67", ANNA),
    "national_prefix_without_separators": ("89161234567", ANNA),
    "without_plus": ("79161234567", ANNA),
    "without_any_prefix": ("916 123-45-67", ANNA),
    "bracket_first": ("(916) 123-45-67", ANNA),
    "all_in_brackets": ("(8 916 123-45-67)", ANNA),
    "plus_in_brackets": ("(+7 916) 123-45-67", ANNA),
    "plus_before_a_space": ("+ 7 916 123-45-67", ANNA),
    "dots": ("8.916.123.45.67", ANNA),
    "long_dash": ("8–916–123–45–67", ANNA),
    "no_break_spaces": ("+7\u00a0916\u00a0123\u00a045\u00a067", ANNA),
    "prefix_twice": ("+7 (8916) 123-45-67", ANNA),
    "label_after": ("8-916-123-45-67 (личный)", ANNA),
    "label_before": ("тел. 89161234567", ANNA),
    "label_with_colon": ("Моб.: +7 916 123-45-67", ANNA),
    "english_label": ("+7 916 1234567 (WhatsApp)", ANNA),
    "uri": ("tel:+7-916-123-45-67", ANNA),
    "full_stop_after": ("89161234567.", ANNA),
    "another_country": ("+49 151 12345678", "+4915112345678"),
    "dialled_from_here_to_another_country": ("8 10 49 151 12345678", "+4915112345678"),
    "fixed_line": ("8 (495) 123-45-67", "+74951234567"),
}


@pytest.mark.parametrize(("text", "expected"), READABLE.values(), ids=READABLE.keys())
def test_read_mobile_reads_what_people_write(text: str, expected: str) -> None:
    assert read_mobile(text, "RU") == expected


FOREIGN = {
    # id: value, code (region RU)
    "two_numbers_with_comma": ("89161234567, 89261234567", "value_several_numbers"),
    "two_numbers_with_slash": ("89161234567/89261234567", "value_several_numbers"),
    "two_numbers_with_plus": ("+79161234567 +79261234567", "value_several_numbers"),
    "two_numbers_with_space": ("89161234567 89261234567", "value_not_mobile"),
    "last_digits_replaced": ("8916123456/8", "value_several_numbers"),
    "extension_in_russian": ("+7 495 123-45-67 доб. 12", "value_mobile_with_extension"),
    "extension_in_russian_without_space": ("+7 495 123-45-67доб12", "value_mobile_with_extension"),
    "extension_in_english": ("+7 495 123-45-67 ext. 12", "value_mobile_with_extension"),
    "extension_with_x": ("+7 495 123-45-67 x12", "value_mobile_with_extension"),
    "extension_with_hash": ("+7 495 123-45-67#12", "value_mobile_with_extension"),
    "somebody_elses": ("89161234567 (жена)", "value_not_mobile"),
    "not_to_be_called": ("не звонить 89161234567", "value_not_mobile"),
    "fax": ("факс 84951234567", "value_not_mobile"),
    "wrong_country_code": ("+8 916 123-45-67", "value_not_mobile"),
    "too_short": ("916 123-45", "value_not_mobile"),
    "too_long": ("8 916 123-45-67-8", "value_not_mobile"),
    "prefix_that_nobody_has": ("+7 216 123-45-67", "value_not_mobile"),
    "extension": ("215", "value_not_mobile"),
    "emergency": ("112", "value_not_mobile"),
    "only_words": ("нет", "value_not_mobile"),
    "only_signs": ("+()-", "value_not_mobile"),
    "digits_of_another_script": ("٨٩١٦١٢٣٤٥٦٧", "value_not_mobile"),
    "masked": ("8916xxx4567", "value_several_numbers"),
}


@pytest.mark.parametrize(("text", "code"), FOREIGN.values(), ids=FOREIGN.keys())
def test_read_mobile_refuses_what_is_not_surely_one_number(text: str, code: str) -> None:
    assert read_mobile(text, "RU") == Message(code)


def test_read_mobile_without_a_region_reads_international_numbers_alone() -> None:
    assert read_mobile("+7 916 123-45-67", "") == ANNA
    assert read_mobile("8 916 123-45-67", "") == Message("value_not_mobile")


def test_read_mobile_follows_the_region() -> None:
    assert read_mobile("0151 12345678", "DE") == "+4915112345678"
    assert read_mobile("0151 12345678", "RU") == Message("value_not_mobile")


@pytest.mark.parametrize("region", ["RU", "KZ", "UA", "BY", "DE", "GB", "US", "IT", "BR", "AR", "MX", "FR", "UZ", "HU"])
def test_read_mobile_agrees_with_the_library(region: str) -> None:
    """The short cut for plain regions gives what the library's parser gives, and nothing else."""
    chance = random.Random(region)  # noqa: S311 - sample values, no secret
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    national = phonenumbers.national_significant_number(example)
    for _ in range(200):
        digits = list(national)
        for position in chance.sample(range(len(digits)), chance.randint(0, 3)):
            digits[position] = chance.choice("0123456789")
        prefix = chance.choice([f"+{example.country_code}", "8", "0", "1", "", str(example.country_code)])
        text = prefix + "".join(digits)

        assert read_mobile(text, region) == read_by_library(text, region), text


def read_by_library(text: str, region: str) -> str | Message:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return Message("value_not_mobile")
    if not phonenumbers.is_valid_number(number):
        return Message("value_not_mobile")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


EMERGENCIES = {
    # id: number, region, whether it calls help
    "old_fire_brigade_in_russia": ("01", "RU", True),
    "old_gas_in_russia": ("04", "RU", True),
    "gas_in_russia": ("104", "RU", True),
    "everything_in_russia": ("112", "RU", True),
    "next_number_in_russia": ("105", "RU", False),
    "longer_number_in_russia": ("1123", "RU", False),
    "police_in_germany": ("110", "DE", True),
    "russian_fire_brigade_in_germany": ("101", "DE", False),
    "everything_in_america": ("911", "US", True),
    "office_number": ("215", "RU", False),
    "no_region": ("112", "", False),
    "unknown_region": ("112", "XX", False),
}


@pytest.mark.parametrize(("number", "region", "expected"), EMERGENCIES.values(), ids=EMERGENCIES.keys())
def test_is_emergency_knows_the_regions_numbers(number: str, region: str, expected: bool) -> None:
    assert is_emergency(number, region) is expected
