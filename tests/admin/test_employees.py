"""The list of employees."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncapp.choices import State, Status
from tests.admin.pages import page, shown_names, text
from tests.factories import make_employee, make_record, make_server

LIST = "syncapp_employee_changelist"


@pytest.mark.parametrize("number", [10, 200])
def test_list_takes_the_same_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any, number: int
) -> None:
    server = make_server()
    for _employee in range(number):
        make_record(endpoint=server, employee=make_employee())

    with django_assert_num_queries(7):
        admin_client.get(page(LIST))


def test_list_searches_numbers_in_the_form_of_the_servers_country(admin_client: Client) -> None:
    make_server(region="DE")
    make_employee(name="Otto", mobile="+4915112345678")
    make_employee(name="Anna", mobile="+79161234567")

    response = admin_client.get(page(LIST), {"q": "0151 12345678"})

    assert shown_names(response) == ["Otto"]


FILTERS = {
    "department": ("department=Sales", ["Anna"]),
    "without_department": ("department=-", ["Boris", "Clara", "Dora"]),
    "status": ("status=failed", ["Anna"]),
    "on_no_server": ("status=none", ["Clara", "Dora"]),
    "state": ("state=missing", ["Boris"]),
    "archived": ("state=archived", ["Dora"]),
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.values(), ids=FILTERS)
def test_list_filters(admin_client: Client, query: str, expected: list[str]) -> None:
    anna = make_employee(name="Anna", department="Sales")
    make_record(employee=anna, status=Status.FAILED)
    make_record(employee=anna, status=Status.FAILED)
    make_record(employee=make_employee(name="Boris"), state=State.MISSING)
    make_employee(name="Clara")
    make_employee(name="Dora", archived_at=timezone.now())

    assert shown_names(admin_client.get(page(LIST, query=query))) == expected


def test_department_filter_stays_short(admin_client: Client) -> None:
    for number in range(60):
        make_employee(department=f"Department {number:02}")
    make_employee(department="Department 59")

    shown = text(admin_client.get(page(LIST, query="department=Department 58")))

    assert shown.count('<option value="Department') == 51  # fifty, and the one that is chosen


STATES = {
    "active_anywhere": ([State.MISSING, State.ACTIVE], "active"),
    "disabled_everywhere": ([State.DISABLED], "disabled"),
    "on_no_server": ([], "only here"),
}


@pytest.mark.parametrize(("states", "expected"), STATES.values(), ids=STATES)
def test_list_shows_the_state(admin_client: Client, states: list[State], expected: str) -> None:
    employee = make_employee()
    for state in states:
        make_record(employee=employee, state=state)

    response = admin_client.get(page(LIST))

    row = text(response).partition("field-state_shown")[2].partition("</td>")[0]
    assert expected in row
