"""What an open directory says of itself: kind, base, schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import ldap
from ldap.ldapobject import SimpleLDAPObject

from syncapp.core.records import Message
from syncapp.directory.config import AUTO, DirectoryConfig
from syncapp.directory.errors import connection_error
from syncapp.directory.kinds import KindProfile, RootDse, detect_kind, profile_of
from syncapp.directory.schema import Schema, read_schema

# Naming contexts that hold the server's own matters and no people.
_OWN_CONTEXTS = (
    "cn=config",
    "cn=schema",
    "cn=changelog",
    "cn=monitor",
    "dc=domaindnszones",
    "dc=forestdnszones",
    "o=ipaca",
)


@dataclass(frozen=True, slots=True)
class Directory:
    """An open connection and what is known of its server.

    `root_dse` has lower-cased names. `base_dn` is '' when none is configured and
    the server does not name exactly one. `notes` say what could not be checked;
    a run carries them. The schema is read when it is asked for: to take it apart costs
    more than all else of a run that finds nothing changed.
    """

    connection: SimpleLDAPObject
    uri: str
    root_dse: RootDse
    profile: KindProfile
    base_dn: str
    naming_contexts: tuple[str, ...]
    look_up_schema: Callable[[], Schema | None]

    @property
    def schema(self) -> Schema | None:
        return self.look_up_schema()

    @property
    def kind(self) -> str:
        return self.profile.kind

    @property
    def notes(self) -> tuple[Message, ...]:
        return () if self.schema else (Message("schema_unreadable", {"uri": self.uri}),)


def survey(connection: SimpleLDAPObject, *, uri: str, config: DirectoryConfig) -> Directory:
    """Ask a server, to which we are logged in, what it is."""
    try:
        root_dse = _read_root_dse(connection)
    except ldap.LDAPError as exc:
        raise connection_error(exc, uri=uri, seconds=config.operation_timeout) from None
    profile = profile_of(
        detect_kind(root_dse) if config.kind == AUTO else config.kind,
        anchor_attribute=config.anchor_attribute,
        disabled_when=config.disabled_when,
    )
    contexts = _people_contexts(root_dse)

    @cache
    def look_up_schema() -> Schema | None:
        try:
            return read_schema(connection, _text(root_dse, "subschemasubentry"))
        except ldap.LDAPError as exc:
            raise connection_error(exc, uri=uri, seconds=config.operation_timeout) from None

    return Directory(
        connection=connection,
        uri=uri,
        root_dse=root_dse,
        profile=profile,
        base_dn=config.base_dn or _own_base(root_dse, contexts, profile),
        naming_contexts=contexts,
        look_up_schema=look_up_schema,
    )


def _read_root_dse(connection: SimpleLDAPObject) -> Mapping[str, list[bytes]]:
    """Return the root DSE, names lower-cased; empty when the server does not show it."""
    try:
        rows = connection.search_ext_s("", ldap.SCOPE_BASE, attrlist=["*", "+"])
    except (ldap.NO_SUCH_OBJECT, ldap.INSUFFICIENT_ACCESS):
        return {}
    return {name.lower(): values for dn, attributes in rows if dn is not None for name, values in attributes.items()}


def _people_contexts(root_dse: RootDse) -> tuple[str, ...]:
    names = (value.decode("utf-8", "replace") for value in root_dse.get("namingcontexts", ()))
    return tuple(name for name in names if name and not name.lower().startswith(_OWN_CONTEXTS))


def _own_base(root_dse: RootDse, contexts: tuple[str, ...], profile: KindProfile) -> str:
    base = _text(root_dse, "defaultnamingcontext") or (contexts[0] if len(contexts) == 1 else "")
    return ",".join(part for part in (profile.people_container, base) if part) if base else ""


def _text(root_dse: RootDse, name: str) -> str:
    values = root_dse.get(name, ())
    return values[0].decode("utf-8", "replace") if values else ""
