"""The first people of a directory, to judge it by, and how many there are: within a time that somebody waits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Any

import ldap
from ldap.controls import SimplePagedResultsControl

from syncapp.core.options import FieldRule
from syncapp.core.vocabulary import TEXT_FIELDS
from syncapp.directory.answers import receive
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.entries import EntryReader
from syncapp.directory.errors import read_error
from syncapp.directory.search import Row, SearchRequest, count_people, people_requests, read_pages
from syncapp.directory.survey import Directory

# People of the sample: one page everywhere.
SAMPLE = 500
_LONGEST_WAIT = 5.0  # seconds
_SHORTEST_WAIT = 0.5


@dataclass(slots=True)
class Look:
    """What to look at, and for how many seconds in all.

    `usual` gives the mapping of a kind. `own` are rules of somebody's own, looked at in
    the place of a proposal for their fields.
    """

    config: DirectoryConfig
    usual: Callable[[str], Sequence[FieldRule]]
    region: str
    now: datetime
    seconds: float
    own: Sequence[FieldRule] = ()
    ends: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.ends = monotonic() + self.seconds

    def limited(self) -> DirectoryConfig:
        wait = max(_SHORTEST_WAIT, min(_LONGEST_WAIT, self.ends - monotonic()))
        return replace(self.config, page_size=SAMPLE, connect_timeout=wait, login_timeout=wait, operation_timeout=wait)

    @property
    def is_late(self) -> bool:
        return monotonic() > self.ends - _LONGEST_WAIT


@dataclass(slots=True)
class Person:
    dn: str
    values: Mapping[str, list[bytes]]


def sample_people(look: Look, directory: Directory, wanted: Sequence[str]) -> tuple[list[Person], bool]:
    """Read the first people, one page of each base; also say whether there are more."""
    reader = EntryReader(directory.profile, wanted, directory.schema, now=look.now)
    people: list[Person] = []
    more = False
    for request in people_requests(directory, look.limited(), reader.requested):
        rows, goes_on = _first_page(directory, look, request)
        more = more or goes_on
        for dn, row in rows:
            values = reader.values(row) if dn is not None else {}
            if dn is not None and directory.profile.is_person(values):
                people.append(Person(dn, values))
        if len(people) >= SAMPLE or look.is_late:
            more = True
            break
    return people, more


def _first_page(directory: Directory, look: Look, request: SearchRequest) -> tuple[list[Row], bool]:
    """Return a page and whether another one would follow; the next search ends this one on the server."""
    page = SimplePagedResultsControl(True, size=request.page_size, cookie="")
    try:
        number = directory.connection.search_ext(
            request.base, ldap.SCOPE_SUBTREE, request.filter, list(request.attributes), serverctrls=[page]
        )
        rows, controls = receive(directory.connection, number, limit=request.limit)
    except ldap.LDAPError as exc:
        raise read_error(
            exc,
            kind=directory.kind,
            base=request.base,
            account=look.config.bind_dn,
            uri=directory.uri,
            seconds=request.limit,
            contexts=directory.naming_contexts,
        ) from None
    return rows, any(_cookie(control) for control in controls)


def _cookie(control: Any) -> bytes:
    return bytes(control.cookie) if control.controlType == SimplePagedResultsControl.controlType else b""


def count_everybody(look: Look, directory: Directory, *, at_least: int) -> tuple[int, bool]:
    """Count everybody who passes the filter, as long as there is time."""
    number = 0
    for count in count_people(directory, look.limited(), with_attribute="objectClass"):
        number += count
        if look.is_late:
            return max(number, at_least), False
    return max(number, at_least), True


def count_pictures(
    look: Look, directory: Directory, rules: Sequence[FieldRule], people: Sequence[Person]
) -> dict[str, int | None]:
    """Count who of the sample has a picture, or a secret, without reading it."""
    sample = {person.dn for person in people}
    counted: dict[str, int | None] = {}
    for rule in rules:
        if rule.field in TEXT_FIELDS or rule.attribute in counted or not knows(directory)(rule.attribute):
            continue
        # Also: a read that was left half-way still holds the connection.
        counted[rule.attribute] = None if look.is_late else _having(look, directory, rule, sample)
    return counted


def _having(look: Look, directory: Directory, rule: FieldRule, sample: set[str]) -> int | None:
    filled = 0
    for dns in _dns(look, directory, rule.attribute):
        filled += sum(dn in sample for dn in dns)
        if look.is_late:
            return None
    return filled


def _dns(look: Look, directory: Directory, attribute: str) -> Iterator[list[str]]:
    config = look.limited()
    for request in people_requests(directory, config, ["1.1"], extra_filter=f"({attribute}=*)"):
        for rows in read_pages(directory, config, request):
            yield [dn for dn, _ in rows if dn is not None]


def knows(directory: Directory) -> Callable[[str], bool]:
    """Without a schema everything may be there."""
    schema = directory.schema
    return schema.knows if schema is not None else lambda name: True
