"""What the directory adapter needs to know of a server."""

from dataclasses import dataclass, field

from syncapp.core.account_state import DisabledRule

AUTO = "auto"  # as kind: find out from the root DSE
GENERIC = "generic"  # as kind: none that this program knows by name

LDAPS, STARTTLS, UNPROTECTED = "ldaps", "starttls", "none"


@dataclass(frozen=True, slots=True)
class DirectoryConfig:
    """Settings of one directory, free of Django.

    `anchor_attribute` tells people apart on a server of no known kind; empty: entryUUID.
    `disabled_when`: who is switched off, besides whom the kind's own attributes name.
    Times are seconds: `connect_timeout` for reaching one address, `login_timeout`
    for each answer until we are logged in, `operation_timeout` for each answer
    after that (60 at most: a run must show that it lives). `first`: the one of
    `uris` that is tried before the others, as it is given by an open connection.
    """

    name: str
    uris: tuple[str, ...]
    first: str = ""
    kind: str = AUTO
    security: str = LDAPS
    ca_certificate: str = ""
    bind_dn: str = ""
    bind_password: str = field(default="", repr=False)
    base_dn: str = ""
    search_bases: tuple[str, ...] = ()
    department_attribute: str = ""
    departments: tuple[str, ...] = ()
    user_filter: str = ""
    anchor_attribute: str = ""
    disabled_when: DisabledRule | None = None
    page_size: int = 500
    connect_timeout: float = 5.0
    login_timeout: float = 10.0
    operation_timeout: float = 60.0
