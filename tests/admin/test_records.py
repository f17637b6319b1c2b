"""The list of sync records."""

from typing import Any

import pytest
from django.test import Client

from syncapp.choices import Side, State, Status
from syncapp.core.matters import EntryKeys
from syncapp.core.normalise import name_key
from syncapp.models import SyncRecord
from syncapp.store.items import dump_keys
from tests.admin.pages import page, shown_names, text
from tests.factories import make_employee, make_record, make_server

LIST = "syncapp_syncrecord_changelist"


def make_people(number: int) -> None:
    server = make_server()
    for index in range(number):
        employee = make_employee(extension=str(1000 + index)) if index % 3 else None
        make_record(endpoint=server, employee=employee, name=f"Person {index}", waiting=index % 5 == 0)


@pytest.mark.parametrize("number", [10, 200])
def test_list_takes_the_same_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any, number: int
) -> None:
    make_people(number)

    with django_assert_num_queries(7):
        response = admin_client.get(page(LIST))

    assert response.status_code == 200


@pytest.mark.parametrize("number", [10, 200])
def test_search_takes_the_same_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any, number: int
) -> None:
    make_people(number)

    with django_assert_num_queries(9):
        admin_client.get(page(LIST, query="q=person"))


def test_list_shows_the_columns_of_the_mission(admin_client: Client) -> None:
    employee = make_employee(name="Anna Petrova", extension="215", mobile="+79161234567", email="anna@corp.example")
    make_record(
        endpoint=make_server(name="Head office"),
        employee=employee,
        status=Status.UPDATED,
        state=State.DISABLED,
        updated_at=employee.updated_at,
        updated_side=Side.REMOTE,
        message_code="value_not_mobile",
        message_params={"value": "see Anna", "attribute": "mobile"},
    )

    shown = text(admin_client.get(page(LIST)))

    for value in (
        "Anna Petrova", "215", "+79161234567", "anna@corp.example", "Head office", "updated", "disabled",
        "in the domain", "cannot be read as one valid telephone number",
    ):  # fmt: skip
        assert value in shown


@pytest.fixture
def stranger() -> SyncRecord:
    """An entry that is tied to nobody: found by its own keys."""
    keys = EntryKeys("Кузьмина Ольга", name_key("Кузьмина Ольга"), ("olga@corp.example",), ("+79162223344",), ("345",))
    make_record(employee=make_employee(name="Somebody Else", extension="999"))
    return make_record(name="Кузьмина Ольга", dn="uid=olga,ou=Отдел продаж,dc=corp", keys=dump_keys(keys))


SPELLINGS = {
    "name": "ольга кузьмина",
    "mail": "OLGA@corp",
    "mobile": "8 (916) 222-33-44",
    "extension": "345",
    "dn": "uid=olga,ou=Отдел продаж,dc=corp",
    "part_of_the_dn": "отдел",
}


@pytest.mark.parametrize("term", SPELLINGS.values(), ids=SPELLINGS)
def test_search_finds_an_entry_that_is_tied_to_nobody(admin_client: Client, stranger: SyncRecord, term: str) -> None:
    response = admin_client.get(page(LIST), {"q": term})

    assert shown_names(response) == [stranger.name]


def test_list_shows_what_an_entry_that_is_tied_to_nobody_claims(admin_client: Client, stranger: SyncRecord) -> None:
    shown = text(admin_client.get(page(LIST), {"q": "ольга"}))

    assert "olga@corp.example" in shown
    assert "345" in shown


FILTERS = {
    "status": ("status__exact=failed", ["A"]),
    "state": ("state__exact=missing", ["cn=missing"]),
    "open_matters": ("attention=1", ["A", "B"]),
    "waiting": ("attention=waiting", ["cn=waiting"]),
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.values(), ids=FILTERS)
def test_list_filters(admin_client: Client, query: str, expected: list[str]) -> None:
    server = make_server()
    make_record(endpoint=server, dn="cn=failed", name="A", status=Status.FAILED)
    make_record(endpoint=server, dn="cn=missing", state=State.MISSING)
    make_record(endpoint=server, dn="cn=proposed", name="B", status=Status.PROPOSED)
    make_record(endpoint=server, dn="cn=waiting", waiting=True)

    response = admin_client.get(page(LIST, query=query))

    assert shown_names(response) == expected


def test_list_filters_by_server(admin_client: Client) -> None:
    here = make_record(dn="cn=here")
    make_record(dn="cn=there")

    response = admin_client.get(page(LIST, query=f"endpoint__id__exact={here.endpoint_id}"))

    assert shown_names(response) == ["cn=here"]


def test_quick_filters_count_every_status(admin_client: Client) -> None:
    server = make_server()
    for status in (Status.FAILED, Status.FAILED, Status.CREATED):
        make_record(endpoint=server, status=status)

    response = admin_client.get(page(LIST))

    chips = {str(chip["title"]): chip["count"] for chip in response.context["cl"].quick_filters}
    assert chips == {"failed": 2, "created": 1}


def test_record_shows_its_last_agreed_values(admin_client: Client) -> None:
    record = make_record(base={"extension": ["215", "216"]})

    shown = text(admin_client.get(page("syncapp_syncrecord_change", record.pk)))

    assert "215" in shown
    assert "216" in shown


def test_record_with_an_unknown_message_code_still_shows(admin_client: Client) -> None:
    """A row that an older version of the program wrote must not take the page down."""
    make_record(message_code="code_of_old", message_params={})

    assert "code_of_old" in text(admin_client.get(page(LIST)))
