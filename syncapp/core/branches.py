"""Where entries stand in their directory, as far as the rules need it: text of DNs, without any server."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# A comma inside a value is escaped, or the value stands in quotes (RFC 4514, RFC 2253).
_RDN = re.compile(r'(?:\\.|"(?:\\.|[^"\\])*"|[^,\\"])+', re.DOTALL)
# Several attributes may name one entry, joined by a plus sign; the same escapes hold.
_AVA = re.compile(r'(?:\\.|"(?:\\.|[^"\\])*"|[^+\\"])+', re.DOTALL)
_ESCAPED = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)

Branch = tuple[str, ...]


def branch_of(dn: str) -> Branch:
    """Return the RDNs above an entry, the outermost first: `cn=a,ou=b,dc=c` is below (`dc=c`, `ou=b`)."""
    own = _RDN.match(dn)
    return _branch(dn[own.end() :]) if own is not None else ()


@lru_cache(maxsize=256)  # many entries stand in each
def _branch(rest: str) -> Branch:
    return tuple(part.strip() for part in reversed(_RDN.findall(rest)))


def common_branch(one: Branch, other: Branch) -> Branch:
    """Return the innermost branch that holds both, compared without case."""
    if one is other or one == other[: len(one)]:
        return one
    shared = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine.casefold() != theirs.casefold():
            break
        shared += 1
    return one[:shared]


def branch_name(branch: Iterable[str]) -> str:
    """Return the branch as a DN."""
    return ",".join(reversed(tuple(branch)))


def is_below(dn: str, unit: str) -> bool:
    """Whether an entry is the unit or lies below it: by the parts of the DNs, not by their texts.

    However they are written: case, spaces, and escapes do not matter.
    """
    parts, ending = _compared(dn), _compared(unit)
    return bool(ending) and parts[-len(ending) :] == ending


@lru_cache(maxsize=256)  # the few units come again and again
def _compared(dn: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(tuple(sorted(_pair(ava) for ava in _AVA.findall(rdn))) for rdn in _RDN.findall(dn))


def _pair(ava: str) -> tuple[str, str]:
    """Attribute and value of one part, in the form in which directories compare them."""
    name, _sign, value = ava.partition("=")
    if value.strip().startswith('"'):
        value = value.strip().removeprefix('"').removesuffix('"')
    plain = _ESCAPED.sub(_unescaped, value)
    return name.strip().casefold(), " ".join(unicodedata.normalize("NFKC", plain).casefold().split())


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return bytes.fromhex(found[1].replace("\\", "")).decode(errors="replace")
    return found[2]
