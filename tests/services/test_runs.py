"""Life of a run: the database decides who was first, and every end is written down."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, connections
from django.utils import timezone
from pytest_django import Settings

from syncapp.choices import RunMode, RunPhase, RunStatus, RunTrigger
from syncapp.exceptions import ClaimLostError, RunAlreadyActiveError, RunCancelledError, SyncError
from syncapp.models import DirectoryServer, SyncRun
from syncapp.services import runs
from syncapp.services import sync as sync_service
from syncapp.services.runs import (
    RunKeeper,
    claim_queued_run,
    enqueue_run,
    finish_run,
    request_cancel,
    start_run,
)
from tests.factories import make_server
from tests.services.company import Company, sync

pytestmark = pytest.mark.django_db(transaction=True)


def start(server: DirectoryServer) -> SyncRun:
    return start_run(endpoint=server, mode=RunMode.APPLY, trigger=RunTrigger.COMMAND, who="test")


def keeper(run: SyncRun, stop: Callable[[], bool] = lambda: False) -> RunKeeper:
    return RunKeeper(run, stop)


def make_queued(server: DirectoryServer) -> SyncRun:
    return SyncRun.objects.create(endpoint=server, status=RunStatus.QUEUED)


def test_run_begins_in_the_database_s_time() -> None:
    run = start(make_server())

    assert (run.status, run.phase, run.read, run.started_at) == ("running", "read", "full", run.heartbeat_at)


@pytest.mark.promise(8)
def test_of_many_who_claim_together_one_gets_it() -> None:
    server = make_server()
    barrier = threading.Barrier(4)
    got: list[object] = []

    def claim() -> None:
        barrier.wait(30)
        try:
            got.append(start(server))
        except RunAlreadyActiveError as error:
            got.append(error.params["run"])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)

    run = SyncRun.objects.get()
    assert sorted(map(str, got)) == sorted([str(run), *[str(run.pk)] * 3])


def test_queued_run_that_is_delivered_twice_runs_once() -> None:
    queued = make_queued(make_server())

    assert claim_queued_run(queued.pk) == queued
    assert claim_queued_run(queued.pk) is None


def test_queued_run_beside_a_running_one_ends_and_says_why() -> None:
    server = make_server()
    first, queued = start(server), make_queued(server)

    assert claim_queued_run(queued.pk) is None

    queued.refresh_from_db()
    assert (queued.status, queued.error_code, queued.error_params["run"]) == ("failed", "run_already_active", first.pk)


def test_queued_run_that_was_cancelled_never_begins() -> None:
    queued = make_queued(make_server())
    request_cancel(queued.pk)

    assert claim_queued_run(queued.pk) is None


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.QUEUED])
def test_nothing_is_queued_behind_a_run_that_is_not_over(status: RunStatus, django_user_model: type[User]) -> None:
    server = make_server()
    first = SyncRun.objects.create(endpoint=server, status=status, heartbeat_at=timezone.now())

    with pytest.raises(RunAlreadyActiveError) as caught:
        enqueue_run(endpoint_id=server.pk, mode=RunMode.APPLY, trigger=RunTrigger.MANUAL)

    assert caught.value.params == {"run": first.pk, "server": server.name}


def test_queued_run_begins_behind_one_whose_worker_died_silently() -> None:
    server = make_server()
    silent = SyncRun.objects.create(
        endpoint=server, status=RunStatus.RUNNING, heartbeat_at=timezone.now() - timedelta(minutes=5)
    )
    queued = make_queued(server)

    claimed = claim_queued_run(queued.pk)

    silent.refresh_from_db()
    assert (claimed, silent.status) == (queued, RunStatus.CRASHED)


CANCELS = {
    "queued": (RunStatus.QUEUED, True, "cancelled"),
    "running": (RunStatus.RUNNING, True, "running"),
    "completed": (RunStatus.COMPLETED, False, "completed"),
    "crashed": (RunStatus.CRASHED, False, "crashed"),
}


@pytest.mark.parametrize(("status", "accepted", "after"), CANCELS.values(), ids=CANCELS.keys())
def test_cancel(status: RunStatus, accepted: bool, after: str) -> None:
    run = SyncRun.objects.create(endpoint=make_server(), status=status)

    assert request_cancel(run.pk) is accepted

    run.refresh_from_db()
    assert (run.status, run.cancel_requested) == (after, accepted)


def test_beat_says_how_far_the_run_is() -> None:
    run = start(make_server())
    SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))

    keeper(run).beat(phase=RunPhase.APPLY, done=0, total=7)
    keeper(run).beat(done=3)

    run.refresh_from_db()
    assert (run.phase, run.progress_done, run.progress_total) == ("apply", 3, 7)
    assert run.heartbeat_at is not None
    assert timezone.now() - run.heartbeat_at < timedelta(seconds=50)


@pytest.mark.promise(8)
def test_beat_of_a_run_that_was_closed_by_another_stops_it() -> None:
    run = start(make_server())
    SyncRun.objects.update(status=RunStatus.CRASHED)

    with pytest.raises(ClaimLostError):
        keeper(run).beat()


def test_beat_notices_that_somebody_asked_for_the_end() -> None:
    run = start(make_server())
    request_cancel(run.pk)

    with pytest.raises(RunCancelledError):
        keeper(run).beat()


def test_beat_asks_the_terminal_too() -> None:
    with pytest.raises(RunCancelledError):
        keeper(start(make_server()), stop=lambda: True).beat()


def test_pulse_renews_the_row_once_in_a_second(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any) -> None:
    kept = keeper(start(make_server()))
    monkeypatch.setattr(runs, "PULSE", 3600.0)

    with django_assert_num_queries(0):
        kept.pulse(done=500)
    monkeypatch.setattr(runs, "PULSE", 0.0)
    with django_assert_num_queries(1):
        kept.pulse(done=1000)

    assert SyncRun.objects.get().progress_done == 1000


def test_pulse_asks_the_terminal_each_time() -> None:
    with pytest.raises(RunCancelledError):
        keeper(start(make_server()), stop=lambda: True).pulse(done=500)


def test_beat_ends_a_run_at_its_deadline(settings: Settings) -> None:
    run = keeper(start(make_server()))
    settings.RUN_DEADLINE = timedelta(0)

    with pytest.raises(SyncError) as caught:
        run.beat()

    assert caught.value.code == "run_deadline"


def test_note_is_kept_once() -> None:
    run = keeper(start(make_server()))

    for _time in range(3):
        run.note("number_contested", number="215", people=["Anna"])
    run.note("number_contested", number="216", people=["Anna"])

    assert len(run.notes) == 2


@pytest.mark.promise(8)
def test_run_that_was_closed_by_another_stays_as_it_is() -> None:
    run = start(make_server())
    SyncRun.objects.update(status=RunStatus.CRASHED, error_code="run_died")

    finish_run(run, RunStatus.COMPLETED, counts={"read": 1})

    assert (run.status, run.error_code, run.counts) == ("crashed", "run_died", {})


def test_run_that_loses_its_claim_ends_as_whoever_closed_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken_for_dead(*_: object) -> None:
        SyncRun.objects.update(status=RunStatus.CRASHED, error_code="run_died")
        raise ClaimLostError("claim_lost", run=1)

    monkeypatch.setattr(sync_service, "take_steps", taken_for_dead)

    run = sync(make_server())

    assert (run.status, run.error_code) == ("crashed", "run_died")


ENDS: dict[str, tuple[BaseException, str, str]] = {
    "error of ours": (ValueError("surprise"), "crashed", "run_crashed"),
    "database gone": (OperationalError("database is locked"), "failed", "database_unavailable"),
    "error with a code": (SyncError("run_deadline", hours=5), "failed", "run_deadline"),
}


@pytest.mark.promise(8)
@pytest.mark.parametrize(("error", "status", "code"), ENDS.values(), ids=ENDS.keys())
def test_run_is_left_finished_and_says_why(
    error: BaseException, status: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(sync_service, "take_steps", fail)

    run = sync(make_server())

    assert (run.status, run.error_code, run.phase) == (status, code, "done")
    assert run.finished_at is not None


INTERRUPTIONS: dict[str, tuple[BaseException, str, str]] = {
    "worker's time is up": (SystemExit(1), "crashed", "run_crashed"),
    "Ctrl-C": (KeyboardInterrupt(), "cancelled", "run_cancelled"),
}


@pytest.mark.promise(8)
@pytest.mark.parametrize(("error", "status", "code"), INTERRUPTIONS.values(), ids=INTERRUPTIONS.keys())
def test_interrupted_run_is_left_finished_and_the_interruption_goes_on(
    error: BaseException, status: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise error

    monkeypatch.setattr(sync_service, "take_steps", interrupt)

    with pytest.raises(type(error)):
        sync(make_server())

    run = SyncRun.objects.get()
    assert (run.status, run.error_code) == (status, code)


@pytest.mark.promise(8)
def test_interruption_while_the_run_is_being_closed_does_not_leave_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def interrupted_once(*args: Any, **kwargs: Any) -> None:
        calls.append(args)
        if len(calls) == 1:
            raise KeyboardInterrupt
        finish_run(*args, **kwargs)

    monkeypatch.setattr(sync_service, "finish_run", interrupted_once)
    monkeypatch.setattr(sync_service, "take_steps", lambda _execution: None)

    with pytest.raises(KeyboardInterrupt):
        sync(make_server())

    assert SyncRun.objects.get().status == "completed"


@pytest.mark.promise(8)
@pytest.mark.filterwarnings("ignore:Exception ignored in. .*ServerCursorMixin:pytest.PytestUnraisableExceptionWarning")
def test_interruption_after_any_statement_leaves_no_run_open(company: Company) -> None:
    """From before the claim until after the end, as a second Ctrl-C may come."""
    company.add_many(3)
    server = company.server()
    statements = 0
    while not interrupted_after(statements, server):
        assert not SyncRun.objects.filter(status=RunStatus.RUNNING).exists(), statements
        statements += 1

    assert statements > 20
    assert SyncRun.objects.latest("id").status in ("completed", "partial")


def interrupted_after(statements: int, server: DirectoryServer) -> bool:
    """Do one run and interrupt it once; whether it had ended before that."""
    left = statements

    def interrupt(execute: Any, *args: Any) -> Any:
        nonlocal left
        result = execute(*args)
        left -= 1
        if left == -1:
            raise KeyboardInterrupt
        return result

    try:
        with connection.execute_wrapper(interrupt):
            sync(server)
    except KeyboardInterrupt:
        return False
    return True
