"""Errors of HTTP and TLS, and answers that end everything, as ours. The only place that knows the library's."""

import ssl
from collections.abc import Iterator

import httpx

from syncapp.exceptions import (
    TelephonyAnswerError,
    TelephonyCertificateError,
    TelephonyError,
    TelephonyLoginError,
    TelephonyUnavailableError,
)
from syncapp.telephony.tls import PinMismatchError

_REDIRECTS = range(300, 400)
_NOT_FOUND = 404


def translated(error: httpx.HTTPError, *, url: str) -> TelephonyError:
    """Return our error for a request that got no answer."""
    for cause in _causes(error):
        if isinstance(cause, PinMismatchError):
            return TelephonyCertificateError("phone_certificate_changed", url=url, fingerprint=cause.found)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TelephonyCertificateError("phone_certificate_untrusted", url=url, reason=cause.verify_message)
        if isinstance(cause, ssl.SSLError):
            return TelephonyCertificateError("phone_tls_failed", url=url)
    if isinstance(error, httpx.TimeoutException):
        return TelephonyUnavailableError("phone_silent", retryable=True, url=url)
    if isinstance(error, httpx.ConnectError):
        return TelephonyUnavailableError("phone_unreachable", retryable=True, url=url, reason=_reason(error))
    return TelephonyUnavailableError("phone_broken_off", retryable=True, url=url)


def was_sent(error: httpx.HTTPError) -> bool:
    """Whether the request may have reached the box: then nobody knows whether it was carried out."""
    return not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def of_status(status: int, *, url: str, path: str, location: str = "") -> TelephonyError:
    """Return our error for an answer that nothing can be made of."""
    if status == httpx.codes.UNAUTHORIZED:
        return TelephonyLoginError("phone_key_refused", url=url, path=path)
    if status == httpx.codes.FORBIDDEN:
        return TelephonyUnavailableError("phone_address_banned", url=url)
    if status in _REDIRECTS:
        return TelephonyAnswerError("phone_redirected", url=url, location=location)
    if status == _NOT_FOUND:
        return TelephonyAnswerError("phone_no_api", url=url)
    if status in (httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT):
        return TelephonyUnavailableError("phone_overloaded", retryable=True, url=url, status=status)
    return TelephonyAnswerError("phone_answer_unexpected", url=url, path=path, status=status)


def _reason(error: httpx.HTTPError) -> str:
    return next((cause.strerror for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror), "-")


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
