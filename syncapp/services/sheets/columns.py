"""Which column of a sheet is which field."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation

from syncapp.choices import Field as Labels
from syncapp.core.normalise import fold
from syncapp.core.vocabulary import TEXT_FIELDS
from syncapp.exceptions import SyncError

ID = "id"
# What stands in the column `id` of somebody who is to be created although others have the name.
NEW = ("new", "новый", "новая")
LABELS = {ID: "id", **{field.value: Labels(field.value).label for field in TEXT_FIELDS}}


class SheetError(SyncError):
    """The sheet as a whole cannot be imported."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read: all cells are texts, the first row is `head`."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Columns:
    """Position of each field, and the heads of columns that are not imported."""

    of: dict[str, int]
    ignored: tuple[str, ...]


def read_head(head: Sequence[str]) -> Columns:
    """Find the fields by their name or their label in any language of the site."""
    known = _known_heads()
    found: dict[str, int] = {}
    ignored = []
    for position, text in enumerate(head):
        field = known.get(fold(text))
        if field is None:
            ignored += [text] if text.strip() else []
        elif field in found:
            raise SheetError("sheet_column_twice", column=text)
        else:
            found[field] = position
    if not found.keys() - {ID}:
        raise SheetError("sheet_without_columns", columns=[str(label) for label in LABELS.values()])
    return Columns(found, tuple(ignored))


def _known_heads() -> dict[str, str]:
    known = {name: name for name in LABELS}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            known |= {fold(str(label)): name for name, label in LABELS.items()}
    return known
