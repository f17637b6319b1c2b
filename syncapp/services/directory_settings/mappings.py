"""Which attribute belongs to which field."""

from collections.abc import Sequence

from syncapp.core.converters import check_rule
from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.core.vocabulary import Direction, Field, OnEmpty, Policy
from syncapp.models import FieldMapping
from syncapp.services.directory_settings.mistakes import Mistake

# Where to correct it; what is not named here is about the attribute.
_FIELD_OF = {
    "mapping_push_needs_one_attribute": "direction",
    "mapping_pattern_with_composition": "pattern",
    "mapping_pattern_not_text": "pattern",
    "mapping_pattern_invalid": "pattern",
    "mapping_pattern_without_group": "pattern",
    "mapping_pattern_slow": "pattern",
    "mapping_pattern_not_read_back": "pattern",
}


def rule_of(row: FieldMapping) -> FieldRule:
    """Return a mapping, stored or not, as the rules know it."""
    return FieldRule(
        field=Field(row.field),
        attribute=row.attribute,
        direction=_direction_of(row),
        policy=Policy(row.policy),
        on_empty=OnEmpty(row.on_empty),
        pattern=row.pattern,
        relay=row.relay,
    )


def _direction_of(row: FieldMapping) -> Direction:
    """The passwords of telephones go out only when that was asked for twice (rule B15)."""
    if row.field == Field.SIP_SECRET and not row.push_secret:
        return Direction.PULL
    return Direction(row.direction)


def validate_mappings(rules: Sequence[FieldRule | None], *, region: str) -> list[Mistake]:
    """Return every mistake in a server's mappings; `position` says in which of them.

    `region` is the server's, two letters: a pattern must read back what a push
    writes (rule B5), which depends on how numbers are written there. None stands
    for a mapping that could not be read at all; it keeps the places of the others.
    """
    found: list[Mistake] = []
    first_of: dict[Field, int] = {}
    for position, rule in enumerate(rules):
        if rule is None:
            continue
        message = check_rule(rule, region=region)
        if message is not None:
            found.append(Mistake(_FIELD_OF.get(message.code, "attribute"), message, position))
        if rule.field in first_of:
            params = {"field": rule.field.value, "first": first_of[rule.field] + 1}
            found.append(Mistake("field", Message("field_mapped_twice", params), position))
        first_of.setdefault(rule.field, position)
    return found
