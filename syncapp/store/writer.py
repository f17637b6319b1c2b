"""The plan becomes rows: one transaction per chunk, conditional on what was planned with.

The only place that writes many rows. Whoever was edited meanwhile is left out
and stays `due`; rows that the database refuses are halved down to the one that
is to blame, so that one person's trouble stays theirs (promise 7).
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from syncapp.core.records import RecordTouch
from syncapp.core.vocabulary import Action, Field, Outcome
from syncapp.models import Employee, RunItem, SyncRecord, SyncRun
from syncapp.store.bulk import as_json, table_of, update_rows
from syncapp.store.chains import apart
from syncapp.store.employees import create_employees, update_employees
from syncapp.store.items import PlannedRow, dump_base, dump_keys, dump_messages
from syncapp.store.matters import write_matters
from syncapp.store.newcomers import Newcomers
from syncapp.store.records import mark_refused, write_records

logger = logging.getLogger(__name__)

PAUSE = 0.02  # seconds; without it chunk after chunk starves other writers of SQLite
RETRIES = 3


@dataclass(slots=True)
class Written:
    """One planned row on its way into the database, and what became of it."""

    row: PlannedRow
    outcome: str
    message_code: str
    message_params: str
    employee_id: int | None
    record_id: int | None
    creates: bool = False  # an employee
    updates: bool = False  # an employee who exists
    due: bool = False
    refused: bool = False

    def leave_out(self, code: str) -> None:
        self.due, self.creates, self.updates = True, False, False
        self.say(Outcome.SKIPPED, code)

    def refuse(self) -> None:
        self.refused, self.creates, self.updates = True, False, False

    def say(self, outcome: Outcome, code: str, **params: str) -> None:
        self.outcome, self.message_code, self.message_params = outcome.value, code, as_json(params)


def apply_items(
    run: SyncRun, rows: Sequence[PlannedRow], *, now: datetime, beat: Callable[[], None], newcomers: Newcomers
) -> list[Written]:
    """Carry out a chunk of planned items; return what became of each.

    `newcomers` are those who came into the hub since the plan was made.
    `beat` renews the run's claim inside the transaction and raises when it is
    lost, which rolls everything back.
    """
    for attempt in range(1, RETRIES + 1):
        try:
            written = _apply_or_halve(run, [rows], now, beat, newcomers)
            break
        except OperationalError:
            if attempt == RETRIES:
                raise
            time.sleep(attempt)
    leave_the_lock_alone()
    return written


def leave_the_lock_alone() -> None:
    if connection.vendor == "sqlite":
        time.sleep(PAUSE)


def _apply_or_halve(
    run: SyncRun,
    groups: Sequence[Sequence[PlannedRow]],
    now: datetime,
    beat: Callable[[], None],
    newcomers: Newcomers,
) -> list[Written]:
    """Apply all groups in one transaction or, when the database refuses a row, each half in its own."""
    rows = [row for group in groups for row in group]
    try:
        with transaction.atomic():
            beat()
            written = _apply(run, rows, now, newcomers)
        newcomers.own += sum(each.creates for each in written)
        return written
    except (IntegrityError, DataError) as error:
        if len(rows) > 1:
            parts = apart(groups)
            middle = len(parts) // 2
            return [
                *_apply_or_halve(run, parts[:middle], now, beat, newcomers),
                *_apply_or_halve(run, parts[middle:], now, beat, newcomers),
            ]
        refusal = error
    with transaction.atomic():
        beat()
        return [_mark_failed(run, rows[0], refusal, now)]


def _apply(run: SyncRun, rows: Sequence[PlannedRow], now: datetime, newcomers: Newcomers) -> list[Written]:
    batch = [_begin(row) for row in rows]
    _leave_out_edited(batch)
    newcomers.leave_out_known(run, batch)
    # In this order: a newcomer may take a number that somebody here gives up.
    update_employees([written for written in batch if written.updates], now=now)
    create_employees([written for written in batch if written.creates], now=now)
    write_records(run, batch, now=now)
    write_matters(run, [written for written in batch if not written.due], now=now)
    _mark_other_endpoints_due(run, [w.row.employee_id for w in batch if w.updates and w.row.employee_id is not None])
    _finish_items(batch)
    return batch


def _begin(row: PlannedRow) -> Written:
    creates = row.plan["action"] == Action.CREATE
    return Written(
        row=row,
        outcome=row.expected,
        message_code=row.message_code,
        message_params=row.message_params,
        employee_id=row.employee_id,
        record_id=row.record_id,
        creates=creates,
        updates=bool(row.changes) and not creates,
    )


def _leave_out_edited(batch: Sequence[Written]) -> None:
    """Lock the employees and records of the chunk; leave out who is not as planned with (promise 5)."""
    employees = {w.employee_id for w in batch if w.employee_id is not None}
    records = {w.record_id for w in batch if w.record_id is not None}
    if not employees and not records:
        return
    versions = dict(
        Employee.rows.select_for_update().filter(id__in=employees).order_by("id").values_list("id", "version")
    )
    ties = dict(
        SyncRecord.objects.select_for_update().filter(id__in=records).order_by("id").values_list("id", "employee_id")
    )
    for written in batch:
        row = written.row
        expected_tie = row.employee_id if row.plan["action"] == Action.UPDATE else None
        edited = row.employee_id is not None and versions.get(row.employee_id) != row.employee_version
        retied = row.record_id is not None and ties.get(row.record_id) != expected_tie
        if edited or retied:
            written.leave_out("edited_meanwhile")


def _mark_other_endpoints_due(run: SyncRun, employee_ids: list[int]) -> None:
    """What one endpoint brought is a hub edit for all others."""
    if employee_ids:
        others = SyncRecord.objects.filter(employee_id__in=employee_ids, due=False)
        others.exclude(endpoint_id=run.server_id).update(due=True)


def _finish_items(batch: Sequence[Written]) -> None:
    """Fill in what became of each item, and who was created: nothing else of an item is ever edited."""
    update_rows(
        RunItem,
        [
            (
                written.outcome,
                written.message_code,
                written.message_params,
                written.employee_id,
                written.record_id,
                written.row.id,
            )
            for written in batch
        ],
        assign=["outcome", "message_code", "message_params", "employee_id", "record_id"],
    )


def _mark_failed(run: SyncRun, row: PlannedRow, error: Exception, now: datetime) -> Written:
    """The database refuses this row, so this person fails and the run goes on; the next run looks again."""
    written = _begin(row)
    written.refuse()
    number = row.changes.get(Field.EXTENSION, ("", ""))[1]
    owners = Employee.rows.filter(number_plan=row.plan["number_plan"], extension=number).exclude(
        pk=row.employee_id or 0
    )
    if number and isinstance(error, IntegrityError) and owners.exists():
        written.say(Outcome.FAILED, "number_taken_meanwhile", number=number)
    else:
        logger.error("The database refused item %d of run %d", row.position, run.pk, exc_info=error)
        written.say(Outcome.FAILED, "row_refused")
    written.employee_id = row.employee_id if row.plan["action"] == Action.UPDATE else None
    if row.record_id is None:
        write_records(run, [written], now=now)
    else:
        mark_refused(run, written)
    _finish_items([written])
    return written


def apply_touches(run: SyncRun, touches: Sequence[RecordTouch]) -> None:
    """Bring records up to date without news; `due` goes only where the employee is as planned with."""
    employee = f"FROM {table_of(Employee)} e WHERE e.id = {table_of(SyncRecord)}.employee_id AND e.version = %s"
    due = f"due = CASE WHEN employee_id IS NULL OR EXISTS (SELECT 1 {employee}) THEN %s ELSE due END"
    with transaction.atomic():
        update_rows(
            SyncRecord,
            [
                (
                    touch.dn,
                    touch.name,
                    as_json(dump_base(touch.base)),
                    as_json(dump_keys(touch.keys)),
                    touch.fingerprint,
                    touch.waiting,
                    as_json(dump_messages(touch.remarks)),
                    touch.employee_version or 0,
                    False,
                    touch.record_id,
                )
                for touch in touches
            ],
            assign=["dn", "name", "base", "keys", "fingerprint", "waiting", "remarks", due],
        )
    leave_the_lock_alone()


def settle_the_rest(run: SyncRun) -> None:
    """Everybody whom this run did not touch and who has no matter is `skipped`: one statement (rule E1)."""
    SyncRecord.objects.filter(endpoint_id=run.server_id, status__in=["created", "updated"]).exclude(
        run_id=run.pk
    ).update(status="skipped")
