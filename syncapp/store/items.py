"""Plan items as rows and back: the plan *is* the run's items (design, section 5)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import transaction

from syncapp.core.matters import Candidate, EntryKeys, Matter
from syncapp.core.planned import FieldChange, PlanItem
from syncapp.core.records import Base, Message, Refused, Scope, Written
from syncapp.core.vocabulary import Field, MatchKey, Outcome, RefusalKind, Side
from syncapp.models import RunItem, SyncRun
from syncapp.store.bulk import CHUNK, as_json, insert_rows, refresh_statistics, select_rows

_COLUMNS = (
    "run_id", "position", "outcome", "unwritten", "anchor", "record_id", "employee_id", "name", "dn", "expected", "changes",
    "message_code", "message_params", "plan", "fingerprint", "employee_version",
)  # fmt: skip


# By dictionaries: the `value` of a member is a property, which Python 3.11 takes long to look up, and so is the way back.
_TEXT: Mapping[Field, str] = {field: field.value for field in Field}
_FIELDS: Mapping[str, Field] = {field.value: field for field in Field}
_LOCAL, _UPDATED, _SKIPPED = Side.LOCAL, Outcome.UPDATED, Outcome.SKIPPED


def dump_base(base: Mapping[Field, Base]) -> dict[str, list[Any]]:
    return {
        _TEXT[field]: [local, remote, 1] if pulled else [local, remote]
        for field, (local, remote, pulled) in base.items()
    }


def load_base(data: Mapping[str, list[Any]]) -> dict[Field, Base]:
    return {_FIELDS[name]: Base(pair[0], pair[1], len(pair) > 2) for name, pair in data.items()}


def dump_keys(keys: EntryKeys) -> list[Any]:
    return [keys.name, keys.name_keys, keys.emails, keys.mobiles, keys.extensions]


def load_keys(data: Any) -> EntryKeys:
    if not data:
        return EntryKeys()
    name, *values = data
    return EntryKeys(name, *map(tuple, values))


def dump_messages(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    return [{"code": message.code, "params": dict(message.params)} for message in messages]


def load_messages(data: list[dict[str, Any]]) -> tuple[Message, ...]:
    return tuple(Message(entry["code"], entry["params"]) for entry in data)


def dump_waits(waits: Mapping[Field, str]) -> dict[str, str]:
    return {field.value: standing for field, standing in waits.items()}


def load_waits(data: Mapping[str, str]) -> dict[Field, str]:
    return {Field(name): standing for name, standing in data.items()}


def dump_refusals(refusals: Mapping[Field, Refused]) -> dict[str, Any]:
    return {
        field.value: {**refused._asdict(), "message": {"code": refused.message.code, "params": refused.message.params}}
        for field, refused in refusals.items()
    }


def load_refusals(data: Mapping[str, Any]) -> dict[Field, Refused]:
    return {
        Field(name): Refused(
            **{
                **values,
                "kind": RefusalKind(values["kind"]),
                "message": Message(values["message"]["code"], values["message"]["params"]),
            }
        )
        for name, values in data.items()
    }


def dump_written(written: Mapping[Field, Written]) -> dict[str, list[Any]]:
    return {field.value: [write.replaced, write.at.isoformat(), write.uris] for field, write in written.items()}


def load_written(data: Mapping[str, list[Any]]) -> dict[Field, Written]:
    return {
        Field(name): Written(tuple(replaced), datetime.fromisoformat(at), tuple(uris))
        for name, (replaced, at, uris) in data.items()
    }


def dump_scope(scope: Scope) -> dict[str, Any]:
    return {"bases": dict(scope.bases), "filter": scope.filter}


def load_scope(data: Mapping[str, Any]) -> Scope | None:
    """Return the scope of a run; None for one of a version that did not store it."""
    return Scope(data["bases"], data["filter"]) if data else None


def dump_candidates(matter: Matter) -> list[dict[str, Any]]:
    return [
        {"employee": c.employee_id, "agrees": list(c.agrees), "disagrees": list(c.disagrees)} for c in matter.candidates
    ]


def load_candidates(data: list[dict[str, Any]]) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            entry["employee"],
            tuple(MatchKey(key) for key in entry["agrees"]),
            tuple(MatchKey(key) for key in entry["disagrees"]),
        )
        for entry in data
    )


def dump_matter(matter: Matter) -> dict[str, Any]:
    return {
        "kind": matter.kind,
        "field": matter.field,
        "base": matter.base,
        "local": matter.local,
        "remote": matter.remote,
        "owner": matter.owner_id,
        "candidates": dump_candidates(matter),
    }


def dump_changes(changes: tuple[FieldChange, ...]) -> list[dict[str, str]]:
    return [
        {"field": change.field, "side": change.side, "before": change.before, "after": change.after}
        for change in changes
    ]


def _dump_plan(item: PlanItem, before: str) -> dict[str, Any]:
    return {
        "action": item.action,
        "state": item.state,
        "state_changed": item.state_changed,
        "state_before": item.state_before,
        "before": before,
        "base": dump_base(item.base),
        "keys": dump_keys(item.keys),
        "matters": [dump_matter(matter) for matter in item.matters],
        "remarks": dump_messages(item.remarks),
        "issued": item.number_issued,
        "number_plan": item.number_plan,
        "moves": item.number_moves,
        "waits": dump_waits(item.waits),
        "abroad": item.abroad,
        "here": _outcome_here(item),
        "seen": item.seen,
        "record_seen": item.record_seen,
        "kinds": item.kinds,
    }


def _outcome_here(item: PlanItem) -> str:
    """What the person is once the hub is done, before anything is written to the domain."""
    if item.outcome is not _UPDATED or item.state_changed or any(change.side is _LOCAL for change in item.changes):
        return item.outcome
    return _SKIPPED


def item_row(item: PlanItem, before: str) -> tuple[Any, ...]:
    """Return what `insert_items` stores of an item; `before`: the status that its record had, '' for none."""
    return (
        item.anchor, item.record_id, item.employee_id, item.name, item.dn, str(item.outcome),
        as_json(dump_changes(item.changes)), item.message.code if item.message else "",
        as_json(dict(item.message.params)) if item.message else "{}", as_json(_dump_plan(item, before)),
        item.fingerprint, item.employee_version,
    )  # fmt: skip


def insert_items(run: SyncRun, rows: Iterable[tuple[Any, ...]], *, start: int) -> None:
    """Store planned items, made by `item_row`, from position `start` on."""
    run_id = run.pk
    with transaction.atomic():
        insert_rows(
            RunItem,
            _COLUMNS,
            ((run_id, position, "planned", "[]", *row) for position, row in enumerate(rows, start)),
        )


class PlannedRow(NamedTuple):
    """A planned item as it is read back: what is only copied on stays the JSON that it is.

    `changes` maps fields to their values before and after in the hub, `pushes`
    those of the domain; `plan` is what `_dump_plan` made.
    """

    id: int
    position: int
    anchor: str
    record_id: int | None
    employee_id: int | None
    employee_version: int | None
    name: str
    dn: str
    expected: str
    changes: dict[str, tuple[str, str]]
    pushes: dict[str, tuple[str, str]]
    message_code: str
    message_params: str
    plan: dict[str, Any]
    fingerprint: str
    unwritten: list[str]

    @property
    def changed_here(self) -> bool:
        """Whether the employee was changed: a content may not have come in."""
        return any(f"{Side.LOCAL}:{name}" not in self.unwritten for name in self.changes)

    def outcome_here(self, *, changed: bool) -> str:
        """What the person is once the hub is done; `changed`: of what was planned, something was written."""
        planned = str(self.plan["here"])
        nothing = planned == Outcome.UPDATED and not changed and not self.plan["state_changed"]
        return Outcome.SKIPPED.value if nothing else planned


_PLANNED = (
    "id", "position", "anchor", "record_id", "employee_id", "employee_version", "name", "dn", "expected", "changes",
    "message_code", "message_params", "plan", "fingerprint", "unwritten",
)  # fmt: skip


def iter_planned(
    run_id: int, *, after: int = -1, outcome: str = "planned", size: int = CHUNK
) -> Iterator[list[PlannedRow]]:
    """Yield the run's items of an outcome in their order, a chunk at a time; none is in memory twice.

    `after`: only those of later positions.

    Numbers that change hands come first and in one chunk, however many they are:
    no two people may have one number at any moment, and a chunk is a transaction.
    """

    def read(after: int) -> list[PlannedRow]:
        rows = select_rows(
            RunItem,
            _PLANNED,
            "run_id = %s AND outcome = %s AND position > %s ORDER BY position LIMIT %s",
            [run_id, outcome, after, size],
        )
        return list(map(_planned_row, rows))

    chunk = read(after=after)
    if len(chunk) == size:  # or all that follow would be sorted for each chunk
        refresh_statistics(RunItem)
    while chunk:
        while chunk[-1].plan["moves"] and (more := read(after=chunk[-1].position)):
            chunk += more
        yield chunk
        chunk = read(after=chunk[-1].position)


def _planned_row(row: tuple[Any, ...]) -> PlannedRow:
    *head, changes_text, code, params, plan_text, fingerprint, unwritten = row
    changes: dict[str, tuple[str, str]] = {}
    pushes: dict[str, tuple[str, str]] = {}
    for change in orjson.loads(changes_text):
        side = changes if change["side"] == _LOCAL else pushes
        side[change["field"]] = change["before"], change["after"]
    plan = orjson.loads(plan_text)
    return PlannedRow._make((*head, changes, pushes, code, params, plan, fingerprint, orjson.loads(unwritten)))
