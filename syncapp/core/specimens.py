"""Examples of what becomes of a directory's values: as one stands there, and what a mapping reads of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syncapp.core.composition import parse_attribute
from syncapp.core.converters import read_field
from syncapp.core.options import FieldRule
from syncapp.core.records import Message

# Longer values are cut where they are shown.
LONGEST = 120


@dataclass(frozen=True, slots=True)
class Specimen:
    """One person's value. `reads` is empty where the mapping cannot read it (rule B4), and `why` says the reason."""

    stands: str
    reads: str
    why: Message | None = None


def specimens(rule: FieldRule, people: Sequence[Mapping[str, list[bytes]]], *, region: str) -> tuple[Specimen, ...]:
    """Return one value that can be read and one that cannot, as far as there are such.

    Of those that can be read the first that comes in as something else than it stands:
    it tells more than one that stays as it is.
    """
    read: Specimen | None = None
    foreign: Specimen | None = None
    for attributes in people:
        if foreign and read and read.stands != read.reads:
            break
        reading = read_field(rule, attributes, region=region)
        if reading.values:
            found = Specimen(_standing(rule, attributes), ", ".join(reading.values))
            if read is None or (read.stands == read.reads and found.stands != found.reads):
                read = found
        elif reading.foreign and foreign is None:
            foreign = Specimen(_standing(rule, attributes), "", reading.remark)
    return tuple(each for each in (read, foreign) if each)


def _standing(rule: FieldRule, attributes: Mapping[str, list[bytes]]) -> str:
    """The values of the attributes that the mapping takes, as they are."""
    spec = parse_attribute(rule.attribute)
    filled = [name for name in spec.names if attributes.get(name)]
    taken = filled if spec.composed else filled[:1]
    text = ", ".join(value.decode("utf-8", "replace") for name in taken for value in attributes[name])
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
