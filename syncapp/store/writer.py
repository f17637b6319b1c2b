"""The plan becomes rows: one transaction per chunk, conditional on what was planned with.

The only place that writes many rows. Whoever was edited meanwhile is left out
and stays `due`; rows that the database refuses are halved down to the one that
is to blame, so that one person's trouble stays theirs (promise 7).
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import DataError, IntegrityError, OperationalError, transaction

from syncapp.core.phones import anchor_before
from syncapp.core.planned import RecordTouch, Refresh
from syncapp.core.records import Message
from syncapp.core.vocabulary import OPAQUE_FIELDS, Action, Field, Outcome
from syncapp.models import Employee, RunItem, SyncRecord, SyncRun
from syncapp.store.bulk import as_json, table_of, update_rows
from syncapp.store.chains import apart
from syncapp.store.elsewhere import ask_who_is_at_home, let_waiting_go_on, mark_due_elsewhere
from syncapp.store.employees import create_employees, update_employees
from syncapp.store.items import PlannedRow, dump_base, dump_keys, dump_messages, dump_waits, dump_written
from syncapp.store.matters import write_matters
from syncapp.store.newcomers import Newcomers, creating_alone
from syncapp.store.records import mark_refused, write_records
from syncapp.store.turns import in_turn
from syncapp.store.written import Contents, Written

logger = logging.getLogger(__name__)

RETRIES = 3
_CREATE, _JOIN, _SECRET = Action.CREATE, Action.JOIN, Field.SIP_SECRET
TIED = (Action.UPDATE, Action.RELEASE, Action.MAKE)  # whose entry and employee belonged together when the plan was made


def apply_items(
    run: SyncRun,
    rows: Sequence[PlannedRow],
    *,
    now: datetime,
    beat: Callable[[], None],
    newcomers: Newcomers,
    contents: Contents = MappingProxyType({}),
    drifted: Mapping[str, Message] = MappingProxyType({}),
) -> list[Written]:
    """Carry out the hub's part of a chunk of planned items; return what became of each.

    Items with something for the domain become `writing`, the others are done.
    `newcomers` are those who came into the hub since the plan was made, `contents`
    what photos and secrets of the plan consist of. `drifted` maps the anchors of those
    who are not as planned with any more to what is said of them.
    `beat` renews the run's claim inside the transaction and raises when it is
    lost, which rolls everything back.
    """
    job = _Job(run, now, beat, newcomers, contents, drifted)
    with in_turn():
        for attempt in range(1, RETRIES):
            try:
                return _apply_or_halve(job, [rows])
            except OperationalError:
                time.sleep(attempt)
        return _apply_or_halve(job, [rows])


@dataclass(frozen=True, slots=True)
class _Job:
    """What all parts of a chunk have in common."""

    run: SyncRun
    now: datetime
    beat: Callable[[], None]
    newcomers: Newcomers
    contents: Contents
    drifted: Mapping[str, Message]


def _apply_or_halve(job: _Job, groups: Sequence[Sequence[PlannedRow]]) -> list[Written]:
    """Apply all groups in one transaction or, when the database refuses a row, each half in its own."""
    rows = [row for group in groups for row in group]
    try:
        with transaction.atomic():
            if any(row.plan["action"] == _CREATE for row in rows):
                creating_alone()
            job.beat()
            written = _apply(job, rows)
        job.newcomers.created(written)
        return written
    except (IntegrityError, DataError) as error:
        if len(rows) > 1:
            parts = apart(groups)
            middle = len(parts) // 2
            return [
                *_apply_or_halve(job, parts[:middle]),
                *_apply_or_halve(job, parts[middle:]),
            ]
        refusal = error
    with transaction.atomic():
        job.beat()
        return [_mark_failed(job, rows[0], refusal)]


def _apply(job: _Job, rows: Sequence[PlannedRow]) -> list[Written]:
    run, now = job.run, job.now
    batch = [_begin(row, job.contents) for row in rows]
    _leave_out_edited(batch)
    for written in batch if job.drifted else ():
        if (message := job.drifted.get(written.row.anchor)) is not None:
            written.leave_out(message.code, **message.params)
    _keep_bases(batch)
    job.newcomers.leave_out_known(run, batch)
    # In this order: a newcomer may take a number that somebody here gives up.
    update_employees([written for written in batch if written.updates], now=now)
    create_employees([written for written in batch if written.creates], now=now)
    write_records(run, batch, now=now)
    write_matters(run, [written for written in batch if not written.due], now=now)
    news = [w for w in batch if w.updates or (w.row.plan["state_changed"] and not w.due)]
    mark_due_elsewhere(run, [w.row.employee_id for w in news if w.row.employee_id is not None])
    joined = [w for w in batch if w.row.plan["action"] == _JOIN]
    ask_who_is_at_home(run, [w.row.employee_id for w in joined if w.row.employee_id is not None and not w.due])
    let_waiting_go_on(run, [w.record_id for w in joined if w.record_id])
    _finish_items(batch)
    return batch


def _begin(row: PlannedRow, contents: Contents) -> Written:
    creates = row.plan["action"] == _CREATE
    changes = {name: after for name, (_before, after) in row.changes.items()}
    written = Written(
        row=row,
        outcome="writing" if row.pushes else row.expected,
        message_code=row.message_code,
        message_params=row.message_params,
        employee_id=row.employee_id,
        record_id=row.record_id,
        changes=changes,
        base=row.plan["base"],
        creates=creates,
    )
    for name in OPAQUE_FIELDS:
        if name not in changes:
            continue
        if changes[name]:
            written.take_content(name, contents.get((row.anchor, name)))
        elif name is _SECRET:
            written.sip_secret = ""
    written.updates = bool(changes) and not creates
    if row.changes and not changes and written.outcome == Outcome.UPDATED and not row.plan["state_changed"]:
        written.outcome = Outcome.SKIPPED.value
    return written


def _leave_out_edited(batch: Sequence[Written]) -> None:
    """Lock the employees and records of the chunk; leave out who is not as planned with (promise 5)."""
    employees = {w.employee_id for w in batch if w.employee_id is not None}
    records = {w.record_id for w in batch if w.record_id is not None}
    if not employees and not records:
        return
    versions = dict(
        Employee.rows.select_for_update().filter(id__in=employees).order_by("id").values_list("id", "version")
    )
    rows = SyncRecord.objects.select_for_update().filter(id__in=records).order_by("id")
    ties = {id_: (anchor, tie) for id_, anchor, tie in rows.values_list("id", "anchor", "employee_id")}
    for written in batch:
        row = written.row
        expected_tie = row.employee_id if row.plan["action"] in TIED else None
        edited = row.employee_id is not None and versions.get(row.employee_id) != row.employee_version
        tried = (anchor_before(row.employee_id or 0), row.employee_id)  # to make there: the entry takes the record over
        retied = row.record_id is not None and ties.get(row.record_id) not in ((row.anchor, expected_tie), tried)
        if edited or retied:
            written.leave_out("edited_meanwhile")


def _keep_bases(batch: Sequence[Written]) -> None:
    """A content that did not come in leaves its base as it was: without one it would be a first meeting (rule B1)."""
    left = {w.record_id: w for w in batch if w.left_out and w.record_id is not None}
    if left:
        for record_id, base in SyncRecord.objects.filter(id__in=left).values_list("id", "base"):
            stored = {name.value: base[name] for name in left[record_id].left_out if name in base}
            left[record_id].base = {**left[record_id].base, **stored}


def _finish_items(batch: Sequence[Written]) -> None:
    """Fill in what became of each item, and who was created: nothing else of an item is ever edited."""
    update_rows(
        RunItem,
        [
            (w.outcome, w.message_code, w.message_params, w.employee_id, w.record_id, as_json(w.unwritten), w.row.id)
            for w in batch
        ],
        assign=["outcome", "message_code", "message_params", "employee_id", "record_id", "unwritten"],
    )


def _mark_failed(job: _Job, row: PlannedRow, error: Exception) -> Written:
    """The database refuses this row, so this person fails and the run goes on; the next run looks again."""
    run, now = job.run, job.now
    written = _begin(row, job.contents)
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
    written.employee_id = row.employee_id if row.plan["action"] in TIED else None
    if row.record_id is None:
        write_records(run, [written], now=now)
    else:
        mark_refused(run, written)
    _finish_items([written])
    return written


def touch_row(touch: RecordTouch) -> tuple[Any, ...]:
    """Return what `apply_touches` stores of a record; its id and the employee's version come last."""
    return (
        touch.dn,
        touch.name,
        as_json(dump_base(touch.base)),
        as_json(dump_keys(touch.keys)),
        touch.fingerprint,
        bool(touch.waits),
        as_json(dump_waits(touch.waits)),
        as_json(dump_messages(touch.remarks)),
        touch.abroad,
        as_json(dump_written(touch.written)),
        False,
        touch.record_id,
        touch.employee_version or 0,
    )


