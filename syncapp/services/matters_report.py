"""Open matters as the JSON objects that scripts read, and as they are shown anywhere else: without secrets."""

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils import translation

from syncapp.choices import MatterKind
from syncapp.core.vocabulary import OPAQUE_FIELDS
from syncapp.models import Conflict, Employee, SyncRecord
from syncapp.services.matches import candidate_names, own_entries
from syncapp.store.bulk import in_chunks

HIDDEN = "***"


def open_matters() -> QuerySet[Conflict]:
    """Return all that is open, the oldest first, with what is shown of it."""
    rows = Conflict.objects.filter(closed_at__isnull=True).order_by("opened_at", "pk")
    return rows.select_related("endpoint", "record", "record__employee", "owner")


class Named(NamedTuple):
    """Whom a matter names: employees by id, and the entry that each has on a server already, by both ids."""

    people: dict[int, Employee]
    own: dict[tuple[int, int], SyncRecord]

    def entry_of(self, matter: Conflict, employee_id: int) -> SyncRecord | None:
        own = self.own.get((matter.endpoint_id, employee_id))
        return own if own is not None and own.pk != matter.record_id else None


def with_candidates(matters: QuerySet[Conflict]) -> Iterator[tuple[Conflict, Named]]:
    """Yield each matter with those whom it names, as they are read: never all in memory."""
    for chunk in in_chunks(matters.iterator(chunk_size=500), 500):
        named = Named(candidate_names(chunk), own_entries(chunk))
        yield from ((matter, named) for matter in chunk)


def who_is_meant(matter: Conflict) -> str:
    return matter.record.name or str(matter.record.employee or matter.record)


def plain_value(matter: Conflict, value: str | None) -> str | None:
    """A value of a matter as text; of pictures and secrets only that there is one (rule B15)."""
    return HIDDEN if value and matter.field in OPAQUE_FIELDS else value


def write_matters(matters: QuerySet[Conflict]) -> Iterator[str]:
    """Yield the text of `{"conflicts": [...]}` piece by piece. Texts are English: the codes are the contract."""
    yield '{"conflicts": ['
    for position, (matter, named) in enumerate(with_candidates(matters)):
        yield (", " if position else "") + json.dumps(_matter(matter, named), ensure_ascii=False)
    yield "]}\n"


def _matter(matter: Conflict, named: Named) -> dict[str, Any]:
    with translation.override("en"):
        what = str(MatterKind(matter.kind).label)
    return {
        "id": matter.pk,
        "server": str(matter.endpoint),
        "kind": matter.kind,
        "what": what,
        "field": matter.field or None,
        "name": who_is_meant(matter),
        "dn": matter.record.dn,
        "anchor": matter.record.anchor,
        "since": matter.opened_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "base": plain_value(matter, matter.base),
        "local": plain_value(matter, matter.local),
        "remote": plain_value(matter, matter.remote),
        "owner": str(matter.owner) if matter.owner else None,
        "candidates": list(_candidates(matter, named)),
    }


def _candidates(matter: Conflict, named: Named) -> Iterator[dict[str, Any]]:
    """Each with the entry that he has there already: of a re-created account, the former one (rule A7)."""
    for candidate in matter.candidates:
        employee = named.people.get(candidate["employee"])
        if employee is not None:
            own = named.entry_of(matter, employee.pk)
            former = {"dn": own.dn, "anchor": own.anchor, "state": own.state} if own is not None else None
            yield {**candidate, "name": str(employee), "archived": employee.archived_at is not None, "entry": former}
