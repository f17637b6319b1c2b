"""From settings to a connection that is logged in, on the first server that can be reached."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import ldap
from ldap.ldapobject import SimpleLDAPObject

from syncapp.directory.addresses import Address, parse_address, reach, resolve
from syncapp.directory.config import STARTTLS, UNPROTECTED, DirectoryConfig
from syncapp.directory.errors import connection_error, is_verdict, login_error
from syncapp.directory.kinds import check_account
from syncapp.directory.scope import check_scope
from syncapp.directory.survey import Directory, survey
from syncapp.directory.tls import authorities_file, examine_tls, require_tls
from syncapp.exceptions import (
    CertificateError,
    ConfigurationError,
    DirectoryUnavailableError,
    SyncError,
)

_LONGEST_CLOSING = 2.0  # seconds


@contextmanager
def open_directory(config: DirectoryConfig, *, attempt: Callable[[], None] = lambda: None) -> Iterator[Directory]:
    """Open the directory for the time of the block; raise SyncError when that cannot be done.

    Servers are tried in order, but only for one that cannot be reached: a wrong
    password tried on three controllers locks the account, and a certificate that
    is not trusted must not be walked around. `attempt` is called before each: a
    silent one can take half a minute.
    """
    connection, address = _log_in_to_first(check_config(config), config, attempt)
    try:
        yield survey(connection, uri=address.uri, config=config)
    finally:
        hang_up(connection)


def check_config(config: DirectoryConfig) -> tuple[Address, ...]:
    """Return the addresses in the order of trying; raise ConfigurationError for what cannot work, before anything is sent."""
    if not config.uris:
        raise ConfigurationError("uris_missing")
    addresses = tuple(parse_address(uri, config.security) for uri in config.uris)
    # Many servers take a name without a password for "anonymous" and let it in.
    if config.bind_dn and not config.bind_password:
        raise ConfigurationError("password_missing", account=config.bind_dn)
    if config.security != UNPROTECTED:
        authorities_file(config.ca_certificate)
    check_account(config.kind, config.bind_dn)
    check_scope(config)
    return tuple(sorted(addresses, key=lambda address: address.uri != config.first))


def connect(address: Address, config: DirectoryConfig) -> SimpleLDAPObject:
    """Connect to one server, with TLS when asked for, until it answers a question; not logged in yet."""
    reach(address, resolve(address, limit=config.connect_timeout), limit=config.connect_timeout).close()
    connection = _prepare(address, config)
    try:
        if config.security == STARTTLS:
            _start_tls(connection, address, config)
        _say_hello(connection, address, config)
    except SyncError:
        hang_up(connection)
        raise
    return connection


def login(connection: SimpleLDAPObject, address: Address, config: DirectoryConfig) -> None:
    """Log in, or go on anonymously when no account is configured."""
    error: SyncError | None = None
    try:
        connection.simple_bind_s(config.bind_dn, config.bind_password)
    except ldap.LDAPError as exc:
        error = login_error(exc, account=config.bind_dn, uri=address.uri, seconds=config.login_timeout)
    # Raised out here: inside, it would carry the library's frames, and those hold the password.
    if error:
        hang_up(connection)
        raise error
    connection.set_option(ldap.OPT_TIMEOUT, config.operation_timeout)


def hang_up(connection: SimpleLDAPObject) -> None:
    """Close a connection, also one that is broken or closed already.

    A signal may have raised in the library just before it gave its lock back: then
    hanging up would wait for ever, and the connection is left to the end of the process.
    """
    closing = Thread(target=_unbind, args=(connection,), daemon=True)
    closing.start()
    closing.join(_LONGEST_CLOSING)


def _unbind(connection: SimpleLDAPObject) -> None:
    with suppress(ldap.LDAPError, AttributeError):
        connection.unbind_ext_s()


def _log_in_to_first(
    addresses: tuple[Address, ...], config: DirectoryConfig, attempt: Callable[[], None]
) -> tuple[SimpleLDAPObject, Address]:
    errors: list[DirectoryUnavailableError] = []
    for address in addresses:
        attempt()
        try:
            connection = connect(address, config)
            login(connection, address, config)
        except DirectoryUnavailableError as exc:
            errors.append(exc)
        else:
            return connection, address
    if len(errors) == 1:
        raise errors[0]
    tried = [f"{error.params['uri']} ({error.code})" for error in errors]
    raise DirectoryUnavailableError("no_server_reachable", retryable=True, servers=tried)


def _prepare(address: Address, config: DirectoryConfig) -> SimpleLDAPObject:
    connection = ldap.initialize(address.uri)
    connection.set_option(ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3)
    # libldap would follow referrals anonymously, and to machines that nobody can reach.
    connection.set_option(ldap.OPT_REFERRALS, 0)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, config.connect_timeout)
    connection.set_option(ldap.OPT_TIMEOUT, config.login_timeout)
    # Without it libldap before 2.6.9 never returns from a handshake with a silent server (ITS#8047).
    connection.set_option(ldap.OPT_CONNECT_ASYNC, 1)
    if config.security != UNPROTECTED:
        require_tls(connection, authorities_file(config.ca_certificate))
    return connection


def _start_tls(connection: SimpleLDAPObject, address: Address, config: DirectoryConfig) -> None:
    try:
        connection.start_tls_s()
    except ldap.LDAPError as exc:
        if is_verdict(exc):
            error: SyncError = ConfigurationError("starttls_refused", uri=address.uri)
        else:
            error = connection_error(exc, uri=address.uri, seconds=config.login_timeout)
    else:
        return
    raise _with_reason(error, address, config)


def _say_hello(connection: SimpleLDAPObject, address: Address, config: DirectoryConfig) -> None:
    """Ask the first question, which opens the connection; whether it is allowed does not matter here."""
    try:
        connection.search_ext_s("", ldap.SCOPE_BASE, attrlist=["1.1"])
    except (ldap.BUSY, ldap.UNAVAILABLE) as exc:
        error = connection_error(exc, uri=address.uri, seconds=config.login_timeout)
    except ldap.LDAPError as exc:
        if is_verdict(exc):
            return
        error = connection_error(exc, uri=address.uri, seconds=config.login_timeout)
    else:
        return
    raise _with_reason(error, address, config)


def _with_reason(error: SyncError, address: Address, config: DirectoryConfig) -> SyncError:
    """Find out why a connection with TLS was lost, for libldap does not say."""
    if config.security == UNPROTECTED or error.code != "connection_lost":
        return error
    try:
        examine_tls(
            address,
            starttls=config.security == STARTTLS,
            authorities=authorities_file(config.ca_certificate),
            limit=config.connect_timeout,
        )
    except SyncError as exc:
        return exc
    # libldap puts the machine's own name in the place of this one.
    code = "certificate_for_localhost" if address.host == "localhost" else "tls_failed"
    return CertificateError(code, uri=address.uri)
