"""Edits of many employees by hand, written in bulk and conditional on the version that was shown."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncapp.choices import ItemOutcome
from syncapp.core.normalise import email_key, name_key
from syncapp.core.planned import FieldChange
from syncapp.core.vocabulary import TEXT_FIELDS, Field
from syncapp.models import Employee, RunItem, SyncRun
from syncapp.store.bulk import as_json, as_time, insert_rows, reserve_ids, unless_null, update_rows
from syncapp.store.items import dump_changes

_NAMES = tuple(field.value for field in TEXT_FIELDS)
_KEYS = (("name_key", "name", name_key), ("email_key", "email", email_key))
_NEW = (
    "id", *_NAMES, "name_key", "email_key", "photo", "sip_secret", "sip_secret_mark", "number_plan", "number_issued",
    "version", "created_at", "updated_at",
)  # fmt: skip
_ITEM = (
    "run_id", "position", "anchor", "employee_id", "name", "dn", "expected", "outcome", "changes", "message_code",
    "message_params", "plan", "fingerprint", "employee_version", "unwritten",
)  # fmt: skip


@dataclass(slots=True)
class Edit:
    """One person: `employee_id` None until a new one is written, `version` the one that was shown."""

    employee_id: int | None
    version: int
    number_plan: str
    name: str
    changes: tuple[FieldChange, ...]

    @property
    def creates(self) -> bool:
        return self.version == 0

    @property
    def fields(self) -> Collection[Field]:
        return [change.field for change in self.changes]

    @property
    def gives_up_a_number(self) -> bool:
        return any(change.field is Field.EXTENSION and change.before for change in self.changes)

    @property
    def values(self) -> dict[str, str]:
        return {change.field.value: change.after for change in self.changes}


def empty_numbers(edits: Sequence[Edit]) -> None:
    rows = [("", edit.employee_id, edit.version) for edit in edits]
    update_rows(Employee, rows, assign=["extension"], where=("id", "version"))


def change_employees(edits: Sequence[Edit], *, now: datetime) -> bool:
    """Write a chunk; return False, with nothing written, where somebody has another version by now."""
    shown = {edit.employee_id: edit.version for edit in edits if edit.employee_id is not None and not edit.creates}
    stored = Employee.rows.select_for_update().filter(id__in=list(shown)).order_by("id").values_list("id", "version")
    if dict(stored) != shown:
        return False
    at = as_time(now)
    rows = []
    for edit in edits:
        values = edit.values
        keys = [key(values[name]) if name in values else None for _column, name, key in _KEYS]
        issued = False if "extension" in values else None
        rows.append((*map(values.get, _NAMES), *keys, issued, at, edit.employee_id, edit.version))
    columns = [*_NAMES, *(column for column, _name, _key in _KEYS), "number_issued"]
    assign = [*map(unless_null, columns), "version = version + 1", "updated_at"]
    changed = [row for edit, row in zip(edits, rows, strict=True) if not edit.creates]
    update_rows(Employee, changed, assign=assign, where=("id", "version"))
    _create([edit for edit in edits if edit.creates], at)
    return True


def _create(edits: Sequence[Edit], at: object) -> None:
    rows = []
    for edit, id_ in zip(edits, reserve_ids(Employee, len(edits)), strict=True):
        edit.employee_id = id_
        values = {name: edit.values.get(name, "") for name in _NAMES}
        keys = [key(values[name]) for _column, name, key in _KEYS]
        rows.append((id_, *values.values(), *keys, "", "", "", edit.number_plan, False, 1, at, at))
    insert_rows(Employee, _NEW, rows)


def insert_edits(run: SyncRun, edits: Sequence[Edit], *, start: int) -> None:
    """Write the items of a chunk: what each change was stands in the audit trail (promise 1)."""
    rows = []
    for position, edit in enumerate(edits, start):
        outcome = (ItemOutcome.CREATED if edit.creates else ItemOutcome.UPDATED).value
        name = edit.values.get("name", edit.name)
        rows.append(
            (
                run.pk, position, "", edit.employee_id, name, "", outcome, outcome,
                as_json(dump_changes(edit.changes)), "", "{}", "{}", "", edit.version + 1, "[]",
            )
        )  # fmt: skip
    insert_rows(RunItem, _ITEM, rows)
