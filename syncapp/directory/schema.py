"""The attributes that a server knows: a misspelt one matches nothing, without an error."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import ldap
import ldap.schema
from ldap.ldapobject import SimpleLDAPObject


class _Attribute(NamedTuple):
    """What counts of one definition: names and parents are lower-cased."""

    names: tuple[str, ...]
    parents: tuple[str, ...]
    equality: bool
    read_only: bool


class Schema:
    """The attributes of one server: names and aliases, and what may be done with them."""

    def __init__(self, definitions: Iterable[bytes]) -> None:
        self._known: dict[str, _Attribute] = {}
        for definition in definitions:
            attribute = ldap.schema.AttributeType(definition.decode("utf-8", "replace"))
            known = _Attribute(
                names=tuple(name.lower() for name in attribute.names),
                parents=tuple(name.lower() for name in attribute.sup),
                equality=bool(attribute.equality),
                read_only=bool(attribute.no_user_mod or attribute.collective),
            )
            for name in (attribute.oid.lower(), *known.names):
                self._known[name] = known

    def knows(self, attribute: str) -> bool:
        """Whether the attribute exists, by name, alias or number; options such as `;lang-ru` do not matter."""
        return _base_name(attribute) in self._known

    def names_of(self, attribute: str) -> tuple[str, ...]:
        """Return all names of the attribute: a server may answer by another one than it was asked for."""
        known = self._known.get(_base_name(attribute))
        return known.names if known else ()

    def is_read_only(self, attribute: str) -> bool:
        """Whether the server alone writes the attribute."""
        known = self._known.get(_base_name(attribute))
        return known is not None and known.read_only

    def compares(self, attribute: str) -> bool:
        """Whether the attribute has an equality rule, its own or inherited: without one no value can be deleted.

        One without any definition has a rule as far as we know: the server will say.
        """
        known = self._known.get(_base_name(attribute))
        if known is None or known.equality:
            return True
        return any(parent in self._known and self.compares(parent) for parent in known.parents)


def read_schema(connection: SimpleLDAPObject, subschema_dn: str) -> Schema | None:
    """Read the server's schema; None when it does not show it, which is no error."""
    if not subschema_dn:
        return None
    try:
        rows = connection.search_ext_s(subschema_dn, ldap.SCOPE_BASE, "(objectClass=subschema)", ["attributeTypes"])
    except (ldap.NO_SUCH_OBJECT, ldap.INSUFFICIENT_ACCESS, ldap.UNWILLING_TO_PERFORM, ldap.OPERATIONS_ERROR):
        return None
    definitions = [
        definition
        for dn, attributes in rows
        if dn is not None
        for name, values in attributes.items()
        if name.lower() == "attributetypes"
        for definition in values
    ]
    try:
        return _understood(tuple(definitions)) if definitions else None
    except (ValueError, IndexError, AssertionError):  # not written as RFC 4512 says
        return None


@lru_cache(maxsize=16)
def _understood(definitions: tuple[bytes, ...]) -> Schema:
    """Understand a schema once: it hardly ever changes, and hundreds of definitions took a quarter of a small run."""
    return Schema(definitions)


def _base_name(attribute: str) -> str:
    return attribute.partition(";")[0].strip().lower()
