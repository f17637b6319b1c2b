"""Edits of employees by hand: each is a run of mode `edit` that says who changed what (design, section 5)."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from syncapp.choices import ItemOutcome, RunMode, RunPhase, RunStatus, RunTrigger
from syncapp.core.planned import FieldChange
from syncapp.core.vocabulary import Field, Side
from syncapp.exceptions import SyncError
from syncapp.models import Employee, RunItem, SyncRecord, SyncRun
from syncapp.models.employees import SYNCHRONISED, mark_due
from syncapp.services.photos import keep_for
from syncapp.services.typed import owner_of
from syncapp.services.waiting import note_waiting
from syncapp.store.cooling import cool_down, disagree_on_number, number_given_up
from syncapp.store.items import dump_changes
from syncapp.store.leavers import is_too_early
from syncapp.store.newcomers import came_since, creating_alone

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class EmployeeChangedError(SyncError):
    """Somebody changed the employee since the edit began."""


@transaction.atomic
def create_employee(values: Mapping[str, str], *, user: "User | None") -> Employee:
    """Create an employee; raise IntegrityError when the extension is somebody's."""
    creating_alone()
    employee = Employee.objects.create(**values)
    record_edit(employee, _changes({}, values), outcome=ItemOutcome.CREATED, user=user)
    return employee


def came_meanwhile(values: Mapping[str, str], *, newest: int) -> Employee | None:
    """Return who of these values was created after the one of the id `newest`; in the transaction that creates him.

    Until that one ends nobody else can come in.
    """
    creating_alone()
    return came_since(newest, values)


@transaction.atomic
def change_employee(
    employee_id: int,
    values: Mapping[str, str],
    *,
    version: int,
    user: "User | str | None",
    run: SyncRun | None = None,
    code: str = "",
    record: SyncRecord | None = None,
    **params: str,
) -> RunItem | None:
    """Store the given fields if the employee still has the version that was edited (promise 5).

    Return the item, None where nothing was changed; it is as `record_edit` writes it.
    Raises EmployeeChangedError, and IntegrityError when the extension is somebody's.
    """
    before = Employee.rows.filter(pk=employee_id).values(*SYNCHRONISED).get()
    changes = _changes(before, values)
    if not changes:
        return None
    new = {change.field.value: change.after for change in changes}
    if not Employee.objects.filter(pk=employee_id, version=version).update(**new):
        raise EmployeeChangedError("employee_changed", employee=employee_id)
    note_waiting(employee_id, [change.field for change in changes])
    item = record_edit(
        Employee.objects.get(pk=employee_id),
        changes,
        outcome=ItemOutcome.UPDATED,
        user=user,
        run=run,
        code=code,
        record=record,
        **params,
    )
    if Field.PHOTO.value in new and before[Field.PHOTO]:
        keep_for([(before[Field.PHOTO], item.pk)])
    return item


@transaction.atomic
def set_archived(employee_id: int, *, archived: bool, user: "User | str | None") -> bool:
    """Archive an employee, or take him back; return whether that was a change.

    Archiving gives up the number, which then rests; taking back gives it again if
    nobody has it by now (rule C8). Raises SyncError for a missing person while no
    second full read agrees (rule D2).
    """
    if archived and is_too_early(employee_id):
        raise SyncError("archive_too_early")
    employee = Employee.rows.select_for_update().filter(pk=employee_id, archived_at__isnull=archived).first()
    if employee is None:
        return False
    _archive(employee, user) if archived else _take_back(employee, user)
    return True


def _archive(employee: Employee, user: "User | str | None") -> None:
    now, number = timezone.now(), employee.extension
    code, params = "employee_archived", {}
    if number:
        until = cool_down(employee, now=now).until
        code, params = "employee_archived_number", {"number": number, "until": timezone.localdate(until).isoformat()}
    _store_archived(employee, user, now, number="", code=code, params=params, archived_at=now)


def _take_back(employee: Employee, user: "User | str | None") -> None:
    now, had = timezone.now(), number_given_up(employee)
    if had is None or employee.extension:
        _store_archived(employee, user, now, number=employee.extension, code="employee_taken_back", archived_at=None)
        return
    params = {"number": had.extension}
    if owner_of(had.extension, plan=employee.number_plan, beside=employee.pk) is None:
        try:
            with transaction.atomic():
                _store_archived(
                    employee, user, now, number=had.extension, code="employee_taken_back_number", params=params,
                    archived_at=None, number_issued=had.issued,
                )  # fmt: skip
                had.delete()
            return
        except IntegrityError:  # somebody got it in this very moment
            employee.refresh_from_db()
    code = "employee_taken_back_numberless"
    _store_archived(employee, user, now, number="", code=code, params=params, archived_at=None)
    disagree_on_number(employee.pk, message=(code, params))


def _store_archived(
    employee: Employee,
    user: "User | str | None",
    now: datetime,
    *,
    number: str,
    code: str,
    params: Mapping[str, Any] = MappingProxyType({}),
    **columns: Any,
) -> None:
    """Store the change with its row of the audit trail; every server's next run looks at the person."""
    changes = _changes({"extension": employee.extension}, {"extension": number})
    if changes:
        columns["extension"] = number
    rows = Employee.objects.filter(pk=employee.pk)
    rows.update(**{"version": F("version") + 1, "updated_at": now, "number_issued": employee.number_issued, **columns})
    mark_due([employee.pk])
    employee.refresh_from_db()
    record_edit(employee, changes, outcome=ItemOutcome.UPDATED, user=user, code=code, **params)


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
    user: "User | str | None",
    run: SyncRun | None = None,
    code: str = "",
    record: SyncRecord | None = None,
    **params: str,
) -> RunItem:
    """Write the run and its one item, and return the item; in the transaction of the edit itself.

    `user` is a name where a command edits. `run`: an earlier edit that this one
    belongs to. `record` and the message `code` with its `params` where the edit is a
    decision about an entry of a directory.
    """
    if run is None:
        run = _begin(outcome, user)
    else:
        run.counts = {**run.counts, outcome.value: run.counts.get(outcome.value, 0) + 1}
        run.save(update_fields=["counts"])
    return RunItem.objects.create(
        run=run,
        position=sum(run.counts.values()) - 1,
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


def name_of(user: "User | str | None") -> str:
    """Who edits, as the audit trail names him."""
    name = user if isinstance(user, str) or user is None else user.get_username()
    return (name or "")[:150]


def _begin(outcome: ItemOutcome, user: "User | str | None") -> SyncRun:
    now = timezone.now()
    by_command = isinstance(user, str)
    return SyncRun.objects.create(
        mode=RunMode.EDIT,
        trigger=RunTrigger.COMMAND if by_command else RunTrigger.MANUAL,
        user=None if isinstance(user, str) else user,
        who=name_of(user),
        status=RunStatus.COMPLETED,
        phase=RunPhase.DONE,
        counts={outcome.value: 1},
        started_at=now,
        finished_at=now,
    )
