"""Figures for a monitoring system, worked out from the database whenever it asks.

Nothing is counted in memory: the web processes are many, and a counter of one of them
would tell of its own share alone. The number of queries is the same for one server and
for a thousand.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from syncapp.choices import RunMode, RunPhase, RunStatus, State, Status
from syncapp.models import Conflict, Employee, Endpoint, SyncRecord, SyncRun
from syncapp.services import queue
from syncapp.services.standing import Health, standings

WINDOW = timedelta(days=1)
SUCCESS = (RunStatus.COMPLETED, RunStatus.PARTIAL)
ENDED = (*SUCCESS, RunStatus.HELD, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.CRASHED)
OPEN = (RunStatus.QUEUED, RunStatus.RUNNING)
_PHASES = (RunPhase.READ, RunPhase.PLAN, RunPhase.APPLY, RunPhase.WRITE_BACK)

Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric: samples are values of the labels, and the number."""

    name: str
    text: str
    labels: tuple[str, ...]
    samples: list[Sample]


def figures(*, now: datetime) -> Iterator[Figure]:
    """Yield every metric: a fixed number of queries, and what the broker needs."""
    servers = list(Endpoint.objects.order_by("name"))
    names = {server.pk: server.name for server in servers}
    yield Figure(
        "server_enabled", "Whether the server is synchronised.", ("server",),
        [((server.name,), float(server.enabled)) for server in servers],
    )  # fmt: skip
    yield from _standings({server.pk: server.name for server in servers if server.enabled}, now)
    yield from _last_runs(names)
    yield _runs_of_the_day(names, now)
    yield from _open_runs(names, now)
    yield from _people(names)
    yield Figure("queue_length", "Tasks that wait for a worker.", (), [((), float(queue.queue_length()))])
    yield Figure("workers", "Clusters that gave a sign of life.", (), [((), float(queue.workers_alive()))])


def _standings(names: Mapping[int, str], now: datetime) -> Iterator[Figure]:
    found = [(names[pk], standing) for pk, standing in standings(names, now=now).items()]
    yield Figure(
        "last_success_age_seconds",
        "Time since the last run over everybody that was completed, with open matters or without; +Inf: there is none.",
        ("server",),
        [((name,), _age(standing.last_success, now)) for name, standing in found],
    )
    yield Figure(
        "failures_in_a_row",
        "Runs that have failed since the last one that went through.",
        ("server",),
        [((name,), float(standing.failures)) for name, standing in found],
    )
    yield Figure(
        "server_health",
        "How the server stands: 1 at the word for it.",
        ("server", "health"),
        [((name, health.value), float(standing.health == health)) for name, standing in found for health in Health],
    )


def whole_runs() -> "QuerySet[SyncRun]":
    """Runs that synchronise everybody: previews and runs for certain people say nothing of how a server stands."""
    return SyncRun.objects.filter(mode=RunMode.APPLY, anchors=[])


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since is not None else math.inf


def _last_runs(names: Mapping[int, str]) -> Iterator[Figure]:
    newest = whole_runs().filter(status__in=ENDED).order_by().values("endpoint").annotate(newest=Max("pk"))
    runs = list(SyncRun.objects.filter(pk__in=newest.values("newest")).values("endpoint", "status", "seconds"))
    yield Figure(
        "last_run_status",
        "How the last run over everybody ended: 1 at its status.",
        ("server", "status"),
        [
            ((names[run["endpoint"]], status.value), float(run["status"] == status))
            for run in runs
            if run["endpoint"] in names
            for status in ENDED
        ],
    )
    yield Figure(
        "last_run_seconds",
        "How long each phase of the last run over everybody took.",
        ("server", "phase"),
        [
            ((names[run["endpoint"]], phase.value), float(run["seconds"][phase]))
            for run in runs
            if run["endpoint"] in names
            for phase in _PHASES
            if phase in run["seconds"]
        ],
    )


def _runs_of_the_day(names: Mapping[int, str], now: datetime) -> Figure:
    rows = (
        SyncRun.objects.filter(finished_at__gte=now - WINDOW, status__in=ENDED, endpoint__isnull=False)
        .order_by()
        .values_list("endpoint", "mode", "status")
        .annotate(number=Count("pk"))
    )
    return Figure(
        "runs_last_day",
        "Runs that ended in the last 24 hours.",
        ("server", "mode", "status"),
        [((names[pk], mode, status), float(number)) for pk, mode, status, number in rows if pk in names],
    )


def _open_runs(names: Mapping[int, str], now: datetime) -> Iterator[Figure]:
    rows = list(
        SyncRun.objects.filter(status__in=OPEN)
        .order_by()
        .values_list("endpoint", "status")
        .annotate(number=Count("pk"), first=Min("queued_at"))
    )
    yield Figure(
        "runs_open",
        "Runs that are queued or running.",
        ("server", "status"),
        [((names[pk], status), float(number)) for pk, status, number, _first in rows if pk in names],
    )
    waiting = [first for _pk, status, _number, first in rows if status == RunStatus.QUEUED]
    yield Figure(
        "oldest_queued_run_seconds",
        "How long the run that has waited longest has been waiting for a worker.",
        (),
        [((), _age(min(waiting), now) if waiting else 0.0)],
    )


def _people(names: Mapping[int, str]) -> Iterator[Figure]:
    records = SyncRecord.objects.order_by()
    statuses = {
        (pk, status): number
        for pk, status, number in records.values_list("endpoint", "status").annotate(number=Count("pk"))
    }
    yield Figure(
        "people",
        "People of a server by what the last run that looked at them did.",
        ("server", "status"),
        [
            ((name, status), float(statuses.get((pk, status), 0)))
            for pk, name in names.items()
            for status in Status.values
        ],
    )
    states = dict(records.values_list("state").annotate(number=Count("pk")))
    yield Figure(
        "people_by_state",
        "People of all servers by their state there.",
        ("state",),
        [((state,), float(states.get(state, 0))) for state in State.values],
    )
    conflicts = Conflict.objects.filter(closed_at__isnull=True).order_by()
    marked: tuple[tuple[str, str, QuerySet[Any]], ...] = (
        ("people_waiting", "People with a value that may not go out yet.", records.filter(waiting=True)),
        ("people_due", "People whom the next run looks at, whatever comes.", records.filter(due=True)),
        ("conflicts_open", "Matters that only a person can decide.", conflicts),
    )
    for metric, text, rows in marked:
        numbers = dict(rows.values_list("endpoint").annotate(number=Count("pk")))
        samples: list[Sample] = [((name,), float(numbers.get(pk, 0))) for pk, name in names.items()]
        yield Figure(metric, text, ("server",), samples)
    employees = Employee.rows.order_by().filter(archived_at__isnull=True).count()
    yield Figure("employees", "Employees who are not archived.", (), [((), float(employees))])
