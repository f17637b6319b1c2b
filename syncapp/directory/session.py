"""A directory as an open endpoint: everything that a run does there, over one connection."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import ldap
from ldap.controls import SimplePagedResultsControl
from ldap.filter import escape_filter_chars

from syncapp.core.records import Identity, Message, RemoteRecord, Scope, Whereabouts
from syncapp.core.watermark import Delta, Watermark
from syncapp.core.writes import WriteJob, WriteRefusal, WriteResult
from syncapp.directory.answers import receive
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.connection import open_directory
from syncapp.directory.entries import EntryReader
from syncapp.directory.errors import connection_error
from syncapp.directory.exclusions import exclusions, find_anywhere
from syncapp.directory.fetching import Fetcher
from syncapp.directory.identity import identity_of
from syncapp.directory.incremental.means import Marking, begin_marking, read_changes
from syncapp.directory.scope import check_attributes
from syncapp.directory.search import NOBODY_WATCHES, Witness, iter_pages, people_requests, read_pages
from syncapp.directory.survey import Directory
from syncapp.directory.units import find_unit, scope_of
from syncapp.directory.whereabouts import whereabouts
from syncapp.directory.writeback import Writer

# Values that are looked at to learn how a server's people write something.
SAMPLE = 300
# So many people are too many to choose from.
FOUND_AT_MOST = 21


@contextmanager
def open_session(config: DirectoryConfig, attempt: Callable[[], None] = lambda: None) -> Iterator["DirectorySession"]:
    """Open a directory and log in, for the time of the block; `attempt` is called before each address."""
    with open_directory(config, attempt=attempt) as directory:
        yield DirectorySession(directory, config)


class DirectorySession:
    """What `services.ports.EndpointSession` asks for, by LDAP."""

    def __init__(self, directory: Directory, config: DirectoryConfig) -> None:
        self._directory = directory
        self._config = config
        self._writer = Writer(directory, config)
        self._marking: Marking | None = None
        self._contexts: Mapping[str, str] = {}

    @property
    def kind(self) -> str:
        return self._directory.kind

    @property
    def uri(self) -> str:
        return self._directory.uri

    @property
    def notes(self) -> Sequence[Message]:
        return self._directory.notes

    @property
    def change_marker(self) -> str:
        return self._directory.profile.change_marker.lower()

    @property
    def marker_is_coarse(self) -> bool:
        return self._directory.profile.marker_is_coarse

    @property
    def dropped(self) -> Mapping[str, WriteRefusal]:
        return self._writer.dropped

    def identity(self) -> Identity:
        identity = identity_of(self._directory, self._config)
        self._contexts = identity.contexts
        return identity

    def check_attributes(self, names: Sequence[str]) -> None:
        check_attributes(self._config, names, self._directory.schema)

    def read_only(self, names: Sequence[str]) -> Sequence[str]:
        schema = self._directory.schema
        return [name for name in names if schema is not None and schema.is_read_only(name)]

    @property
    def watermark(self) -> Watermark | None:
        return self._marking.watermark() if self._marking is not None else None

    def pages(
        self, attributes: Sequence[str], *, now: datetime, having: str = "", mark: bool = False
    ) -> Iterator[list[RemoteRecord]]:
        witness = NOBODY_WATCHES
        if mark:
            self._marking = begin_marking(self._directory, self._config, now=now)
            if self._marking is not None:
                witness = Witness(self._marking.mark.attributes, self._marking.mark.see)
        extra_filter = f"({having}=*)" if having else ""
        return iter_pages(
            self._directory,
            self._config,
            attributes,
            now=now,
            extra_filter=extra_filter,
            witness=witness,
            streams=mark,
        )

    def whole(self, record: RemoteRecord) -> RemoteRecord:
        return record

    def changes(self, watermark: Watermark, *, now: datetime) -> Delta:
        return read_changes(self._directory, self._config, watermark, now=now)

    def fetch(
        self, entries: Iterable[tuple[str, str]], attributes: Sequence[str], *, now: datetime, in_scope: bool = False
    ) -> Iterator[tuple[str, RemoteRecord | None]]:
        return self._fetcher(attributes, now, in_scope=in_scope).fetch(entries)

    def scope(self) -> Scope:
        # Usually the base is the context whose id says whose directory this is.
        return scope_of(self._directory, self._config, self._contexts)

    def find_base(self, anchor: str) -> str:
        return find_unit(self._directory, self._config, anchor)

    def whereabouts(
        self, entries: Iterable[tuple[str, str]], *, now: datetime, previous: Scope | None = None
    ) -> Iterator[tuple[str, Whereabouts | None]]:
        return whereabouts(self._fetcher([], now), self._directory, self._config, entries, previous=previous)

    def find(
        self,
        conditions: Sequence[Sequence[tuple[str, str, bool]]],
        attributes: Sequence[str],
        *,
        now: datetime,
        anywhere: bool = False,
    ) -> list[RemoteRecord]:
        reader = EntryReader(self._directory.profile, attributes, self._directory.schema, now=now)
        wanted = "".join(f"(&{''.join(_clause(*clause) for clause in each)})" for each in conditions)
        if anywhere:
            everywhere = find_anywhere(self._directory, self._config, reader, f"(|{wanted})", most=FOUND_AT_MOST)
            return sorted(everywhere, key=lambda record: record.dn)
        found: dict[str, RemoteRecord] = {}
        for request in people_requests(
            self._directory, self._config, reader.requested, mapped=attributes, extra_filter=f"(|{wanted})"
        ):
            for rows in read_pages(self._directory, self._config, request):
                for dn, values in rows:
                    record = reader.read_person(dn, values) if dn is not None else None
                    if record is not None:
                        found[record.anchor] = record
        return sorted(found.values(), key=lambda record: record.dn)[:FOUND_AT_MOST]

    def exclusions(self, dn: str, *, now: datetime) -> Sequence[Message]:
        return exclusions(self._directory, self._config, dn, now=now)

    def sample(self, attribute: str) -> list[bytes]:
        values: list[bytes] = []
        for request in people_requests(self._directory, self._config, [attribute], extra_filter=f"({attribute}=*)"):
            page = SimplePagedResultsControl(True, size=SAMPLE, cookie="")
            try:
                number = self._directory.connection.search_ext(
                    request.base, ldap.SCOPE_SUBTREE, request.filter, [attribute], serverctrls=[page]
                )
                rows, _ = receive(self._directory.connection, number, limit=request.limit)
            except ldap.LDAPError as exc:
                raise connection_error(exc, uri=self.uri, seconds=request.limit) from None
            values += [value for dn, found in rows if dn is not None for each in found.values() for value in each]
            if len(values) >= SAMPLE:
                break
        return values

    def write(self, jobs: Iterable[WriteJob], attributes: Sequence[str], *, now: datetime) -> Iterator[WriteResult]:
        wanted = [*attributes, self.change_marker]
        return self._writer.write(jobs, self._fetcher(wanted, now))

    def _fetcher(self, attributes: Sequence[str], now: datetime, *, in_scope: bool = False) -> Fetcher:
        reader = EntryReader(self._directory.profile, attributes, self._directory.schema, now=now)
        return Fetcher(self._directory, self._config, reader, in_scope=in_scope)


def _clause(attribute: str, text: str, whole: bool) -> str:
    escaped = escape_filter_chars(text)
    return f"({attribute}={escaped})" if whole else f"({attribute}=*{escaped}*)"
