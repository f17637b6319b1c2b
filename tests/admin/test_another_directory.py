"""The page of a run that found another directory (rule A10)."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from syncapp.models import DirectoryServer, SyncRun
from syncapp.services.identity import known_identity
from tests.admin.pages import page, text
from tests.factories import make_server

BUTTON = "Accept this directory"


@pytest.fixture
def found_another(db: None) -> tuple[DirectoryServer, SyncRun]:
    server = make_server(name="Head office")
    SyncRun.objects.create(endpoint=server, mode="apply", status="completed", identity={"dc=a": "1"})
    params = {"uri": "ldap://x", "expected": "dc=a (1)", "found": "dc=b (2)"}
    run = SyncRun.objects.create(
        endpoint=server,
        mode="apply",
        status="failed",
        error_code="another_directory",
        error_params=params,
        identity={"dc=b": "2"},
    )
    return server, run


def test_both_directories_are_named(admin_client: Client, found_another: tuple[DirectoryServer, SyncRun]) -> None:
    shown = text(admin_client.get(page("syncapp_syncrun_change", found_another[1].pk)))

    assert "expected is dc=a (1), found was dc=b (2)" in shown
    assert BUTTON in shown


def test_other_directory_is_accepted_by_a_button_and_that_is_recorded(
    admin_client: Client, found_another: tuple[DirectoryServer, SyncRun]
) -> None:
    server, run = found_another

    admin_client.post(page("syncapp_syncrun_accept", run.pk))

    run.refresh_from_db()
    known = known_identity(server.pk)
    assert run.accepted_by == "admin"
    assert known is not None
    assert known.contexts == {"dc=b": "2"}
    assert "dc=b (2)" in LogEntry.objects.get(object_id=str(server.pk)).change_message
    shown = text(admin_client.get(page("syncapp_syncrun_change", run.pk)))
    assert BUTTON not in shown
    assert "Accepted by" in shown


def test_second_click_says_that_it_was_decided(
    admin_client: Client, found_another: tuple[DirectoryServer, SyncRun]
) -> None:
    _server, run = found_another
    SyncRun.objects.filter(pk=run.pk).update(accepted_by="Olga")

    response = admin_client.post(page("syncapp_syncrun_accept", run.pk), follow=True)

    run.refresh_from_db()
    assert "has no other directory to accept" in text(response)
    assert run.accepted_by == "Olga"


@pytest.mark.parametrize("who", ["viewer_client", "staff_client"])
def test_only_who_may_change_servers_accepts(
    request: pytest.FixtureRequest, who: str, found_another: tuple[DirectoryServer, SyncRun]
) -> None:
    client: Client = request.getfixturevalue(who)
    _server, run = found_another

    assert client.post(page("syncapp_syncrun_accept", run.pk)).status_code == 403
    run.refresh_from_db()
    assert run.accepted_by == ""


def test_viewer_is_shown_no_button(viewer_client: Client, found_another: tuple[DirectoryServer, SyncRun]) -> None:
    assert BUTTON not in text(viewer_client.get(page("syncapp_syncrun_change", found_another[1].pk)))


def test_run_says_who_answered(admin_client: Client, found_another: tuple[DirectoryServer, SyncRun]) -> None:
    server, _run = found_another
    run = SyncRun.objects.create(
        endpoint=server, mode="apply", status="completed", identity={"dc=a": "1"}, uri="ldaps://dc2"
    )

    shown = text(admin_client.get(page("syncapp_syncrun_change", run.pk)))

    assert "ldaps://dc2" in shown
    assert "dc=a (1)" in shown
