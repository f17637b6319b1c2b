"""House-keeping: what nobody needs any more is removed by age, every night.

The audit of people who exist stays for ever, unless the administrator has set an age
for it: what was carried out on an employee, and the runs that did it. So do the runs
that later ones look back to, and plans that were applied, as long as their appliers.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_q.models import Task

from syncapp.choices import NoticeStatus, RunMode
from syncapp.models import Notice, RunItem, SyncRun
from syncapp.services import photos, worker_process
from syncapp.services.standing import OURS
from syncapp.store.bulk import in_chunks
from syncapp.store.pruning import AUDIT, ENDED, InUse, delete_in_chunks, runs_in_use, with_audit

SCHEDULE = f"{OURS}house-keeping"
TASK = "syncapp.tasks.keep_house"
# Tasks of ours; those of other programs that share the queue are left alone.
_TASKS_OF_OURS = "syncapp."
# It begins somewhen in these hours of the night.
_FROM, _HOURS = 1, 4
_RUNS_AT_ONCE = 200
# Seconds for which a task of it keeps a process of the worker. A run that waits is queued again after two minutes.
TURN = 60.0


@dataclass(slots=True)
class Swept:
    """How many of each were removed, or would be."""

    previews: int = 0
    runs: int = 0
    items: int = 0
    tasks: int = 0
    messages: int = 0
    sessions: int = 0
    photos: int = 0

    @property
    def total(self) -> int:
        return sum(getattr(self, each.name) for each in fields(self))


class _TurnIsOver(Exception):
    """The worker is wanted for something else."""


@dataclass(frozen=True, slots=True)
class _Broom:
    """Deletes, or with `dry_run` only counts. After each chunk it raises _TurnIsOver where `is_wanted` says so."""

    in_use: InUse
    dry_run: bool = False
    is_wanted: Callable[[], bool] = lambda: False
    swept: Swept = field(default_factory=Swept)

    def rows(self, kind: str, rows: "QuerySet[Any]") -> None:
        for number in [rows.count()] if self.dry_run else delete_in_chunks(rows):
            setattr(self.swept, kind, getattr(self.swept, kind) + number)
            if self.is_wanted():
                raise _TurnIsOver

    def free(self, runs: "QuerySet[SyncRun]") -> Iterator[list[int]]:
        """Yield the keys of those runs that no other one looks back to, or applied, some at a time."""
        rows = runs.filter(applied_by=None).order_by("pk").values_list("pk", "endpoint", "mode")
        yield from in_chunks([row[0] for row in rows if not self.in_use.has(*row)], _RUNS_AT_ONCE)

    def items(self, items: "QuerySet[RunItem]") -> None:
        self.rows("items", items)

    def whole_runs(self, kind: str, run_ids: Sequence[int]) -> None:
        """Remove runs with all their items."""
        self.items(RunItem.objects.filter(run__in=run_ids))
        self.rows(kind, SyncRun.objects.filter(pk__in=run_ids))


def keep_house(*, now: datetime, dry_run: bool = False) -> Swept:
    """Remove what is older than the settings say; `dry_run` says what that would be, and removes nothing."""
    broom = _Broom(runs_in_use(), dry_run)
    _sweep(broom, now)
    return broom.swept


def keep_house_in_turns(*, now: datetime) -> Swept:
    """Do the same as a task that leaves the worker to those who wait, and queues itself behind them for the rest.

    A worker of one process takes up no run meanwhile, and takes itself for stuck where
    one waits for minutes. Each turn removes something, so that there is an end.
    """
    from django_q.tasks import async_task

    ends = time.monotonic() + TURN
    broom = _Broom(runs_in_use(), is_wanted=lambda: worker_process.is_to_stop() or time.monotonic() >= ends)
    try:
        _sweep(broom, now)
    except _TurnIsOver:
        async_task(TASK, task_name="house-keeping goes on")
    return broom.swept


def _sweep(broom: _Broom, now: datetime) -> None:
    ended = SyncRun.objects.filter(status__in=ENDED)
    for run_ids in broom.free(
        ended.filter(mode=RunMode.PREVIEW, finished_at__lt=_ago(settings.KEEP_PREVIEWS_DAYS, now))
    ):
        broom.whole_runs("previews", run_ids)
    others = ended.exclude(mode=RunMode.PREVIEW)
    if settings.KEEP_AUDIT_DAYS is not None:
        audit_from = _ago(settings.KEEP_AUDIT_DAYS, now)
        _forget_audit(broom, others.filter(finished_at__lt=audit_from))
        others = others.filter(finished_at__gte=audit_from)
    _prune_runs(broom, others.filter(mode=RunMode.APPLY, finished_at__lt=_ago(settings.KEEP_RUNS_DAYS, now)), now)
    tasks = Task.objects.filter(func__startswith=_TASKS_OF_OURS, stopped__lt=_ago(settings.KEEP_TASKS_DAYS, now))
    broom.rows("tasks", tasks)
    told = Notice.objects.exclude(status=NoticeStatus.WAITING)
    broom.rows("messages", told.filter(created_at__lt=_ago(settings.KEEP_TASKS_DAYS, now)))
    broom.rows("sessions", Session.objects.filter(expire_date__lt=now))
    broom.swept.photos = photos.sweep(now=now, dry_run=broom.dry_run)


def _ago(days: int, now: datetime) -> datetime:
    return now - timedelta(days=days)


def _forget_audit(broom: _Broom, runs: "QuerySet[SyncRun]") -> None:
    """Remove what runs and edits did to people who exist, too; of runs that are needed everything but the row."""
    every_run = list(runs.order_by("pk").values_list("pk", flat=True))
    free: set[int] = set()
    for run_ids in broom.free(runs):
        broom.whole_runs("runs", run_ids)
        free.update(run_ids)
    for run_ids in in_chunks([pk for pk in every_run if pk not in free], _RUNS_AT_ONCE):
        broom.items(RunItem.objects.filter(run__in=run_ids))


def _prune_runs(broom: _Broom, runs: "QuerySet[SyncRun]", now: datetime) -> None:
    """Remove runs that did nothing to an employee, and of the others the items that are no employee's history."""
    for run_ids in broom.free(runs.filter(pruned_at=None)):
        kept = with_audit(run_ids)
        broom.whole_runs("runs", [pk for pk in run_ids if pk not in kept])
        broom.items(RunItem.objects.filter(~AUDIT, run__in=kept))
        if not broom.dry_run:
            SyncRun.objects.filter(pk__in=kept).update(pruned_at=now)


def first_time(*, now: datetime) -> datetime:
    """Return when house-keeping begins: in the night, at a minute of this installation's own."""
    digest = salted_hmac("syncapp.housekeeping", SCHEDULE, algorithm="sha256").digest()
    begins = timezone.localtime(now).replace(hour=_FROM, minute=0, second=0, microsecond=0)
    first = begins + timedelta(minutes=int.from_bytes(digest[:4]) % (_HOURS * 60))
    return first if first > now else first + timedelta(days=1)
