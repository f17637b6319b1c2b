"""A phone system as an open endpoint: what a run does at a directory, done here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from syncapp.core.normalise import fold
from syncapp.core.number_moves import aside_number, is_aside
from syncapp.core.phone_numbers import NumberInUse
from syncapp.core.records import Identity, Message, RemoteRecord, Scope, Whereabouts
from syncapp.core.vocabulary import Field
from syncapp.core.watermark import Delta, Watermark
from syncapp.core.writes import MakeJob, MakeResult, WriteJob, WriteRefusal, WriteResult
from syncapp.exceptions import FullReadNeededError
from syncapp.telephony.attributes import PICTURE, PICTURE_PATH, Seen, listed, whole
from syncapp.telephony.config import PhoneConfig
from syncapp.telephony.mikopbx import open_mikopbx
from syncapp.telephony.protocol import PhoneSession, Summary
from syncapp.telephony.writing import Writer

PAGE = 20  # people between two signs of life: each of them may take a request
FOUND_AT_MOST = 21


@contextmanager
def open_phone_endpoint(
    config: PhoneConfig, attempt: Callable[[], None] = lambda: None, **how: Any
) -> Iterator["PhoneEndpoint"]:
    """Open a phone system for the time of the block; `attempt` is called before."""
    with open_mikopbx(config, **how) as session:
        attempt()
        yield PhoneEndpoint(session, config)


class PhoneEndpoint:
    """What `services.ports.EndpointSession` asks for, of a phone system.

    The list tells of everybody in one request, and only that something has changed;
    values come from the details, which take a request each: they are asked for where
    the list shows something else than when somebody looked last (`config.recalled`).
    `seen` are those who were looked at since.
    """

    kind = "mikopbx"
    change_marker = PICTURE_PATH
    marker_is_coarse = False
    notes: Sequence[Message] = ()
    dropped: Mapping[str, WriteRefusal] = MappingProxyType({})
    watermark: Watermark | None = None

    def __init__(self, session: PhoneSession, config: PhoneConfig) -> None:
        self.session = session
        self.seen: dict[str, Seen] = {}
        self._unkept: dict[str, Seen] = {}
        self._config = config
        self._writer = Writer(self, session, config.region)
        self._rows: dict[str, Summary] | None = None
        self._numbers: Sequence[NumberInUse] | None = None

    @property
    def uri(self) -> str:
        return self.session.uri

    def identity(self) -> Identity:
        """A box says nothing of itself by which it could be told from another one (rule A11 looks at its people)."""
        return Identity({})

    def check_attributes(self, names: Sequence[str]) -> None:
        """Every field that there is is known here."""

    def read_only(self, names: Sequence[str]) -> Sequence[str]:
        return ()

    def pages(
        self, attributes: Sequence[str], *, now: datetime, having: str = "", mark: bool = False
    ) -> Iterator[list[RemoteRecord]]:
        rows = list((self.list_anew() if mark else self.rows()).values())
        if having:
            rows = [row for row in rows if listed(row).attributes.get(PICTURE_PATH if having == PICTURE else having)]
        for first in range(0, len(rows), PAGE):
            yield [listed(row) for row in rows[first : first + PAGE]]

    def whole(self, record: RemoteRecord) -> RemoteRecord | None:
        """Return a person of `pages` with everything that is to be known; None for who is not there any more."""
        row = self.rows().get(record.anchor)
        seen = self.look(row) if row is not None else None
        return whole(seen, self._config.region) if seen is not None else None

    def changes(self, watermark: Watermark, *, now: datetime) -> Delta:
        raise FullReadNeededError("full_read_settings")

    def fetch(
        self, entries: Iterable[tuple[str, str]], attributes: Sequence[str], *, now: datetime, in_scope: bool = False
    ) -> Iterator[tuple[str, RemoteRecord | None]]:
        for anchor, _dn in entries:  # somebody without an anchor is asked for by a name that nobody has here
            row = self.rows().get(anchor)
            if row is None:
                yield anchor, None
            elif list(attributes) == [PICTURE]:
                yield anchor, self.with_picture(row)
            else:
                yield anchor, self.whole(listed(row))

    def scope(self) -> Scope:
        return Scope({}, "")

    def find_base(self, anchor: str) -> str:
        return ""

    def whereabouts(
        self, entries: Iterable[tuple[str, str]], *, now: datetime, previous: Scope | None = None
    ) -> Iterator[tuple[str, Whereabouts | None]]:
        """Whoever is not in the list is nowhere: it has no parts that one could not see."""
        for anchor, _dn in entries:
            row = self.rows().get(anchor)
            yield anchor, Whereabouts(anchor, listed(row).state, in_bases=True, in_scope=True) if row else None

    def find(
        self,
        conditions: Sequence[Sequence[tuple[str, str, bool]]],
        attributes: Sequence[str],
        *,
        now: datetime,
        anywhere: bool = False,
    ) -> list[RemoteRecord]:
        found = [row for row in self.rows().values() if any(_meets(listed(row), all_of) for all_of in conditions)]
        people = (self.whole(listed(row)) for row in found[:FOUND_AT_MOST])
        return [person for person in people if person is not None]

    def exclusions(self, dn: str, *, now: datetime) -> Sequence[Message]:
        return ()

    def sample(self, attribute: str) -> list[bytes]:
        """The form of mobiles is the adapter's own business."""
        return []

    @property
    def has_numbers(self) -> bool:
        """Whether somebody has asked for the numbers already."""
        return self._numbers is not None

    def numbers(self) -> Sequence[NumberInUse]:
        """Return every number in use with what has it, as it was when somebody asked first."""
        if self._numbers is None:
            self._numbers = self.session.numbers()
        return self._numbers

    def occupied(self) -> Mapping[str, str]:
        """Return every number in use with its kind, those of queues, conferences and menus too."""
        return {each.number: each.kind for each in self.numbers()}

    def write(self, jobs: Iterable[WriteJob], attributes: Sequence[str], *, now: datetime) -> Iterator[WriteResult]:
        yield from self._writer.write(jobs, pictures=PICTURE in attributes)

    def make(self, jobs: Iterable[MakeJob]) -> Iterator[MakeResult]:
        yield from self._writer.make(jobs)

    def expect(self, people: int) -> None:
        """Hear how many people are to be written and made."""
        self._writer.expect(people)

    def step_aside(self, anchors: Sequence[str]) -> None:
        """Give people a number that nobody has, for another one to get theirs; they get their own next (rule C7)."""
        taken = dict(self.session.occupied()) if anchors else {}
        for anchor in anchors:
            row, number = self.rows().get(anchor), aside_number(taken)
            seen = self.look(row) if row is not None else None
            if seen is not None and number and seen.person.number:
                self.session.change(seen.person, {Field.EXTENSION: number}, is_fresh=True)
                taken[number] = "SIP"

    def rows(self) -> Mapping[str, Summary]:
        return self._rows if self._rows is not None else self.list_anew()

    def list_anew(self) -> Mapping[str, Summary]:
        self._rows = {row.anchor: row for row in self.session.summaries()}
        return self._rows

    def look(self, row: Summary, *, anew: bool = False) -> Seen | None:
        """Return a person with everything: as he was seen last where the list shows the same, else asked for."""
        seen = self.seen.get(row.anchor) or self._config.recalled.get(row.anchor)
        if seen is not None and seen.summary == row and not anew:
            return seen
        person = self.session.people([row])[row.anchor]
        if person is None:
            return None
        if is_aside(person.number) and seen is not None:  # a run ended in between: he still has his former number
            person = replace(person, number=seen.person.number)
        return self._noted(Seen(row, person))

    def remember(self, seen: Seen) -> None:
        """Take note of somebody as he is after a write of ours."""
        self._noted(seen)
        self._rows = {**self.rows(), seen.summary.anchor: seen.summary}

    def _noted(self, seen: Seen) -> Seen:
        self.seen[seen.summary.anchor] = self._unkept[seen.summary.anchor] = seen
        return seen

    def take_seen(self) -> Mapping[str, Seen]:
        """Return who was seen since this was asked last, for later runs to recall."""
        taken, self._unkept = self._unkept, {}
        return taken

    def everybody_seen(self) -> Mapping[str, Seen]:
        return {**self._config.recalled, **self.seen}

    def with_picture(self, row: Summary) -> RemoteRecord:
        """Return a person with the picture alone."""
        record = listed(row)
        raw = self.session.picture_at(row.picture) if record.attributes.get(PICTURE_PATH) else None
        return record._replace(attributes={PICTURE: [raw]} if raw else {})


def _meets(record: RemoteRecord, all_of: Sequence[tuple[str, str, bool]]) -> bool:
    """Whether a person meets all of the conditions (attribute, text, whole)."""
    for name, text, is_whole in all_of:
        values = [fold(raw.decode()) for raw in record.attributes.get(name.lower(), ())]
        if not any(fold(text) == value if is_whole else fold(text) in value for value in values):
            return False
    return True
