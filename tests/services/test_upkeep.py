"""What a worker looks after: runs whose process was killed, and runs that got lost."""

import os
import subprocess
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import Schedule
from pytest_django import Settings

from syncapp.choices import RunStatus, RunTrigger
from syncapp.management.supervision import Worker
from syncapp.models import SyncRun
from syncapp.services import runs, upkeep, worker_process
from syncapp.services.standing import schedule_name
from tests.factories import make_server

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)
WORKER = "worker-of-this-test"


def make_running(*, silent_for: int = 0, worker: str = "", **values: Any) -> SyncRun:
    heartbeat = timezone.now() - silent_for * SECOND
    defaults = {"endpoint": make_server(), "status": RunStatus.RUNNING, "heartbeat_at": heartbeat, "worker": worker}
    return SyncRun.objects.create(**{**defaults, **values})


def name(pid: int, worker: str = WORKER) -> str:
    machine = worker_process.name().split(" ")[0]
    return f"{machine} {pid} {worker}"


def dead_pid() -> int:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def status(run: SyncRun) -> str:
    run.refresh_from_db()
    return run.status


def test_run_whose_process_is_gone_is_closed_at_once() -> None:
    run = make_running(worker=name(dead_pid()))

    upkeep.close_dead_runs(WORKER)

    assert (status(run), run.error_code) == ("crashed", "run_died")


OTHERS = {
    "alive": lambda: name(os.getpid()),
    "of another worker": lambda: name(dead_pid(), "another"),
    "of another machine": lambda: f"elsewhere {dead_pid()} {WORKER}",
    "of a terminal": lambda: name(dead_pid(), "").strip(),
}


@pytest.mark.parametrize("worker", OTHERS.values(), ids=OTHERS.keys())
def test_run_that_may_be_alive_is_left_alone(worker: Any) -> None:
    run = make_running(worker=worker())

    upkeep.close_dead_runs(WORKER)

    assert status(run) == "running"


def test_process_that_has_ended_and_that_nobody_asked_for_is_not_alive() -> None:
    """Whoever started it may be stuck: it stays in the list of processes, and will never beat again."""
    with subprocess.Popen(["true"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        alive = worker_process.is_alive(process.pid)

    assert (alive, worker_process.is_alive(os.getpid())) == (False, True)


def test_silent_run_of_any_server_is_closed_within_two_minutes() -> None:
    silent, fresh = make_running(silent_for=111, worker="elsewhere 1 other"), make_running(silent_for=100)

    upkeep.close_dead_runs(WORKER)

    assert (status(silent), status(fresh)) == ("crashed", "running")


def test_crash_makes_the_schedule_wait_longer() -> None:
    server = make_server(schedule={"every_minutes": 5})
    make_running(endpoint=server, status=RunStatus.CRASHED, finished_at=timezone.now())
    make_running(endpoint=server, silent_for=200)

    upkeep.close_dead_runs(WORKER)

    pause = Schedule.objects.get(name=schedule_name(server.pk)).next_run - timezone.now()
    assert timedelta(minutes=9) < pause < timedelta(minutes=11)


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Keys of runs that were given to the workers."""
    given: list[int] = []
    monkeypatch.setattr(upkeep, "hand_over", given.append)
    return given


def make_queued(*, waits: int, handed_over: int = 0) -> SyncRun:
    now = timezone.now()
    return SyncRun.objects.create(
        endpoint=make_server(),
        status=RunStatus.QUEUED,
        queued_at=now - waits * SECOND,
        handed_over_at=now - handed_over * SECOND,
    )


def test_run_that_nobody_took_is_queued_again_once_in_two_minutes(handed_over: list[int]) -> None:
    lost = make_queued(waits=130, handed_over=125)
    make_queued(waits=200, handed_over=10)
    make_queued(waits=10, handed_over=10)

    upkeep.queue_lost_runs_again()
    upkeep.queue_lost_runs_again()

    assert handed_over == [lost.pk]


def test_run_that_two_workers_find_lost_is_queued_again_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    runs_lost = [make_queued(waits=130, handed_over=125) for _run in range(2)]
    given: list[int] = []

    def while_another_looks(run_id: int) -> None:
        given.append(run_id)
        if len(given) == 1:
            upkeep.queue_lost_runs_again()

    monkeypatch.setattr(upkeep, "hand_over", while_another_looks)
    upkeep.queue_lost_runs_again()

    assert sorted(given) == sorted(run.pk for run in runs_lost)


@pytest.mark.parametrize(("busy", "expected"), [(Conf.WORKERS, 0), (Conf.WORKERS - 1, 1)])
def test_worker_that_has_its_hands_full_takes_no_run_for_lost(
    handed_over: list[int], monkeypatch: pytest.MonkeyPatch, busy: int, expected: int
) -> None:
    make_queued(waits=130, handed_over=125)
    monkeypatch.setattr(upkeep, "runs_of", lambda _worker: busy)

    Worker()._care_for_the_queue()

    assert len(handed_over) == expected


def test_run_is_queued_again_as_often_as_it_gets_lost(handed_over: list[int], settings: Settings) -> None:
    run = make_queued(waits=130, handed_over=125)
    settings.QUEUED_AGAIN_AFTER = -1 * SECOND

    for _time in range(3):
        upkeep.queue_lost_runs_again()

    assert handed_over == [run.pk] * 3


def test_waiting_too_long_is_noticed(settings: Settings) -> None:
    make_queued(waits=200, handed_over=10)
    before = upkeep.somebody_waits_too_long()
    make_queued(waits=250, handed_over=10)

    assert (before, upkeep.somebody_waits_too_long()) == (False, True)


def test_runs_of_a_worker_are_those_under_way() -> None:
    make_running(worker=name(1))
    make_running(worker=name(2))
    make_running(worker=name(3), status=RunStatus.COMPLETED)
    make_running(worker=name(4, "another"))

    assert upkeep.runs_of(WORKER) == 2


def test_broker_that_is_away_costs_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_run_id: int) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(runs, "hand_over", away)

    run = runs.enqueue_run(endpoint_id=make_server().pk, mode="apply", trigger=RunTrigger.MANUAL)  # type: ignore[arg-type]

    assert status(run) == "queued"


def test_worker_that_is_to_end_leaves_the_run_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    from syncapp.services import sync

    given: list[int] = []
    monkeypatch.setattr(sync, "hand_over", given.append)
    run = make_queued(waits=0)
    worker_process.tell_to_stop()
    try:
        sync.execute_run(run.pk)
    finally:
        worker_process.begin("")

    assert (status(run), given) == ("queued", [run.pk])
