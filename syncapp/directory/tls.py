"""TLS: the options of a connection, and why a handshake failed.

Debian's libldap speaks through GnuTLS and says nothing about the reason of a
failed handshake; so it is repeated with Python's own `ssl`, which does.
"""

import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import ldap
from ldap.ldapobject import SimpleLDAPObject

from syncapp.directory.addresses import Address, reach, resolve
from syncapp.exceptions import CertificateError, ConfigurationError, DirectoryError, DirectoryUnavailableError

# Where the systems keep the authorities they trust, when libldap was not told.
_SYSTEM_AUTHORITIES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
# GnuTLS ignores OPT_X_TLS_PROTOCOL_MIN without a word.
_GNUTLS_VERSIONS = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
_TLS_1_2 = 0x303

# ExtendedRequest for StartTLS (RFC 4511, section 4.14), message 1, and the tag of its answer.
_STARTTLS_REQUEST = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
_EXTENDED_RESPONSE = 0x78

# Numbers of X509_V_ERR_… that have a message of their own.
_CERTIFICATE_CODES = {
    9: "certificate_not_yet_valid",
    10: "certificate_expired",
    18: "certificate_self_signed",
    19: "certificate_authority_unknown",
    20: "certificate_authority_unknown",
    21: "certificate_authority_unknown",
    62: "certificate_for_another_name",
    64: "certificate_for_another_name",
}


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What a handshake agreed on."""

    version: str
    certificate_ends: datetime | None


def authorities_file(configured: str) -> str:
    """Return the file of trusted authorities; '' leaves it to libldap. Raise ConfigurationError when it is no such file."""
    if not configured:
        known: str = ldap.get_option(ldap.OPT_X_TLS_CACERTFILE) or ""
        return known or next((path for path in _SYSTEM_AUTHORITIES if Path(path).exists()), "")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(configured)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise ConfigurationError("ca_certificate_unreadable", path=configured) from None
    return configured


def require_tls(connection: SimpleLDAPObject, authorities: str) -> None:
    """Set the TLS options of one connection; global ones would leak into other directories."""
    connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    if authorities:
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, authorities)
    if ldap.get_option(ldap.OPT_X_TLS_PACKAGE) == "GnuTLS":
        connection.set_option(ldap.OPT_X_TLS_CIPHER_SUITE, _GNUTLS_VERSIONS)
    else:
        connection.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, _TLS_1_2)
    # Last of the TLS options: those set after it are ignored.
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)


def examine_tls(address: Address, *, starttls: bool, authorities: str, limit: float) -> TlsFacts:
    """Do a TLS handshake with the server and hang up; raise with the reason when it fails.

    `limit` in seconds holds for each of name look-up, connecting and every answer.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authorities:
        context.load_verify_locations(authorities)
    else:
        context.load_default_certs()
    with closing(reach(address, resolve(address, limit=limit), limit=limit)) as plain:
        plain.settimeout(limit)
        try:
            if starttls:
                _ask_for_starttls(plain, address)
            with context.wrap_socket(plain, server_hostname=address.host) as secure:
                return TlsFacts(version=secure.version() or "", certificate_ends=_end_of(secure.getpeercert()))
        except OSError as exc:
            error = _translate(exc, address, limit)
    raise error


def _ask_for_starttls(plain: socket.socket, address: Address) -> None:
    plain.sendall(_STARTTLS_REQUEST)
    answer = plain.recv(4096)
    # LDAPMessage { messageID 1, [APPLICATION 24] { resultCode ENUMERATED … } }, lengths of one byte or more.
    start = answer.find(bytes([_EXTENDED_RESPONSE]))
    code = answer.find(b"\x0a\x01", start)
    if start < 0 or code < 0 or answer[code + 2 : code + 3] != b"\0":
        raise ConfigurationError("starttls_refused", uri=address.uri)


def _translate(error: OSError, address: Address, limit: float) -> DirectoryError:
    if isinstance(error, ssl.SSLCertVerificationError):
        code = _CERTIFICATE_CODES.get(error.verify_code, "certificate_refused")
        return CertificateError(code, uri=address.uri, host=address.host, reason=error.verify_message)
    if isinstance(error, TimeoutError):
        return DirectoryUnavailableError("answer_timeout", retryable=True, uri=address.uri, seconds=round(limit))
    reason = error.reason if isinstance(error, ssl.SSLError) else ""
    if reason in ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "SSLV3_ALERT_HANDSHAKE_FAILURE"):
        return CertificateError("tls_too_old", uri=address.uri)
    # The server hung up or answered something else: this port does not speak TLS.
    return CertificateError("tls_not_spoken", uri=address.uri, port=address.port)


def _end_of(certificate: Mapping[str, object] | None) -> datetime | None:
    ends = (certificate or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC) if ends else None
