"""Mobiles that we write look like those that are there (rule B14)."""

import pytest

from syncapp.core.converters import read_field, to_remote
from syncapp.core.mobile_form import prevailing_form, spelled
from syncapp.core.options import FieldRule
from syncapp.core.vocabulary import Direction, Field

FORMS = {
    # id: values of the server, the form that prevails, our mobile, how it is written
    "none": ([], "", "+79261112233", "+79261112233"),
    "e164": (["+79161234567", "+79161234568"], "+7##########", "+79261112233", "+79261112233"),
    "spaced": (["+7 916 123-45-67"] * 2, "+7 ### ###-##-##", "+79261112233", "+7 926 111-22-33"),
    "national": (["8 (916) 123-45-67"] * 2, "8 (###) ###-##-##", "+79261112233", "8 (926) 111-22-33"),
    "plain_seven": (["79161234567"], "7##########", "+79261112233", "79261112233"),
    "most_of_them": (["89161234567"] * 3 + ["+7 916 123-45-67"] * 2, "8##########", "+79261112233", "89261112233"),
    "no_majority": (["89161234567", "+79161234568"], "", "+79261112233", "+79261112233"),
    "labels_do_not_count": (
        ["8-916-123-45-67 (личный)", "8-916-123-45-68"],
        "8-###-###-##-##",
        "+79261112233",
        "8-926-111-22-33",
    ),
    "foreign_values_do_not_count": (["ask Anna", "89161234567"], "8##########", "+79261112233", "89261112233"),
    "another_country": (["8 (916) 123-45-67"], "8 (###) ###-##-##", "+4915112345678", "+4915112345678"),
    "bytes": ([b"\xff\xfe", "89161234567"], "8##########", "+79261112233", "89261112233"),
}


@pytest.mark.parametrize(("values", "form", "mobile", "written"), FORMS.values(), ids=FORMS.keys())
def test_form_that_most_values_have(values: list[str | bytes], form: str, mobile: str, written: str) -> None:
    raws = [value if isinstance(value, bytes) else value.encode() for value in values]

    assert prevailing_form(raws, region="RU") == form
    assert spelled(mobile, form, region="RU") == written


def test_what_is_written_in_a_form_reads_back() -> None:
    rule = FieldRule(Field.MOBILE, "mobile", Direction.BOTH)
    written = to_remote(
        rule, value="+79261112233", current="т. 89161234567", region="RU", mobile_form="8 (###) ###-##-##"
    )

    assert written == "т. 8 (926) 111-22-33"
    assert read_field(rule, {"mobile": [written.encode()]}, region="RU").values == ("+79261112233",)


def test_a_value_that_reads_as_the_same_number_stays_as_it_is() -> None:
    rule = FieldRule(Field.MOBILE, "mobile", Direction.BOTH)

    assert to_remote(rule, value="+79161234567", current="8-916-1234567", region="RU", mobile_form="+7##########") == (
        "8-916-1234567"
    )
