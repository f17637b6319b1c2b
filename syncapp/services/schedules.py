"""Schedules of servers: rows of django-q2 under names of ours, and the runs that they start.

django-q2 fires a row when its time has come and moves it on by the rhythm; after each
run it is set to when the next one is due, which is later after failures and may be
sooner after changes. Rows under other names are left alone.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F
from django_q.models import Schedule

from syncapp.choices import RunMode, RunTrigger
from syncapp.core.schedule import rhythm_of
from syncapp.exceptions import RunAlreadyActiveError
from syncapp.models import DirectoryServer, Endpoint, PhoneSystem, SyncRecord, SyncRun
from syncapp.services.runs import enqueue_run
from syncapp.services.standing import DONE, OURS, Standing, schedule_name, standing_of, standings

logger = logging.getLogger(__name__)

TASK = "syncapp.tasks.start_due_run"
# Above that many people who are due, the next run over everybody is soon enough.
FOLLOW_UP_LIMIT = 1000


def keep_schedules(endpoint_ids: Iterable[int] | None = None) -> None:
    """Bring the rows in line with what the servers want: all servers, where none are named.

    A row that is right keeps its time, for it may be just about to be fired.
    """
    wanted = standings(endpoint_ids)
    stored = _stored()
    rhythms = dict(Endpoint.objects.filter(pk__in=wanted).values_list("pk", "schedule"))
    for endpoint_id, standing in wanted.items():
        rows = stored.pop(schedule_name(endpoint_id), [])
        right = [_wanted(endpoint_id, rhythms[endpoint_id])] if standing.due else []
        if [_columns(row) for row in rows] != right:
            schedule_next_run(endpoint_id)
    if endpoint_ids is None and stored:
        Schedule.objects.filter(name__in=stored).delete()


def schedule_next_run(endpoint_id: int) -> None:
    """Make the row of one server what it should be, set to when its next run is due; one process after the other."""
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update(no_key=True).filter(pk=endpoint_id).first()
        rows = Schedule.objects.filter(name=schedule_name(endpoint_id))
        if endpoint is None or not endpoint.enabled or rhythm_of(endpoint.schedule) is None:
            rows.delete()  # what its runs say does not matter
            return
        standing = standing_of(endpoint_id)
        if standing.due is None:
            rows.delete()
            return
        values = {**_wanted(endpoint_id, endpoint.schedule), "next_run": standing.due}
        row = rows.order_by("pk").first() or Schedule.objects.create(name=schedule_name(endpoint_id), **values)
        rows.exclude(pk=row.pk).delete()
        rows.update(**values)  # also of a new one: saving a cron row sets a time of its own


def start_due_run(endpoint_id: int, *, due: datetime | None = None) -> SyncRun | None:
    """Queue the run that a schedule asks for; None where there is none to start, or it was started already.

    A run that is going on or waiting stands in the way: then this one is left out,
    and the other one says so.
    """
    if not Endpoint.objects.filter(pk=endpoint_id).exists():
        keep_schedules()
        return None
    standing = standing_of(endpoint_id)
    if standing.due is None:
        keep_schedules([endpoint_id])
        return None
    of_schedule = SyncRun.objects.filter(endpoint_id=endpoint_id, trigger=RunTrigger.SCHEDULE, anchors=[])
    if due is not None and of_schedule.filter(queued_at__gte=due).exists():
        return None  # the task came a second time
    try:
        return enqueue_run(endpoint_id=endpoint_id, mode=mode_of(standing), trigger=RunTrigger.SCHEDULE)
    except RunAlreadyActiveError as error:
        logger.warning("The schedule's run of endpoint %s was left out: %s", endpoint_id, error)
        SyncRun.objects.filter(pk=error.params["run"]).update(left_out=F("left_out") + 1)
        return None


def mode_of(standing: Standing) -> RunMode:
    """What a run that starts by itself may do: only look, until a person has applied one (rule E2)."""
    return RunMode.APPLY if standing.may_apply else RunMode.PREVIEW


def after_run(run: SyncRun) -> None:
    """Say when the next run is due, and let other servers follow soon whose people were changed.

    What goes wrong here is no fault of the run: the rhythm goes on without it.
    """
    try:
        schedule_next_run(run.server_id)
        if run.trigger == RunTrigger.SCHEDULE and run.mode == RunMode.APPLY and run.status in DONE and not run.anchors:
            _let_others_follow(run)
    except OperationalError:
        logger.exception("The schedule could not be settled after run %s", run.pk)


def _let_others_follow(run: SyncRun) -> None:
    """Start runs of other servers for the people whom this one made due for them (design, section 6).

    Such a run is one for certain people, and no other follows it: two servers that
    disagree do not start each other for ever. Only phone systems are asked for everybody
    after a directory, for who is to be made there has no record to be due.
    """
    if not any(run.counts.get(name) for name in ("created", "updated", "written_back")):
        return
    _let_phones_follow(run)
    due = SyncRecord.objects.filter(due=True, endpoint__phonesystem__isnull=True).exclude(endpoint_id=run.server_id)
    for endpoint_id, standing in standings(due.order_by().values_list("endpoint_id", flat=True).distinct()).items():
        if standing.due is None or not standing.may_apply or standing.failures:
            continue
        people = list(
            due.filter(endpoint_id=endpoint_id).order_by("id").values_list("anchor", "dn")[: FOLLOW_UP_LIMIT + 1]
        )
        if not 0 < len(people) <= FOLLOW_UP_LIMIT:
            continue
        try:
            enqueue_run(endpoint_id=endpoint_id, mode=RunMode.APPLY, trigger=RunTrigger.SCHEDULE, anchors=people)
        except RunAlreadyActiveError:
            logger.info("Endpoint %s has a run already, which takes up those who are due", endpoint_id)


def _let_phones_follow(run: SyncRun) -> None:
    """Start runs of phone systems after one of a directory: they take a few requests where nothing is to be done."""
    if not DirectoryServer.objects.filter(pk=run.server_id).exists():
        return
    phones = PhoneSystem.objects.order_by("rank", "name").values_list("pk", flat=True)
    for endpoint_id, standing in standings(phones).items() if phones else ():
        if standing.due is None or not standing.may_apply or standing.failures:
            continue
        try:
            enqueue_run(endpoint_id=endpoint_id, mode=RunMode.APPLY, trigger=RunTrigger.SCHEDULE)
        except RunAlreadyActiveError:
            logger.info("Endpoint %s has a run already, which takes up what has changed", endpoint_id)


def _stored() -> dict[str, list[Schedule]]:
    """Return the rows of ours for servers, by name; two of one name may come of two workers that began at once."""
    rows: dict[str, list[Schedule]] = {}
    for row in Schedule.objects.filter(name__startswith=f"{OURS}server ").order_by("pk"):
        rows.setdefault(row.name, []).append(row)
    return rows


def _wanted(endpoint_id: int, schedule: Mapping[str, Any]) -> dict[str, Any]:
    rhythm = rhythm_of(schedule)
    assert rhythm is not None  # noqa: S101  # who has a next time has a rhythm
    return {
        "func": TASK,
        "args": f"({endpoint_id},)",
        "kwargs": None,
        "schedule_type": Schedule.CRON if rhythm.cron else Schedule.MINUTES,
        "minutes": rhythm.every_minutes or None,
        "cron": rhythm.cron or None,
        "repeats": -1,
        "intended_date_kwarg": "due",
        "cluster": None,
    }


def _columns(row: Schedule) -> dict[str, Any]:
    names = ("func", "args", "kwargs", "schedule_type", "minutes", "cron", "repeats", "intended_date_kwarg", "cluster")
    return {name: getattr(row, name) for name in names}
