"""The page that switches writing back on: what would go out is shown first (rule E2)."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from syncapp.models import DirectoryServer, SyncRun
from tests.admin.pages import page, save, text
from tests.factories import make_employee, make_record, make_server

PAGE = "syncapp_directoryserver_write_back"


@pytest.fixture
def server(db: None) -> DirectoryServer:
    return make_server(name="Head office", write_back=False)


def reread(server: DirectoryServer) -> DirectoryServer:
    return DirectoryServer.objects.get(pk=server.pk)


def test_shows_per_field_how_many_values_would_go_out(admin_client: Client, server: DirectoryServer) -> None:
    for number, waits in enumerate([{"mobile": "", "extension": "215"}, {"mobile": ""}, {"mobile": "+79161234567"}]):
        make_record(endpoint=server, employee=make_employee(name=f"P{number}"), waits=waits, waiting=True)
    make_record(endpoint=make_server(), employee=make_employee(), waits={"title": ""}, waiting=True)

    response = admin_client.get(page(PAGE, server.pk))

    rows = [(row["label"], row["published"], row["changed"]) for row in response.context["rows"]]
    assert rows == [("Mobile", 2, 1), ("Extension", 0, 1)]
    assert not reread(server).write_back


def test_before_the_first_run_nobody_knows(admin_client: Client, server: DirectoryServer) -> None:
    assert "was never synchronised" in text(admin_client.get(page(PAGE, server.pk)))

    SyncRun.objects.create(endpoint=server, mode="apply", status="completed")

    assert "Nothing waits for this directory" in text(admin_client.get(page(PAGE, server.pk)))


def test_switches_on_and_off_and_keeps_who_did(admin_client: Client, server: DirectoryServer) -> None:
    admin_client.post(page(PAGE, server.pk), {"on": "1"})
    assert reread(server).write_back

    admin_client.post(page(PAGE, server.pk), {"on": ""})
    assert not reread(server).write_back
    assert [entry.user.get_username() for entry in LogEntry.objects.all()] == ["admin", "admin"]


def test_switching_on_what_is_on_is_no_change(admin_client: Client, server: DirectoryServer) -> None:
    for _time in range(2):
        admin_client.post(page(PAGE, server.pk), {"on": "1"})

    assert LogEntry.objects.count() == 1


def test_needs_the_right_to_start_runs(viewer_client: Client, server: DirectoryServer) -> None:
    assert viewer_client.get(page(PAGE, server.pk)).status_code == 403
    assert viewer_client.post(page(PAGE, server.pk), {"on": "1"}).status_code == 403
    assert not reread(server).write_back


def test_server_page_says_whether_it_is_on(admin_client: Client, server: DirectoryServer) -> None:
    assert "Writing back is off" in text(admin_client.get(page("syncapp_directoryserver_change", server.pk)))

    DirectoryServer.objects.update(write_back=True)

    assert "Writing back is on" in text(admin_client.get(page("syncapp_directoryserver_change", server.pk)))


def test_saving_the_server_leaves_it_alone(admin_client: Client, server: DirectoryServer) -> None:
    DirectoryServer.objects.update(write_back=True)
    save(admin_client, "syncapp_directoryserver_change", server.pk, name="Office")

    assert (reread(server).name, reread(server).write_back) == ("Office", True)
