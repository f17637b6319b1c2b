"""Life of a run: queued, claimed, kept alive, ended. The database decides who was first."""

import logging
import os
import pwd
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from syncapp.choices import ReadMode, RunMode, RunPhase, RunStatus, RunTrigger
from syncapp.exceptions import ClaimLostError, RunAlreadyActiveError, RunCancelledError, SyncError
from syncapp.models import Endpoint, SyncRun
from syncapp.services import worker_process

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

logger = logging.getLogger(__name__)

TASK = "syncapp.tasks.execute_run"
# Seconds. A directory gives fifty pages in one; to renew the row at each took a twentieth of a quiet run.
PULSE = 1.0


def enqueue_run(
    *,
    endpoint_id: int,
    mode: RunMode,
    trigger: RunTrigger,
    user: "User | None" = None,
    force: bool = False,
    anchors: Sequence[tuple[str, str]] = (),
    applies: SyncRun | None = None,
) -> SyncRun:
    """Put a run into the queue and return its row, where it can be watched.

    `anchors` are anchor and last known DN of the only people to look at; `applies`
    is the run whose plan is to be carried out.

    Raise RunAlreadyActiveError when one of this endpoint is running or waiting.
    """
    close_stale_runs(endpoint_id)
    active = SyncRun.objects.filter(endpoint_id=endpoint_id, status__in=[RunStatus.RUNNING, RunStatus.QUEUED])
    with transaction.atomic():
        # A person and the schedule may come at one moment: one after the other, they see each other's run.
        list(Endpoint.objects.select_for_update(no_key=True).filter(pk=endpoint_id))
        if first := active.order_by("id").select_related("endpoint").first():
            raise RunAlreadyActiveError("run_already_active", run=first.pk, server=str(first.endpoint))
        run = SyncRun.objects.create(
            endpoint_id=endpoint_id,
            mode=mode,
            trigger=trigger,
            user=user,
            who=user.get_username() if user is not None else "",
            forced=force,
            anchors=list(map(list, anchors)),
            applies=applies,
            status=RunStatus.QUEUED,
            handed_over_at=Now(),
        )
        # Robust: where the broker is away, a worker takes the run up later (`upkeep`).
        # A lambda, for Django asks a robust one that failed for its name, and a partial has none.
        transaction.on_commit(lambda: hand_over(run.pk), robust=True)
    return run


def hand_over(run_id: int) -> None:
    """Give the task of a queued run to the workers.

    Where the broker is out of reach the run stays queued: a worker hands it over as
    soon as it is back.
    """
    from django_q.tasks import async_task
    from redis.exceptions import RedisError

    try:
        async_task(TASK, run_id, task_name=f"run {run_id}")
    except RedisError as error:
        logger.error("Run %s waits: the broker cannot be reached (%s)", run_id, type(error).__name__)


def start_run(
    *,
    endpoint: Endpoint,
    mode: RunMode,
    trigger: RunTrigger,
    who: str = "",
    force: bool = False,
    anchors: Sequence[tuple[str, str]] = (),
    applies: SyncRun | None = None,
    incremental: bool = False,
) -> SyncRun:
    """Claim the endpoint by a running row; raise RunAlreadyActiveError when another one holds the claim."""
    close_stale_runs(endpoint.pk)
    try:  # a partial unique constraint lets one running run in
        with transaction.atomic():
            run = SyncRun.objects.create(
                endpoint=endpoint,
                mode=mode,
                trigger=trigger,
                who=who,
                forced=force,
                anchors=list(map(list, anchors)),
                applies=applies,
                **_claim(_read_mode(anchors, applies, incremental=incremental)),
            )
    except IntegrityError:
        raise _already_active(endpoint) from None
    run.refresh_from_db()
    return run


def claim_queued_run(run_id: int) -> SyncRun | None:
    """Turn a queued run into a running one; None when it is not queued any more.

    A task that is delivered twice finds nothing to do the second time. When
    another run holds the claim, this one ends and says so: as `failed`, or as
    `cancelled` where nobody but the schedule had asked for it.
    """
    run = SyncRun.objects.select_related("endpoint", "applies").get(pk=run_id)
    if run.endpoint is None:
        return None
    close_stale_runs(run.endpoint.pk)
    try:
        with transaction.atomic():
            claimed = SyncRun.objects.filter(pk=run_id, status=RunStatus.QUEUED).update(
                **_claim(
                    # By itself only what has changed is read; who presses a button wants everybody looked at.
                    _read_mode(run.anchors, run.applies, incremental=run.trigger == RunTrigger.SCHEDULE)
                ),
            )
    except IntegrityError:
        error = _already_active(run.endpoint)
        SyncRun.objects.filter(pk=run_id, status=RunStatus.QUEUED).update(
            status=RunStatus.CANCELLED if run.trigger == RunTrigger.SCHEDULE else RunStatus.FAILED,
            error_code=error.code,
            error_params=error.params,
            finished_at=Now(),
        )
        return None
    if not claimed:
        return None
    run.refresh_from_db()
    return run


def _read_mode(anchors: Sequence[Any], applies: SyncRun | None, *, incremental: bool = False) -> str:
    """How much a run is to read: '' for one that looks at the people of another run's plan."""
    if applies is not None:
        return ""
    if anchors:
        return ReadMode.PERSON
    return ReadMode.INCREMENTAL if incremental else ReadMode.FULL


def _claim(read: str) -> dict[str, Any]:
    """What makes a row the claim on its endpoint; the times are the database's."""
    return {
        "status": RunStatus.RUNNING,
        "phase": RunPhase.READ,
        "phase_at": Now(),
        "read": read,
        "started_at": Now(),
        "heartbeat_at": Now(),
        "worker": worker_process.name(),
    }


