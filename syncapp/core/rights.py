"""May the account write what is mapped? What was learnt of a few people, counted by place and attribute."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.core.vocabulary import Field


class Answer(StrEnum):
    """What a directory says of one attribute of one person."""

    YES = "yes"
    NO = "no"
    PROTECTED = "protected"  # no, and a right given to the place above would not reach this person
    UNKNOWN = "unknown"


class Writable(StrEnum):
    """What the answers for several people come to."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    UNKNOWN = "unknown"


class Sampled(NamedTuple):
    """One person who is looked at; `place` is the DN of what holds the entry."""

    anchor: str
    dn: str
    place: str


@dataclass(frozen=True, slots=True)
class PlaceRights:
    """How many of the people looked at in one place may have the attribute written.

    `refused` counts the `protected` too. Who is in neither figure is not known.
    """

    place: str
    people: int
    writable: int
    refused: int
    protected: int = 0

    @property
    def verdict(self) -> Writable:
        return _verdict(self.writable, self.refused)

    @property
    def can_be_granted(self) -> bool:
        """Whether a right that is given to this place would help somebody."""
        return self.refused > self.protected


@dataclass(frozen=True, slots=True)
class AttributeRights:
    """The answers for one mapped attribute, by place, in the order in which people were read."""

    field: Field
    attribute: str
    places: tuple[PlaceRights, ...]

    @property
    def people(self) -> int:
        return sum(place.people for place in self.places)

    @property
    def writable(self) -> int:
        return sum(place.writable for place in self.places)

    @property
    def refused(self) -> int:
        return sum(place.refused for place in self.places)

    @property
    def protected(self) -> int:
        return sum(place.protected for place in self.places)

    @property
    def verdict(self) -> Writable:
        return _verdict(self.writable, self.refused)

    @property
    def differing(self) -> tuple[PlaceRights, ...]:
        """The places, where they are not all alike; else nothing."""
        return self.places if len({place.verdict for place in self.places}) > 1 else ()


class Missing(NamedTuple):
    """Attributes that nobody, or not everybody, below a place may have written."""

    place: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """What an administrator of the directory is handed: `message` says where it goes, `text` is the thing itself."""

    message: Message
    text: str


def count_rights(
    rules: Iterable[FieldRule], sample: Sequence[Sampled], answers: Mapping[str, Mapping[str, Answer]]
) -> tuple[AttributeRights, ...]:
    """Count `answers`, by anchor and lower-cased attribute, for each rule that pushes; who is not in them is unknown."""
    places = tuple(dict.fromkeys(person.place for person in sample))
    return tuple(
        AttributeRights(
            rule.field,
            rule.attribute,
            tuple(_count(place, rule.attribute.lower(), sample, answers) for place in places),
        )
        for rule in rules
        if rule.pushes
    )


def missing_rights(rights: Iterable[AttributeRights], bases: Sequence[str]) -> tuple[Missing, ...]:
    """Return where which rights are missing, places with the same ones side by side.

    What is missing in each of several places is missing of the bases of the scope: only
    few of the places below them were looked at, and others will come.
    """
    known = [each for each in rights if each.verdict is not Writable.UNKNOWN]
    everywhere = [each for each in known if len(each.places) > 1 and all(place.can_be_granted for place in each.places)]
    found: dict[str, list[str]] = {base: [each.attribute for each in everywhere] for base in bases if everywhere}
    for each in known:
        for place in each.places:
            if place.can_be_granted and each not in everywhere:
                found.setdefault(place.place, []).append(each.attribute)
    return tuple(Missing(place, tuple(dict.fromkeys(attributes))) for place, attributes in found.items())


def _count(
    place: str, attribute: str, sample: Sequence[Sampled], answers: Mapping[str, Mapping[str, Answer]]
) -> PlaceRights:
    given = [
        answers.get(person.anchor, {}).get(attribute, Answer.UNKNOWN) for person in sample if person.place == place
    ]
    protected = given.count(Answer.PROTECTED)
    return PlaceRights(place, len(given), given.count(Answer.YES), given.count(Answer.NO) + protected, protected)


def _verdict(writable: int, refused: int) -> Writable:
    """Judge by those who are known: a few who could not be asked about do not hide what the others tell."""
    if not writable and not refused:
        return Writable.UNKNOWN
    if not refused:
        return Writable.ALL
    return Writable.SOME if writable else Writable.NONE
