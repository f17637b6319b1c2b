"""Whose directory it is that answered (rule A10)."""

import ldap

from syncapp.core.records import Identity
from syncapp.directory.answers import receive
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.errors import connection_error, is_verdict
from syncapp.directory.scope import is_below, search_bases
from syncapp.directory.survey import Directory
from syncapp.directory.units import unit_anchor, unit_profile


def identity_of(directory: Directory, config: DirectoryConfig) -> Identity:
    """Return the naming contexts that hold what is read, each with the immutable id of its entry.

    The id is that of the domain (objectGUID), or that of the suffix entry, which
    replication carries along as it does people's. Where none of the server's
    contexts holds it, all of them say whose directory this is.
    """
    contexts = holding_contexts(directory, config) or directory.naming_contexts
    return Identity({context: _id_of(directory, config, context) for context in sorted(contexts)})


def holding_contexts(directory: Directory, config: DirectoryConfig) -> set[str]:
    """Return the naming contexts that hold what is read, as far as the server names them."""
    contexts = directory.naming_contexts
    bases = search_bases(config, directory.base_dn) if directory.base_dn or config.search_bases else []
    return {max(around, key=len) for base in bases if (around := [each for each in contexts if is_below(base, each)])}


def _id_of(directory: Directory, config: DirectoryConfig, context: str) -> str:
    """Return the immutable id of a context's entry; '' when the account may not see it."""
    profile, limit = unit_profile(directory.profile), config.operation_timeout
    try:
        number = directory.connection.search_ext(
            context, ldap.SCOPE_BASE, "(objectClass=*)", [profile.anchor_attribute]
        )
        rows, _ = receive(directory.connection, number, limit=limit)
    except ldap.LDAPError as exc:
        if is_verdict(exc):
            return ""
        raise connection_error(exc, uri=directory.uri, seconds=limit) from None
    return next((unit_anchor(profile, values) for dn, values in rows if dn is not None), "")
