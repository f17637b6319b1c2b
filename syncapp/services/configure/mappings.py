"""The mappings of a section [[directory]]: they replace the server's list as a whole."""

from typing import Any

from syncapp.core.converters import cautions
from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.models import DirectoryServer, FieldMapping
from syncapp.services.configure.changes import Change
from syncapp.services.configure.sections import MAPPING_KEYS, Section, mapping_place
from syncapp.services.directory_settings import rule_of, validate_mappings

COLUMNS = tuple(key for key in MAPPING_KEYS if key != "field")
DEFAULTS: dict[str, Any] = {key: getattr(FieldMapping(), key) for key in COLUMNS}


class MappingsDraft:
    """A server's mappings as the file wants them; `given` is None where the key is left out."""

    def __init__(self, server: DirectoryServer, section: Section) -> None:
        self.server = server
        self.section = section
        self.given: list[dict[str, Any]] | None = section.values.get("mapping")

    def judge(self, *, region: str) -> None:
        given = self.given or []
        where = self.section.where.inside("mapping")
        for mistake in validate_mappings([_rule(mapping) for mapping in given], region=region):
            position = mistake.position or 0
            place = mapping_place(where, position + 1, given[position])
            place.inside(mistake.field).refuse(mistake.message)

    def cautions(self) -> list[Message]:
        """What somebody should know of the mappings that the file gives."""
        rules = filter(None, map(_rule, self.given or []))
        return [caution for rule in rules if (caution := cautions(rule))]

    def store(self) -> list[Change]:
        """Store what differs and nothing else: rows of unchanged mappings stay as they are."""
        if self.given is None:
            return []
        stored = {row.field: row for row in FieldMapping.objects.filter(endpoint=self.server)}
        changes = []
        for mapping in self.given:
            wanted = {**DEFAULTS, **mapping}
            row = stored.pop(wanted["field"], None)
            changes += self._add(wanted) if row is None else _update(row, wanted)
        for row in stored.values():
            changes.append(Change(f"mapping ({row.field})", _shown(row), None))
            row.delete()
        return changes

    def _add(self, wanted: dict[str, Any]) -> list[Change]:
        row = FieldMapping.objects.create(endpoint=self.server, **wanted)
        return [Change(f"mapping ({row.field})", None, _shown(row))]


def _update(row: FieldMapping, wanted: dict[str, Any]) -> list[Change]:
    differing = [name for name in COLUMNS if getattr(row, name) != wanted[name]]
    changes = [Change(f"mapping ({row.field}), {name}", getattr(row, name), wanted[name]) for name in differing]
    for name in differing:
        setattr(row, name, wanted[name])
    if differing:
        row.save(update_fields=differing)
    return changes


def _shown(row: FieldMapping) -> dict[str, Any]:
    """Return the values that differ from their defaults."""
    values = {name: getattr(row, name) for name in COLUMNS}
    return {name: value for name, value in values.items() if value != DEFAULTS[name]}


def _rule(mapping: dict[str, Any]) -> FieldRule | None:
    """Return the mapping as the rules know it; None when its keys could not be read."""
    return rule_of(FieldMapping(**mapping)) if {"field", "attribute"} <= mapping.keys() else None
