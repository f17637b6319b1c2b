"""How a mapping reads the first people of a directory; writes and stores nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syncapp.core.composition import attributes_as_typed, attributes_of
from syncapp.core.options import FieldRule
from syncapp.core.proposal import attributes_to_read, measure, names_a_secret
from syncapp.core.records import Message
from syncapp.core.specimens import Specimen, specimens
from syncapp.core.vocabulary import TEXT_FIELDS, Field
from syncapp.directory.connection import open_directory
from syncapp.directory.sampling import Look, count_pictures, knows, sample_people
from syncapp.directory.survey import Directory


@dataclass(frozen=True, slots=True)
class LineFound:
    """One line of a mapping: so many have a value, of so many it can be read; None where nobody counted.

    `trouble` is why nobody was looked at for it.
    """

    rule: FieldRule
    filled: int | None = None
    readable: int | None = None
    specimens: tuple[Specimen, ...] = ()
    trouble: Message | None = None


@dataclass(frozen=True, slots=True)
class MappingFound:
    """`people` were looked at; there are others where `more` says so."""

    kind: str
    people: int
    more: bool
    lines: tuple[LineFound, ...]


def look_at_mapping(look: Look) -> MappingFound:
    """Read the first people by the rules of `look.own`, or by the usual ones where it has none; raise SyncError."""
    with open_directory(look.limited()) as directory:
        rules = tuple(look.own) or tuple(look.usual(directory.kind))
        secret = {name for rule in rules if rule.field is Field.SIP_SECRET for name in attributes_of(rule.attribute)}
        wanted = [name for name in attributes_to_read(rules) if name not in secret]
        people, more = sample_people(look, directory, wanted)
        values = [person.values for person in people]
        pictures = count_pictures(look, directory, rules, people)
        lines = tuple(_line(look, directory, rule, values, pictures, secret) for rule in rules)
        return MappingFound(directory.kind, len(people), more, lines)


def _line(
    look: Look,
    directory: Directory,
    rule: FieldRule,
    people: Sequence[Mapping[str, list[bytes]]],
    pictures: Mapping[str, int | None],
    secret: set[str],
) -> LineFound:
    unknown = [name for name in attributes_as_typed(rule.attribute) if not knows(directory)(name)]
    if unknown:
        return LineFound(rule, trouble=Message("mapping_attribute_unknown", {"attributes": unknown}))
    if rule.field not in TEXT_FIELDS:
        counted = pictures.get(rule.attribute)
        return LineFound(rule, counted, counted)
    # What one line calls a secret is not shown by another (promise 9).
    if names_a_secret(rule) or not secret.isdisjoint(attributes_of(rule.attribute)):
        return LineFound(rule, trouble=Message("proposal_secret", {"attribute": rule.attribute}))
    found = measure(rule, people, region=look.region)
    return LineFound(rule, found.filled, found.readable, specimens(rule, people, region=look.region))
