"""Which entries are read: bases by "or", everything else by "and" (design, section 3)."""

import re
from collections.abc import Iterable, Sequence

import ldap
import ldap.dn

from syncapp.directory.anchors import check_anchor
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.filters import all_of, check_filter, departments_filter
from syncapp.directory.kinds import KindProfile
from syncapp.directory.schema import Schema
from syncapp.exceptions import ConfigurationError

_ATTRIBUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)(?:;[A-Za-z0-9-]+)*")

_Rdn = tuple[tuple[str, str], ...]


def check_scope(config: DirectoryConfig) -> None:
    """Refuse what cannot work, before any server is asked."""
    check_anchor(config.kind, config.anchor_attribute)
    check_attribute_names(_named_in_settings(config))
    if config.base_dn:
        parse_dn(config.base_dn)
    for base in config.search_bases:
        if config.base_dn and not is_below(base, config.base_dn):
            raise ConfigurationError("dn_outside_base", dn=base, base=config.base_dn)
        parse_dn(base)
    if config.departments and not config.department_attribute:
        raise ConfigurationError("department_attribute_missing")
    if any(not department.strip() for department in config.departments):
        raise ConfigurationError("department_empty")
    if config.department_attribute:
        check_attribute_names([config.department_attribute])
    if config.user_filter.strip():
        check_filter(config.user_filter.strip())


def search_bases(config: DirectoryConfig, base_dn: str) -> list[str]:
    """Return the bases to be read, in their order; one inside another is left to the outer one."""
    bases = list(config.search_bases) or [base_dn]
    parsed = [parse_dn(base) for base in bases]
    return [
        base
        for index, base in enumerate(bases)
        if not any(
            _ends_with(parsed[index], outer) and (outer != parsed[index] or other < index)
            for other, outer in enumerate(parsed)
            if other != index
        )
    ]


def people_filter(config: DirectoryConfig, profile: KindProfile) -> str:
    """Return the filter that everybody in scope passes."""
    user_filter = config.user_filter.strip()
    if user_filter:
        check_filter(user_filter)
    departments = departments_filter(config.department_attribute, config.departments)
    return all_of([profile.people_filter, user_filter, departments])


def check_attributes(config: DirectoryConfig, mapped: Sequence[str], schema: Schema | None) -> None:
    """Refuse attributes of the mapping, the filter and the departments that the server does not know.

    Without a schema nothing can be said: the run carries a note instead.
    """
    check_attribute_names(mapped)
    if schema is None:
        return
    unknown = _unknown(mapped, schema)
    if unknown:
        raise ConfigurationError("mapping_attribute_unknown", attributes=unknown)
    if config.user_filter.strip():
        unknown = _unknown(sorted(check_filter(config.user_filter.strip())), schema)
        if unknown:
            raise ConfigurationError("filter_attribute_unknown", attributes=unknown, filter=config.user_filter.strip())
    if config.departments and not schema.knows(config.department_attribute):
        raise ConfigurationError("department_attribute_unknown", attribute=config.department_attribute)
    if config.anchor_attribute and not schema.knows(config.anchor_attribute):
        raise ConfigurationError("anchor_attribute_unknown", attribute=config.anchor_attribute)
    # Misspelt it would find nobody, and everybody would count as active.
    if config.disabled_when and not schema.knows(config.disabled_when.attribute):
        raise ConfigurationError("disabled_attribute_unknown", attribute=config.disabled_when.attribute)


def check_attribute_names(names: Iterable[str]) -> None:
    """Refuse what is no name: `*`, `+` and `1.1` mean something else to a server."""
    for name in names:
        if not _ATTRIBUTE.fullmatch(name) or name == "1.1":
            raise ConfigurationError("attribute_malformed", attribute=name)


def is_below(dn: str, base: str) -> bool:
    """Whether one DN is the other or below it."""
    return _ends_with(parse_dn(dn), parse_dn(base))


def parse_dn(dn: str) -> tuple[_Rdn, ...]:
    """Return a DN in a form that can be compared; raise ConfigurationError when it is none.

    Spelling counts as little as for servers: case and repeated spaces, and the
    order of the parts that `+` joins.
    """
    try:
        rdns = ldap.dn.str2dn(dn)
    except (ldap.DECODING_ERROR, ValueError):  # ValueError: it has a NUL
        raise ConfigurationError("dn_malformed", dn=dn) from None
    if not rdns or any(not value for rdn in rdns for _, value, _ in rdn):
        raise ConfigurationError("dn_malformed", dn=dn)
    return tuple(
        tuple(sorted((name.lower(), " ".join(value.split()).casefold()) for name, value, _ in rdn)) for rdn in rdns
    )


def _named_in_settings(config: DirectoryConfig) -> list[str]:
    rule = config.disabled_when
    return [name for name in (config.anchor_attribute, rule.attribute if rule else "") if name]


def _ends_with(parts: Sequence[_Rdn], ending: Sequence[_Rdn]) -> bool:
    return len(parts) >= len(ending) and tuple(parts[len(parts) - len(ending) :]) == tuple(ending)


def _unknown(names: Sequence[str], schema: Schema) -> list[str]:
    return [name for name in names if not schema.knows(name)]
