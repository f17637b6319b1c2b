"""The password of a directory: write-only, and for one address alone."""

import sys
from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.test import Client
from django.views.debug import ExceptionReporter

from syncapp.admin.servers import DirectoryServerAdmin
from syncapp.models import DirectoryServer
from tests.admin.conftest import BIND_PASSWORD
from tests.admin.pages import errors, page, save, text

CHANGE = "syncapp_directoryserver_change"
TYPED = "typed just now"


def reread(server: DirectoryServer) -> DirectoryServer:
    return DirectoryServer.objects.get(pk=server.pk)


@pytest.mark.promise(9)
def test_password_is_never_on_the_page(admin_client: Client, bound_server: DirectoryServer) -> None:
    shown = text(admin_client.get(page(CHANGE, bound_server.pk)))

    assert BIND_PASSWORD not in shown
    assert bound_server.bind_password.token not in shown


@pytest.mark.promise(9)
def test_refused_form_does_not_send_the_typed_password_back(
    admin_client: Client, bound_server: DirectoryServer
) -> None:
    response = save(admin_client, CHANGE, bound_server.pk, name="", password=TYPED)

    assert response.status_code == 200
    assert TYPED not in text(response)


@pytest.mark.promise(9)
def test_history_does_not_hold_the_password(admin_client: Client, bound_server: DirectoryServer) -> None:
    save(admin_client, CHANGE, bound_server.pk, password=TYPED)

    shown = text(admin_client.get(page("syncapp_directoryserver_history", bound_server.pk)))
    assert TYPED not in shown


def test_empty_password_keeps_the_stored_one(admin_client: Client, bound_server: DirectoryServer) -> None:
    save(admin_client, CHANGE, bound_server.pk, name="Renamed", password="")

    assert reread(bound_server).name == "Renamed"
    assert reread(bound_server).reveal_secret() == BIND_PASSWORD


def test_typed_password_replaces_the_stored_one(admin_client: Client, bound_server: DirectoryServer) -> None:
    save(admin_client, CHANGE, bound_server.pk, password=" with spaces ")

    assert reread(bound_server).reveal_secret() == " with spaces "


def test_password_is_encrypted_in_the_database(admin_client: Client, bound_server: DirectoryServer) -> None:
    save(admin_client, CHANGE, bound_server.pk, password=TYPED)

    assert TYPED not in str(DirectoryServer.objects.values_list().get(pk=bound_server.pk))


ELSEWHERE = {
    "another_host": {"uris": "ldaps://elsewhere.example"},
    "one_host_more": {"uris": "ldaps://dc1.corp.example\nldaps://dc2.corp.example\nldaps://elsewhere.example"},
    "another_port": {"uris": "ldaps://dc1.corp.example:1636\nldaps://dc2.corp.example"},
    "less_security": {"uris": "ldap://dc1.corp.example", "security": "none"},
    "another_account": {"bind_dn": "cn=other,dc=corp,dc=example"},
}


@pytest.mark.promise(9)
@pytest.mark.parametrize("changes", ELSEWHERE.values(), ids=ELSEWHERE)
def test_password_must_be_typed_again_for_another_address(
    admin_client: Client, bound_server: DirectoryServer, changes: dict[str, str]
) -> None:
    response = save(admin_client, CHANGE, bound_server.pk, **changes)

    assert "Enter the password again" in errors(response)
    assert reread(bound_server).uris == bound_server.uris


@pytest.mark.parametrize("changes", ELSEWHERE.values(), ids=ELSEWHERE)
def test_another_address_is_saved_with_the_password_typed(
    admin_client: Client, bound_server: DirectoryServer, changes: dict[str, str]
) -> None:
    response = save(admin_client, CHANGE, bound_server.pk, **changes, password="new one")

    assert response.status_code == 302
    assert reread(bound_server).reveal_secret() == "new one"


def test_without_an_account_the_password_is_forgotten(admin_client: Client, bound_server: DirectoryServer) -> None:
    save(admin_client, CHANGE, bound_server.pk, bind_dn="")

    assert not reread(bound_server).bind_password


@pytest.mark.promise(9)
def test_error_report_does_not_hold_the_password(
    admin_client: Client, bound_server: DirectoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Django mails to the administrators when a page crashes shows what was posted."""
    reports: list[str] = []

    def keep(request: HttpRequest, **kwargs: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_text(), reporter.get_traceback_html()])

    def crash(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a mistake in the program")

    monkeypatch.setattr(DirectoryServerAdmin, "save_model", crash)
    admin_client.raise_request_exception = False
    got_request_exception.connect(keep, weak=False)
    try:
        response = save(admin_client, CHANGE, bound_server.pk, name="Renamed", password=TYPED)
    finally:
        got_request_exception.disconnect(keep)

    assert response.status_code == 500
    assert "Renamed" in reports[0]
    assert not any(TYPED in report for report in reports)
