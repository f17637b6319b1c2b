"""Deciding who an entry is: joining it with an employee, or saying that it is none of them (A3 to A5)."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from syncapp.choices import ItemOutcome, MatterKind, RunStatus, Status
from syncapp.exceptions import RunAlreadyActiveError, SyncError
from syncapp.models import Conflict, Employee, SyncRecord, SyncRun
from syncapp.services.edits import record_edit

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MATCH_KINDS = (MatterKind.MATCH_AMBIGUOUS, MatterKind.MATCH_PROPOSED, MatterKind.MATCH_SIMILAR)


def join(*, conflict_id: int, employee_id: int, user: "User") -> SyncRecord:
    """Tie the entry of a match matter to one of its candidates.

    The next run merges their values by the rules of a first match. Raise
    SyncError when the matter is closed, the employee is no candidate, or either
    of the two was tied meanwhile. A run that is going on leaves both alone: the entry
    is tied, and the employee has another version, than it planned with.
    """
    with transaction.atomic():
        # In the order in which a run locks: employee, record, conflict.
        Employee.rows.filter(pk=employee_id).update(version=F("version") + 1)
        conflict = _open_match(conflict_id)
        if employee_id not in candidate_ids(conflict):
            raise SyncError("match_no_candidate", employee=employee_id)
        try:
            with transaction.atomic():
                tied = SyncRecord.objects.filter(pk=conflict.record_id, employee__isnull=True).update(
                    employee_id=employee_id,
                    due=True,
                    base={},
                    fingerprint="",
                    status=Status.SKIPPED,
                    message_code="match_confirmed",
                    message_params={"who": user.get_username()},
                )
        except IntegrityError:
            tied = 0
        if not tied:
            raise SyncError("match_tied_meanwhile", name=conflict.record.name)
        _close(conflict, user)
        conflict.record.refresh_from_db()
        _remember(conflict.record, employee_id, "match_confirmed", user)
    return conflict.record


def create_new(*, conflict_id: int, user: "User") -> SyncRecord:
    """Say that the entry is none of its candidates; they are never proposed for it again (rule A4).

    The next run creates a new employee if the server's rules allow it.
    """
    with transaction.atomic():
        conflict = _open_match(conflict_id)
        running = SyncRun.objects.filter(endpoint_id=conflict.endpoint_id, status=RunStatus.RUNNING).first()
        if running is not None:
            raise RunAlreadyActiveError("run_already_active", run=running.pk, server=str(conflict.endpoint))
        record = SyncRecord.objects.select_for_update().get(pk=conflict.record_id)
        record.refused = sorted({*record.refused, *candidate_ids(conflict)})
        record.due = True
        record.status = Status.SKIPPED
        record.message_code = "match_refused"
        record.message_params = {"who": user.get_username()}
        record.save(update_fields=["refused", "due", "status", "message_code", "message_params"])
        _close(conflict, user)
        for employee_id in candidate_ids(conflict):
            _remember(record, employee_id, "match_refused", user)
    return record


def confirmable(conflicts: Collection[Conflict]) -> list[tuple[Conflict, int]]:
    """Those of the matters that have exactly one candidate, each with it."""
    return [
        (conflict, ids[0])
        for conflict in conflicts
        if conflict.kind in MATCH_KINDS and len(ids := candidate_ids(conflict)) == 1
    ]


def candidate_ids(conflict: Conflict) -> list[int]:
    return [candidate["employee"] for candidate in conflict.candidates]


def candidate_names(conflicts: Collection[Conflict]) -> dict[int, Employee]:
    """Map ids to the employees that any of the matters names (one query)."""
    return Employee.objects.in_bulk({id_ for conflict in conflicts for id_ in candidate_ids(conflict)})


def _open_match(conflict_id: int) -> Conflict:
    record_of = Conflict.objects.filter(pk=conflict_id).values("record_id")
    SyncRecord.objects.select_for_update().filter(pk__in=record_of).first()
    conflict = Conflict.objects.select_for_update().filter(pk=conflict_id).first()
    if conflict is None or conflict.closed_at is not None or conflict.kind not in MATCH_KINDS:
        raise SyncError("match_closed")
    return conflict


def _remember(record: SyncRecord, employee_id: int, code: str, user: "User") -> None:
    """Leave a row in the audit trail, and so in the employee's history: who decided what."""
    employee = Employee.rows.get(pk=employee_id)
    who = user.get_username()
    record_edit(employee, [], outcome=ItemOutcome.SKIPPED, user=user, code=code, record=record, who=who)


def _close(conflict: Conflict, user: "User") -> None:
    Conflict.objects.filter(pk=conflict.pk).update(closed_at=timezone.now(), resolved_by=user.get_username())
