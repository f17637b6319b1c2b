"""Looking for people who did not come, without regard to the scope (rule D2)."""

from collections.abc import Iterable, Iterator
from itertools import islice

from syncapp.core.records import RemoteRecord, Scope, Whereabouts
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.fetching import Fetcher
from syncapp.directory.scope import is_below, people_filter
from syncapp.directory.search import read_bases
from syncapp.directory.survey import Directory

# People who are looked for in one go.
TOGETHER = 500


def whereabouts(
    fetcher: Fetcher,
    directory: Directory,
    config: DirectoryConfig,
    entries: Iterable[tuple[str, str]],
    *,
    previous: Scope | None,
) -> Iterator[tuple[str, Whereabouts | None]]:
    """Yield anchor and whereabouts for each (anchor, last known DN), in any order; None for who is not seen."""
    scope = Scope(dict.fromkeys(read_bases(directory, config), ""), people_filter(config, directory.profile))
    waiting = iter(entries)
    while part := list(islice(waiting, TOGETHER)):
        found: list[RemoteRecord] = []
        for anchor, record in fetcher.fetch(part):
            if record is None:
                yield anchor, None
            else:
                found.append(record)
        now = fetcher.passing(found, tuple(scope.bases), scope.filter)
        before = fetcher.passing(found, tuple(previous.bases), previous.filter) if previous is not None else set()
        for record in found:
            yield (
                record.anchor,
                Whereabouts(
                    dn=record.dn,
                    state=record.state,
                    in_bases=any(is_below(record.dn, base) for base in scope.bases),
                    in_scope=record.anchor in now,
                    was_in_scope=record.anchor in before,
                ),
            )
