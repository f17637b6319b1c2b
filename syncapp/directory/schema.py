"""The attributes that a server knows: a misspelt one matches nothing, without an error."""

import ldap
import ldap.schema
from ldap.ldapobject import SimpleLDAPObject


class Schema:
    """Names and aliases of the attributes of one server, lower-cased."""

    def __init__(self, definitions: list[bytes]) -> None:
        self._names: dict[str, tuple[str, ...]] = {}
        for definition in definitions:
            attribute = ldap.schema.AttributeType(definition.decode("utf-8", "replace"))
            names = tuple(name.lower() for name in attribute.names)
            for name in (attribute.oid.lower(), *names):
                self._names[name] = names

    def knows(self, attribute: str) -> bool:
        """Whether the attribute exists, by name, alias or number; options such as `;lang-ru` do not matter."""
        return _base_name(attribute) in self._names

    def names_of(self, attribute: str) -> tuple[str, ...]:
        """Return all names of the attribute: a server may answer by another one than it was asked for."""
        return self._names.get(_base_name(attribute), ())


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
        return Schema(definitions) if definitions else None
    except (ValueError, IndexError, AssertionError):  # not written as RFC 4512 says
        return None


def _base_name(attribute: str) -> str:
    return attribute.partition(";")[0].strip().lower()
