"""Fill rates, and rule B4: what would serve better when too many values are foreign."""

import pytest

from syncapp.core.options import FieldRule
from syncapp.core.vocabulary import Field
from syncapp.directory.fill import FillCounter

EXTENSION = FieldRule(Field.EXTENSION, "telephoneNumber", pattern=r"^(\d{2,5})$")
MAIL = FieldRule(Field.EMAIL, "mail")


def counted(people: list[dict[str, str]], *rules: FieldRule, candidates: tuple[str, ...] = ()) -> FillCounter:
    counter = FillCounter.of(rules, region="RU", candidates=candidates)
    for person in people:
        counter.add({name: [value.encode()] for name, value in person.items()})
    return counter


def test_people_with_and_without_a_value_are_counted() -> None:
    [fill] = counted([{"mail": "anna@corp.example"}, {}, {"mail": "boris@corp.example"}], MAIL).fills

    assert (fill.people, fill.filled, fill.foreign, fill.example) == (3, 2, 0, "anna@corp.example")


def test_foreign_values_are_filled_and_apart() -> None:
    [fill] = counted([{"mail": "see Anna"}, {"mail": "boris@corp.example"}], MAIL).fills

    assert (fill.filled, fill.foreign, fill.example, fill.foreign_example) == (2, 1, "boris@corp.example", "see Anna")


def test_photo_and_secret_are_never_read() -> None:
    rules = (FieldRule(Field.PHOTO, "jpegPhoto"), FieldRule(Field.SIP_SECRET, "pager"), MAIL)

    assert counted([], *rules).attributes == ["mail"]


def test_candidates_are_read_beside_the_mapped_attribute() -> None:
    counter = counted([], EXTENSION, candidates=("telephoneNumber", "ipPhone"))

    assert counter.attributes == ["ipphone", "telephonenumber"]


def test_without_an_extension_there_are_no_candidates() -> None:
    assert counted([], MAIL, candidates=("ipPhone",)).attributes == ["mail"]


SWITCHBOARD = {"telephonenumber": "+7 495 123-45-67"}
REMARKS = {
    # id: people, codes
    "all_readable": ([{"telephonenumber": "201"}] * 5, []),
    "a_fifth_foreign": ([SWITCHBOARD] + [{"telephonenumber": "201"}] * 4, []),
    "more_than_a_fifth": ([SWITCHBOARD] + [{"telephonenumber": "201"}] * 3, ["foreign_values"]),
    "another_serves_better": ([{**SWITCHBOARD, "ipphone": "201"}] * 5, ["foreign_values_better"]),
    "another_serves_no_better": (
        [{**SWITCHBOARD, "ipphone": "x"}] * 2 + [{"telephonenumber": "201"}] * 2,
        ["foreign_values"],
    ),
    "empty": ([{}] * 5, []),
}


@pytest.mark.parametrize(("people", "codes"), REMARKS.values(), ids=REMARKS.keys())
def test_remarks(people: list[dict[str, str]], codes: list[str]) -> None:
    counter = counted(people, EXTENSION, candidates=("ipPhone",))

    assert [remark.code for remark in counter.remarks()] == codes


def test_remark_names_the_better_attribute_with_its_numbers() -> None:
    people = [{**SWITCHBOARD, "ipphone": "201", "pager": "1"}, {**SWITCHBOARD, "ipphone": "202"}, SWITCHBOARD]

    [remark] = counted(people, EXTENSION, candidates=("pager", "ipPhone")).remarks()

    assert dict(remark.params) == {
        "field": "extension",
        "attribute": "telephoneNumber",
        "foreign": 3,
        "filled": 3,
        "example": "+7 495 123-45-67",
        "better": "ipPhone",
        "readable": 2,
    }
