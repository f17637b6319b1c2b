"""The page of a directory's health, its table for spreadsheets, and who may see them."""

import csv
from io import StringIO

import pytest
from django.contrib.auth.models import Permission, User
from django.http import StreamingHttpResponse
from django.test import Client

from fixtures.openldap import OpenLdap
from syncapp.models import DirectoryServer
from syncapp.services import health
from syncapp.views import health as view
from tests.admin.pages import page, text
from tests.factories import make_server
from tests.services.company import Company

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("openldap")]

PAGE, CSV = "syncapp_directoryserver_health", "syncapp_directoryserver_health_csv"


@pytest.fixture
def server(openldap: OpenLdap) -> DirectoryServer:
    company = Company(openldap)
    company.add("anna", "Anna", mail="anna@example.test", telephoneNumber="215")
    company.add("boris", "=Boris", mail="boris@example.test", telephoneNumber="215")
    return company.server(name="Head office")


@pytest.fixture
def asker(viewer: User) -> User:
    """May look at everything and ask directories."""
    viewer.user_permissions.add(Permission.objects.get(codename="query_directoryserver"))
    return viewer


@pytest.fixture
def asker_client(asker: User) -> Client:
    client = Client()
    client.force_login(asker)
    return client


def report(client: Client, server: DirectoryServer) -> str:
    response = client.get(page(PAGE, server.pk), headers={"HX-Request": "true"})
    assert response.status_code == 200
    return text(response)


def table(client: Client, server: DirectoryServer) -> list[list[str]]:
    response = client.get(page(CSV, server.pk))
    assert isinstance(response, StreamingHttpResponse)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(StringIO(response.getvalue().decode("utf-8-sig"))))


def test_page_comes_at_once_and_asks_for_the_report(asker_client: Client) -> None:
    """No directory is asked for it: this one would not answer."""
    server = make_server(uris=["ldap://192.0.2.1"], security="none")

    shown = text(asker_client.get(page(PAGE, server.pk)))

    assert f'hx-get="{page(PAGE, server.pk)}"' in shown
    assert page(CSV, server.pk) in shown


def test_findings_are_shown_by_kind(asker_client: Client, server: DirectoryServer) -> None:
    shown = report(asker_client, server)

    for value in ("2 people looked at", "One number, two owners: 2", "has number 215 too", "uid=boris"):
        assert value in shown


def test_healthy_directory_is_said(asker_client: Client, openldap: OpenLdap) -> None:
    company = Company(openldap)
    company.add("anna", "Anna", mail="anna@example.test", telephoneNumber="215")

    assert "Nothing to mend was found" in report(asker_client, company.server())


def test_page_shows_the_first_of_many(
    asker_client: Client, server: DirectoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "SHOWN", 1)

    assert "The first 1 are shown" in report(asker_client, server)


def test_time_that_is_up_is_said(
    asker_client: Client, server: DirectoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "SECONDS", 0.0)

    assert "Only 2 people were looked at" in report(asker_client, server)
    assert table(asker_client, server)[-1][-1].startswith("Only 2 people were looked at")


def test_failure_is_said_in_words(asker_client: Client, server: DirectoryServer) -> None:
    server.set_secret("wrong password")
    server.save()

    shown = report(asker_client, server)

    assert 'role="alert"' in shown
    assert "Nothing to mend" not in shown
    assert "refused the account" in table(asker_client, server)[-1][-1]


def test_table_has_everything_in_the_readers_language(asker_client: Client, server: DirectoryServer) -> None:
    assert len(table(asker_client, server)) == 3
    asker_client.cookies["django_language"] = "ru"

    russian = table(asker_client, server)

    assert russian[0][0] == "Что найдено"
    assert russian[1][0] == "Один номер у двоих"


@pytest.mark.parametrize("name", [PAGE, CSV])
@pytest.mark.parametrize("missing", ["view_directoryserver", "view_syncrecord", "query_directoryserver"])
def test_all_three_rights_are_needed(asker: User, server: DirectoryServer, name: str, missing: str) -> None:
    asker.user_permissions.remove(Permission.objects.get(codename=missing))
    client = Client()
    client.force_login(asker)

    assert client.get(page(name, server.pk)).status_code == 403
    if missing != "view_directoryserver":
        assert page(name, server.pk) not in text(client.get(page("syncapp_directoryserver_change", server.pk)))


def test_button_is_there_for_who_may_ask(asker_client: Client, admin_client: Client, server: DirectoryServer) -> None:
    for client in (asker_client, admin_client):
        shown = text(client.get(page("syncapp_directoryserver_change", server.pk)))
        assert shown.count(f'href="{page(PAGE, server.pk)}"') == 1
