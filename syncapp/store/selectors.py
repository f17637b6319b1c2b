"""What a run's report shows of people, read as it is written out: never a list of everybody in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncapp.choices import ItemOutcome, RunStatus
from syncapp.core.vocabulary import MATTERS, Field, Side
from syncapp.models import Employee, RunItem, SyncRecord, SyncRun
from syncapp.store.items import load_keys


@dataclass(frozen=True, slots=True)
class ReportedPerson:
    """One person of a report: the employee's values, else what the entry says."""

    name: str
    email: str
    mobile: str
    extension: str
    status: str
    state: str
    updated_side: str
    updated_at: datetime | None
    dn: str
    messages: list[dict[str, Any]]
    changes: list[dict[str, str]]


# Planned, but not written: what the item says of changes did not happen.
LEFT_OUT = frozenset(
    {
        *("edited_meanwhile", "came_meanwhile", "number_taken_meanwhile", "row_refused"),
        *("drifted", "drifted_gone", "drifted_number"),
    }
)
# Runs whose plan is what they have to show; elsewhere `planned` means that it was not carried out.
SHOWS_PLAN = frozenset({RunStatus.COMPLETED, RunStatus.PARTIAL, RunStatus.HELD})


def people_of_run(run: SyncRun, *, everybody: bool = False) -> Iterator[ReportedPerson]:
    """Yield those whom the run changed and all with an open matter; with `everybody` all others too."""
    items = RunItem.objects.filter(run=run)
    if run.status not in SHOWS_PLAN:
        items = items.exclude(outcome="planned")
    for item in items.select_related("record", "employee").order_by("position").iterator(chunk_size=1000):
        quiet = _status(item) == "skipped" and item.message_code not in LEFT_OUT
        if everybody or _changes(item) or item.plan["state_changed"] or not quiet:
            yield _from_item(item)
    in_this_run = items.filter(record__isnull=False).values("record")
    records = SyncRecord.objects.filter(endpoint=run.server_id).exclude(pk__in=in_this_run)
    if not everybody:
        records = records.filter(status__in=[outcome.value for outcome in MATTERS])
    for record in records.select_related("employee").order_by("name", "anchor").iterator(chunk_size=1000):
        yield _from_record(record)


def _status(item: RunItem) -> str:
    if item.outcome == ItemOutcome.WRITING:  # what it was when the hub was done; the rest is not known
        return str(item.plan["here"])
    return item.expected if item.outcome == ItemOutcome.PLANNED else item.outcome


def _changes(item: RunItem) -> list[dict[str, str]]:
    """Changes that happened, or would; secrets without their values."""
    if item.message_code in LEFT_OUT:
        return []
    left_out = {f"{Side.REMOTE}:" if item.outcome == ItemOutcome.WRITING else "", *item.unwritten}
    return [_masked(each) for each in item.changes if not _is_one_of(each, left_out)]


def _is_one_of(change: dict[str, str], left_out: set[str]) -> bool:
    return bool(left_out & {f"{change['side']}:", f"{change['side']}:{change['field']}"})


def _masked(change: dict[str, str]) -> dict[str, str]:
    if change["field"] != Field.SIP_SECRET:
        return change
    return {**change, **{key: "***" for key in ("before", "after") if change[key]}}


def _from_item(item: RunItem) -> ReportedPerson:
    values = _values(item.employee, item.name, item.plan["keys"])
    if item.outcome == "planned":
        values |= {change["field"]: change["after"] for change in item.changes if change["field"] in values}
    record = item.record
    return ReportedPerson(
        **values,
        status=_status(item),
        state=item.plan["state"],
        updated_side=record.updated_side if record else "",
        updated_at=record.updated_at if record else None,
        dn=item.dn or (record.dn if record else ""),
        messages=_messages(item, item.plan["remarks"]),
        changes=_changes(item),
    )


def _from_record(record: SyncRecord) -> ReportedPerson:
    # A preview shows what would be: whoever is settled would be skipped.
    status = "skipped" if record.status in ("created", "updated") else record.status
    return ReportedPerson(
        **_values(record.employee, record.name, record.keys),
        status=status,
        state=record.state,
        updated_side=record.updated_side,
        updated_at=record.updated_at,
        dn=record.dn,
        messages=_messages(record, record.remarks),
        changes=[],
    )


def _messages(row: RunItem | SyncRecord, remarks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The outcome's message and the remarks, as codes with parameters."""
    own = [{"code": row.message_code, "params": row.message_params}] if row.message_code else []
    if isinstance(row, RunItem) and row.outcome == ItemOutcome.WRITING:
        own.append({"code": "write_unknown", "params": {}})
    return own + remarks


def _values(employee: Employee | None, name: str, keys: Any) -> dict[str, str]:
    """The employee's values. An entry that is tied to nobody has no number here, whatever it claims."""
    if employee is not None:
        return {field: getattr(employee, field) for field in ("name", "email", "mobile", "extension")}
    read = load_keys(keys)
    return {
        "name": name,
        "email": next(iter(read.emails), ""),
        "mobile": next(iter(read.mobiles), ""),
        "extension": "",
    }


def done_changes(item: RunItem) -> list[dict[str, str]]:
    """Changes of an item that happened, secrets without their values; none of one that was only planned."""
    return [] if item.outcome == ItemOutcome.PLANNED else _changes(item)
