"""Carrying out a sheet: all of it, or nothing."""

from typing import TYPE_CHECKING

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from syncapp.choices import ItemOutcome, RunMode, RunPhase, RunStatus, RunTrigger
from syncapp.models import SyncRun
from syncapp.models.employees import mark_due
from syncapp.services.edits import name_of
from syncapp.services.sheets.columns import Sheet, SheetError
from syncapp.services.sheets.planning import SheetPlan, plan_sheet
from syncapp.services.waiting import note_waiting_of
from syncapp.store.bulk import in_chunks
from syncapp.store.edits import Edit, change_employees, empty_numbers, insert_edits
from syncapp.store.newcomers import creating_alone

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def apply_sheet(sheet: Sheet, *, digest: str, may_add: bool, user: "User") -> SyncRun:
    """Import what was shown, as a run of mode `edit`; raise SheetError, and do nothing, where it is not that any more.

    One transaction: a sheet is never half in. Planned anew inside of it, so that
    nobody's edit since the preview is run over (promise 5), nor anybody whom a run
    has brought in added once more.
    """
    try:
        with transaction.atomic():
            creating_alone()
            plan = plan_sheet(sheet, may_add=may_add)
            if plan.mistakes or plan.digest != digest:
                raise SheetError("sheet_changed")
            return _apply(plan, user)
    except (IntegrityError, DataError):  # somebody else was given one of the numbers in this very moment
        raise SheetError("sheet_changed") from None


def _apply(plan: SheetPlan, user: "User") -> SyncRun:
    now = timezone.now()
    counts = {ItemOutcome.CREATED.value: len(plan.created), ItemOutcome.UPDATED.value: len(plan.changed)}
    run = SyncRun.objects.create(
        mode=RunMode.EDIT,
        trigger=RunTrigger.MANUAL,
        user=user,
        who=name_of(user),
        status=RunStatus.COMPLETED,
        phase=RunPhase.DONE,
        counts={name: count for name, count in counts.items() if count},
        notes=[{"code": "sheet_imported", "params": {"count": len(plan.rows)}}],
        started_at=now,
        finished_at=now,
    )
    edits = [Edit(row.employee_id, row.version, row.number_plan, row.name, row.changes) for row in plan.rows]
    edits.sort(key=lambda edit: (edit.creates, edit.employee_id or 0))  # rows are locked in the order of all others
    # Of everybody before anybody gets one: numbers may change hands within the sheet (rule C1).
    for chunk in in_chunks(edit for edit in edits if edit.gives_up_a_number):
        empty_numbers(chunk)
    position = 0
    for chunk in in_chunks(edits):
        if not change_employees(chunk, now=now):
            raise SheetError("sheet_changed")
        insert_edits(run, chunk, start=position)
        position += len(chunk)
        known = {edit.employee_id: edit.fields for edit in chunk if not edit.creates and edit.employee_id is not None}
        mark_due(list(known))
        note_waiting_of(known)
    return run
