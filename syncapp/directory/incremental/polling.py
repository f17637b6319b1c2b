"""Asking for whoever has a higher number, or a later time, than at the last look."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from syncapp.directory.entries import EntryReader
from syncapp.directory.filters import all_of
from syncapp.directory.identity import holding_contexts
from syncapp.directory.incremental.strategy import Found, Place
from syncapp.directory.scope import is_below, people_filter
from syncapp.directory.search import SearchRequest, read_bases, read_pages
from syncapp.exceptions import DirectoryError

Row = Mapping[str, list[bytes]]


def poll(place: Place, condition: str, attribute: str, found: Found) -> Iterator[Row]:
    """Put whoever meets the condition into `found`, and yield the rows of those in scope.

    Whoever is somewhere else in the directory, or whom the scope leaves out by now, is
    gone from where we read; who was deleted nobody tells.
    """
    directory, config = place.directory, place.config
    # The anchor's name has no other spelling, so the schema need not be asked.
    reader = EntryReader(directory.profile, [attribute], None, now=place.now)
    requested = (directory.profile.anchor_attribute, attribute)
    wanted = all_of([people_filter(config, directory.profile), condition])
    bases = read_bases(directory, config)
    for base in bases:
        request = SearchRequest(base, wanted, requested, config.page_size, config.operation_timeout)
        for rows in read_pages(directory, config, request):
            for dn, row in rows:
                if dn is not None:
                    found.entries[dn] = reader.read(dn, row).anchor
                    yield row
    anybody = all_of([directory.profile.people_filter, condition])
    for context in sorted(holding_contexts(directory, config)):
        if anybody == wanted and any(is_below(context, base) for base in bases):
            continue  # all of it is what has just been read
        # What the account may not see there cannot be missed.
        with suppress(DirectoryError):
            around = SearchRequest(context, anybody, requested, config.page_size, config.operation_timeout)
            for rows in read_pages(directory, config, around):
                found.gone |= {reader.read(dn, row).anchor for dn, row in rows if dn is not None}
    found.gone.difference_update(found.entries.values())
