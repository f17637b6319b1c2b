"""Keys that are columns of the same name."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models

from syncapp.services.configure.changes import Change
from syncapp.services.configure.sections import Section


def set_columns(row: models.Model, values: Mapping[str, Any], columns: Iterable[str]) -> list[Change]:
    """Give a row the values that the file names, and return what differs.

    Of a row that is not stored yet every key that the file names is news.
    """
    is_new = row.pk is None
    changes = []
    for name in columns:
        if name not in values:
            continue
        before = None if is_new else getattr(row, name)
        if before != values[name]:
            changes.append(Change(name, before, values[name]))
        setattr(row, name, values[name])
    return changes


def missing_keys(section: Section, required: Iterable[str]) -> set[str]:
    """Return the keys that a new row cannot do without, and name each as a mistake."""
    missing = {key for key in required if key not in section.values and key not in section.wrong}
    for key in sorted(missing):
        section.where.inside(key).wrong("key_missing")
    return missing
