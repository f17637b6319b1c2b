"""Reading single entries by DN, and by anchor those that have moved since."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

import ldap

from syncapp.core.records import RemoteRecord
from syncapp.directory.answers import receive
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.entries import EntryReader
from syncapp.directory.errors import read_error
from syncapp.directory.filters import all_of, any_of
from syncapp.directory.scope import is_below, people_filter
from syncapp.directory.search import anchor_twice, read_bases
from syncapp.directory.survey import Directory
from syncapp.exceptions import DirectoryError

# Requests that wait for their answer at the same time.
IN_FLIGHT = 20
# Entries that one search looks for by their ids: where these are not indexed, each search goes through everybody.
TOGETHER = 100
ANYTHING = "(objectClass=*)"
# How servers say that a DN is nobody's: it was moved or deleted, or was never a DN.
_NOT_THERE = (ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX, ldap.REFERRAL)
# How servers say, outside of what we read, that this is nothing for us: nobody can be seen there.
_NOT_FOR_US = (ldap.INSUFFICIENT_ACCESS, ldap.ADMINLIMIT_EXCEEDED, ldap.SIZELIMIT_EXCEEDED, ldap.UNWILLING_TO_PERFORM)


class Fetcher:
    """Reads entries one by one over a connection, `IN_FLIGHT` at a time.

    With `in_scope` only those whom a read of everybody would bring.
    """

    def __init__(
        self, directory: Directory, config: DirectoryConfig, reader: EntryReader, *, in_scope: bool = False
    ) -> None:
        self._directory = directory
        self._config = config
        self._reader = reader
        self._bases = read_bases(directory, config)
        self._in_scope = in_scope
        self._filter = people_filter(config, directory.profile) if in_scope else ANYTHING

    def fetch(self, entries: Iterable[tuple[str, str]]) -> Iterator[tuple[str, RemoteRecord | None]]:
        """Yield anchor and entry for each (anchor, last known DN), in any order; None for who is not there."""
        elsewhere: list[str] = []
        for anchor, record in self._by_dn(entries):
            if record is not None or not anchor:
                yield anchor, record
            else:
                elsewhere.append(anchor)
            if len(elsewhere) == TOGETHER:
                yield from self._locate(elsewhere)
                elsewhere = []
        yield from self._locate(elsewhere)

    def passing(self, records: Iterable[RemoteRecord], bases: Sequence[str], people: str) -> set[str]:
        """Return the anchors of those whom a search of the filter `people` below the bases would bring."""
        passed: set[str] = set()
        pending: deque[tuple[str, int]] = deque()

        def take(anchor: str, number: int) -> None:
            if any(record.anchor == anchor for record in self._receive(number, people=True)):
                passed.add(anchor)

        for record in records:
            if any(is_below(record.dn, base) for base in bases):
                pending.append((record.anchor, self._search(record.dn, ldap.SCOPE_BASE, people)))
            if len(pending) >= IN_FLIGHT:
                take(*pending.popleft())
        while pending:
            take(*pending.popleft())
        return passed

    def ask(self, dn: str) -> int:
        """Ask for one entry; `receive` takes the answer of this number."""
        return self._search(dn, ldap.SCOPE_BASE, self._filter)

    def receive(self, number: int, anchor: str) -> RemoteRecord | None:
        """Return the entry that was asked for, or None when another one or none has that DN.

        Without an anchor whoever has the DN is meant.
        """
        for record in self._receive(number, people=self._in_scope, nameless=bool(anchor)):
            if record.anchor == (anchor or record.anchor) and (not self._in_scope or self._is_in_a_base(record.dn)):
                return record
        return None

    @property
    def requested(self) -> tuple[str, ...]:
        """What a request must name, so that `record_of` can read the answer."""
        return self._reader.requested

    def record_of(self, dn: str, row: Mapping[str, list[bytes]]) -> RemoteRecord:
        """Read a row that came along with another answer."""
        return self._reader.read(dn, row)

    def locate(self, anchor: str) -> RemoteRecord | None:
        """Find an entry by its immutable id, wherever it is by now."""
        return next((record for _anchor, record in self._locate([anchor] if anchor else [])), None)

    def _by_dn(self, entries: Iterable[tuple[str, str]]) -> Iterator[tuple[str, RemoteRecord | None]]:
        """Without a DN nobody is asked for: the anchor has to find him."""
        pending: deque[tuple[str, int | None]] = deque()
        for anchor, dn in entries:
            pending.append((anchor, self.ask(dn) if dn else None))
            if len(pending) >= IN_FLIGHT:
                yield self._answer(*pending.popleft())
        while pending:
            yield self._answer(*pending.popleft())

    def _answer(self, anchor: str, number: int | None) -> tuple[str, RemoteRecord | None]:
        return anchor, self.receive(number, anchor) if number is not None else None

    def _locate(self, anchors: Sequence[str]) -> Iterator[tuple[str, RemoteRecord | None]]:
        """Find entries by their immutable ids, wherever they are by now; one search for all in each base."""
        profile = self._directory.profile
        left = dict.fromkeys(anchors)
        for base in self._bases if self._in_scope else self._outer_bases():
            if not left:
                return
            wanted = any_of([f"({profile.anchor_attribute}={profile.encode_anchor(anchor)})" for anchor in left])
            number = self._search(
                base, ldap.SCOPE_SUBTREE, all_of([wanted, self._filter]) if self._in_scope else wanted
            )
            within = base in self._bases
            records = self._receive(number, people=self._in_scope, expected=() if within else _NOT_FOR_US)
            for anchor, record in self._told_apart(records, within=within).items():
                if anchor in left:
                    del left[anchor]
                    yield anchor, record
        yield from left.items()

    def _told_apart(self, records: Iterable[RemoteRecord], *, within: bool) -> dict[str, RemoteRecord]:
        """Return entries by anchor. Two with a chosen one: among our people an error, elsewhere neither is ours."""
        found: dict[str, RemoteRecord] = {}
        twice = set()
        for record in records:
            other = found.setdefault(record.anchor, record)
            if other.dn != record.dn:
                if within:
                    raise anchor_twice(self._directory, record.anchor, other.dn, record.dn)
                twice.add(record.anchor)
        return {anchor: record for anchor, record in found.items() if anchor not in twice}

    def _search(self, base: str, scope: int, found: str) -> int:
        try:
            number: int = self._directory.connection.search_ext(base, scope, found, list(self._reader.requested))
        except ldap.LDAPError as exc:
            raise self._translated(exc, base) from None
        return number

    def _receive(
        self,
        number: int,
        *,
        people: bool,
        expected: tuple[type[ldap.LDAPError], ...] = (),
        nameless: bool = False,
    ) -> list[RemoteRecord]:
        """Return the entries of an answer; with `nameless` those without an id are left out, for nobody asked for them."""
        limit = self._config.operation_timeout
        try:
            rows, _ = receive(self._directory.connection, number, limit=limit)
        except (*_NOT_THERE, *expected):
            return []
        except ldap.LDAPError as exc:
            raise self._translated(exc, "") from None
        read = self._reader.read_person if people else self._reader.read
        found = []
        for dn, values in rows:
            try:
                record = read(dn, values) if dn is not None else None
            except DirectoryError:
                if not nameless:
                    raise
                continue
            found += [record] if record is not None else []
        return found

    def _outer_bases(self) -> list[str]:
        """The bases of the scope, then all around them: who moved may be outside by now."""
        around = (self._directory.base_dn, *self._directory.naming_contexts)
        return list(dict.fromkeys((*self._bases, *(base for base in around if base))))

    def _is_in_a_base(self, dn: str) -> bool:
        return any(is_below(dn, base) for base in self._bases)

    def _translated(self, error: ldap.LDAPError, base: str) -> Exception:
        return read_error(
            error,
            kind=self._directory.kind,
            base=base,
            account=self._config.bind_dn,
            uri=self._directory.uri,
            seconds=self._config.operation_timeout,
            contexts=self._directory.naming_contexts,
        )
