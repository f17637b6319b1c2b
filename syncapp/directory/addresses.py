"""Addresses of directory servers: reading them, and reaching a machine at all.

Tried by ourselves before libldap does it, because libldap cannot tell a wrong
name from a closed port, waits for the system's resolver without any limit, and
gives up on a list of addresses at the first.
"""

import socket
import threading
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from syncapp.directory.config import LDAPS, STARTTLS, UNPROTECTED
from syncapp.exceptions import ConfigurationError, DirectoryUnavailableError

_SCHEMES = {LDAPS: "ldaps", STARTTLS: "ldap", UNPROTECTED: "ldap"}
_PORTS = {"ldap": 389, "ldaps": 636}
# They know only a part of each person's attributes (rule A10).
_GLOBAL_CATALOGUE_PORTS = frozenset({3268, 3269})


@dataclass(frozen=True, slots=True)
class Address:
    """One server: `uri` as libldap wants it."""

    uri: str
    host: str
    port: int


def parse_address(uri: str, security: str) -> Address:
    """Read one address and see that it goes with the security; raise ConfigurationError.

    An address with an account in it is not repeated in the error: it may hold a
    password.
    """
    try:
        parts = urlsplit(uri.strip())
        port = parts.port
    except ValueError:
        raise ConfigurationError("uri_malformed", uri=uri.rpartition("@")[2]) from None
    if "@" in parts.netloc:
        raise ConfigurationError("uri_with_account")
    if (
        parts.scheme not in _PORTS
        or not parts.hostname
        or port == 0
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise ConfigurationError("uri_malformed", uri=uri.rpartition("@")[2])
    if port in _GLOBAL_CATALOGUE_PORTS:
        raise ConfigurationError("uri_global_catalogue", uri=uri)
    if parts.scheme != _SCHEMES[security]:
        raise ConfigurationError("uri_scheme_differs", uri=uri, security=security, scheme=_SCHEMES[security])
    return Address(uri=f"{parts.scheme}://{parts.netloc}", host=parts.hostname, port=port or _PORTS[parts.scheme])


def resolve(address: Address, *, limit: float) -> tuple[str, ...]:
    """Return the IP addresses of the host; give the system's resolver `limit` seconds.

    The system has no such limit; a look-up that hangs is left behind in its thread.
    """
    found: list[str] = []
    errors: list[OSError] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        except OSError as exc:
            errors.append(exc)
        except UnicodeError:  # not a name that DNS could hold
            errors.append(OSError())
        else:
            found.extend(dict.fromkeys(str(row[4][0]) for row in rows))

    thread = threading.Thread(target=look_up, name="resolve", daemon=True)
    thread.start()
    thread.join(limit)
    if found:
        return tuple(found)
    if errors:
        raise DirectoryUnavailableError("host_unknown", retryable=True, uri=address.uri, host=address.host)
    raise DirectoryUnavailableError("name_service_silent", retryable=True, uri=address.uri, host=address.host)


def reach(address: Address, ips: tuple[str, ...], *, limit: float) -> socket.socket:
    """Connect to the first of the IP addresses that takes us, within `limit` seconds for all of them."""
    deadline = monotonic() + limit
    error: OSError = TimeoutError()
    for ip in ips:
        left = deadline - monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((ip, address.port), timeout=left)
        except OSError as exc:
            error = exc
    raise _unreachable(address, error, limit)


def _unreachable(address: Address, error: OSError, limit: float) -> DirectoryUnavailableError:
    if isinstance(error, TimeoutError):
        return DirectoryUnavailableError("connect_timeout", retryable=True, uri=address.uri, seconds=round(limit))
    if isinstance(error, ConnectionRefusedError):
        return DirectoryUnavailableError("connection_refused", retryable=True, uri=address.uri, port=address.port)
    return DirectoryUnavailableError(
        "host_unreachable", retryable=True, uri=address.uri, reason=error.strerror or type(error).__name__
    )