def _already_active(endpoint: Endpoint) -> RunAlreadyActiveError:
    active = SyncRun.objects.filter(endpoint=endpoint, status=RunStatus.RUNNING).first()
    return RunAlreadyActiveError("run_already_active", run=active.pk if active else 0, server=endpoint.name)


def cancel_own_run(endpoint_id: int) -> None:
    """Close what this process has claimed of an endpoint and not yet begun, or not ended, when it was interrupted.

    The claim is in the database before anybody here knows the number of its run.
    """
    SyncRun.objects.filter(endpoint_id=endpoint_id, status=RunStatus.RUNNING, worker=worker_process.name()).update(
        status=RunStatus.CANCELLED, phase=RunPhase.DONE, error_code="run_cancelled", finished_at=Now()
    )


def close_stale_runs(endpoint_id: int | None = None) -> list[int]:
    """Close runs whose process died, of one endpoint or of all: too long without a heartbeat, by the database's clock.

    Return the endpoints of the runs that were closed.
    """
    silent = SyncRun.objects.filter(
        status=RunStatus.RUNNING, heartbeat_at__lt=Now() - settings.CLAIM_EXPIRES_AFTER, endpoint__isnull=False
    )
    if endpoint_id is not None:
        silent = silent.filter(endpoint_id=endpoint_id)
    return close_as_crashed(silent)


def close_as_crashed(runs: "QuerySet[SyncRun]") -> list[int]:
    """Close those of the runs that still are as the query says, and return their endpoints."""
    closed = []
    for run_id, endpoint_id in list(runs.order_by("id").values_list("pk", "endpoint_id")):
        if runs.filter(pk=run_id).update(
            status=RunStatus.CRASHED, error_code="run_died", error_params={}, finished_at=Now()
        ):
            logger.warning("Closed run %s of endpoint %s, which had stopped answering", run_id, endpoint_id)
            closed.append(endpoint_id)
    return closed


class RunKeeper:
    """Keeps one running run alive and lets it notice that it should stop.

    `beat` must be called at least every minute: at each page read and each chunk
    written. It raises ClaimLostError when another process closed the run,
    RunCancelledError when somebody asked for it, SyncError past the deadline. `stop`
    is asked whether the process is to end, `stop_code` says why it would.
    `kinds` is what has been done so far that counts towards the brakes: it is stored
    on the way, so that a killed run counts too.
    """

    def __init__(self, run: SyncRun, stop: Callable[[], bool], stop_code: str = "run_cancelled") -> None:
        self.run = run
        self.stop = stop
        self.stop_code = stop_code
        self.started = timezone.now()
        self._beaten = time.monotonic()
        self.notes: list[dict[str, Any]] = []
        self.kinds: Mapping[str, int] = {}

    def pulse(self, *, done: int | None = None) -> None:
        """As `beat`, for what may come many times a second: the row is renewed once in a second."""
        if self.stop():
            raise RunCancelledError(self.stop_code)
        if time.monotonic() - self._beaten >= PULSE:
            self.beat(done=done)

    def beat(self, *, phase: RunPhase | None = None, done: int | None = None, total: int | None = None) -> None:
        if self.stop():
            raise RunCancelledError(self.stop_code)
        self._beaten = time.monotonic()
        values: dict[str, Any] = {"heartbeat_at": Now()}
        if phase is not None:
            values |= {"phase": phase, "phase_at": Now(), "progress_total": total, "progress_done": 0}
        if done is not None:
            values["progress_done"] = done
        if self.kinds:
            values["kinds"] = dict(self.kinds)
        running = SyncRun.objects.filter(pk=self.run.pk, status=RunStatus.RUNNING)
        if not running.filter(cancel_requested=False).update(**values):
            if running.exists():
                raise RunCancelledError("run_cancelled")
            raise ClaimLostError("claim_lost", run=self.run.pk)
        if timezone.now() - self.started > settings.RUN_DEADLINE:
            raise SyncError("run_deadline", hours=round(settings.RUN_DEADLINE.total_seconds() / 3600))

    def note(self, code: str, **params: Any) -> None:
        """Say something about the run that is no error."""
        if not any(note["code"] == code and note["params"] == params for note in self.notes):
            self.notes.append({"code": code, "params": params})


def finish_run(
    run: SyncRun,
    status: RunStatus,
    *,
    error: SyncError | None = None,
    counts: dict[str, int] | None = None,
    seconds: dict[str, float] | None = None,
    notes: list[dict[str, Any]] | None = None,
    kinds: Mapping[str, int] | None = None,
    seal: dict[str, Any] | None = None,
    access: str = "",
    bookmark: dict[str, Any] | None = None,
) -> None:
    """End a running run; one that was closed by somebody else stays as it is."""
    SyncRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING).update(
        status=status,
        phase=RunPhase.DONE,
        error_code=error.code if error else "",
        error_params=error.params if error else {},
        counts=counts or {},
        seconds=seconds or {},
        notes=notes or [],
        kinds=dict(kinds or {}),
        seal=seal or {},
        access=access,
        bookmark=bookmark or {},
        finished_at=Now(),
    )
    run.refresh_from_db()


def request_cancel(run_id: int) -> bool:
    """Ask a run to stop; False when it has ended already.

    A queued run ends at once, a running one at its next page or chunk.
    """
    if SyncRun.objects.filter(pk=run_id, status=RunStatus.QUEUED).update(
        status=RunStatus.CANCELLED, error_code="run_cancelled", cancel_requested=True, finished_at=Now()
    ):
        return True
    return bool(SyncRun.objects.filter(pk=run_id, status=RunStatus.RUNNING).update(cancel_requested=True))


def operator() -> str:
    """Who runs a command: the system's user and machine, for the audit trail."""
    try:
        user = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account without a name, as in containers
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
