"""Reading everybody in scope, page by page or as one stream: all of it, or an error (promise 4)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ldap
from ldap.controls import SimplePagedResultsControl

from syncapp.core.records import RemoteRecord
from syncapp.directory.answers import receive, stream
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.entries import EntryReader
from syncapp.directory.errors import LIMITS, read_error
from syncapp.directory.filters import all_of
from syncapp.directory.scope import check_attributes, people_filter, search_bases
from syncapp.directory.survey import Directory
from syncapp.exceptions import ConfigurationError, DirectoryError, IncompleteReadError, SyncError

Row = tuple[str | None, dict[str, list[bytes]]]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    base: str
    filter: str
    attributes: Sequence[str]
    page_size: int
    limit: float  # seconds for each answer


@dataclass(frozen=True, slots=True)
class Witness:
    """Sees every row as it comes, for the sake of `attributes`, which are asked for on its account alone."""

    attributes: Sequence[str] = ()
    see: Callable[[Mapping[str, list[bytes]]], None] = lambda _row: None


NOBODY_WATCHES = Witness()


def iter_pages(
    directory: Directory,
    config: DirectoryConfig,
    attributes: Sequence[str],
    *,
    now: datetime,
    extra_filter: str = "",
    witness: Witness = NOBODY_WATCHES,
    streams: bool = False,
) -> Iterator[list[RemoteRecord]]:
    """Return the pages of all people in scope, each person once, with the named attributes.

    With `extra_filter` only those of them who pass it. `streams`: they may come in one
    answer where this kind of directory allows it, for whoever asks takes them all or
    hangs up.

    Everything that can be refused is refused here, before the first page. Never
    ends early in silence: a short list would later read as "these people are
    gone". `now` is our clock, for accounts that expire.
    """
    reader = EntryReader(directory.profile, attributes, directory.schema, now=now)
    requested = tuple(dict.fromkeys((*reader.requested, *witness.attributes)))
    requests = people_requests(directory, config, requested, mapped=attributes, extra_filter=extra_filter)
    read = read_stream if streams and directory.profile.streams else read_pages
    rows = (rows for request in requests for rows in read(directory, config, request))
    return _unique_pages(directory, rows, reader, witness)


def count_people(directory: Directory, config: DirectoryConfig, *, with_attribute: str) -> Iterator[int]:
    """Yield, page by page, how many people in scope have a value of the attribute, without reading it.

    A server may count nobody for an attribute that we may not read.
    """
    for request in people_requests(directory, config, ["1.1"], extra_filter=f"({with_attribute}=*)"):
        for rows in read_pages(directory, config, request):
            yield sum(dn is not None for dn, _ in rows)


def look_up_bases(directory: Directory, config: DirectoryConfig) -> list[str]:
    """Return the bases that are read; raise ConfigurationError for one that is not there."""
    bases = read_bases(directory, config)
    for base in bases:
        try:
            directory.connection.search_ext_s(base, ldap.SCOPE_BASE, attrlist=["1.1"])
        except ldap.LDAPError as exc:
            raise _translated(exc, directory, config, base) from None
    return bases


def people_requests(
    directory: Directory,
    config: DirectoryConfig,
    requested: Sequence[str],
    *,
    mapped: Sequence[str] = (),
    extra_filter: str = "",
) -> list[SearchRequest]:
    """Return one search for each base; refuse settings that the server's schema contradicts."""
    check_attributes(config, mapped, directory.schema)
    found = all_of([people_filter(config, directory.profile), extra_filter])
    return [
        SearchRequest(base, found, requested, config.page_size, config.operation_timeout)
        for base in read_bases(directory, config)
    ]


def read_pages(directory: Directory, config: DirectoryConfig, request: SearchRequest) -> Iterator[list[Row]]:
    """Yield the rows of one search page by page, or raise; referrals are rows whose DN is None.

    The next page is asked for before this one is handed on, so that the server
    finds it while we look at this one. Whoever stops early must close the
    connection.
    """
    connection = directory.connection
    page = SimplePagedResultsControl(True, size=request.page_size, cookie="")

    def ask() -> int:
        message: int = connection.search_ext(
            request.base, ldap.SCOPE_SUBTREE, request.filter, list(request.attributes), serverctrls=[page]
        )
        return message

    try:
        message = ask()
        while True:
            rows, controls = receive(connection, message, limit=request.limit)
            page.cookie = _next_cookie(controls)
            if page.cookie is None:
                raise IncompleteReadError("paging_ignored", uri=directory.uri)
            if page.cookie:
                message = ask()
            yield rows
            if not page.cookie:
                return
    except ldap.LDAPError as exc:
        raise _translated(exc, directory, config, request.base) from None


def read_stream(directory: Directory, config: DirectoryConfig, request: SearchRequest) -> Iterator[list[Row]]:
    """Yield the rows of one search as they come, or raise; referrals are rows whose DN is None.

    Where a limit of the server ends it, all of them follow once more, page by page: a
    limit that pages do not have loses nobody, and one that they have is what is raised.
    """
    connection = directory.connection
    try:
        with suppress(*LIMITS):
            number = connection.search_ext(request.base, ldap.SCOPE_SUBTREE, request.filter, list(request.attributes))
            yield from stream(connection, number, limit=request.limit)
            return
    except ldap.LDAPError as exc:
        raise _translated(exc, directory, config, request.base) from None
    yield from read_pages(directory, config, request)


def _unique_pages(
    directory: Directory, pages: Iterable[list[Row]], reader: EntryReader, witness: Witness
) -> Iterator[list[RemoteRecord]]:
    """Tell entries apart by anchor: somebody who is moved meanwhile may come in two pages or bases.

    Two entries with one anchor that somebody chose are two people: which of them is
    ours nobody can say, and the read fails.
    """
    seen: dict[str, str] = {}
    chosen = directory.profile.anchor_is_chosen
    see = witness.see if witness.attributes else None
    for rows in pages:
        page = []
        for dn, values in rows:
            if dn is None:  # a referral is no person
                continue
            if see is not None:
                see(values)
            record = reader.read_person(dn, values)
            if record is None:
                continue
            if record.anchor not in seen:
                seen[record.anchor] = dn if chosen else ""
                page.append(record)
            elif chosen and seen[record.anchor] != dn:
                raise anchor_twice(directory, record.anchor, seen[record.anchor], dn)
        yield page


def anchor_twice(directory: Directory, anchor: str, dn: str, other: str) -> DirectoryError:
    attribute = directory.profile.anchor_attribute
    return DirectoryError("anchor_twice", attribute=attribute, value=anchor, dn=dn, other=other)


def read_bases(directory: Directory, config: DirectoryConfig) -> list[str]:
    """Return the DNs below which everybody is read; raise ConfigurationError when there is none."""
    if not (directory.base_dn or config.search_bases):
        raise ConfigurationError("base_unknown", contexts="; ".join(directory.naming_contexts))
    return search_bases(config, directory.base_dn)


def _translated(error: ldap.LDAPError, directory: Directory, config: DirectoryConfig, base: str) -> SyncError:
    return read_error(
        error,
        kind=directory.kind,
        base=base,
        account=config.bind_dn,
        uri=directory.uri,
        seconds=config.operation_timeout,
        contexts=directory.naming_contexts,
    )


def _next_cookie(controls: Sequence[Any]) -> bytes | None:
    """Return where the next page begins, b'' after the last; None when the server does not page."""
    for control in controls:
        if control.controlType == SimplePagedResultsControl.controlType:
            cookie: bytes = control.cookie
            return cookie
    return None
