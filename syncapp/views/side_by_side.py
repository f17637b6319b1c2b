"""One person's values here and at every endpoint that knows the person, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from syncapp.choices import Field
from syncapp.core.vocabulary import TEXT_FIELDS
from syncapp.models import Conflict, Employee, SyncRecord


@dataclass(frozen=True, slots=True)
class Cell:
    """What an endpoint has; `word` says why it is another value than here. Empty: nothing was ever agreed."""

    text: str
    word: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    ours: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class SideBySide:
    records: Sequence[SyncRecord]
    rows: Sequence[Row]


def side_by_side(employee: Employee) -> SideBySide | None:
    """Return the values as runs have seen and agreed them; None for whom no endpoint knows (two queries)."""
    known = SyncRecord.objects.filter(employee=employee).select_related("endpoint")
    records = list(known.order_by("endpoint__rank", "endpoint", "id"))
    if not records:
        return None
    matters = Conflict.objects.filter(record__in=records, closed_at__isnull=True).exclude(field="")
    disputed = {(record, field): remote for record, field, remote in matters.values_list("record", "field", "remote")}
    rows = []
    for field in TEXT_FIELDS:
        ours = getattr(employee, field.value)
        cells = tuple(_cell(record, field.value, ours, disputed) for record in records)
        if ours or any(cell.text or cell.word for cell in cells):
            rows.append(Row(capfirst(str(Field(field).label)), ours, cells))
    return SideBySide(records, rows)


def _cell(record: SyncRecord, field: str, ours: str, disputed: Mapping[tuple[int, str], str]) -> Cell:
    if (record.pk, field) in disputed:
        return Cell(disputed[record.pk, field], _("waits for a decision"))
    if field in record.waits:
        return Cell(record.waits[field], _("our value waits"))
    if field not in record.base:
        return Cell("")
    agreed_here, agreed_there = record.base[field][:2]
    return Cell(agreed_there, "" if agreed_here == ours else _("changed here since"))
