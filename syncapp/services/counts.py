"""What a run counts (rule E7)."""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count

from syncapp.choices import ItemOutcome
from syncapp.core.planned import PlanItem
from syncapp.core.vocabulary import (
    INACTIVE_STATES,
    MATTERS,
    SWITCHED_OFF_STATES,
    Action,
    Field,
    MatterKind,
    Outcome,
    Side,
    State,
)
from syncapp.models import SyncRecord
from syncapp.store.sent import Sent
from syncapp.store.written import Written

NAMES = (
    "read", "created", "updated", "written_back", "skipped", "conflicts", "proposed", "failed", "waiting", "disabled",
    "missing", "returned", "renumbered", "ignored", "new_matters",
)  # fmt: skip

_SETTLED = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.SKIPPED})
# Looked up once: to fetch a member from its class takes Python 3.11 longer than to use it.
_LOCAL, _EXTENSION, _CREATE = Side.LOCAL, Field.EXTENSION, Action.CREATE
_MISSING, _ACTIVE, _RELEASE = State.MISSING, State.ACTIVE, Action.RELEASE
_NOT_SKIPPED = sorted(frozenset(Outcome) - {Outcome.SKIPPED})


@dataclass(slots=True)
class Tally:
    """Counts while the run goes: what was done, and which statuses came and went.

    `fields`: how many people have a change or a conflict in each field. `renumbered`
    says of each phone that has to be set up anew whose it is, and the numbers.
    `writing`: people of whom something goes out. `kinds`: how many people had which
    kind of change, as the brakes count.
    `lost` are the last known DNs
    of those who were active and are missing now, as planned.
    `rekeyed` are people whose phones get a new SIP secret, `secrets_left` counts those
    whose phones were there before the secret was known.
    `released`: people whom a change of our own scope leaves out. `strange`: rows of a
    phone system that may be another person's by now (rule A11).
    """

    done: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    went: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    writing: int = 0
    lost: list[str] = field(default_factory=list)
    released: int = 0
    strange: int = 0
    fields: Counter[Field] = field(default_factory=Counter)
    renumbered: list[str] = field(default_factory=list)
    rekeyed: list[str] = field(default_factory=list)
    secrets_left: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def add_planned(self, item: PlanItem, *, before: str) -> None:
        own = [change for change in item.changes if change.side is _LOCAL]
        self._add_done(
            action=item.action,
            state=item.state,
            state_before=item.state_before,
            tied=item.employee_id is not None,
            changed=bool(own),
            renumbered=any(change.field is _EXTENSION and change.before for change in own),
        )
        self._add_outcome(item.outcome, before)
        for kind in item.kinds:
            self.kinds[kind] += 1
        if not item.matters and len(own) == len(item.changes):
            for change in own:
                self.fields[change.field] += 1
            return
        self.done["written_back"] += len(own) < len(item.changes)
        pushed = {change.field for change in item.changes} - {change.field for change in own}
        if Field.SIP_SECRET in pushed and item.action is not Action.MAKE:
            self.rekeyed.append(item.name)
        self.strange += any(matter.kind is MatterKind.MATCH_RENAMED for matter in item.matters)
        self.fields.update({change.field for change in item.changes} | _disputed(item))

    def add_written(self, written: Written) -> None:
        """Count what became of one person in the hub; whoever is still to be written gets the outcome later."""
        row, refused = written.row, written.refused
        before, after = row.changes.get(_EXTENSION, ("", "")) if written.updates else ("", "")
        renumbered = bool(before)
        self._add_done(
            action=Action.WAIT if refused else row.plan["action"],
            state=row.plan["state"],
            state_before=row.plan["state"] if refused else row.plan["state_before"],
            tied=row.employee_id is not None,
            changed=written.updates,
            renumbered=renumbered,
        )
        if renumbered:
            self.renumbered.append(f"{row.name}: {before} → {after or '–'}")
        if not refused:
            for kind in row.plan["kinds"]:
                if kind != "written_back":
                    self.kinds[kind] += 1
        if written.outcome == ItemOutcome.WRITING:
            self.writing += 1
        else:
            self._add_outcome(written.outcome, row.plan["before"])

    def add_sent(self, sent: Sent) -> None:
        """Count what became of one person at the endpoint, and with that of the person."""
        self.done["written_back"] += sent.wrote
        if Field.SIP_SECRET in sent.replaced and sent.row.plan["action"] != Action.MAKE:
            self.rekeyed.append(sent.row.name)
        self.kinds["written_back"] += sent.wrote
        self.kinds["conflicts"] += bool(sent.matters) and "conflicts" not in sent.row.plan["kinds"]
        self._add_outcome(sent.outcome, sent.row.plan["before"])

    def _add_done(
        self, *, action: str, state: str, state_before: str | None, tied: bool, changed: bool, renumbered: bool
    ) -> None:
        before = state_before or state
        if action == _CREATE:
            self.done["created"] += 1
        elif changed or (tied and state != before):
            self.done["updated"] += 1
        if state == before:
            pass
        elif state == _MISSING:
            self.done["missing"] += tied
        elif state in SWITCHED_OFF_STATES and before not in SWITCHED_OFF_STATES:
            self.done["disabled"] += tied
        elif state == _ACTIVE and before in INACTIVE_STATES:
            self.done["returned"] += tied
        self.released += action == _RELEASE
        if renumbered:
            self.done["renumbered"] += 1

    def _add_outcome(self, outcome: str, before: str) -> None:
        """Count an outcome, and the status that the record had before ('' for none)."""
        if outcome in MATTERS and before not in MATTERS:
            self.done["new_matters"] += 1
        if before:
            self.went[before] += 1
        self.came[outcome] += 1


def _disputed(item: PlanItem) -> set[Field]:
    return {matter.field for matter in item.matters if matter.field is not None}


def stored_totals(endpoint_id: int, known: int | None = None) -> tuple[Counter[str], int]:
    """Return how many records have each status, and how many wait for the domain (two queries).

    With `known`, how many records there are, those who are `skipped` are not counted:
    they are nearly all.
    """
    records = SyncRecord.objects.filter(endpoint_id=endpoint_id).order_by()
    counted = records if known is None else records.filter(status__in=_NOT_SKIPPED)
    statuses = Counter(dict(counted.values_list("status").annotate(count=Count("id"))))
    if known is not None:
        statuses[Outcome.SKIPPED] = known - statuses.total()
    return statuses, records.filter(waiting=True).count()


def planned_counts(*, endpoint_id: int, read: int, tally: Tally, known: int | None = None) -> dict[str, int]:
    """Counts as applying the plan would make them: today's totals, moved by the plan."""
    statuses, waiting = stored_totals(endpoint_id, known)
    statuses.update(tally.came)
    statuses.subtract(tally.went)
    return _counts(read, tally, statuses, waiting + tally.waiting)


def applied_counts(*, endpoint_id: int, read: int, tally: Tally, known: int | None = None) -> dict[str, int]:
    """Counts after applying, all of it or what a run that was stopped got to: what was done, and today's totals."""
    statuses, waiting = stored_totals(endpoint_id, known)
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
