"""Employees written in bulk, conditional on the version that was planned with."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from syncapp.core.normalise import email_key, name_key
from syncapp.core.vocabulary import ALL_FIELDS, Field
from syncapp.models import Employee
from syncapp.store.bulk import as_time, insert_rows, reserve_ids, unless_null, update_rows
from syncapp.store.snapshots import VALUE_COLUMNS

if TYPE_CHECKING:
    from syncapp.store.written import Written

_COLUMNS = (
    "id", *VALUE_COLUMNS, "sip_secret", "name_key", "email_key", "number_plan", "number_issued", "version",
    "created_at", "updated_at",
)  # fmt: skip
_NOTHING = {field.value: "" for field in ALL_FIELDS}
_in_order = itemgetter(*_NOTHING)
_AS_PLANNED = ("id", "version")


def create_employees(batch: "Sequence[Written]", *, now: datetime) -> None:
    """Insert a new employee for each, and tell each its id."""
    ids = reserve_ids(Employee, len(batch))
    at = as_time(now)

    def rows() -> Iterator[tuple[Any, ...]]:
        for written, id_ in zip(batch, ids, strict=True):
            written.employee_id = id_
            values, plan = _NOTHING | written.changes, written.row.plan
            keys = _name_key(values["name"], plan["keys"]), email_key(values["email"])
            secret = written.sip_secret or ""
            yield (id_, *_in_order(values), secret, *keys, plan["number_plan"], plan["issued"], 1, at, at)

    insert_rows(Employee, _COLUMNS, rows())


def _name_key(name: str, entry_keys: list[Any]) -> str:
    """The key of a name, which matching has made already of the entry's own."""
    read, keys, *_others = entry_keys
    return str(keys[0]) if keys and name == read else name_key(name)


def update_employees(batch: "Sequence[Written]", *, now: datetime) -> None:
    """Write the changed fields where the version is still the one planned with.

    Numbers that move between people of the chunk are emptied first, for no two
    may have one number at any moment (rule C1).
    """
    at = as_time(now)
    moving, rows = [], []
    for written in batch:
        row = written.row
        condition = (row.employee_id, row.employee_version)
        values = written.changes
        if row.changes.get(Field.EXTENSION, ("", ""))[0]:
            moving.append(("", *condition))
        rows.append(
            (
                *(values.get(field) for field in ALL_FIELDS),
                written.sip_secret,
                name_key(values[Field.NAME]) if Field.NAME in values else None,
                email_key(values[Field.EMAIL]) if Field.EMAIL in values else None,
                row.plan["issued"] if Field.EXTENSION in values else None,
                at,
                *condition,
            )
        )
    columns = [*VALUE_COLUMNS, "sip_secret", "name_key", "email_key", "number_issued"]
    assign = [*(unless_null(column) for column in columns), "version = version + 1", "updated_at"]
    update_rows(Employee, moving, assign=["extension"], where=_AS_PLANNED)
    update_rows(Employee, rows, assign=assign, where=_AS_PLANNED)
