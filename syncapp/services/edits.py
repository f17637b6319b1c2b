"""Edits of employees by hand: each is a run of mode `edit` that says who changed what (design, section 5)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from syncapp.choices import ItemOutcome, RunMode, RunPhase, RunStatus, RunTrigger
from syncapp.core.records import FieldChange
from syncapp.core.vocabulary import Field, Side
from syncapp.exceptions import SyncError
from syncapp.models import Employee, RunItem, SyncRecord, SyncRun
from syncapp.models.employees import SYNCHRONISED, mark_due
from syncapp.services.photos import keep_for
from syncapp.services.waiting import note_waiting
from syncapp.store.items import dump_changes

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class EmployeeChangedError(SyncError):
    """Somebody changed the employee since the edit began."""


@transaction.atomic
def create_employee(values: Mapping[str, str], *, user: "User | None") -> Employee:
    """Create an employee; raise IntegrityError when the extension is somebody's."""
    employee = Employee.objects.create(**values)
    record_edit(employee, _changes({}, values), outcome=ItemOutcome.CREATED, user=user)
    return employee


@transaction.atomic
def change_employee(employee_id: int, values: Mapping[str, str], *, version: int, user: "User | None") -> None:
    """Store the given fields if the employee still has the version that was edited (promise 5).

    Raises EmployeeChangedError, and IntegrityError when the extension is somebody's.
    """
    before = Employee.rows.filter(pk=employee_id).values(*SYNCHRONISED).get()
    changes = _changes(before, values)
    if not changes:
        return
    new = {change.field.value: change.after for change in changes}
    if not Employee.objects.filter(pk=employee_id, version=version).update(**new):
        raise EmployeeChangedError("employee_changed", employee=employee_id)
    note_waiting(employee_id, [change.field for change in changes])
    item = record_edit(Employee.objects.get(pk=employee_id), changes, outcome=ItemOutcome.UPDATED, user=user)
    if Field.PHOTO.value in new and before[Field.PHOTO]:
        keep_for([(before[Field.PHOTO], item.pk)])


@transaction.atomic
def set_archived(employee_id: int, *, archived: bool, user: "User | None") -> bool:
    """Archive an employee, or take him back; return whether that was a change.

    The number stays his: no call route may lead nowhere because of it.
    """
    now = timezone.now()
    changed = Employee.objects.filter(pk=employee_id, archived_at__isnull=archived).update(
        archived_at=now if archived else None, version=F("version") + 1, updated_at=now
    )
    if changed:
        mark_due([employee_id])
        code = "employee_archived" if archived else "employee_taken_back"
        record_edit(Employee.objects.get(pk=employee_id), [], outcome=ItemOutcome.UPDATED, user=user, code=code)
    return bool(changed)


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[FieldChange]:
    return [
        FieldChange(Field(name), Side.LOCAL, before.get(name, ""), after[name])
        for name in SYNCHRONISED
        if name in after and after[name] != before.get(name, "")
    ]


def record_edit(
    employee: Employee,
    changes: list[FieldChange],
    *,
    outcome: ItemOutcome,
    user: "User | None",
    code: str = "",
    record: SyncRecord | None = None,
    **params: str,
) -> RunItem:
    """Write the run and its one item, and return the item; in the transaction of the edit itself.

    `record` and the message `code` with its `params` where the edit is a decision
    about an entry of a directory.
    """
    now = timezone.now()
    run = SyncRun.objects.create(
        mode=RunMode.EDIT,
        trigger=RunTrigger.MANUAL,
        user=user,
        who=user.get_username() if user else "",
        status=RunStatus.COMPLETED,
        phase=RunPhase.DONE,
        counts={outcome.value: 1},
        started_at=now,
        finished_at=now,
    )
    return RunItem.objects.create(
        run=run,
        anchor=record.anchor if record else "",
        dn=record.dn if record else "",
        record=record,
        employee=employee,
        name=employee.name,
        expected=outcome.value,
        outcome=outcome,
        changes=dump_changes(tuple(changes)),
        message_code=code,
        message_params=params,
        employee_version=employee.version,
    )