def apply_touches(rows: Sequence[tuple[Any, ...]]) -> list[int]:
    """Bring records up to date without news, by rows of `touch_row`; return the records' ids.

    Whose employee is not as planned with any more, or was tied meanwhile, is left
    alone altogether: the next run looks, for edits and decisions leave the record `due`.
    """
    with in_turn(), transaction.atomic():
        update_rows(
            SyncRecord,
            rows,
            assign=[
                "dn", "name", "base", "keys", "fingerprint", "waiting", "waits", "remarks", "abroad", "written", "due",
            ],
            where=["id", f"COALESCE({_version()}, 0) = %s"],
        )  # fmt: skip
    return [record_id for *_values, record_id, _version_then in rows]


def apply_refreshed(refreshed: Sequence[Refresh]) -> None:
    """Store fingerprints of people of whom nothing else changes, where the employee is as looked at."""
    with in_turn(), transaction.atomic():
        update_rows(
            SyncRecord,
            [(each.fingerprint, each.record_id, each.employee_version) for each in refreshed],
            assign=["fingerprint"],
            where=["id", f"{_version()} = %s"],
        )


def _version() -> str:
    """The version of a record's employee, in SQL."""
    return f"(SELECT e.version FROM {table_of(Employee)} e WHERE e.id = {table_of(SyncRecord)}.employee_id)"  # noqa: S608 - names of ours


def settle_the_rest(run: SyncRun) -> None:
    """Everybody whom this run did not touch and who has no matter is `skipped`: one statement (rule E1)."""
    SyncRecord.objects.filter(endpoint_id=run.server_id, status__in=["created", "updated"]).exclude(
        run_id=run.pk
    ).update(status="skipped")
