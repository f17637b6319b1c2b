"""Finding people by whatever somebody has at hand."""

from typing import Any

import pytest
from django.test import Client

from syncapp.admin import search
from syncapp.admin.search import EMPLOYEE, person_q
from syncapp.models import Employee
from tests.admin.pages import page
from tests.factories import make_employee

pytestmark = pytest.mark.django_db

FOUND = {
    "name_as_written": "Королёв Пётр",
    "name_in_the_other_order": "Пётр Королёв",
    "name_in_lower_case": "королёв",
    "name_with_e_for_yo": "Королев Петр",
    "part_of_a_name": "корол",
    "name_between_spaces": "  королёв   пётр ",
    "mail": "p.korolev@corp.example",
    "mail_in_capitals": "P.KOROLEV@CORP.EXAMPLE",
    "mobile_in_international_form": "+79161234567",
    "mobile_with_brackets": "+7 (916) 123-45-67",
    "mobile_with_trunk_prefix": "8 916 123 45 67",
    "mobile_without_prefix": "916 123 45 67",
    "mobile_begun_with_trunk_prefix": "8 916 12",
    "end_of_the_mobile": "45-67",
    "extension": "0215",
    "part_of_the_extension": "215",
    "department_in_lower_case": "бухгалтерия",
    "name_and_extension": "королев 215",
    "name_and_department": "петр Бухгалтерия",
}
NOT_FOUND = {
    "somebody_else": "Сидоров",
    "one_word_that_does_not_fit": "Королёв Иван",
    "another_number": "+7 916 000 00 00",
    "another_extension": "316",
    "a_single_digit": "5",
    "only_punctuation": "@@",
    "wildcards_of_the_database": "%",
}


@pytest.fixture
def person() -> Employee:
    make_employee(name="Anna Smirnova", email="anna@corp.example", mobile="+79030001122", extension="777")
    return make_employee(
        name="Королёв Пётр Ильич",
        email="p.korolev@corp.example",
        mobile="+79161234567",
        extension="0215",
        department="Бухгалтерия",
    )


@pytest.mark.parametrize("term", FOUND.values(), ids=FOUND)
def test_person_q_finds(person: Employee, term: str) -> None:
    found = Employee.objects.filter(person_q(term, EMPLOYEE, regions=["RU"]))

    assert list(found) == [person]


@pytest.mark.parametrize("term", NOT_FOUND.values(), ids=NOT_FOUND)
def test_person_q_does_not_find(person: Employee, term: str) -> None:
    found = Employee.objects.filter(person_q(term, EMPLOYEE, regions=["RU"]))

    assert list(found) == []


@pytest.mark.parametrize("found", [1, 20])
def test_search_takes_the_same_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any, found: int
) -> None:
    for number in range(found):
        make_employee(name=f"Anna {number}")

    with django_assert_num_queries(11):
        admin_client.get(page("syncapp_employee_changelist", query="q=anna"))


@pytest.mark.parametrize("number", [2, 4], ids=["few", "many"])
def test_search_finds_all_of_few_and_of_many(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Those who are found among many are not listed by their keys."""
    monkeypatch.setattr(search, "MANY", 3)
    for _ in range(number):
        make_employee(name="Anna", department="Sales")
    make_employee(name="Anna", department="IT")
    make_employee(name="Boris", department="Sales")

    response = admin_client.get(page("syncapp_employee_changelist", query="q=anna&department=Sales"))

    assert response.context["cl"].result_count == number
