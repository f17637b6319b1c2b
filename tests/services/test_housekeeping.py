"""House-keeping: what is removed by age, and what never is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule, Task
from pytest_django import Settings

from syncapp import tasks
from syncapp.choices import ItemOutcome, NoticeStatus, ReadMode, RunMode, RunStatus, RunTrigger
from syncapp.models import (
    Conflict,
    DirectoryServer,
    Employee,
    Notice,
    NotificationChannel,
    Photo,
    RunItem,
    SyncRecord,
    SyncRun,
)
from syncapp.services import housekeeping, runs
from syncapp.services.housekeeping import SCHEDULE, Swept, keep_house
from syncapp.services.notifications import delivery
from syncapp.services.photos import path_of
from syncapp.services.upkeep import keep_regular_tasks
from syncapp.store import pruning
from tests.factories import make_employee, make_record, make_server
from tests.services.test_photos import taken

pytestmark = pytest.mark.django_db

NOW = timezone.now()
CHANGE = [{"field": "title", "side": "pbx", "before": "a", "after": "b"}]


@pytest.fixture
def server() -> DirectoryServer:
    """A server whose runs are so many that the old ones are needed no more."""
    server = make_server()
    for _number in range(2):
        make_run(server, days=400, trigger=RunTrigger.MANUAL)
    return server


def make_run(server: DirectoryServer | None, *, days: float, **values: Any) -> SyncRun:
    at = NOW - timedelta(days=days)
    return SyncRun.objects.create(
        **{
            "endpoint": server, "mode": RunMode.APPLY, "read": ReadMode.FULL, "trigger": RunTrigger.SCHEDULE,
            "status": RunStatus.COMPLETED, "queued_at": at, "started_at": at, "finished_at": at, **values,
        }
    )  # fmt: skip


def make_item(run: SyncRun, employee: Employee | None = None, **values: Any) -> RunItem:
    defaults = {"outcome": ItemOutcome.UPDATED, "changes": CHANGE, "employee": employee}
    return RunItem.objects.create(run=run, **{**defaults, **values})


def left(*rows: Any) -> list[bool]:
    return [type(row).objects.filter(pk=row.pk).exists() for row in rows]


def test_old_previews_go_and_younger_ones_stay(server: DirectoryServer) -> None:
    old, young = (make_run(server, days=days, mode=RunMode.PREVIEW) for days in (31, 29))
    items = [make_item(run, make_employee(), outcome=ItemOutcome.PLANNED) for run in (old, young)]
    make_run(server, days=1)

    swept = keep_house(now=NOW)

    assert left(old, young, *items) == [False, True, False, True]
    assert (swept.previews, swept.items, swept.runs) == (1, 1, 0)


def test_previews_of_a_server_that_was_never_synchronised_go_too() -> None:
    server = make_server()
    old, last = (make_run(server, days=days, mode=RunMode.PREVIEW) for days in (60, 40))

    keep_house(now=NOW)

    assert left(old, last) == [False, True]


def test_a_plan_that_was_applied_stays_with_who_applied_it(server: DirectoryServer) -> None:
    plan = make_run(server, days=200, mode=RunMode.PREVIEW)
    make_item(make_run(server, days=199, applies=plan), make_employee())
    make_run(server, days=1)

    keep_house(now=NOW)

    assert left(plan) == [True]


def test_runs_that_did_nothing_go(server: DirectoryServer) -> None:
    nothing, young = make_run(server, days=91), make_run(server, days=89)
    waiting = make_item(make_run(server, days=100), None, outcome=ItemOutcome.IGNORED, changes=[])
    held = make_run(server, days=91, status=RunStatus.HELD)
    planned = make_item(held, make_employee(), outcome=ItemOutcome.PLANNED)
    make_run(server, days=1)

    swept = keep_house(now=NOW)

    assert left(nothing, young, waiting, waiting.run, held, planned) == [False, True, False, False, False, False]
    assert (swept.runs, swept.items) == (3, 2)


def test_what_was_done_to_an_employee_stays_for_ever(server: DirectoryServer) -> None:
    run, edit = make_run(server, days=3000), make_run(None, days=3000, mode=RunMode.EDIT)
    changed, tied = make_item(run, make_employee()), make_item(run, make_employee(), changes=[])
    nobodys = make_item(run, None)
    edited = make_item(edit, make_employee(archived_at=NOW))
    decided = make_item(make_run(None, days=3000, mode=RunMode.EDIT), None)  # about an entry that is tied to nobody
    make_run(server, days=1)

    swept = keep_house(now=NOW)

    assert left(run, edit, changed, tied, edited, decided, nobodys) == [True, True, True, True, True, True, False]
    assert (swept.runs, swept.items) == (0, 1)


def test_a_run_of_which_the_rest_was_removed_is_not_looked_at_again(server: DirectoryServer) -> None:
    run = make_run(server, days=100)
    make_item(run, make_employee())
    make_run(server, days=1)

    keep_house(now=NOW)
    with CaptureQueriesContext(connection) as queries:
        keep_house(now=NOW)

    assert [query["sql"] for query in queries if "syncapp_runitem" in query["sql"]] == []


def test_with_an_age_the_audit_goes_too(server: DirectoryServer, settings: Settings) -> None:
    settings.KEEP_AUDIT_DAYS = 365
    old, young = make_run(server, days=366), make_run(server, days=364)
    edit = make_run(None, days=366, mode=RunMode.EDIT)
    items = [make_item(run, make_employee()) for run in (old, young, edit)]
    first = make_item(SyncRun.objects.order_by("pk")[0], make_employee())
    make_run(server, days=1)

    foreseen = keep_house(now=NOW, dry_run=True)
    swept = keep_house(now=NOW)

    assert left(old, young, edit, *items) == [False, True, False, False, True, False]
    # The first runs are needed: their rows stay, and what they tell of people goes.
    assert left(first, first.run) == [False, True]
    assert swept == foreseen == Swept(runs=2, items=3)


NEEDED: dict[str, dict[str, Any]] = {
    "how_it_read_last": {},
    "whose_directory_was_accepted": {
        "status": RunStatus.FAILED, "identity": {"dc=a": "1"}, "accepted_by": "root", "read": ReadMode.FULL,
    },
    "which_controller_answered_last": {"status": RunStatus.FAILED, "uri": "ldap://dc1"},
}  # fmt: skip


@pytest.mark.parametrize("values", NEEDED.values(), ids=NEEDED)
def test_what_later_runs_look_back_to_stays_however_old(values: dict[str, Any]) -> None:
    needed = make_run(make_server(), days=3000, **values)

    keep_house(now=NOW)

    assert left(needed) == [True]


def test_the_first_runs_and_those_of_a_person_stay() -> None:
    """Brakes begin after the first runs, and the schedule after one that a person has applied."""
    server = make_server()
    first, second = make_run(server, days=900), make_run(server, days=899)
    person = make_run(server, days=898, trigger=RunTrigger.MANUAL)
    other = make_run(server, days=897)
    last = make_run(server, days=896)

    keep_house(now=NOW)

    assert left(first, second, person, other, last) == [True, True, True, False, True]


def test_failures_since_the_last_success_stay() -> None:
    """For how long a server has been failing is counted from them."""
    server = make_server()
    success = make_run(server, days=300)
    failures = [make_run(server, days=days, status=RunStatus.FAILED) for days in (250, 200)]

    keep_house(now=NOW)

    assert left(success, *failures) == [True, True, True]


def test_a_run_that_has_not_ended_is_left_alone(server: DirectoryServer) -> None:
    queued = SyncRun.objects.create(endpoint=server, queued_at=NOW - timedelta(days=500))
    make_run(server, days=1)

    keep_house(now=NOW)

    assert left(queued) == [True]


def test_links_to_a_run_that_goes_are_emptied(server: DirectoryServer) -> None:
    run = make_run(server, days=100)
    record = make_record(endpoint=server, run=run)
    conflict = Conflict.objects.create(endpoint=server, record=record, kind="field", opened_run=run)
    make_run(server, days=1)

    keep_house(now=NOW)

    assert left(run, record, conflict) == [False, True, True]
    assert SyncRecord.objects.get(pk=record.pk).run is None


def test_tasks_of_ours_go_and_those_of_others_stay() -> None:
    def task(number: int, func: str, days: int, *, success: bool) -> Task:
        at = NOW - timedelta(days=days)
        return Task.objects.create(
            id=f"{number:032}", name="x", func=func, started=at, stopped=at, success=success
        )  # fmt: skip

    done, failed = task(1, runs.TASK, 31, success=True), task(2, runs.TASK, 31, success=False)
    young, foreign = task(3, runs.TASK, 29, success=True), task(4, "other.task", 31, success=True)

    assert keep_house(now=NOW).tasks == 2
    assert left(done, failed, young, foreign) == [False, False, True, True]


def test_sessions_that_have_ended_go() -> None:
    for key, ends in (("a", -1), ("b", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=NOW + timedelta(days=ends))

    assert keep_house(now=NOW).sessions == 1
    assert [each.pk for each in Session.objects.all()] == ["b"]


def test_messages_that_were_sent_go_and_those_on_their_way_stay() -> None:
    channel = NotificationChannel.objects.create(addresses=["it@corp.example"])
    at = NOW - timedelta(days=31)
    sent, waiting = (
        Notice.objects.create(channel=channel, happened="held", status=status, created_at=at)
        for status in (NoticeStatus.SENT, NoticeStatus.WAITING)
    )

    assert keep_house(now=NOW).messages == 1
    assert left(sent, waiting) == [False, True]


def test_photos_go_that_only_a_removed_item_named(server: DirectoryServer, settings: Settings) -> None:
    settings.KEEP_AUDIT_DAYS = 365
    name = taken()
    os.utime(path_of(name), (0, 0))
    item = make_item(make_run(server, days=366), make_employee())
    Photo.objects.filter(pk=name).update(kept_for=item, created_at=NOW - timedelta(days=366))
    make_run(server, days=1)

    keep_house(now=NOW)

    assert left(Photo(pk=name)) == [False]
    assert not path_of(name).exists()


def test_a_dry_run_says_the_same_and_removes_nothing(server: DirectoryServer) -> None:
    make_item(make_run(server, days=100), make_employee())
    name = taken()
    os.utime(path_of(name), (0, 0))
    Photo.objects.filter(pk=name).update(created_at=NOW - timedelta(days=366))
    rows = [make_run(server, days=91), make_run(server, days=91, mode=RunMode.PREVIEW)]
    rows += [make_item(rows[1], None), make_item(make_run(server, days=95), None)]
    make_run(server, days=1)

    foreseen = keep_house(now=NOW, dry_run=True)

    assert left(*rows, Photo(pk=name)) == [True] * 5
    assert path_of(name).exists()
    assert not SyncRun.objects.exclude(pruned_at=None).exists()
    assert keep_house(now=NOW) == foreseen == Swept(previews=1, runs=2, items=2, photos=1)


def test_much_is_removed_in_chunks(server: DirectoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "CHUNK", 10)
    turns: list[None] = []

    @contextmanager
    def in_turn() -> Iterator[None]:
        turns.append(None)
        yield

    monkeypatch.setattr(pruning, "in_turn", in_turn)
    preview = make_run(server, days=91, mode=RunMode.PREVIEW)
    RunItem.objects.bulk_create([RunItem(run=preview) for _number in range(35)])
    make_run(server, days=1)

    assert keep_house(now=NOW).items == 35
    assert len(turns) == 4 + 1  # the items, then the run


def turns() -> list[int]:
    """How many rows each turn behind the first one removed."""
    return [task.result for task in Task.objects.filter(func=housekeeping.TASK).order_by("started")]


def test_long_night_leaves_the_worker_to_others_again_and_again(
    server: DirectoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "CHUNK", 10)
    monkeypatch.setattr(housekeeping, "TURN", 0.0)
    preview, run = make_run(server, days=91, mode=RunMode.PREVIEW), make_run(server, days=91)
    audit = make_item(run, make_employee())
    for each in (preview, run):
        RunItem.objects.bulk_create([RunItem(run=each) for _number in range(15)])
    make_run(server, days=1)

    first = tasks.keep_house()

    assert (first, turns()) == (10, [5, 1, 10, 5, 0])  # items, the preview, items of the run that stays; nothing more
    assert left(preview, run, audit) == [False, True, True]
    run.refresh_from_db()
    assert run.pruned_at is not None


def test_short_night_is_done_at_one_go(server: DirectoryServer) -> None:
    preview = make_run(server, days=91, mode=RunMode.PREVIEW)
    RunItem.objects.bulk_create([RunItem(run=preview) for _number in range(15)])
    make_run(server, days=1)

    assert (tasks.keep_house(), turns()) == (15 + 1, [])


def test_worker_that_is_to_end_does_not_wait_for_it(server: DirectoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "CHUNK", 10)
    told = iter([True, False, False])
    monkeypatch.setattr(housekeeping.worker_process, "is_to_stop", lambda: next(told))
    preview = make_run(server, days=91, mode=RunMode.PREVIEW)
    RunItem.objects.bulk_create([RunItem(run=preview) for _number in range(15)])
    make_run(server, days=1)

    assert (tasks.keep_house(), turns()) == (10, [5 + 1])


@pytest.mark.parametrize("number", [1, 10])
def test_what_is_needed_is_found_with_one_query(number: int, django_assert_num_queries: Any) -> None:
    for _number in range(number):
        make_run(make_server(), days=1)

    with django_assert_num_queries(1):
        pruning.runs_in_use()


# The schedule


def test_worker_schedules_it_once_and_leaves_other_rows_alone() -> None:
    Schedule.objects.create(name="of somebody else", func="x")
    Schedule.objects.create(name=SCHEDULE, func=housekeeping.TASK)
    Schedule.objects.create(name=SCHEDULE, func=housekeeping.TASK)  # two workers began at once

    for _number in range(2):
        keep_regular_tasks()

    assert sorted(str(row.name) for row in Schedule.objects.all()) == [SCHEDULE, delivery.SCHEDULE, "of somebody else"]


def test_it_is_done_in_the_night() -> None:
    for hours in range(24):
        now = NOW + timedelta(hours=hours)
        first = housekeeping.first_time(now=now)

        assert now < first <= now + timedelta(days=1)
        assert 1 <= timezone.localtime(first).hour < 5


def test_schedule_names_a_task_that_there_is() -> None:
    assert f"{tasks.__name__}.{tasks.keep_house.__name__}" == housekeeping.TASK
    assert tasks.keep_house() == 0
