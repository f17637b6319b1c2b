"""Everybody who is here, by what a row of a sheet may know them by."""

import re
from collections import defaultdict
from typing import NamedTuple

from syncapp.core.normalise import email_key, name_key
from syncapp.core.records import Message
from syncapp.core.vocabulary import TEXT_FIELDS
from syncapp.models import Employee
from syncapp.services.sheets.columns import ID, NEW

_ID = re.compile(r"\d{1,18}", re.ASCII)
FIELDS = tuple(field.value for field in TEXT_FIELDS)
DEFAULT_PLAN: str = Employee._meta.get_field("number_plan").default


class Person(NamedTuple):
    id: int
    version: int
    number_plan: str
    archived: bool
    values: dict[str, str]

    def __str__(self) -> str:
        return self.values["name"] or self.values["email"] or self.values["extension"] or f"#{self.id}"


class Hub:
    """Read at once (one query): a sheet may hold everybody."""

    def __init__(self) -> None:
        self.people: dict[int, Person] = {}
        self.by_number: dict[tuple[str, str], int] = {}
        self._by_email: defaultdict[str, list[int]] = defaultdict(list)
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        columns = ("id", "version", "number_plan", "archived_at", "email_key", "name_key", *FIELDS)
        rows = Employee.rows.order_by("id").values_list(*columns)
        for id_, version, plan, archived_at, mail, name, *values in rows.iterator(chunk_size=5000):
            person = Person(id_, version, plan, archived_at is not None, dict(zip(FIELDS, values, strict=True)))
            self.people[id_] = person
            if person.values["extension"]:
                self.by_number[plan, person.values["extension"]] = id_
            for key, found in ((mail, self._by_email), (name, self._by_name)):
                if key:
                    found[key].append(id_)

    def find(self, cells: dict[str, str]) -> Person | Message | None:
        """Say whom a row means: somebody, nobody who is here (None), or why that cannot be told.

        By id; else by e-mail; else by the extension where the name is the same. Somebody
        who only has the name of an employee may be that one or another: the sheet has to say.
        """
        key = cells.get(ID, "")
        if key.casefold() in NEW:
            return None
        if key:
            return self._by_id(key, cells)
        if found := self._by_email.get(email_key(cells.get("email", "")), []):
            return self._only(found, cells)
        owner = self.by_number.get((DEFAULT_PLAN, cells.get("extension", "")))
        same_name = self._by_name.get(name_key(cells.get("name", "")), [])
        if owner in same_name and owner is not None:
            return self.people[owner]
        if same_name:
            return Message("sheet_namesake", {"name": cells["name"], "id": same_name[0]})
        return None

    def _by_id(self, key: str, cells: dict[str, str]) -> Person | Message:
        person = self.people.get(int(key)) if _ID.fullmatch(key) else None
        if person is None:
            return Message("sheet_unknown_id", {"id": key})
        # Somebody sorted one column and not the others: a row that names a person must have something of his.
        here = _known_by(person.values)
        given = _known_by(cells)
        common = here.keys() & given.keys()
        if common & {"name", "email"} and not any(given[name] == here[name] for name in common):
            return Message("sheet_somebody_else", {"id": person.id, "name": str(person)})
        return person

    def _only(self, found: list[int], cells: dict[str, str]) -> Person | Message:
        present = [id_ for id_ in found if not self.people[id_].archived] or found
        if len(present) > 1:
            return Message("sheet_several", {"email": cells["email"], "ids": present})
        return self.people[present[0]]


def _known_by(values: dict[str, str]) -> dict[str, str]:
    keys = {
        "name": name_key(values.get("name", "")),
        "email": email_key(values.get("email", "")),
        "extension": values.get("extension", ""),
    }
    return {name: key for name, key in keys.items() if key}
