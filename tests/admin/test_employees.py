"""The list of employees."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from syncapp.choices import Side, State, Status
from syncapp.models import Endpoint
from syncapp.services.photos import take_in
from tests.admin.pages import page, shown_names, text
from tests.factories import make_employee, make_phone_system, make_record, make_server
from tests.services.test_pictures import drawn

LIST = "syncapp_employee_changelist"


@pytest.mark.parametrize("servers", [1, 3])
@pytest.mark.parametrize("number", [1, 100])
def test_list_takes_the_same_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any, number: int, servers: int
) -> None:
    known = [make_server() for _server in range(servers)]
    for index in range(number):
        employee = make_employee(photo=f"{index:064x}")
        for server in known:
            make_record(endpoint=server, employee=employee)

    with django_assert_num_queries(9):
        admin_client.get(page(LIST))


def cells(response: Any, column: str) -> list[str]:
    parts = text(response).split(f"field-{column}")[1:]
    return [re.sub(r"<[^>]+>|\s+", " ", part.partition(">")[2].partition("</td>")[0]) for part in parts]


def test_one_server_has_columns_of_its_own(admin_client: Client) -> None:
    at = timezone.now()
    make_record(employee=make_employee(), status=Status.UPDATED, updated_at=at, updated_side=Side.REMOTE)

    response = admin_client.get(page(LIST))

    assert "updated" in cells(response, "status")[0]
    assert "in the domain" in cells(response, "updated")[0]
    assert cells(response, "servers") == []


@pytest.mark.parametrize("make_second", [make_server, make_phone_system])
def test_several_servers_share_a_column(admin_client: Client, make_second: Callable[..., Endpoint]) -> None:
    anna = make_employee()
    make_record(endpoint=make_second(name="Second", rank=2), employee=anna, status=Status.CONFLICT)
    make_record(endpoint=make_server(name="First", rank=1), employee=anna, status=Status.SKIPPED)

    shown = cells(admin_client.get(page(LIST)), "servers")[0].split()

    assert [word for word in shown if word in ("First", "Second", "skipped", "conflict")] == [
        "First", "skipped", "Second", "conflict",
    ]  # fmt: skip


def test_list_shows_small_photos(admin_client: Client) -> None:
    name = take_in(drawn(), now=timezone.now())
    make_employee(photo=name)

    assert f'src="{page("syncapp_photo_small", name)}"' in text(admin_client.get(page(LIST)))
    small = admin_client.get(page("syncapp_photo_small", name))
    with Image.open(BytesIO(small.content)) as image:
        assert (image.format, image.size) == ("JPEG", (96, 96))
    assert len(small.content) < 8192
    assert admin_client.get(page("syncapp_photo_small", "0" * 64))["Content-Type"] == "image/svg+xml"


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
