"""Sync records written in bulk."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from syncapp.choices import ItemOutcome
from syncapp.core.vocabulary import Action, Side, State
from syncapp.models import SyncRecord, SyncRun
from syncapp.store.bulk import as_json, as_time, insert_rows, reserve_ids, unless_null, update_rows
from syncapp.store.items import dump_refusals

if TYPE_CHECKING:
    from syncapp.store.written import Written

_RELEASE, _MISSING, _WRITING = Action.RELEASE, State.MISSING, ItemOutcome.WRITING
_CONTENT = (
    "employee_id", "name", "dn", "state", "status", "message_code", "message_params", "remarks", "base", "keys",
    "fingerprint", "waiting", "waits", "run_id", "due", "evidence_since", "confirmed_at", "abroad",
)  # fmt: skip
_INSERT = (
    "id", "endpoint_id", "anchor", "created_at", "refused", "refusals", "written", "state_since", "updated_at",
    "updated_side", *_CONTENT,
)  # fmt: skip


def write_records(run: SyncRun, batch: "Sequence[Written]", *, now: datetime) -> None:
    """Bring the record of each item up to date, or make it; tell each item its record's id.

    A record whose employee was edited meanwhile only stays `due`: nothing of the
    plan may be believed any more.
    """
    fresh = [written for written in batch if written.record_id is None and not written.due]
    at, run_id, server_id = as_time(now), run.pk, run.server_id
    here, not_here = (at, Side.LOCAL.value), (None, "")
    ids = reserve_ids(SyncRecord, len(fresh))

    def rows() -> Iterator[tuple[Any, ...]]:
        for written, id_ in zip(fresh, ids, strict=True):
            written.record_id = id_
            updated = here if _changed(written) else not_here
            content = _content(run_id, written, at)
            yield (id_, server_id, written.row.anchor, at, "[]", "{}", "{}", at, *updated, *content)

    known = [written for written in batch if written.row.record_id is not None and not written.due]
    update_rows(
        SyncRecord,
        [
            (
                *((at, Side.LOCAL.value) if _changed(written) else (None, None)),
                at if written.row.plan["state_changed"] and not written.refused else None,
                written.row.employee_id if written.row.plan["action"] == _RELEASE else None,
                written.row.anchor,
                *_content(run_id, written, at),
                written.row.record_id,
            )
            for written in known
        ],
        assign=[
            *map(unless_null, ("updated_at", "updated_side", "state_since", "former_employee_id")),
            "anchor",
            *_CONTENT,
        ],
    )
    insert_rows(SyncRecord, _INSERT, rows())
    _remember_unusable(batch)
    stale = [written.row.record_id for written in batch if written.due and written.row.record_id is not None]
    if stale:
        SyncRecord.objects.filter(id__in=stale).update(due=True)


def mark_refused(run: SyncRun, written: "Written") -> None:
    """Say on a known record that its row was refused, and have it looked at again.

    Tie and base stay: without its base the next run would take the tie for a first
    meeting, where the domain's values win (rule B1).
    """
    update_rows(
        SyncRecord,
        [(written.outcome, written.message_code, written.message_params, "", True, run.pk, written.row.record_id)],
        assign=["status", "message_code", "message_params", "fingerprint", "due", "run_id"],
    )


def _remember_unusable(batch: "Sequence[Written]") -> None:
    """Remember contents that could not be used, such as a broken picture: they are not tried in every run."""
    for written in batch:
        if written.unusable and written.record_id is not None:
            record = SyncRecord.objects.only("refusals").get(pk=written.record_id)
            record.refusals |= dump_refusals(dict(written.unusable))
            record.save(update_fields=["refusals"])


def _changed(written: "Written") -> bool:
    """Whether something really changed here: `updated_at` and `updated_side` say when and where (rule E1)."""
    return written.creates or written.updates or (written.row.plan["state_changed"] and not written.refused)


def _content(run_id: int, written: "Written", at: Any) -> tuple[Any, ...]:
    """What the record becomes. Until a value has gone out it waits, and the person is not settled."""
    row, plan = written.row, written.row.plan
    settled = not written.refused
    waits = {}
    if settled and (row.pushes or plan["waits"]):
        waits = plan["waits"] | {field: standing for field, (standing, _after) in row.pushes.items()}
    status = row.outcome_here(changed=bool(written.changes)) if written.outcome == _WRITING else written.outcome
    complete = settled and not row.pushes and not written.unusable
    state = plan["state"]
    return (
        None if plan["action"] == _RELEASE else written.employee_id,
        row.name,
        row.dn,
        state,
        status,
        written.message_code,
        written.message_params,
        as_json([*plan["remarks"], *written.remarks]),
        as_json(written.base if settled else {}),
        as_json(plan["keys"]),
        row.fingerprint if complete else "",
        bool(waits),
        as_json(waits),
        run_id,
        written.refused or written.due_again,
        at if state == _MISSING else None,
        None,
        plan["abroad"],
    )


def confirm_missing(run: SyncRun, *, seen: Collection[int], now: datetime) -> None:
    """Say of everybody who was missing before this run that a second read agrees (rule D2): one statement.

    `seen` are records of people who are in scope by now, though they did not come.
    """
    missing = SyncRecord.objects.filter(endpoint_id=run.server_id, state=State.MISSING).exclude(run_id=run.pk)
    if seen:
        missing = missing.exclude(id__in=seen)
    missing.update(confirmed_at=now)
