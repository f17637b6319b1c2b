"""One whole run, step by step (design, section 6)."""

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from django.db import OperationalError
from django.utils import timezone

from syncapp.choices import RunMode, RunPhase, RunStatus, RunTrigger
from syncapp.core import limits
from syncapp.core.records import PlanItem, RecordTouch
from syncapp.exceptions import ClaimLostError, PlanHeldError, RunCancelledError, SyncError
from syncapp.models import DirectoryServer, SyncRun
from syncapp.services.counts import NAMES, Tally, applied_counts, planned_counts
from syncapp.services.endpoints import store_findings
from syncapp.services.planning import Planning, make_plan
from syncapp.services.reading import RemoteRead, read_directory
from syncapp.services.runs import RunKeeper, claim_queued_run, finish_run, start_run
from syncapp.store.bulk import in_chunks
from syncapp.store.items import insert_items, iter_planned
from syncapp.store.newcomers import Newcomers, from_now_on
from syncapp.store.writer import apply_items, apply_touches, settle_the_rest

logger = logging.getLogger(__name__)


class Progress(Protocol):
    """Is told how far a run is: phase, people done, and of how many where that is known."""

    def __call__(self, phase: RunPhase, done: int, total: int | None) -> None: ...


def no_progress(phase: RunPhase, done: int, total: int | None) -> None:
    """For those who do not watch."""


@dataclass(slots=True)
class Execution:
    """A run while it is carried out."""

    run: SyncRun
    server: DirectoryServer
    keeper: RunKeeper
    progress: Progress
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    seconds: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("read", "plan", "apply", "write_back", "total"), 0.0)
    )

    def beat(self, phase: RunPhase, done: int, total: int | None = None) -> None:
        self.keeper.beat(phase=phase if done == 0 else None, done=done, total=total)
        self.progress(phase, done, total)

    @contextmanager
    def timed(self, phase: RunPhase) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[phase] = round(time.monotonic() - began, 3)


def run_sync(
    *,
    server: DirectoryServer,
    mode: RunMode,
    trigger: RunTrigger,
    who: str = "",
    force: bool = False,
    progress: Progress = no_progress,
    stop: Callable[[], bool] = lambda: False,
) -> SyncRun:
    """Do one whole run here and now, and leave it finished however it ends.

    Raise RunAlreadyActiveError when the server is busy with another one. `stop`
    is asked at each page and chunk whether the run should end.
    """
    run = start_run(endpoint=server, mode=mode, trigger=trigger, who=who, force=force)
    return carry_out(run, server, progress=progress, stop=stop)


def execute_run(run_id: int) -> SyncRun | None:
    """Carry out a queued run; None when it is not queued any more."""
    run = claim_queued_run(run_id)
    if run is None:
        return None
    return carry_out(run, DirectoryServer.objects.get(pk=run.server_id))


def carry_out(
    run: SyncRun,
    server: DirectoryServer,
    *,
    progress: Progress = no_progress,
    stop: Callable[[], bool] = lambda: False,
) -> SyncRun:
    """Do a claimed run. Only a killed process can leave it open; the next claim closes those."""
    execution = Execution(run, server, RunKeeper(run, stop), progress)
    began = time.monotonic()
    gc_before = gc.get_threshold()
    # Hundreds of thousands of small objects live through a run and hold no cycles:
    # looking through them again and again took a sixth of the whole time.
    gc.set_threshold(100_000, 50, 1000)
    status, error = RunStatus.CRASHED, None
    try:
        status, error = _outcome(execution)
    except ClaimLostError:
        logger.warning("Run %s lost its claim and stopped", run.pk)
    except Exception as unexpected:  # whoever called has other servers to go on with
        logger.exception("Run %s crashed", run.pk)
        error = _crash(unexpected)
    except KeyboardInterrupt:
        status, error = RunStatus.CANCELLED, RunCancelledError("run_cancelled")
        raise
    except BaseException as unexpected:  # SystemExit: that is how django-q2 ends a slow task
        error = _crash(unexpected)
        raise
    finally:
        gc.set_threshold(*gc_before)
        execution.seconds["total"] = round(time.monotonic() - began, 3)
        finish_run(
            run,
            status,
            error=error,
            counts=execution.counts,
            seconds=execution.seconds,
            notes=execution.keeper.notes,
        )
    return run


