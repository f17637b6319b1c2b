"""Preview sync and Synchronise now."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from syncapp.choices import RunMode, RunStatus, RunTrigger
from syncapp.models import SyncRun
from tests.admin.pages import page, text
from tests.factories import make_server

MODES = {"preview": RunMode.PREVIEW, "synchronise": RunMode.APPLY}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("button", "mode"), MODES.items(), ids=MODES)
def test_button_queues_a_run_and_leads_to_it(
    admin_client: Client, admin_user: User, queue: list[int], button: str, mode: RunMode
) -> None:
    server = make_server()

    response = admin_client.post(page(f"syncapp_directoryserver_{button}", server.pk))

    run = SyncRun.objects.get()
    assert (run.endpoint_id, run.mode, run.trigger, run.user) == (server.pk, mode, RunTrigger.MANUAL, admin_user)
    assert response["Location"] == page("syncapp_syncrun_change", run.pk)
    assert queue == [run.pk]


def test_button_names_the_run_that_is_under_way(admin_client: Client, queue: list[int]) -> None:
    server = make_server()
    active = SyncRun.objects.create(endpoint=server, status=RunStatus.QUEUED)

    response = admin_client.post(page("syncapp_directoryserver_synchronise", server.pk), follow=True)

    assert page("syncapp_syncrun_change", active.pk) in text(response)
    assert SyncRun.objects.count() == 1


def test_server_that_is_switched_off_is_not_synchronised(admin_client: Client, queue: list[int]) -> None:
    server = make_server(enabled=False)

    response = admin_client.post(page("syncapp_directoryserver_synchronise", server.pk), follow=True)

    assert "is switched off" in text(response)
    assert not SyncRun.objects.exists()


def test_name_of_a_server_is_escaped_in_the_message(admin_client: Client, queue: list[int]) -> None:
    server = make_server(name="<b>Head</b>")
    SyncRun.objects.create(endpoint=server, status=RunStatus.QUEUED)

    response = admin_client.post(page("syncapp_directoryserver_preview", server.pk), follow=True)

    assert "<b>Head</b>" not in text(response)
