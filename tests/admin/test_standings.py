"""What pages say of schedules and of servers that fail."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule

from syncapp.choices import RunMode, RunStatus, RunTrigger
from syncapp.models import DirectoryServer, SyncRun
from syncapp.services.standing import access_of, schedule_name
from syncapp.views.display import moment
from tests.admin.pages import page, text
from tests.factories import make_server

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOURLY = {"every_minutes": 60}


def ran(server: DirectoryServer, status: str = RunStatus.COMPLETED, *, ago: int = 0, **values: Any) -> SyncRun:
    at = NOW - timedelta(minutes=ago)
    defaults = {"mode": RunMode.APPLY, "trigger": RunTrigger.MANUAL, "started_at": at, "finished_at": at}
    return SyncRun.objects.create(endpoint=server, status=status, **{**defaults, **values})


def failed(server: DirectoryServer, *, ago: int = 0, code: str = "login_refused") -> SyncRun:
    params = {"account": "cn=sync", "uri": "ldaps://dc"}
    return ran(server, RunStatus.FAILED, ago=ago, error_code=code, error_params=params, access=access_of(server))


def scheduled(server: DirectoryServer) -> str:
    at = NOW + timedelta(minutes=7)
    Schedule.objects.create(name=schedule_name(server.pk), func="f", next_run=at)
    return moment(at)


def home(client: Client) -> str:
    return text(client.get(page("index")))


def server_page(client: Client, server: DirectoryServer) -> str:
    return text(client.get(page("syncapp_directoryserver_change", server.pk)))


@pytest.mark.parametrize("shown", [lambda client, _server: home(client), server_page], ids=["overview", "server"])
def test_next_run_is_shown(admin_client: Client, shown: Any) -> None:
    server = make_server(schedule=HOURLY)
    ran(server)
    when = scheduled(server)

    assert f"Next run: {when}" in shown(admin_client, server)


def test_list_has_the_next_run(admin_client: Client) -> None:
    server = make_server(schedule=HOURLY)
    when = scheduled(server)

    assert when in text(admin_client.get(page("syncapp_directoryserver_changelist")))


SILENT: dict[str, tuple[dict[str, Any], str]] = {
    "no schedule": ({}, "No schedule: it is synchronised by hand alone."),
    "off": ({"schedule": {"off": True}}, "The schedule is off: it is synchronised by hand alone."),
    "only previews": ({"schedule": HOURLY}, "It applies nothing before you have done so once."),
}


@pytest.mark.parametrize(("values", "said"), SILENT.values(), ids=SILENT.keys())
def test_overview_says_why_nothing_is_applied_by_itself(
    admin_client: Client, values: dict[str, Any], said: str
) -> None:
    make_server(**values)

    assert said in home(admin_client)


def test_failing_server_says_since_when_and_when_it_is_tried_again(admin_client: Client) -> None:
    server = make_server(schedule=HOURLY)
    good = ran(server, ago=90)
    first = failed(server, ago=60, code="connection_lost")
    failed(server, ago=5, code="connection_lost")
    when = scheduled(server)

    shown = home(admin_client)

    assert f"Failed 2 times in a row, since {moment(first.finished_at)}." in shown
    assert f"Last success: {moment(good.finished_at)}." in shown
    assert f"Next try: {when}" in shown


def test_failing_server_is_said_to_fail_after_a_cancelled_run_too(admin_client: Client) -> None:
    server = make_server()
    failed(server, ago=5, code="connection_lost")
    ran(server, RunStatus.CANCELLED)

    assert "Does not work" in home(admin_client)


def test_refused_account_is_said_with_a_button_to_try_again(admin_client: Client) -> None:
    server = make_server(schedule=HOURLY)
    failed(server)

    response = admin_client.get(page("index"))

    assert "Stopped: the account is refused" in text(response)
    assert "Nothing is tried by itself until password, account or address is set anew." in text(response)
    assert page("syncapp_directoryserver_synchronise", server.pk) in response.content.decode()


def test_who_may_not_synchronise_sees_no_button(client: Client, django_user_model: type[User]) -> None:
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_directoryserver"))
    client.force_login(user)
    server = make_server()
    failed(server)

    assert page("syncapp_directoryserver_synchronise", server.pk) not in client.get(page("index")).content.decode()


def test_switched_off_server_is_not_said_to_fail(admin_client: Client) -> None:
    failed(make_server(enabled=False, schedule=HOURLY))

    shown = home(admin_client)

    assert "Failed" not in shown.replace("Failed status", "")
    assert "Try again" not in shown


def test_run_says_how_many_of_the_schedule_it_kept_waiting(admin_client: Client) -> None:
    run = ran(make_server(), left_out=3)

    shown = text(admin_client.get(page("syncapp_syncrun_change", run.pk)))

    assert "3 runs of the schedule were due meanwhile, and were left out." in shown
