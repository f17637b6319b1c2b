"""Whom to believe that he is the phone system: an authority, or one certificate that somebody confirmed.

MikoPBX comes with a self-signed certificate, which no authority vouches for. Its
fingerprint is shown at first contact; once confirmed, that certificate and no other
is talked to.
"""

import hashlib
import hmac
import re
import socket
import ssl
from typing import Any

from syncapp.exceptions import ConfigurationError, TelephonyUnavailableError
from syncapp.telephony.config import PhoneConfig, address_of

_HEX_DIGITS = 64


class PinMismatchError(ssl.SSLError):
    """The box showed another certificate than the one that was confirmed."""

    def __init__(self, found: str) -> None:
        super().__init__("another certificate")
        self.found = found


def normalised_fingerprint(text: str) -> str:
    """Return a SHA-256 fingerprint in capitals and pairs; '' for '', ConfigurationError for what is none."""
    digits = re.sub(r"[\s:]", "", text).upper()
    if not digits:
        return ""
    if len(digits) != _HEX_DIGITS or not re.fullmatch(r"[0-9A-F]+", digits):
        raise ConfigurationError("fingerprint_malformed")
    return ":".join(digits[place : place + 2] for place in range(0, _HEX_DIGITS, 2))


def fingerprint_of(certificate: bytes) -> str:
    """Return the fingerprint of a certificate (DER)."""
    return normalised_fingerprint(hashlib.sha256(certificate).hexdigest())


def tls_context(config: PhoneConfig) -> ssl.SSLContext:
    """Return the settings of connections to the box; raise ConfigurationError for certificates that cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if config.fingerprint or not config.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if config.fingerprint:
            context.sslsocket_class = _pinned(normalised_fingerprint(config.fingerprint))
    elif config.ca_certificate:
        try:
            context.load_verify_locations(config.ca_certificate)
        except OSError as exc:  # also: a file without certificates
            raise ConfigurationError(
                "phone_ca_unreadable", file=config.ca_certificate, reason=exc.strerror or type(exc).__name__
            ) from None
    else:
        context.load_default_certs()
    return context


def _pinned(expected: str) -> type[ssl.SSLSocket]:
    class PinnedSocket(ssl.SSLSocket):
        """Looks at the certificate before anything is sent."""

        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            found = fingerprint_of(self.getpeercert(binary_form=True) or b"")
            if not hmac.compare_digest(found, expected):
                raise PinMismatchError(found)

    return PinnedSocket


def shown_fingerprint(url: str, *, limit: float) -> str:
    """Return the fingerprint of the certificate that is shown at an address. Nothing is sent there."""
    host, port = address_of(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # to look at whom nobody vouches for is the point
    try:
        with (
            socket.create_connection((host, port), timeout=limit) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate: Any = secure.getpeercert(binary_form=True)
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        raise TelephonyUnavailableError("phone_unreachable", retryable=True, url=url, reason=reason) from None
    return fingerprint_of(certificate or b"")
