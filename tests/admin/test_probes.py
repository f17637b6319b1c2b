"""Test connection and Run query, against a real directory."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from fixtures.openldap import OpenLdap
from syncapp.directory.examination import ORDER
from syncapp.messages.directory import STEP_LABELS
from syncapp.models import Conflict, DirectoryServer, Employee, SyncRecord, SyncRun
from syncapp.services.probing import SECONDS
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
    server.set_secret(openldap.service_password)
    server.save()
    return server


def ask(client: Client, button: str, server: DirectoryServer, **sent: str) -> Any:
    response = client.post(page(f"syncapp_directoryserver_{button}", server.pk), sent, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return response


def steps(client: Client, server: DirectoryServer) -> list[Any]:
    """The answers that the page of a test gets, one after the other, each asked for as the last one says."""
    answers = [client.post(page("syncapp_directoryserver_test", server.pk))]
    while (vals := re.findall(r"hx-vals='([^']+)'", text(answers[-1]))) != []:
        answers.append(ask(client, "test", server, **json.loads(unescape(vals[0]))))
    return answers[1:]


def result(client: Client, button: str, server: DirectoryServer) -> str:
    """All that the page asks for once it is shown."""
    answers = steps(client, server) if button == "test" else [ask(client, button, server)]
    return "".join(map(text, answers))


@pytest.mark.parametrize("button", ["test", "query"])
def test_page_comes_at_once_and_asks_for_the_result(admin_client: Client, button: str) -> None:
    """No directory is asked for it: this one would not answer."""
    server = make_server(uris=["ldap://192.0.2.1"], security="none")
    address = page(f"syncapp_directoryserver_{button}", server.pk)

    shown = text(admin_client.post(address))

    assert f'hx-post="{address}"' in shown
    assert "X-CSRFToken" in shown


def test_every_step_waits_on_the_page_and_comes_by_itself(admin_client: Client, server: DirectoryServer) -> None:
    waiting = text(admin_client.post(page("syncapp_directoryserver_test", server.pk)))

    titles = [str(STEP_LABELS[name]) for name in ORDER]
    assert [title for title in titles if title in waiting] == titles
    shown = [[row.title for row in answer.context["steps"]] for answer in steps(admin_client, server)]
    # What is counted of the attributes is known with the people.
    assert shown == [[title] for title in titles[:7]] + [titles[7:9], [titles[9]]]


def test_failing_step_stops_the_others(admin_client: Client, server: DirectoryServer) -> None:
    server.set_secret(PASSWORD)
    server.save()

    *before, last = steps(admin_client, server)

    assert [row.title for row in last.context["steps"]] == ["Log in"]
    assert len(before) == 3
    assert text(last).count("not tried") == 6
    assert "hx-post" not in text(last)


def test_steps_together_have_no_more_time_than_the_test(admin_client: Client, server: DirectoryServer) -> None:
    left = [answer.context["left"] for answer in steps(admin_client, server)]

    assert left == sorted(left, reverse=True)
    assert left[-1] < SECONDS
    assert ask(admin_client, "test", server, left="1000").context["left"] <= SECONDS  # rounded


def test_time_that_is_up_is_said(admin_client: Client, server: DirectoryServer) -> None:
    shown = text(ask(admin_client, "test", server, step="rights", left="0"))

    assert "The time for this test was up" in shown


def test_address_that_does_not_answer_is_tried_once(
    admin_client: Client, server: DirectoryServer, openldap: OpenLdap
) -> None:
    server.uris = ["ldap://127.0.0.1:9", *server.uris]
    server.set_secret(openldap.service_password)
    server.save()

    answers = steps(admin_client, server)

    assert ["127.0.0.1:9" in text(answer) for answer in answers].count(True) == 2  # found, and refused
    assert "2 people found" in "".join(map(text, answers))


@pytest.mark.parametrize("sent", [{"step": "no such step"}, {"step": "tls", "left": "soon"}], ids=str)
def test_what_a_page_never_sends_is_no_error(
    admin_client: Client, server: DirectoryServer, sent: dict[str, str]
) -> None:
    assert "ok" in text(ask(admin_client, "test", server, **sent))


@pytest.mark.parametrize("button", ["test", "query"])
def test_all_of_it_comes_with_the_page_where_no_script_asks(
    admin_client: Client, server: DirectoryServer, button: str
) -> None:
    shown = text(admin_client.post(page(f"syncapp_directoryserver_{button}", server.pk), {"whole": ""}))

    assert "anna@corp.example" in shown
    assert "hx-post" not in shown


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
    server.set_secret(PASSWORD)
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
    server.set_secret(PASSWORD)
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
