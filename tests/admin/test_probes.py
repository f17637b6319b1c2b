"""Test connection and Run query, against a real directory."""

from typing import Any

import pytest
from django.test import Client

from fixtures.openldap import OpenLdap
from syncapp.models import Conflict, DirectoryServer, Employee, SyncRecord, SyncRun
from tests.admin.pages import page, text
from tests.factories import make_server

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("openldap")]

PASSWORD = "no such password"


def add_person(openldap: OpenLdap, branch: str, name: str, **attributes: str) -> None:
    connection = openldap.connect()
    rows = {"cn": name, "sn": name, **attributes}
    entry = [("objectClass", [b"inetOrgPerson"]), *((key, [value.encode()]) for key, value in rows.items())]
    connection.add_s(f"cn={name},{branch}", entry)
    connection.unbind_s()


@pytest.fixture(scope="module")
def people(openldap: OpenLdap, branch: str) -> str:
    add_person(openldap, branch, "Anna", mail="anna@corp.example", telephoneNumber="215")
    add_person(openldap, branch, "Boris", mail="boris@corp.example", telephoneNumber="see Anna")
    return branch


@pytest.fixture
def server(openldap: OpenLdap, people: str) -> DirectoryServer:
    server = make_server(
        name="Head office",
        kind="openldap",
        uris=[openldap.uri],
        security="none",
        bind_dn=openldap.service_dn,
        base_dn=openldap.suffix,
        search_bases=[people],
    )
    server.set_bind_password(openldap.service_password)
    server.save()
    return server


def result(client: Client, button: str, server: DirectoryServer) -> str:
    """What the page asks for once it is shown."""
    response = client.post(page(f"syncapp_directoryserver_{button}", server.pk), headers={"HX-Request": "true"})
    assert response.status_code == 200
    return text(response)


@pytest.mark.parametrize("button", ["test", "query"])
def test_page_comes_at_once_and_asks_for_the_result(admin_client: Client, button: str) -> None:
    """No directory is asked for it: this one would not answer."""
    server = make_server(uris=["ldap://192.0.2.1"], security="none")
    address = page(f"syncapp_directoryserver_{button}", server.pk)

    shown = text(admin_client.post(address))

    assert f'hx-post="{address}"' in shown
    assert "X-CSRFToken" in shown


def test_connection_is_tested_step_by_step(admin_client: Client, server: DirectoryServer) -> None:
    shown = result(admin_client, "test", server)

    for value in ("Connect", "Log in", "Count the people", "2 people found", "check_circle", "ok"):
        assert value in shown
    assert "failed" not in shown


def test_connection_test_shows_how_the_attributes_are_filled(admin_client: Client, server: DirectoryServer) -> None:
    shown = result(admin_client, "test", server)

    assert "2 of 2 (100 %)" in shown
    assert "anna@corp.example" in shown


def test_connection_test_shows_what_may_be_written_and_the_grant(admin_client: Client, server: DirectoryServer) -> None:
    shown = result(admin_client, "test", server)

    for value in ("What the account may write", "may not be written", "0 of 2", "The right that is missing"):
        assert value in shown
    assert f"by dn.exact=&quot;{server.bind_dn}&quot; write by * break" in shown


@pytest.mark.promise(9)
def test_failed_login_is_said_in_words_and_without_the_password(admin_client: Client, server: DirectoryServer) -> None:
    server.set_bind_password(PASSWORD)
    server.save()

    shown = result(admin_client, "test", server)

    assert "failed" in shown
    assert server.bind_dn in shown
    assert PASSWORD not in shown


def test_query_shows_the_mapped_values(admin_client: Client, server: DirectoryServer) -> None:
    shown = result(admin_client, "query", server)

    for value in ("Anna", "anna@corp.example", "215", "cannot be read: see Anna", "everybody in scope"):
        assert value in shown


def test_query_that_fails_says_why(admin_client: Client, server: DirectoryServer) -> None:
    server.set_bind_password(PASSWORD)
    server.save()

    shown = result(admin_client, "query", server)

    assert 'role="alert"' in shown
    assert PASSWORD not in shown


def test_query_that_finds_nobody_says_so(admin_client: Client, server: DirectoryServer) -> None:
    server.user_filter = "(cn=Nobody)"
    server.save()

    assert "nobody is in scope" in result(admin_client, "query", server)


def test_password_of_another_address_is_not_sent(admin_client: Client, server: DirectoryServer) -> None:
    DirectoryServer.objects.filter(pk=server.pk).update(uris=["ldap://192.0.2.1"])

    for button in ("test", "query"):
        assert "was entered for another address" in result(admin_client, button, server)


def rows_of_everything() -> list[Any]:
    models: list[Any] = [DirectoryServer, Employee, SyncRecord, SyncRun, Conflict]
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("button", ["test", "query"])
def test_nothing_is_stored(admin_client: Client, server: DirectoryServer, openldap: OpenLdap, button: str) -> None:
    before = rows_of_everything(), openldap.modifications()

    result(admin_client, button, server)

    assert (rows_of_everything(), openldap.modifications()) == before
