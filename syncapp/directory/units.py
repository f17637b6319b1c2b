"""The entries below which people are read: remembered by their immutable id, for units are renamed."""

from collections.abc import Mapping
from types import MappingProxyType

import ldap
import ldap.dn

from syncapp.core.records import Scope
from syncapp.directory.answers import receive
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.errors import connection_error
from syncapp.directory.kinds import PROFILES, KindProfile
from syncapp.directory.scope import is_below, parse_dn, people_filter
from syncapp.directory.search import read_bases
from syncapp.directory.survey import Directory

# What a server says of a unit that it does not have, or does not show.
_NOT_SEEN = (ldap.NO_SUCH_OBJECT, ldap.REFERRAL, ldap.INSUFFICIENT_ACCESS, ldap.UNWILLING_TO_PERFORM)


def scope_of(directory: Directory, config: DirectoryConfig, known: Mapping[str, str] = MappingProxyType({})) -> Scope:
    """Return whom a read of everybody brings; `known` are DNs whose immutable ids need not be asked for."""
    profile = unit_profile(directory.profile)
    ids = {parse_dn(dn): anchor for dn, anchor in known.items() if anchor}
    bases = {}
    for base in read_bases(directory, config):
        bases[base] = ids.get(parse_dn(base), "")
        if not bases[base]:
            rows = _search(directory, config, base, ldap.SCOPE_BASE, "(objectClass=*)", profile.anchor_attribute)
            bases[base] = next((anchor for _dn, anchor in rows), "")
    return Scope(bases, people_filter(config, directory.profile))


def find_unit(directory: Directory, config: DirectoryConfig, anchor: str) -> str:
    """Return the DN of an entry by its immutable id, wherever it is; '' when it is not there."""
    profile = unit_profile(directory.profile)
    wanted = f"({profile.anchor_attribute}={profile.encode_anchor(anchor)})"
    for base in dict.fromkeys((directory.base_dn, *directory.naming_contexts)):
        if not base:
            continue
        for dn, found in _search(directory, config, base, ldap.SCOPE_SUBTREE, wanted, profile.anchor_attribute):
            if found == anchor:
                return dn
    return ""


def rebased(dn: str, old: str, new: str) -> str:
    """Return the DN with `new` in the place of the base `old`; a DN that is not below `old` as it is."""
    if not is_below(dn, old):
        return dn
    parts = ldap.dn.explode_dn(dn)
    own = len(parts) - len(ldap.dn.explode_dn(old))
    return ",".join([*parts[:own], new])


def unit_profile(profile: KindProfile) -> KindProfile:
    """FreeIPA gives its own id to people alone; units have that of the server under it."""
    return PROFILES[profile.units_as] if profile.units_as else profile


def _search(
    directory: Directory, config: DirectoryConfig, base: str, scope: int, wanted: str, attribute: str
) -> list[tuple[str, str]]:
    """Return DNs and ids; an entry that shows none has ''."""
    limit = config.operation_timeout
    try:
        number = directory.connection.search_ext(base, scope, wanted, [attribute])
        rows, _ = receive(directory.connection, number, limit=limit)
    except _NOT_SEEN:
        return []
    except ldap.LDAPError as exc:
        raise connection_error(exc, uri=directory.uri, seconds=limit) from None
    profile = unit_profile(directory.profile)
    return [(dn, unit_anchor(profile, values)) for dn, values in rows if dn is not None]


def unit_anchor(profile: KindProfile, values: dict[str, list[bytes]]) -> str:
    """Return the immutable id among the values of an entry; '' when there is none."""
    wanted = profile.anchor_attribute.lower()
    for name, found in values.items():
        if name.lower() == wanted and found:
            try:
                return profile.decode_anchor(found[0])
            except ValueError:
                return ""
    return ""
