"""Who has left: the state of employees over all their directory records (rules D1, D2)."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from syncapp.core.absence import Evidence
from syncapp.core.vocabulary import State
from syncapp.models import Employee, SyncRecord
from syncapp.store.bulk import chunks_of_ids

# How far apart two full reads must be that agree (rule D2).
AGREED_AFTER = timedelta(hours=1)
# Whoever is the first of these on any directory is that.
_ORDER = (State.ACTIVE, State.DISABLED, State.EXPIRED, State.MISSING)
_DIRECTORY = Q(endpoint__directoryserver__isnull=False)
_AGREED = Q(confirmed_at__gte=F("evidence_since") + AGREED_AFTER) & ~Q(message_code=Evidence.NOT_ON_THIS_CONTROLLER)


def _records(*states: State, employee: str = "pk") -> QuerySet[SyncRecord]:
    return SyncRecord.objects.filter(_DIRECTORY, employee=OuterRef(employee), state__in=states)


def _known(*states: State) -> Q:
    """Employees with a record in one of these states: begun from the records, of which few are in most states."""
    return Q(pk__in=SyncRecord.objects.filter(_DIRECTORY, employee__isnull=False, state__in=states).values("employee"))


def in_state(state: State) -> Q:
    """Employees whose state over all directories this is; `released`: known to none since our scope was changed."""
    if state is State.RELEASED:
        former = SyncRecord.objects.filter(_DIRECTORY, former_employee=OuterRef("pk"), state=State.RELEASED)
        return Q(Exists(former)) & ~Q(Exists(_records(*_ORDER)))
    before = _ORDER[: _ORDER.index(state)]
    return _known(state) & ~Q(Exists(_records(*before)))


def have_left() -> Q:
    """Employees who are known to a directory, and active in none."""
    return _known(*_ORDER[1:]) & ~Q(Exists(_records(State.ACTIVE)))


def whose_employee_has_left() -> Q:
    """Records of people who are known to a directory and active in none: asked record by record, of which there are few."""
    known, active = _records(*_ORDER, employee="employee"), _records(State.ACTIVE, employee="employee")
    return Q(Exists(known)) & ~Q(Exists(active))


def who_has_left(employee_ids: Collection[int]) -> set[int]:
    """Return those of some employees who have left, or are archived."""
    gone = have_left() | Q(archived_at__isnull=False)
    rows = (Employee.rows.filter(gone, pk__in=chunk) for chunk in chunks_of_ids(employee_ids))
    return {employee_id for found in rows for employee_id in found.values_list("pk", flat=True)}


def too_early() -> Q:
    """Employees whom a full read missed, while no second one agrees yet: they are not to be archived."""
    return Q(Exists(_records(State.MISSING).exclude(_AGREED)))


def archived_here_active_there() -> Q:
    """A matter for a person (rule D4)."""
    return Q(archived_at__isnull=False) & Q(Exists(_records(State.ACTIVE)))


def with_directory(records: QuerySet[SyncRecord]) -> QuerySet[SyncRecord]:
    """Have records know whether they are of a directory (`directory`), which `state_over_all` asks."""
    return records.annotate(directory=F("endpoint__directoryserver"))


def state_over_all(records: Iterable[Any]) -> State | None:
    """Return the state of an employee with these records `with_directory`; None for one whom no directory knows.

    A phone system says nothing of it: people stay there who have left long ago.
    """
    states = {State(record.state) for record in records if record.directory is not None}
    return next((state for state in _ORDER if state in states), None)


def is_too_early(employee_id: int) -> bool:
    return Employee.rows.filter(too_early(), pk=employee_id).exists()
