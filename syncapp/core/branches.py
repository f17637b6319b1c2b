"""Where entries stand in their directory, as far as the rules need it: text of DNs, without any server."""

import re
from collections.abc import Iterable

# A comma inside a value is escaped, or the value stands in quotes (RFC 4514, RFC 2253).
_RDN = re.compile(r'(?:\\.|"(?:\\.|[^"\\])*"|[^,\\"])+', re.DOTALL)

Branch = tuple[str, ...]


def branch_of(dn: str) -> Branch:
    """Return the RDNs above an entry, the outermost first: `cn=a,ou=b,dc=c` is below (`dc=c`, `ou=b`)."""
    return tuple(part.strip() for part in _RDN.findall(dn)[:0:-1])


def common_branch(one: Branch, other: Branch) -> Branch:
    """Return the innermost branch that holds both, compared without case."""
    shared = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine.casefold() != theirs.casefold():
            break
        shared += 1
    return one[:shared]


def branch_name(branch: Iterable[str]) -> str:
    """Return the branch as a DN."""
    return ",".join(reversed(tuple(branch)))
