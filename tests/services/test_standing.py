"""How servers stand, by their runs and schedules alone."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule

from syncapp.choices import RunMode, RunStatus, RunTrigger
from syncapp.core.records import Message
from syncapp.models import DirectoryServer, SyncRun
from syncapp.services.standing import Health, WhyNot, access_of, schedule_name, standing_of, standings
from tests.factories import make_server

pytestmark = pytest.mark.django_db

NOW = timezone.now()
MINUTE = timedelta(minutes=1)
HOURLY = {"every_minutes": 60}


def ran(server: DirectoryServer, status: str, *, ago: int = 0, **values: Any) -> SyncRun:
    at = NOW - ago * MINUTE
    defaults = {"mode": RunMode.APPLY, "trigger": RunTrigger.SCHEDULE, "started_at": at, "finished_at": at}
    return SyncRun.objects.create(endpoint=server, status=status, **{**defaults, **values})


def failed(server: DirectoryServer, *, ago: int = 0, code: str = "connection_lost", **values: Any) -> SyncRun:
    access = access_of(server)
    return ran(server, RunStatus.FAILED, ago=ago, error_code=code, error_params={"uri": "u"}, access=access, **values)


def refused(server: DirectoryServer, *, ago: int = 0) -> SyncRun:
    return failed(server, ago=ago, code="login_refused")


def test_server_without_runs_never_ran() -> None:
    standing = standing_of(make_server().pk)

    assert (standing.health, standing.failures, standing.reason) == (Health.NEVER_RAN, 0, None)


def test_server_whose_last_run_went_through_is_fine() -> None:
    server = make_server()
    failed(server, ago=50)
    ran(server, RunStatus.PARTIAL, ago=40)
    ran(server, RunStatus.CANCELLED, ago=10, error_code="run_cancelled")

    standing = standing_of(server.pk)

    assert (standing.health, standing.failures, standing.last_success) == (Health.OK, 0, NOW - 40 * MINUTE)


def test_failures_in_a_row_are_counted_from_the_first() -> None:
    server = make_server()
    failed(server, ago=90)
    good = ran(server, RunStatus.COMPLETED, ago=80)
    failed(server, ago=60)
    ran(server, RunStatus.CANCELLED, ago=50)
    ran(server, RunStatus.CRASHED, ago=40, error_code="run_died")
    last = failed(server, ago=20)

    standing = standing_of(server.pk)

    assert (standing.health, standing.failures, standing.last_run_id) == (Health.FAILING, 3, last.pk)
    assert (standing.failing_since, standing.last_success) == (NOW - 60 * MINUTE, good.finished_at)
    assert standing.reason == Message("connection_lost", {"uri": "u"})


BLAMELESS = ["run_already_active", "plan_expired", "server_switched_off"]


@pytest.mark.parametrize("code", BLAMELESS)
def test_failure_before_the_server_was_asked_is_not_the_server_s(code: str) -> None:
    server = make_server()
    ran(server, RunStatus.COMPLETED, ago=9)
    failed(server, code=code)

    assert standing_of(server.pk).health == Health.OK


def test_preview_shows_that_a_server_works_and_is_no_success() -> None:
    server = make_server()
    failed(server, ago=9)
    ran(server, RunStatus.COMPLETED, mode=RunMode.PREVIEW)

    standing = standing_of(server.pk)

    assert (standing.health, standing.last_success) == (Health.NEVER_RAN, None)


def test_held_plan_holds_until_it_has_ended() -> None:
    server = make_server()
    ran(server, RunStatus.COMPLETED, ago=9)
    held = ran(server, RunStatus.HELD)

    before = standing_of(server.pk).health
    SyncRun.objects.filter(pk=held.pk).update(plan_end_code="plan_discarded")

    assert (before, standing_of(server.pk).health) == (Health.HELD, Health.OK)


def test_refused_login_stops_what_runs_by_itself() -> None:
    server = make_server(schedule=HOURLY)
    refused(server)

    standing = standing_of(server.pk)

    assert (standing.health, standing.next_run, standing.why_not) == (Health.STOPPED, None, WhyNot.STOPPED)


REMEDIES = {
    "password": lambda server: server.set_secret("another"),
    "same_password_typed_again": lambda server: server.set_secret("secret"),
    "account": lambda server: setattr(server, "bind_dn", "cn=other"),
    "address": lambda server: setattr(server, "uris", ["ldaps://dc9.corp.example"]),
}


@pytest.mark.parametrize("remedy", REMEDIES.values(), ids=REMEDIES.keys())
def test_what_somebody_sets_anew_is_tried_by_itself_again(remedy: Any) -> None:
    server = make_server(schedule=HOURLY, bind_dn="cn=sync")
    server.set_secret("secret")
    server.save()
    for ago in (30, 20, 10):
        refused(server, ago=ago)

    remedy(server)
    server.save()
    standing = standing_of(server.pk)

    assert (standing.health, standing.why_not) == (Health.FAILING, None)
    assert standing.next_run is not None
    assert standing.next_run <= timezone.now() + 60 * MINUTE  # without the pause that three failures would have


def test_other_settings_are_no_reason_to_try_a_refused_login_again() -> None:
    server = make_server(schedule=HOURLY)
    refused(server)

    DirectoryServer.objects.update(name="Another", rank=5, base_dn="dc=other", user_filter="(a=b)")

    assert standing_of(server.pk).health == Health.STOPPED


def test_retry_that_goes_through_starts_the_schedule_again() -> None:
    server = make_server(schedule=HOURLY)
    refused(server, ago=9)
    ran(server, RunStatus.COMPLETED, trigger=RunTrigger.MANUAL)

    assert standing_of(server.pk).why_not is None


SILENT: dict[str, tuple[dict[str, Any], WhyNot]] = {
    "not_given": ({}, WhyNot.NOT_GIVEN),
    "off": ({"schedule": {"off": True}}, WhyNot.OFF),
    "switched_off": ({"schedule": HOURLY, "enabled": False}, WhyNot.SWITCHED_OFF),
}


@pytest.mark.parametrize(("values", "why"), SILENT.values(), ids=SILENT.keys())
def test_why_nothing_runs_by_itself(values: dict[str, Any], why: WhyNot) -> None:
    standing = standing_of(make_server(**values).pk)

    assert (standing.next_run, standing.why_not) == (None, why)


def test_next_run_is_what_the_queue_has() -> None:
    server = make_server(schedule=HOURLY)
    at = datetime(2030, 1, 1, tzinfo=timezone.get_default_timezone())
    Schedule.objects.create(name=schedule_name(server.pk), func="f", next_run=at)

    assert standing_of(server.pk).next_run == at


APPLIED: dict[str, tuple[dict[str, Any], bool]] = {
    "on_the_site": ({"trigger": RunTrigger.MANUAL}, True),
    "by_the_command": ({"trigger": RunTrigger.COMMAND}, True),
    "by_the_schedule": ({"trigger": RunTrigger.SCHEDULE}, False),
    "preview": ({"trigger": RunTrigger.MANUAL, "mode": RunMode.PREVIEW}, False),
    "one_person": ({"trigger": RunTrigger.MANUAL, "anchors": [["a", "dn"]]}, False),
}


@pytest.mark.parametrize(("values", "allowed"), APPLIED.values(), ids=APPLIED.keys())
def test_schedule_may_apply_once_a_person_has(values: dict[str, Any], allowed: bool) -> None:
    server = make_server()
    ran(server, RunStatus.COMPLETED, **values)

    assert standing_of(server.pk).may_apply is allowed


def test_many_servers_cost_no_more_queries_than_one() -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            standings()
        return len(queries)

    def add() -> None:
        server = make_server(schedule=HOURLY)
        ran(server, RunStatus.COMPLETED, ago=9)
        failed(server)

    add()
    one = asked()
    for _time in range(5):
        add()

    assert asked() == one == 5
