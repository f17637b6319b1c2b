"""Rows of django-q2 that follow the servers' schedules, and the runs that they start."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule
from django_q.scheduler import scheduler

from fixtures.openldap import OpenLdap
from syncapp import tasks
from syncapp.choices import RunMode, RunStatus, RunTrigger
from syncapp.models import DirectoryServer, Employee, SyncRecord, SyncRun
from syncapp.services import schedules
from syncapp.services.schedules import keep_schedules, start_due_run
from syncapp.services.standing import Health, access_of, schedule_name, standing_of
from tests.conftest import require_program
from tests.factories import make_record, make_server
from tests.services.company import Company, sync

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)
HOURLY = {"every_minutes": 60}
NIGHTLY = {"cron": "0 3 * * *"}


def row_of(server: DirectoryServer) -> Schedule | None:
    return Schedule.objects.filter(name=schedule_name(server.pk)).first()


def next_run(server: DirectoryServer) -> datetime:
    row = row_of(server)
    assert row is not None
    return row.next_run


def fire() -> None:
    """Let the time of every schedule come, and the scheduler look."""
    Schedule.objects.update(next_run=timezone.now())
    scheduler()


def test_rows_name_a_task_that_there_is() -> None:
    assert f"{tasks.__name__}.{tasks.start_due_run.__name__}" == schedules.TASK


WANTED: dict[str, tuple[dict[str, Any], tuple[Any, ...] | None]] = {
    "minutes": ({"schedule": HOURLY}, ("I", 60, None)),
    "cron": ({"schedule": NIGHTLY}, ("C", None, "0 3 * * *")),
    "off": ({"schedule": {"off": True}}, None),
    "not given": ({}, None),
    "switched off": ({"schedule": HOURLY, "enabled": False}, None),
}


@pytest.mark.parametrize(("values", "expected"), WANTED.values(), ids=WANTED.keys())
def test_row_is_made_of_the_schedule(values: dict[str, Any], expected: tuple[Any, ...] | None) -> None:
    server = make_server(**values)

    keep_schedules()

    row = row_of(server)
    assert (row and (row.schedule_type, row.minutes, row.cron)) == expected
    if row is not None:
        assert abs(row.next_run - standing_of(server.pk).due) < timedelta(seconds=1)


CHANGES: dict[str, dict[str, Any]] = {
    "other minutes": {"schedule": {"every_minutes": 5}},
    "cron": {"schedule": NIGHTLY},
    "off": {"schedule": {"off": True}},
    "switched off": {"enabled": False},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
def test_row_follows_the_server(changes: dict[str, Any]) -> None:
    server = make_server(schedule=HOURLY)
    keep_schedules()

    DirectoryServer.objects.filter(pk=server.pk).update(**changes)
    keep_schedules([server.pk])

    standing = standing_of(server.pk)
    row = row_of(server)
    assert (row is None) == (standing.due is None)
    if row is not None:
        assert (row.minutes, row.cron) == (changes["schedule"].get("every_minutes"), changes["schedule"].get("cron"))


def test_row_of_a_server_that_is_gone_goes_and_others_stay() -> None:
    server = make_server(schedule=HOURLY)
    Schedule.objects.create(name="nightly report", func="x.y")
    Schedule.objects.create(name="ldapsync: tidying", func="x.y")
    keep_schedules()
    server.delete()

    keep_schedules()

    assert sorted(Schedule.objects.values_list("name", flat=True)) == ["ldapsync: tidying", "nightly report"]


def test_renaming_changes_nothing() -> None:
    server = make_server(schedule=HOURLY)
    keep_schedules()
    before = row_of(server)

    DirectoryServer.objects.update(name="Another")
    keep_schedules()

    assert row_of(server) == before


def test_row_that_is_about_to_be_fired_keeps_its_time() -> None:
    server = make_server(schedule=HOURLY)
    keep_schedules()
    just_now = timezone.now() - timedelta(seconds=3)
    Schedule.objects.update(next_run=just_now)

    keep_schedules()

    assert next_run(server) == just_now


def test_two_rows_of_one_server_become_one() -> None:
    server = make_server(schedule=HOURLY)
    keep_schedules()
    twin = row_of(server)
    assert twin is not None
    twin.pk = None
    twin.save()

    keep_schedules()

    assert Schedule.objects.count() == 1


@pytest.fixture
def met(company: Company) -> DirectoryServer:
    """A server with a schedule, of which a person has applied a run."""
    company.add("anna", "Anna Petrova", title="Clerk")
    server = company.server(schedule=HOURLY)
    assert sync(server).status == "completed"
    return server


def test_schedule_fires_a_run_appears_and_records_change(company: Company, met: DirectoryServer) -> None:
    company.change("anna", title="Chief")

    fire()

    run = SyncRun.objects.latest("id")
    assert (run.trigger, run.mode, run.status) == (RunTrigger.SCHEDULE, RunMode.APPLY, RunStatus.COMPLETED)
    assert Employee.objects.get().title == "Chief"
    assert timezone.now() < next_run(met) <= timezone.now() + 60 * MINUTE


def test_run_of_the_schedule_reads_no_more_than_what_has_changed(company: Company, met: DirectoryServer) -> None:
    company.change("anna", title="Director")
    fire()

    run = SyncRun.objects.get(trigger=RunTrigger.SCHEDULE)
    assert (run.read, run.counts["read"], run.counts["updated"]) == ("incremental", 1, 1), run.notes


def test_schedule_only_looks_until_a_person_has_applied_a_run(company: Company) -> None:
    company.add("anna", "Anna Petrova")
    server = company.server(schedule=HOURLY)
    keep_schedules()

    fire()
    fire()

    assert [run.mode for run in SyncRun.objects.all()] == [RunMode.PREVIEW, RunMode.PREVIEW]
    assert not Employee.objects.exists()
    assert not standing_of(server.pk).may_apply


def test_task_that_comes_a_second_time_starts_nothing(met: DirectoryServer) -> None:
    due = timezone.now().isoformat()
    first = tasks.start_due_run(met.pk, due=due)

    assert first is not None
    assert tasks.start_due_run(met.pk, due=due) is None
    assert SyncRun.objects.filter(trigger=RunTrigger.SCHEDULE).count() == 1


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.QUEUED])
def test_run_that_finds_another_is_left_out_and_the_other_says_so(met: DirectoryServer, status: str) -> None:
    now = timezone.now()
    busy = SyncRun.objects.create(endpoint=met, status=status, heartbeat_at=now, handed_over_at=now)

    assert start_due_run(met.pk, due=now) is None
    assert start_due_run(met.pk, due=now + MINUTE) is None

    busy.refresh_from_db()
    assert (busy.left_out, SyncRun.objects.count()) == (2, 2)


def test_schedule_of_a_server_that_was_switched_off_or_deleted_starts_nothing() -> None:
    server = make_server(schedule=HOURLY, enabled=False)

    assert start_due_run(server.pk) is None
    assert start_due_run(987654) is None
    assert not SyncRun.objects.exists()


@pytest.fixture
def own() -> Any:
    """A directory that a test may stop."""
    require_program("slapd", "slapd")
    with OpenLdap() as server:
        yield server


def test_directory_that_goes_away_is_tried_ever_more_rarely_and_found_again(own: OpenLdap) -> None:
    company = Company(own)
    company.add("anna", "Anna Petrova")
    server = company.server(schedule={"every_minutes": 5})
    sync(server)
    own.stop()
    pauses = []
    try:
        for _time in range(4):
            fire()
            pauses.append(round((next_run(server) - timezone.now()) / MINUTE))
        away = standing_of(server.pk)
    finally:
        own.start()
    company.ldap = own.connect()
    company.change("anna", title="Chief")
    fire()
    back = standing_of(server.pk)

    assert pauses[0] <= 5
    assert pauses[1:] == [10, 20, 40]
    assert (away.health, away.failures, away.why_not) == (Health.FAILING, 4, None)
    assert away.reason is not None
    assert away.reason.code == "connection_refused"
    assert (back.health, back.failures, back.reason) == (Health.OK, 0, None)
    assert next_run(server) <= timezone.now() + 5 * MINUTE
    assert Employee.objects.get().title == "Chief"


def test_refused_password_is_tried_once_and_not_again_before_somebody_acts(company: Company) -> None:
    company.add("anna", "Anna Petrova")
    server = company.server(schedule={"every_minutes": 5})
    sync(server)
    server.set_secret("wrong")
    server.save()
    keep_schedules()

    for _time in range(3):
        fire()
    stopped = standing_of(server.pk)
    server.set_secret(company.directory.service_password)
    server.save()
    keep_schedules()
    fire()

    assert stopped.health == Health.STOPPED
    assert SyncRun.objects.filter(error_code="login_refused").count() == 1
    assert (standing_of(server.pk).health, row_of(server) is not None) == (Health.OK, True)


def test_run_that_another_overtook_is_no_failure_of_the_schedule(met: DirectoryServer) -> None:
    now = timezone.now()
    queued = SyncRun.objects.create(endpoint=met, status=RunStatus.QUEUED, trigger=RunTrigger.SCHEDULE)
    SyncRun.objects.create(endpoint=met, status=RunStatus.RUNNING, heartbeat_at=now)

    tasks.execute_run(queued.pk)

    queued.refresh_from_db()
    assert (queued.status, queued.error_code) == (RunStatus.CANCELLED, "run_already_active")


def test_failed_run_keeps_a_mark_of_what_it_logged_in_with() -> None:
    server = make_server(uris=["ldap://127.0.0.1:1"], security="none")

    run = sync(server)

    assert (run.status, run.access) == (RunStatus.FAILED, access_of(server))


@pytest.fixture
def two(company: Company, openldap: OpenLdap) -> tuple[DirectoryServer, DirectoryServer, Company]:
    """Anna in two directories: the first gives her title, the second gets it."""
    other = Company(openldap)
    for each in (company, other):
        each.add("anna", "Anna Petrova", mail="anna@example.test", title="Clerk")
    account = {"write_back": True, "bind_dn": openldap.writer_dn, "schedule": HOURLY, "pool": None}
    first, second = company.server(rank=1, **account), other.server(rank=2, **account)
    for server in (first, second):
        server.mappings.create(field="name", attribute="displayName")
        server.mappings.create(field="email", attribute="mail")
        server.mappings.create(field="title", attribute="title", direction="both", relay=True)
        for _time in range(2):
            sync(server)
    keep_schedules()
    return first, second, other


def test_other_servers_follow_soon_with_those_whom_a_run_changed(
    company: Company, two: tuple[DirectoryServer, DirectoryServer, Company]
) -> None:
    first, second, other = two
    sync(first)
    other.add("boris", "Boris Sidorov", mail="boris@example.test", title="Clerk")
    company.change("anna", title="Chief")

    start_due_run(first.pk)

    follow_up = SyncRun.objects.latest("id")
    assert (follow_up.endpoint_id, follow_up.trigger) == (second.pk, RunTrigger.SCHEDULE)
    assert [dn for _anchor, dn in follow_up.anchors] == [f"uid=anna,{other.base}"]
    assert other.value("anna", "title") == ["Chief"]
    assert not SyncRecord.objects.filter(dn__startswith="uid=boris").exists()


def test_a_run_that_changed_nothing_is_followed_by_nobody(
    two: tuple[DirectoryServer, DirectoryServer, Company],
) -> None:
    first, _second, _other = two
    sync(first)
    SyncRecord.objects.update(due=True)
    before = SyncRun.objects.count()

    start_due_run(first.pk)

    assert SyncRun.objects.count() == before + 1


def ended(server: DirectoryServer, status: RunStatus = RunStatus.COMPLETED, **values: Any) -> SyncRun:
    defaults = {"mode": RunMode.APPLY, "trigger": RunTrigger.MANUAL, "finished_at": timezone.now()}
    return SyncRun.objects.create(endpoint=server, status=status, **{**defaults, **values})


FOLLOWERS: dict[str, tuple[Any, int, bool]] = {
    "works": (lambda server: ended(server), 2, True),
    "was_never_applied_by_a_person": (lambda server: ended(server, trigger=RunTrigger.SCHEDULE), 2, False),
    "fails": (lambda server: [ended(server), ended(server, RunStatus.FAILED, error_code="x")], 2, False),
    "has_nobody_due": (lambda server: ended(server), 0, False),
    "has_many_due": (lambda server: ended(server), 3, False),
}


@pytest.mark.parametrize(("before", "due", "follows"), FOLLOWERS.values(), ids=FOLLOWERS)
def test_server_follows_that(before: Any, due: int, follows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "FOLLOW_UP_LIMIT", 2)
    asked: list[tuple[int, RunMode]] = []
    monkeypatch.setattr(schedules, "enqueue_run", lambda **run: asked.append((run["endpoint_id"], run["mode"])))
    server, other = make_server(schedule=HOURLY), make_server(schedule=HOURLY)
    before(other)
    for _number in range(due):
        make_record(endpoint=other, due=True)

    schedules.after_run(ended(server, trigger=RunTrigger.SCHEDULE, counts={"updated": 1}))

    assert asked == [(other.pk, RunMode.APPLY)] * follows


def test_nobody_follows_a_run_that_follows(
    company: Company, two: tuple[DirectoryServer, DirectoryServer, Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _other = two
    asked: list[int] = []
    monkeypatch.setattr(schedules, "_let_others_follow", lambda run: asked.append(run.endpoint_id))
    run = SyncRun(
        endpoint=second,
        trigger=RunTrigger.SCHEDULE,
        mode=RunMode.APPLY,
        status=RunStatus.COMPLETED,
        anchors=[["a", ""]],
    )

    schedules.after_run(run)
    run.anchors, run.endpoint = [], first
    schedules.after_run(run)

    assert asked == [first.pk]


def test_server_is_looked_at_once_after_a_run() -> None:
    run = SyncRun(endpoint=make_server(schedule=HOURLY), status=RunStatus.COMPLETED)

    with CaptureQueriesContext(connection) as queries:
        schedules.after_run(run)

    assert sum("failing_since" in query["sql"] for query in queries.captured_queries) == 1


def test_moments_differ_between_servers() -> None:
    servers = [make_server(schedule=HOURLY) for _number in range(10)]

    keep_schedules()

    seconds = {next_run(server).astimezone(UTC).strftime("%M:%S") for server in servers}
    assert len(seconds) > 5
