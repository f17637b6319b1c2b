"""What the means by which servers tell their changes have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import ldap

from syncapp.directory.config import DirectoryConfig
from syncapp.directory.errors import connection_error, is_verdict, text_of
from syncapp.directory.survey import Directory
from syncapp.exceptions import DirectoryError, FullReadNeededError

Position = Mapping[str, str]


@dataclass(slots=True)
class Found:
    """What a server tells of its changes, as `Delta` has it; `entries` maps DNs to anchors.

    `untouched`: nothing at all was written there since, neither people nor anything else.
    """

    position: Position
    entries: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    present: set[str] | None = None
    untouched: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """The open directory and who is read there; `now` is our clock."""

    directory: Directory
    config: DirectoryConfig
    now: datetime

    def offers(self, control: str) -> bool:
        """Whether the server lists a control: that it also carries it out only trying tells."""
        return control.encode() in self.directory.root_dse.get("supportedcontrol", ())

    def lost(self, error: ldap.LDAPError) -> DirectoryError:
        return connection_error(error, uri=self.directory.uri, seconds=self.config.operation_timeout)


class Mark(Protocol):
    """A position that is taken while everybody is read."""

    @property
    def attributes(self) -> Sequence[str]:
        """Lower-cased attributes that `see` wants to be asked for."""

    def see(self, row: Mapping[str, list[bytes]]) -> None:
        """Take note of an entry as it came."""

    def position(self) -> Position | None:
        """Return where changes are to be read from later; None where that cannot be said."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A mark that was complete before the first page."""

    at: Position
    attributes: tuple[str, ...] = ()

    def see(self, row: Mapping[str, list[bytes]]) -> None:
        """Nothing of it matters."""

    def position(self) -> Position:
        return self.at


class Strategy(Protocol):
    """One means of learning what has changed."""

    @property
    def name(self) -> str: ...

    def begin(self, place: Place) -> Mark | None:
        """Take the position before everybody is read; None where this server does not offer the means."""

    def changes(self, place: Place, position: Position) -> Found:
        """Return who has changed since, and the next position; raise FullReadNeededError where it is doubtful."""


def refused(place: Place, error: ldap.LDAPError) -> Exception:
    """Translate what a server says to a position: its verdict means that everybody has to be read."""
    if is_verdict(error):
        return FullReadNeededError("full_read_refused", uri=place.directory.uri, text=text_of(error))
    return place.lost(error)
