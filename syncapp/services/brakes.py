"""Step 6 of a run: what the brakes are told, and what is said when they hold (rules E3, E4)."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from syncapp.choices import RunMode
from syncapp.core import limits
from syncapp.core.causes import (
    GROUP_MINIMUM,
    LEAVING,
    Concerned,
    Everybody,
    changed_scope,
    likely_cause,
    vanished_groups,
)
from syncapp.core.options import FieldRule
from syncapp.core.planned import PlanItem
from syncapp.core.records import KnownRecord, LocalPerson, Message
from syncapp.core.vocabulary import INACTIVE_STATES, Action, Field, Side
from syncapp.models import SyncRecord, SyncRun
from syncapp.services.endpoints import Synchronised
from syncapp.store.sent import whole_runs

COUNTED_FOR = timedelta(hours=24)


@dataclass(slots=True)
class Changes:
    """What a plan would do, as the brakes count it: put together while the plan is stored.

    `leaving` are the records of people who would be disabled or missing. `joined`: how
    many people would be tied to the server who are not yet, without the new ones.
    """

    concerned: dict[str, Concerned] = field(default_factory=dict)
    leaving: set[int] = field(default_factory=set)
    joined: int = 0

    def add(self, item: PlanItem, record: KnownRecord | None, local: LocalPerson | None) -> None:
        self.joined += item.action is Action.JOIN
        department = local.values[Field.DEPARTMENT] if local is not None else _new_value(item, Field.DEPARTMENT)
        for kind in item.kinds:
            dn = record.dn if record is not None and kind in LEAVING else item.dn
            concerned = self.concerned.setdefault(kind, Concerned())
            concerned.add(dn=dn, department=department, fields=_fields(item, kind))
            if kind in LEAVING and record is not None:
                self.leaving.add(record.id)

    @property
    def counts(self) -> dict[str, int]:
        return {kind: concerned.count for kind, concerned in sorted(self.concerned.items())}


def _new_value(item: PlanItem, name: Field) -> str:
    return next((change.after for change in item.changes if change.field is name), "")


def _fields(item: PlanItem, kind: str) -> Collection[Field]:
    """The fields in which a person has this kind of change."""
    if kind == "written_back":
        return [change.field for change in item.changes if change.side is Side.REMOTE]
    if kind == "emptied":
        return [change.field for change in item.changes if change.before and not change.after]
    return [change.field for change in item.changes if change.before and change.after and change.side is Side.LOCAL]


@dataclass(frozen=True, slots=True)
class History:
    """What was applied before. `recent` counts the last 24 hours, `applied` the runs over everybody, two at most."""

    recent: Mapping[str, int]
    applied: int
    tied: int


def history(server: Synchronised, *, now: datetime) -> History:
    """Look up what the brakes have to know of earlier runs (three queries)."""
    first = list(whole_runs(server.pk).order_by("id").values_list("id", flat=True)[:2])
    lately = SyncRun.objects.filter(endpoint=server, mode=RunMode.APPLY, finished_at__gte=now - COUNTED_FOR)
    recent: Counter[str] = Counter()
    for run_id, kinds in lately.values_list("id", "kinds"):
        for kind, count in kinds.items():
            # What is expected of a first run does not count against the next one.
            if sum(run_id > each for each in first) >= limits.BEGINS_AFTER.get(kind, 0):
                recent[kind] += count
    tied = SyncRecord.objects.filter(endpoint=server, employee__isnull=False).count()
    return History(recent, len(first), tied)


def too_much(
    server: Synchronised,
    changes: Changes,
    *,
    rules: tuple[FieldRule, ...],
    unfilled: Collection[Field],
    scopes: tuple[Mapping[str, Any], Mapping[str, Any]],
    now: datetime,
) -> list[Message]:
    """Return every reason for which so many changes are held, each followed by its likely cause.

    `scopes`: who was read in the last run over everybody, and who is now.
    """
    if not changes.concerned:
        return []
    past = history(server, now=now)
    held = limits.exceeded(
        planned=changes.counts,
        recent=past.recent,
        tied=past.tied + changes.joined,
        applied=past.applied,
        limits=server.limits,
    )
    if not held and len(changes.leaving) < GROUP_MINIMUM:
        return []
    everybody = _everybody(server, changes.leaving)
    said = []
    for kind, message in held.items():
        said.append(message)
        cause = likely_cause(kind, changes.concerned[kind], everybody=everybody, rules=rules, unfilled=unfilled)
        said += [cause] if cause is not None else []
    said += vanished_groups(everybody)
    if said:
        said += changed_scope(*scopes)
    return said


def _everybody(server: Synchronised, leaving: Collection[int]) -> Everybody:
    """Count the active people who are tied to the server, as they were before this run."""
    everybody = Everybody()
    records = SyncRecord.objects.filter(endpoint=server, employee__isnull=False)
    rows = records.exclude(state__in=INACTIVE_STATES)
    for id_, dn, department in rows.values_list("id", "dn", "employee__department").iterator(chunk_size=5000):
        everybody.add(dn=dn, department=department, leaving=id_ in leaving)
    return everybody
