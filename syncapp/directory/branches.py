"""Whom a scope would bring, and in which branches people are; writes and stores nothing."""

from collections import Counter
from dataclasses import dataclass, replace

import ldap.dn

from syncapp.core.vocabulary import State
from syncapp.directory.connection import open_directory
from syncapp.directory.sampling import Look
from syncapp.directory.scope import is_below
from syncapp.directory.search import iter_pages

# More are a list that nobody reads.
MOST = 60


@dataclass(frozen=True, slots=True)
class ScopeFound:
    """`people` in scope, of whom `inactive` are switched off; at least so many unless `complete`."""

    people: int
    inactive: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch with people anywhere in it; `depth` counts from the base."""

    dn: str
    people: int
    depth: int


def look_at_scope(look: Look) -> ScopeFound:
    """Count the people whom the settings of `look` bring, as long as there is time; raise SyncError."""
    people = inactive = 0
    with open_directory(look.limited()) as directory:
        for page in iter_pages(directory, look.limited(), [], now=look.now):
            people += len(page)
            inactive += sum(record.state is not State.ACTIVE for record in page)
            if look.is_late:
                return ScopeFound(people, inactive, complete=False)
    return ScopeFound(people, inactive, complete=True)


def find_branches(look: Look) -> tuple[Branch, ...]:
    """Return the branches below the base in which people are, in the order of a tree; raise SyncError.

    Found by the people themselves, whatever bases and departments are chosen: a branch
    without people is none to choose. The fullest where there are too many.
    """
    config = replace(look.limited(), search_bases=(), departments=())
    holders: Counter[str] = Counter()
    with open_directory(config) as directory:
        base = directory.base_dn
        for page in iter_pages(directory, config, [], now=look.now):
            holders.update(_above(record.dn) for record in page)
            if look.is_late:
                break
    counts: Counter[str] = Counter()
    for holder, number in holders.items():
        for dn in _chain(holder, base):
            counts[dn] += number
    fullest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST]
    return tuple(
        Branch(dn, number, len(ldap.dn.explode_dn(dn)) - len(ldap.dn.explode_dn(base)) - 1)
        for dn, number in sorted(fullest, key=lambda item: _tree_order(item[0]))
    )


def _above(dn: str) -> str:
    return ",".join(ldap.dn.explode_dn(dn)[1:])


def _chain(dn: str, base: str) -> list[str]:
    """The branch and those above it, up to the base, which is not one of them."""
    chain = []
    while dn and is_below(dn, base) and len(ldap.dn.explode_dn(dn)) > len(ldap.dn.explode_dn(base)):
        chain.append(dn)
        dn = _above(dn)
    return chain


def _tree_order(dn: str) -> list[str]:
    return [part.casefold() for part in reversed(ldap.dn.explode_dn(dn))]
