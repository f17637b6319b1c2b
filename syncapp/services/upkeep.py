"""What a worker looks after besides carrying out runs: those that were killed or got lost, and what comes regularly."""

import logging
from typing import Any

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import Schedule

from syncapp.choices import RunStatus
from syncapp.models import SyncRun
from syncapp.services import housekeeping, schedules, worker_process
from syncapp.services.notifications import delivery
from syncapp.services.runs import close_as_crashed, close_stale_runs, hand_over

logger = logging.getLogger(__name__)


def close_dead_runs(worker: str) -> None:
    """Close runs whose process was killed: those of this worker at once, others when they have been silent too long."""
    running = SyncRun.objects.filter(status=RunStatus.RUNNING, worker__endswith=f" {worker}", endpoint__isnull=False)
    dead = [
        run.pk
        for run in running
        if (pid := worker_process.pid_of(run.worker, worker=worker)) and not worker_process.is_alive(pid)
    ]
    closed = close_as_crashed(running.filter(pk__in=dead)) if dead else []
    for endpoint_id in [*closed, *close_stale_runs()]:
        schedules.schedule_next_run(endpoint_id)


def runs_of(worker: str) -> int:
    """How many runs this worker is carrying out."""
    return SyncRun.objects.filter(status=RunStatus.RUNNING, worker__endswith=f" {worker}").count()


def queue_lost_runs_again(*, all_of_them: bool = False) -> None:
    """Hand queued runs over once more that nobody took: their task was lost with a worker or a broker.

    A task that is only late finds nothing to do when it comes.
    """
    queued = SyncRun.objects.filter(status=RunStatus.QUEUED, endpoint__isnull=False)
    overdue = queued if all_of_them else queued.filter(handed_over_at__lt=Now() - settings.QUEUED_AGAIN_AFTER)
    for run_id, since in list(overdue.order_by("id").values_list("pk", "handed_over_at")):
        # Of several workers that look at one moment, one hands it over. (Not "equal": SQLite
        # keeps times of its own in milliseconds, and compares them as texts.)
        if queued.filter(pk=run_id, handed_over_at__lte=since).update(handed_over_at=Now()):
            logger.warning("Run %s was not taken by any worker, and is queued again", run_id)
            hand_over(run_id)


def somebody_waits_too_long() -> bool:
    """Whether a run is still queued though it has been queued again meanwhile."""
    queued = SyncRun.objects.filter(status=RunStatus.QUEUED, endpoint__isnull=False)
    return queued.filter(queued_at__lt=Now() - 2 * settings.QUEUED_AGAIN_AFTER).exists()


def keep_regular_tasks() -> None:
    """See to it that house-keeping is done every night, and that word is sent that no run could send."""
    first = housekeeping.first_time(now=timezone.now())
    _keep(housekeeping.SCHEDULE, func=housekeeping.TASK, schedule_type=Schedule.DAILY, next_run=first)
    _keep(delivery.SCHEDULE, func=delivery.TASK, schedule_type=Schedule.MINUTES, minutes=delivery.EVERY)


def _keep(name: str, **values: Any) -> None:
    """Make the row where there is none; of two, which two workers made that began at once, the first stays."""
    rows = Schedule.objects.filter(name=name).order_by("pk")
    row = rows.first() or Schedule.objects.create(name=name, **values)
    rows.exclude(pk=row.pk).delete()
