"""Conflicts of a chunk: the plan's matters are opened, those that it no longer names are closed."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from syncapp.core.matters import Matter
from syncapp.models import Conflict, SyncRun
from syncapp.store.bulk import as_json, as_time, insert_rows, update_rows
from syncapp.store.items import dump_matter
from syncapp.store.snapshots import matter_of

if TYPE_CHECKING:
    from syncapp.store.written import Written

_COLUMNS = (
    "endpoint_id", "record_id", "kind", "field", "base", "local", "remote", "owner_id", "candidates", "opened_at",
    "opened_run_id", "resolution", "resolved_by",
)  # fmt: skip


def write_matters(run: SyncRun, batch: "Sequence[Written]", *, now: datetime) -> None:
    """Same record, kind and field is the same matter: it keeps its age, and its values become the newest."""
    stored: dict[tuple[int, str, str], tuple[int, dict[str, Any]]] = {}
    known = [written.row.record_id for written in batch if written.row.record_id is not None and not written.refused]
    if known:
        for row in Conflict.objects.filter(record_id__in=known, closed_at__isnull=True):
            stored[row.record_id, row.kind, row.field] = (row.pk, dump_matter(matter_of(row)))
    opened, renewed = [], []
    at = as_time(now)
    for written in batch:
        if written.record_id is None:
            continue
        for matter in [] if written.refused else written.row.plan["matters"]:
            values = (
                matter["base"], matter["local"], matter["remote"], matter["owner"], as_json(matter["candidates"]),
            )  # fmt: skip
            previous = stored.pop((written.record_id, matter["kind"], matter["field"] or ""), None)
            if previous is None:
                head = (run.server_id, written.record_id, matter["kind"], matter["field"] or "")
                opened.append((*head, *values, at, run.pk, "", ""))
            elif previous[1] != matter:
                renewed.append((*values, previous[0]))
    _insert_and_renew(opened, renewed)
    if stored:
        Conflict.objects.filter(id__in=[pk for pk, _matter in stored.values()]).update(closed_at=now)


def open_matters(run: SyncRun, found: Sequence[tuple[int, Matter]], *, now: datetime) -> None:
    """Open matters that came up while the run was writing, beside those that are open already."""
    stored: dict[tuple[int, str, str], int] = {}
    if found:
        rows = Conflict.objects.filter(
            record_id__in={record_id for record_id, _matter in found}, closed_at__isnull=True
        )
        stored = {(row.record_id, row.kind, row.field): row.pk for row in rows}
    opened, renewed = [], []
    at = as_time(now)
    for record_id, each in found:
        matter = dump_matter(each)
        values = (matter["base"], matter["local"], matter["remote"], matter["owner"], as_json(matter["candidates"]))
        key = (record_id, matter["kind"], matter["field"] or "")
        if key in stored:
            renewed.append((*values, stored[key]))
        else:
            opened.append((run.server_id, *key, *values, at, run.pk, "", ""))
    _insert_and_renew(opened, renewed)


def _insert_and_renew(opened: list[tuple[Any, ...]], renewed: list[tuple[Any, ...]]) -> None:
    insert_rows(Conflict, _COLUMNS, opened)
    update_rows(Conflict, renewed, assign=["base", "local", "remote", "owner_id", "candidates"])
