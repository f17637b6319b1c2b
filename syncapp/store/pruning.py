"""Old rows are removed: in chunks, for a long deletion would keep everybody else from writing to SQLite.

Relations are Django's: whatever still points to a row with PROTECT keeps it, and links
that may be empty are emptied.
"""

from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from syncapp.choices import ItemOutcome, ReadMode, RunMode, RunStatus, RunTrigger
from syncapp.models import Endpoint, RunItem, SyncRun
from syncapp.store.bulk import CHUNK
from syncapp.store.turns import in_turn

ENDED = (
    RunStatus.COMPLETED, RunStatus.PARTIAL, RunStatus.HELD, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.CRASHED,
)  # fmt: skip
DONE = (RunStatus.COMPLETED, RunStatus.PARTIAL)
# What was carried out on somebody who is an employee. Employees are never deleted, so these people exist.
AUDIT = Q(employee__isnull=False) & ~Q(outcome=ItemOutcome.PLANNED)


def with_audit(run_ids: Collection[int]) -> set[int]:
    """Return those of the runs that carried something out on an employee (one query)."""
    return set(RunItem.objects.filter(AUDIT, run__in=run_ids).order_by().values_list("run", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class InUse:
    """Runs that later ones look back to, however old they are: `kept`, and those after `since` that were no previews."""

    kept: Set[int]
    since: Mapping[int, int]

    def has(self, run_id: int, endpoint_id: int | None, mode: str) -> bool:
        if run_id in self.kept:
            return True
        return mode == RunMode.APPLY and endpoint_id is not None and run_id > self.since.get(endpoint_id, 0)


def runs_in_use() -> InUse:
    """Find the runs that later ones look back to (one query).

    Of each endpoint: the first two over everybody, for some brakes begin after them; the
    last ones that are asked for what they read or were told; and everything since the
    last one over everybody, for there it is counted how long a server has been failing.
    """
    runs = SyncRun.objects.filter(endpoint=OuterRef("pk")).order_by("-id")
    done = Q(mode=RunMode.APPLY, status__in=DONE)
    whole = runs.filter(done, anchors=[])
    looked_back_to = {
        "first": whole.order_by("id").values("pk")[:1],
        "second": whole.order_by("id").values("pk")[1:2],
        "last_whole": whole.values("pk")[:1],
        "last_full": whole.filter(read=ReadMode.FULL).values("pk")[:1],
        "last_by_hand": whole.filter(trigger__in=[RunTrigger.MANUAL, RunTrigger.COMMAND]).values("pk")[:1],
        "last_identity": runs.filter(done | ~Q(accepted_by="")).exclude(identity={}).values("pk")[:1],
        "last_address": runs.filter(mode=RunMode.APPLY).exclude(uri="").values("pk")[:1],
        "last_through": runs.filter(status__in=[*DONE, RunStatus.HELD]).values("pk")[:1],
    }
    endpoints = Endpoint.objects.order_by().annotate(**{name: Subquery(pk) for name, pk in looked_back_to.items()})
    found = list(endpoints.values("pk", *looked_back_to))
    return InUse(
        kept={row[name] for row in found for name in looked_back_to if row[name]},
        since={row["pk"]: row["last_whole"] or 0 for row in found},
    )


def delete_in_chunks(rows: "QuerySet[Any]") -> Iterator[int]:
    """Delete what the query finds, each chunk in a transaction of its own; yield how many rows that were each time."""
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        with in_turn(), transaction.atomic():
            rows.model._default_manager.filter(pk__in=keys).only("pk").delete()
        yield len(keys)
