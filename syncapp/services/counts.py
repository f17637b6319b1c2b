"""What a run counts (rule E7)."""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count

from syncapp.core.records import PlanItem
from syncapp.core.vocabulary import INACTIVE_STATES, MATTERS, Action, Field, Outcome
from syncapp.models import SyncRecord
from syncapp.store.writer import Written

NAMES = (
    "read", "created", "updated", "written_back", "skipped", "conflicts", "proposed", "failed", "waiting", "disabled",
    "missing", "returned", "renumbered", "ignored", "new_matters",
)  # fmt: skip

_SETTLED = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.SKIPPED})


@dataclass(slots=True)
class Tally:
    """Counts while the run goes: what was done, and which statuses came and went."""

    done: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    went: Counter[str] = field(default_factory=Counter)
    waiting: int = 0

    def add(
        self,
        *,
        action: str,
        state: str,
        state_changed: bool,
        changed: bool,
        renumbered: bool,
        outcome: str,
        before: str,
    ) -> None:
        """Count one person with the outcome and the status that the record had before ('' for none)."""
        if action == Action.CREATE:
            self.done["created"] += 1
        elif changed or state_changed:
            self.done["updated"] += 1
        if state_changed:
            self.done["disabled" if state in INACTIVE_STATES else "returned"] += 1
        if renumbered:
            self.done["renumbered"] += 1
        if outcome in MATTERS and before not in MATTERS:
            self.done["new_matters"] += 1
        if before:
            self.went[before] += 1
        self.came[outcome] += 1

    def add_planned(self, item: PlanItem, *, before: str) -> None:
        self.add(
            action=item.action,
            state=item.state,
            state_changed=item.state_changed,
            changed=bool(item.changes),
            renumbered=any(change.field is Field.EXTENSION and change.before for change in item.changes),
            outcome=item.outcome,
            before=before,
        )

    def add_written(self, written: Written) -> None:
        plan = written.row.plan
        self.add(
            action=Action.WAIT if written.refused else written.row.plan["action"],
            state=plan["state"],
            state_changed=plan["state_changed"] and not written.refused,
            changed=written.updates,
            renumbered=written.updates and bool(written.row.changes.get(Field.EXTENSION, ("", ""))[0]),
            outcome=written.outcome,
            before=plan["before"],
        )


def stored_totals(endpoint_id: int) -> tuple[Counter[str], int]:
    """Return how many records have each status, and how many wait for the domain (two queries)."""
    records = SyncRecord.objects.filter(endpoint_id=endpoint_id)
    statuses = Counter(dict(records.order_by().values_list("status").annotate(count=Count("id"))))
    return statuses, records.filter(waiting=True).count()


def planned_counts(*, endpoint_id: int, read: int, tally: Tally) -> dict[str, int]:
    """Counts as applying the plan would make them: today's totals, moved by the plan."""
    statuses, waiting = stored_totals(endpoint_id)
    statuses.update(tally.came)
    statuses.subtract(tally.went)
    return _counts(read, tally, statuses, waiting + tally.waiting)


def applied_counts(*, endpoint_id: int, read: int, tally: Tally) -> dict[str, int]:
    """Counts after applying, all of it or what a run that was stopped got to: what was done, and today's totals."""
    statuses, waiting = stored_totals(endpoint_id)
    return _counts(read, tally, statuses, waiting)


def _counts(read: int, tally: Tally, statuses: Counter[str], waiting: int) -> dict[str, int]:
    counts = dict.fromkeys(NAMES, 0)
    counts.update(tally.done)
    # Everybody settled is skipped, but for those whom this run creates or updates.
    settled = sum(statuses[status] for status in _SETTLED)
    counts |= {
        "read": read,
        "skipped": settled - tally.came[Outcome.CREATED] - tally.came[Outcome.UPDATED],
        "conflicts": statuses[Outcome.CONFLICT],
        "proposed": statuses[Outcome.PROPOSED],
        "failed": statuses[Outcome.FAILED],
        "ignored": statuses[Outcome.IGNORED],
        "waiting": waiting,
    }
    return counts
