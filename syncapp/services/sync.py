"""One whole run: claimed, carried out, and left finished however it ends (design, section 6)."""

import gc
import logging
import time
from collections.abc import Callable, Sequence

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from syncapp.choices import RunMode, RunStatus, RunTrigger
from syncapp.exceptions import ClaimLostError, PlanHeldError, RunCancelledError, SyncError
from syncapp.logs import about_run
from syncapp.models import SyncRun
from syncapp.services import schedules, worker_process
from syncapp.services.endpoints import Synchronised, synchronised
from syncapp.services.execution import Execution, Progress, no_progress
from syncapp.services.notifications import delivery
from syncapp.services.opening import open_endpoint
from syncapp.services.ports import OpenSession
from syncapp.services.runs import RunKeeper, cancel_own_run, claim_queued_run, finish_run, hand_over, start_run
from syncapp.services.sealed import take_sealed_steps
from syncapp.services.seals import check_plan, settle_plans
from syncapp.services.standing import access_of
from syncapp.services.steps import take_steps

logger = logging.getLogger(__name__)

# Seconds between attempts to close a run whose database is away: in all less than a claim lives.
PAUSES = (0.5, 2, 5, 10, 20, 30)
ENDED_WELL = (RunStatus.COMPLETED, RunStatus.PARTIAL)


def run_sync(
    *,
    server: Synchronised,
    mode: RunMode,
    trigger: RunTrigger,
    who: str = "",
    force: bool = False,
    anchors: Sequence[tuple[str, str]] = (),
    applies: SyncRun | None = None,
    incremental: bool = False,
    progress: Progress = no_progress,
    stop: Callable[[], bool] = lambda: False,
    open_session: OpenSession = open_endpoint,
) -> SyncRun:
    """Do one whole run here and now, and leave it finished however it ends.

    `anchors` are anchor and last known DN of the only people to look at, none for
    everybody; `applies` is the run whose plan, and nothing else, is carried out.
    `incremental`: read no more than what has changed, where that is known for sure.
    `stop` is asked at each page and chunk whether the run should end.

    Raise RunAlreadyActiveError when the server is busy with another run.
    """
    try:
        run = start_run(
            endpoint=server,
            mode=mode,
            trigger=trigger,
            who=who,
            force=force,
            anchors=anchors,
            applies=applies,
            incremental=incremental,
        )
        with about_run(run.pk):
            return carry_out(run, server, progress=progress, stop=stop, open_session=open_session)
    except KeyboardInterrupt:
        _drop_connection()
        cancel_own_run(server.pk)
        raise


def execute_run(run_id: int) -> SyncRun | None:
    """Carry out a queued run; None when it is not queued any more, or this worker is about to end."""
    if worker_process.is_to_stop():
        hand_over(run_id)
        return None
    run = claim_queued_run(run_id)
    if run is None:
        return None
    server = synchronised(run.server_id)
    with about_run(run.pk):
        return carry_out(run, server, stop=worker_process.is_to_stop, stop_code="worker_stopped")


def apply_plan(
    plan: SyncRun,
    *,
    trigger: RunTrigger,
    who: str = "",
    force: bool = False,
    progress: Progress = no_progress,
    stop: Callable[[], bool] = lambda: False,
) -> SyncRun:
    """Carry out the plan of a preview or held run here and now, exactly as it was shown (rule E5).

    Raise PlanStaleError where it cannot be applied, RunAlreadyActiveError when the server is busy.
    """
    check_plan(plan, force=force, now=timezone.now())
    return run_sync(
        server=synchronised(plan.server_id),
        mode=RunMode.APPLY,
        trigger=trigger,
        who=who,
        force=force,
        anchors=plan.anchors,
        applies=plan,
        progress=progress,
        stop=stop,
    )


def carry_out(
    run: SyncRun,
    server: Synchronised,
    *,
    progress: Progress = no_progress,
    stop: Callable[[], bool] = lambda: False,
    stop_code: str = "run_cancelled",
    open_session: OpenSession = open_endpoint,
) -> SyncRun:
    """Do a claimed run. Only a killed process can leave it open; `upkeep` and the next claim close those."""
    execution = Execution(run, server, RunKeeper(run, stop, stop_code), progress, open_session)
    began = time.monotonic()
    logger.info("Began: %s of server %s", run.mode, server.pk)
    gc_before = gc.get_threshold()
    # Hundreds of thousands of small objects live through a run and hold no cycles:
    # looking through them again and again took a sixth of the whole time.
    gc.set_threshold(100_000, 50, 1000)
    status, error = RunStatus.CRASHED, None
    access = access_of(server)
    try:
        status, error = _outcome(execution)
    except ClaimLostError:
        logger.warning("Run %s lost its claim and stopped", run.pk)
    except Exception as unexpected:  # whoever called has other servers to go on with
        logger.exception("Run %s crashed", run.pk)
        error = _crash(unexpected)
    except KeyboardInterrupt:
        _drop_connection()
        status, error = RunStatus.CANCELLED, RunCancelledError("run_cancelled")
        raise
    except BaseException as unexpected:  # SystemExit: that is how django-q2 ends a slow task
        error = _crash(unexpected)
        raise
    finally:
        gc.set_threshold(*gc_before)
        execution.seconds["total"] = round(time.monotonic() - began, 3)
        try:
            _finish(execution, status, error, access)
        except KeyboardInterrupt:  # a second Ctrl-C while the run is being closed must not leave it open
            _drop_connection()
            _finish(execution, status, error, access)
            raise
    logger.info("Ended as %s after %.1f s", run.status, execution.seconds["total"])
    settle_plans(run)
    schedules.after_run(run)
    delivery.after_run(run)
    return run


def _finish(execution: Execution, status: RunStatus, error: SyncError | None, access: str) -> None:
    """Close the run; where the database is away just now (restarted, locked) as soon as it is back."""
    for pause in (*PAUSES, None):
        try:
            finish_run(
                execution.run,
                status,
                error=error,
                counts=execution.counts,
                seconds=execution.seconds,
                notes=execution.keeper.notes,
                kinds=execution.keeper.kinds,
                seal=execution.seal,
                access=access if status == RunStatus.FAILED else "",
                bookmark=execution.bookmark if status in ENDED_WELL else None,
            )
            return
        except (OperationalError, InterfaceError):
            if pause is None:
                raise
            _drop_connection()
            time.sleep(pause)


def _drop_connection() -> None:
    """Undo what was begun; the next query makes a new one.

    An interruption may come between the statement that begins a transaction and
    Django's note of it: what is written then is never committed.
    """
    if not connection.in_atomic_block:
        connection.close()


def _crash(unexpected: BaseException) -> SyncError:
    return SyncError("run_crashed", kind=type(unexpected).__name__)


def _outcome(execution: Execution) -> tuple[RunStatus, SyncError | None]:
    try:
        if execution.run.applies_id is None:
            take_steps(execution)
        else:
            take_sealed_steps(execution)
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
            return RunStatus.CANCELLED, RunCancelledError(execution.keeper.stop_code)
        return RunStatus.FAILED, error
    except (OperationalError, InterfaceError):
        logger.exception("The database refused to go on with run %s", execution.run.pk)
        return RunStatus.FAILED, SyncError("database_unavailable", retryable=True)
    open_matters = any(execution.counts[name] for name in ("failed", "conflicts", "proposed"))
    return RunStatus.PARTIAL if open_matters or execution.refused else RunStatus.COMPLETED, None
