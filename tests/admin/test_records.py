"""The list of sync records."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

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
    with django_assert_num_queries(9):
        admin_client.get(page(LIST, query="q=person&status__exact=created"))


def test_pages_of_the_list_follow_one_another(admin_client: Client) -> None:
    make_people(120)

    pages = [shown_names(admin_client.get(page(LIST, query=f"p={number}"))) for number in (1, 2, 3)]

    assert [len(each) for each in pages] == [50, 50, 20]
    assert [name for each in pages for name in each] == sorted(f"Person {index}" for index in range(120))


def test_everybody_is_sorted_without_what_a_page_alone_needs(admin_client: Client) -> None:
    """Each row with those that are joined to it was carried through the sort: it took four times as long, or ten."""
    make_people(60)

    with CaptureQueriesContext(connection) as captured:
        admin_client.get(page(LIST, query="p=2"))

    [sql] = [query["sql"] for query in captured if "LIMIT 10" in query["sql"]]
    rows, _in, keys = sql.rpartition(" IN (SELECT ")
    assert "JOIN" in rows
    assert "JOIN" not in keys
    assert "LIMIT 10" in keys


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


def test_list_shows_a_message_in_brief_and_the_page_all_of_it(admin_client: Client) -> None:
    record = make_record(
        endpoint=make_server(name="Head office"),
        message_code="value_not_mobile",
        message_params={"value": "see Anna", "attribute": "mobile"},
        abroad=True,
    )

    listed, alone = (
        unescape(text(admin_client.get(address)))
        for address in (page(LIST), page("syncapp_syncrecord_change", record.pk))
    )

    first, last = "cannot be read as one valid telephone number", "are only compared."
    [said] = re.findall(r'<div class="sync-brief" title="([^<>]+)">\1</div>', listed)
    assert said.index(first) < said.index(last)
    assert alone.count("sync-message") == 2
    assert first in alone
    assert last in alone


def test_hour_of_the_last_change_stays_in_one_line(admin_client: Client) -> None:
    make_record(updated_at=datetime(2026, 11, 28, 14, 40, tzinfo=UTC), updated_side=Side.REMOTE)

    assert re.search(r"<div>11/28/2026 \d+:40\N{NO-BREAK SPACE}[ap].m.</div>", text(admin_client.get(page(LIST))))


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


def chips(response: Any) -> dict[str, int]:
    return {str(chip["title"]): chip["count"] for chip in response.context["cl"].quick_filters}


def test_quick_filters_count_every_status(admin_client: Client) -> None:
    server = make_server()
    for status in (Status.FAILED, Status.FAILED, Status.CREATED):
        make_record(endpoint=server, status=status)

    response = admin_client.get(page(LIST))

    assert chips(response) == {"failed": 2, "created": 1}


@pytest.fixture
def two_servers() -> int:
    """Two servers with records of every kind; the first of them."""
    here, there = make_server(), make_server()
    for name, status, state in [
        ("Anna", Status.FAILED, State.ACTIVE),
        ("Anna", Status.FAILED, State.MISSING),
        ("Boris", Status.CREATED, State.MISSING),
    ]:
        make_record(endpoint=here, name=name, status=status, state=state)
    for _each in range(4):
        make_record(endpoint=there, name="Anna", status=Status.FAILED)
    return here.pk


NARROWED = {
    "server": ("endpoint__id__exact={here}", {"failed": 2, "created": 1}),
    "server_and_state": ("endpoint__id__exact={here}&state__exact=missing", {"failed": 1, "created": 1}),
    "server_and_status": ("endpoint__id__exact={here}&status__exact=created", {"failed": 2, "created": 1}),
    "search": ("q=anna", {"failed": 6}),
    "search_and_status": ("q=boris&status__exact=failed", {"failed": 0, "created": 1}),
    "matters": ("endpoint__id__exact={here}&attention=1", {"failed": 2}),
    "nobody_has_the_status": (
        "endpoint__id__exact={here}&status__exact=updated",
        {"failed": 2, "created": 1, "updated": 0},
    ),
}


@pytest.mark.parametrize(("query", "expected"), NARROWED.values(), ids=NARROWED)
def test_quick_filters_count_what_the_other_filters_leave(
    admin_client: Client, two_servers: int, query: str, expected: dict[str, int]
) -> None:
    response = admin_client.get(page(LIST, query=query.format(here=two_servers)))

    assert chips(response) == expected
    assert response.context["cl"].all_records == sum(expected.values())


@pytest.mark.parametrize("query", ["endpoint__id__exact={here}", "endpoint__id__exact={here}&q=anna&p=1"])
def test_quick_filter_shows_as_many_as_it_says(admin_client: Client, two_servers: int, query: str) -> None:
    listed = admin_client.get(page(LIST, query=query.format(here=two_servers))).context["cl"]

    for address, count in [
        (listed.all_query, listed.all_records),
        *((chip["query"], chip["count"]) for chip in listed.quick_filters),
    ]:
        followed = admin_client.get(page(LIST) + address).context["cl"]
        assert followed.result_count == count
        assert {record.endpoint_id for record in followed.result_list} == {two_servers}


def test_record_shows_its_last_agreed_values(admin_client: Client) -> None:
    record = make_record(base={"extension": ["215", "216"]})

    shown = text(admin_client.get(page("syncapp_syncrecord_change", record.pk)))

    assert "215" in shown
    assert "216" in shown


def test_record_with_an_unknown_message_code_still_shows(admin_client: Client) -> None:
    """A row that an older version of the program wrote must not take the page down."""
    make_record(message_code="code_of_old", message_params={})

    assert "code_of_old" in text(admin_client.get(page(LIST)))
