"""What happened to one person, from the items of runs."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from syncapp.choices import ItemOutcome, RunMode
from syncapp.core.vocabulary import ALL_FIELDS, Field
from syncapp.messages.naming import Naming
from syncapp.models import RunItem
from syncapp.store.naming import naming_of, with_naming
from syncapp.store.selectors import done_changes

# So many of a person's latest items are looked through: more are years.
LOOKED_THROUGH = 500


class LastChange(NamedTuple):
    """When a value last changed, on which side (`naming`: of what), in which run. Secrets are masked."""

    run_id: int
    mode: str
    who: str
    at: datetime | None
    side: str
    before: str
    after: str
    naming: Naming


class Tied(NamedTuple):
    """The first run that knew an entry as an employee's."""

    run_id: int
    at: datetime | None


def last_changes(employee_id: int) -> Mapping[Field, LastChange]:
    """Return the latest change of each field that was ever changed (one query)."""
    found: dict[Field, LastChange] = {}
    items = RunItem.objects.filter(employee=employee_id).exclude(run__mode=RunMode.PREVIEW).exclude(changes=[])
    for item in with_naming(items.select_related("run")).order_by("-id")[:LOOKED_THROUGH].iterator(chunk_size=100):
        for change in done_changes(item):
            name, run = Field(change["field"]), item.run
            at = run.finished_at or run.started_at
            what = (change["side"], change["before"], change["after"])
            found.setdefault(name, LastChange(run.pk, run.mode, run.who, at, *what, naming_of(item)))
        if len(found) == len(ALL_FIELDS):
            break
    return found


def tied_since(employee_id: int, record_id: int) -> Tied | None:
    """Return the run that tied an entry to an employee, as far back as runs are kept (one query)."""
    items = RunItem.objects.filter(employee=employee_id, record=record_id).exclude(run__mode=RunMode.PREVIEW)
    done = items.exclude(outcome=ItemOutcome.PLANNED).select_related("run").order_by("id").first()
    return Tied(done.run_id, done.run.finished_at or done.run.started_at) if done is not None else None
