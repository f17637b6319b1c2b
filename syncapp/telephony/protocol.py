"""What a phone system can do, whichever it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from syncapp.core.phone_numbers import NumberInUse
from syncapp.core.records import Message
from syncapp.core.vocabulary import Field
from syncapp.core.writes import WriteRefusal


@dataclass(frozen=True, slots=True)
class Summary:
    """A person as the list shows him: enough to see that something changed, and not what.

    `mobile` may be the dial string; `number` is empty for people without a phone.
    """

    anchor: str
    name: str
    email: str
    number: str
    mobile: str
    picture: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class PhonePerson:
    """A person with everything but the secret, which never leaves the adapter.

    `dial_string` is what is dialled to reach the mobile; `forwards` names the
    forwards that are set, with the number that each leads to.
    """

    anchor: str
    name: str
    email: str
    number: str
    mobile: str
    dial_string: str
    has_picture: bool
    forwards: Mapping[str, str] = field(default_factory=dict)
    picture: str = ""  # where it is kept, which is the same place for every picture
    ring_length: int = 0  # seconds before a forward, of who was asked for just now


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to be made; `mobile` is E.164 or empty, `picture` a file or empty.

    `secret` is what a directory wants the phone to have, empty for a new strong one that nobody is told.
    """

    name: str
    number: str
    email: str = ""
    mobile: str = ""
    picture: bytes = b""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a person who was to be made or changed.

    `person` is what the phone system keeps now, None where that was refused;
    `remarks` say where it keeps something else than it was sent, and what stays to be
    done by hand. `drifted` are fields that somebody changed since they were read: then
    nothing was written.
    """

    person: PhonePerson | None = None
    refusal: WriteRefusal | None = None
    remarks: tuple[Message, ...] = ()
    drifted: frozenset[Field] = field(default_factory=frozenset)


class PhoneSession(Protocol):
    """An open phone system. Every method raises TelephonyError for what ends a run."""

    @property
    def uri(self) -> str: ...

    def summaries(self) -> Sequence[Summary]:
        """Return everybody, or raise: never a part."""

    def people(self, summaries: Iterable[Summary]) -> Mapping[str, PhonePerson | None]:
        """Return those people with everything, by anchor; None for who is not there any more."""

    def numbers(self) -> Sequence[NumberInUse]:
        """Return every number in use with what has it, or raise: never a part."""

    def occupied(self) -> Mapping[str, str]:
        """Return every number in use with its kind, those of queues, conferences and menus too."""

    def create(self, person: NewPerson) -> Written:
        """Make a person, with the secret that is given, else with a strong one of his own that nobody is told."""

    def change(
        self,
        before: PhonePerson,
        values: Mapping[Field, str],
        *,
        picture: bytes | None = None,
        secret: str = "",
        is_fresh: bool = False,
    ) -> Written:
        """Change those fields of a person, if they are still as in `before`; `picture` b"" takes it away.

        A `secret` goes there only where another one stands there.

        `is_fresh`: the caller has just looked, and nobody is read once more.
        """

    def picture(self, anchor: str) -> bytes | None:
        """Return the picture as it is kept; None for none."""

    def picture_at(self, path: str) -> bytes | None:
        """Return the picture at the place that a summary names; None for none."""


def changed_since(known: Mapping[str, Summary], now: Iterable[Summary]) -> list[Summary]:
    """Return the summaries that are new or other ones: theirs are the details worth asking for."""
    return [summary for summary in now if known.get(summary.anchor) != summary]


def forwarding_to(number: str, people: Iterable[PhonePerson]) -> list[PhonePerson]:
    """Return the people of whom a forward leads to a number."""
    return [person for person in people if number in person.forwards.values()]