def _crash(unexpected: BaseException) -> SyncError:
    return SyncError("run_crashed", kind=type(unexpected).__name__)


def _outcome(execution: Execution) -> tuple[RunStatus, SyncError | None]:
    try:
        _steps(execution)
    except PlanHeldError as error:
        for code, params in error.brakes[1:]:
            execution.keeper.note(code, **params)
        return RunStatus.HELD, error
    except RunCancelledError as error:
        return RunStatus.CANCELLED, error
    except ClaimLostError:
        raise
    except SyncError as error:
        # A signal breaks off a call that waits for the network, which then looks like a lost connection.
        if execution.keeper.stop():
            return RunStatus.CANCELLED, RunCancelledError("run_cancelled")
        return RunStatus.FAILED, error
    except OperationalError:
        logger.exception("The database refused to go on with run %s", execution.run.pk)
        return RunStatus.FAILED, SyncError("database_unavailable", retryable=True)
    open_matters = any(execution.counts[name] for name in ("failed", "conflicts", "proposed"))
    return RunStatus.PARTIAL if open_matters else RunStatus.COMPLETED, None


def _steps(execution: Execution) -> None:
    """Read, plan, brake; then stop for a preview, or apply."""
    run, keeper = execution.run, execution.keeper
    with execution.timed(RunPhase.READ):
        read = read_directory(execution.server, keeper, lambda done: execution.beat(RunPhase.READ, done))
    with execution.timed(RunPhase.PLAN):
        execution.beat(RunPhase.PLAN, 0, len(read.people))
        newcomers = from_now_on()
        planning = make_plan(execution.server, read, keeper.beat)
        tally, touches = _store_plan(execution, read, planning)
    execution.counts = planned_counts(endpoint_id=execution.server.pk, read=read.count, tally=tally)
    for message in planning.notes:
        keeper.note(message.code, **message.params)
    held = limits.brakes(
        read=read.count,
        first_meeting=planning.first_meeting,
        numbers_missing=planning.numbers_missing,
        pools=[pool.name for pool in read.options.pools],
    )
    if held and not run.forced:
        raise PlanHeldError([(message.code, dict(message.params)) for message in held])
    for message in held:
        keeper.note(message.code, **message.params)
    if run.mode == RunMode.PREVIEW:
        return
    planned, tally = sum(tally.came.values()), Tally()
    try:
        with execution.timed(RunPhase.APPLY):
            _apply(execution, touches, newcomers, planned, tally)
            store_findings(execution.server, read.kind)
    finally:  # a run that was stopped half-way says what it did, not what it would have done
        execution.counts = applied_counts(endpoint_id=execution.server.pk, read=read.count, tally=tally)


def _store_plan(execution: Execution, read: RemoteRead, planning: Planning) -> tuple[Tally, list[RecordTouch]]:
    """Write the plan as `planned` items before anything is changed."""
    tally = Tally()
    touches: list[RecordTouch] = []
    stored = 0
    for chunk in in_chunks(planning.people()):
        items: list[tuple[PlanItem, str]] = []
        for news in chunk:
            record = read.known_by_id.get(news.record_id) if news.record_id is not None else None
            tally.waiting += int(bool(news.waits)) - int(bool(record and record.waits))
            if isinstance(news, RecordTouch):
                touches.append(news)
            else:
                before = record.status.value if record else ""
                items.append((news, before))
                tally.add_planned(news, before=before)
        insert_items(execution.run, items, start=stored)
        stored += len(items)
        execution.beat(RunPhase.PLAN, stored + len(touches), len(read.people))
    return tally, touches


def _apply(execution: Execution, touches: list[RecordTouch], newcomers: Newcomers, planned: int, tally: Tally) -> None:
    """Carry the plan out, chunk by chunk, each one a transaction with its items; count what was done."""
    run, done = execution.run, 0
    execution.beat(RunPhase.APPLY, 0, planned)
    for rows in iter_planned(run.pk):
        for written in apply_items(run, rows, now=timezone.now(), beat=execution.keeper.beat, newcomers=newcomers):
            if written.due:
                execution.keeper.note("edited_meanwhile_note")
            else:
                tally.add_written(written)
        done += len(rows)
        execution.beat(RunPhase.APPLY, done, planned)
    for chunk in in_chunks(touches):
        execution.keeper.beat()
        apply_touches(run, chunk)
    settle_the_rest(run)
