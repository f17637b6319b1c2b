"""How the whole installation stands, in one answer: for the terminal and for monitoring by a command."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.utils import translation

from syncapp import messages
from syncapp.choices import Status
from syncapp.models import Conflict, Endpoint, SyncRecord, SyncRun
from syncapp.services import queue
from syncapp.services.readiness import Part, readiness
from syncapp.services.standing import Health, Standing, standings

TROUBLE = frozenset({Health.FAILING, Health.STOPPED, Health.HELD})
_TABLES = ("database", "migrations")


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server: how it stands, its newest run, and what only a person can deal with."""

    server: Endpoint
    standing: Standing
    last_run: SyncRun | None
    conflicts: int
    failed: int

    @property
    def trouble(self) -> bool:
        return self.server.enabled and self.standing.health in TROUBLE


@dataclass(frozen=True, slots=True)
class Report:
    """`servers` and `waiting`, the length of the queue, are empty where the database cannot tell."""

    parts: list[Part]
    servers: list[ServerStatus]
    waiting: int | None
    workers: int

    @property
    def well(self) -> bool:
        """Whether nobody has to look: everything that is needed is there, and no server fails or is held."""
        return all(part.ready for part in self.parts) and not any(each.trouble for each in self.servers)


def report(*, now: datetime) -> Report:
    parts = readiness()
    missing = {part.name for part in parts if not part.ready}
    return Report(
        parts=parts,
        servers=[] if missing.intersection(_TABLES) else list(_servers(now)),
        waiting=None if "broker" in missing else queue.queue_length(),
        workers=0 if "worker" in missing else queue.workers_alive(),
    )


def _servers(now: datetime) -> Iterator[ServerStatus]:
    newest = SyncRun.objects.filter(endpoint=OuterRef("pk")).order_by("-id")
    rows: Any = Endpoint.objects.annotate(newest=Subquery(newest.values("pk")[:1])).order_by("rank", "name")
    servers = list(rows)
    runs = SyncRun.objects.in_bulk([server.newest for server in servers if server.newest])
    found = standings(now=now)
    conflicts = _numbers(Conflict.objects.filter(closed_at__isnull=True))
    failed = _numbers(SyncRecord.objects.filter(status=Status.FAILED))
    for server in servers:
        yield ServerStatus(
            server=server,
            standing=found[server.pk],
            last_run=runs.get(server.newest),
            conflicts=conflicts.get(server.pk, 0),
            failed=failed.get(server.pk, 0),
        )


def _numbers(rows: Any) -> dict[int, int]:
    return dict(rows.order_by().values_list("endpoint").annotate(number=Count("pk")))


def as_json(found: Report) -> dict[str, Any]:
    """The report for a program: codes are the contract, texts are English whatever the language."""
    with translation.override("en"):
        return {
            "well": found.well,
            "parts": {part.name: _part(part) for part in found.parts},
            "queue": found.waiting,
            "workers": found.workers,
            "servers": [_server(each) for each in found.servers],
        }


def _part(part: Part) -> dict[str, Any]:
    return {"ready": part.ready, "code": part.code or None, "reason": messages.render(part.code) or None}


def _server(each: ServerStatus) -> dict[str, Any]:
    standing, run = each.standing, each.last_run
    reason = standing.reason
    return {
        "server": each.server.name,
        "enabled": each.server.enabled,
        "health": standing.health.value,
        "failures": standing.failures,
        "failing_since": _time(standing.failing_since),
        "reason": {"code": reason.code, "message": messages.render(reason.code, reason.params)} if reason else None,
        "last_run": {"id": run.pk, "mode": run.mode, "status": run.status, "finished_at": _time(run.finished_at)}
        if run
        else None,
        "last_success": _time(standing.last_success),
        "next_run": _time(standing.next_run),
        "why_not": standing.why_not.value if standing.why_not else None,
        "conflicts": each.conflicts,
        "failed": each.failed,
    }


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None
