"""Looking around the scope: who is there whom a read leaves out, and which part of the scope does it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import ldap

from syncapp.core.records import Message, RemoteRecord
from syncapp.directory.answers import receive
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.entries import EntryReader
from syncapp.directory.errors import read_error
from syncapp.directory.filters import any_of, check_filter, departments_filter
from syncapp.directory.scope import is_below, search_bases
from syncapp.directory.search import Row, SearchRequest, read_bases, read_pages
from syncapp.directory.survey import Directory
from syncapp.exceptions import ConfigurationError, DirectoryError

# What directories keep people as who are none to their kind's filter: contacts, for example.
_PERSON = "(objectClass=person)"
_NO_SUCH_BASE = frozenset({"base_not_here", "base_not_found"})


def find_anywhere(
    directory: Directory, config: DirectoryConfig, reader: EntryReader, wanted: str, *, most: int
) -> list[RemoteRecord]:
    """Return up to `most` entries that pass the filter `wanted` and look like people, in all that the server shows.

    Entries without an immutable id are copies that directories show elsewhere, and
    left out.
    """
    around = (*directory.naming_contexts, directory.base_dn, *config.search_bases)
    bases = search_bases(replace(config, search_bases=tuple(base for base in dict.fromkeys(around) if base)), "")
    found = f"(&{any_of([_PERSON, directory.profile.people_filter])}{wanted})"
    records: dict[str, RemoteRecord] = {}
    for base in bases:
        request = SearchRequest(base, found, reader.requested, config.page_size, config.operation_timeout)
        for dn, values in _rows(directory, config, request):
            try:
                record = reader.read(dn, values)
            except DirectoryError:
                continue
            if len(records) < most:
                records[record.anchor] = record
    return list(records.values())


def exclusions(directory: Directory, config: DirectoryConfig, dn: str, *, now: datetime) -> list[Message]:
    """Say which parts of the scope leave the entry out; the server judges each filter by itself.

    Raises ConfigurationError for a custom filter that is none.
    """
    profile = directory.profile
    reasons = []
    bases = read_bases(directory, config)
    if not any(is_below(dn, base) for base in bases):
        reasons.append(Message("scope_outside", {"bases": "; ".join(bases)}))
    reader = EntryReader(profile, [config.department_attribute] if config.departments else [], None, now=now)
    person = _looked_up(directory, config, dn, profile.people_filter, reader)
    if person is None:
        reasons.append(Message("scope_kind", {"kind": profile.label, "filter": profile.people_filter}))
    elif reader.read_person(dn, person) is None:
        reasons.append(Message("scope_nobody", {"kind": profile.label}))
    departments = departments_filter(config.department_attribute, config.departments)
    if departments and _looked_up(directory, config, dn, departments, reader) is None:
        values = _texts(_looked_up(directory, config, dn, _ANYTHING, reader), config.department_attribute)
        params = {"attribute": config.department_attribute, "departments": list(config.departments)}
        reasons.append(Message("scope_department", {**params, "found": values}))
    user_filter = config.user_filter.strip()
    if user_filter:
        check_filter(user_filter)
        if _looked_up(directory, config, dn, user_filter, reader) is None:
            reasons.append(Message("scope_filter", {"filter": user_filter}))
    return reasons


_ANYTHING = "(objectClass=*)"


def _rows(
    directory: Directory, config: DirectoryConfig, request: SearchRequest
) -> Iterator[tuple[str, dict[str, list[bytes]]]]:
    """Yield what a search finds; a branch that is not on this server holds nobody."""
    try:
        for rows in read_pages(directory, config, request):
            yield from _entries(rows)
    except ConfigurationError as error:
        if error.code not in _NO_SUCH_BASE:
            raise


def _entries(rows: list[Row]) -> Iterator[tuple[str, dict[str, list[bytes]]]]:
    for dn, values in rows:
        if dn is not None:
            yield dn, values


def _looked_up(
    directory: Directory, config: DirectoryConfig, dn: str, found: str, reader: EntryReader
) -> dict[str, list[bytes]] | None:
    """Return the entry's row if it passes the filter."""
    try:
        number = directory.connection.search_ext(dn, ldap.SCOPE_BASE, found, list(reader.requested))
        rows, _ = receive(directory.connection, number, limit=config.operation_timeout)
    except (ldap.NO_SUCH_OBJECT, ldap.REFERRAL):
        return None
    except ldap.LDAPError as exc:
        raise read_error(
            exc,
            kind=directory.kind,
            base=dn,
            account=config.bind_dn,
            uri=directory.uri,
            seconds=config.operation_timeout,
        ) from None
    return next((values for _dn, values in _entries(rows)), None)


def _texts(row: dict[str, list[bytes]] | None, attribute: str) -> list[str]:
    values = next((raws for name, raws in (row or {}).items() if name.lower() == attribute.lower()), [])
    return sorted(value.decode("utf-8", "replace") for value in values)
