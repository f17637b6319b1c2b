"""Keys that are columns of the same name."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models

from syncapp.exceptions import ConfigurationError
from syncapp.fields import Secret
from syncapp.models import DirectoryServer, PhoneSystem
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


def set_bound_secret(row: DirectoryServer | PhoneSystem, values: Mapping[str, Any]) -> list[Change]:
    """Give a row the password or key that the file names, where it is another one or was entered for another address."""
    given: Secret | None = values.get(row.secret_field)
    if given is None or (row.secret_fits and _reads(row.stored_secret, given.reveal())):
        return []
    before = None if row.pk is None else row.stored_secret
    row.set_secret(given.reveal())
    return [Change(row.secret_field, before, row.stored_secret)]


def changed_columns(row: DirectoryServer | PhoneSystem, changes: Iterable[Change]) -> list[str]:
    """Return what is to be written of a row; with a secret that for which it was entered."""
    names = [change.key for change in changes]
    kept, scope = row.secret_columns()
    return [*names, scope] if kept in names else names


def _reads(stored: Secret, text: str) -> bool:
    """Whether the stored secret is this one; one that cannot be decrypted is not."""
    try:
        return stored.reveal() == text
    except ConfigurationError:
        return False
