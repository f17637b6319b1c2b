"""The one place where errors of python-ldap become errors of ours.

Nothing here keeps the library's exception: its traceback holds the frames that
were called with the password.
"""

import re
from typing import Any

import ldap

from syncapp.exceptions import (
    ConfigurationError,
    DirectoryError,
    DirectoryLoginError,
    DirectoryUnavailableError,
    IncompleteReadError,
    SyncError,
)

_CONNECTION_LOST = (ldap.SERVER_DOWN, ldap.CONNECT_ERROR)
_BUSY = (ldap.BUSY, ldap.UNAVAILABLE)
_READING_REFUSED = (ldap.INSUFFICIENT_ACCESS, ldap.INAPPROPRIATE_AUTH)
# How each of the directories says to an anonymous reader that he must log in.
_LOGIN_NEEDED = (*_READING_REFUSED, ldap.OPERATIONS_ERROR)
_NEEDS_ENCRYPTION = (ldap.STRONG_AUTH_REQUIRED, ldap.CONFIDENTIALITY_REQUIRED)
# How a server says that an answer is not the whole one.
LIMITS = (ldap.SIZELIMIT_EXCEEDED, ldap.TIMELIMIT_EXCEEDED, ldap.ADMINLIMIT_EXCEEDED)

# Active Directory puts the real reason of a refused login into the text.
_AD_REASON = re.compile(r"\bdata ([0-9a-f]{3,4})\b", re.IGNORECASE)
_AD_LOGIN_CODES = {
    "525": "login_account_unknown",
    "52e": "login_refused",
    "52f": "login_account_restricted",
    "530": "login_not_at_this_time",
    "531": "login_not_from_this_machine",
    "532": "login_password_expired",
    "533": "login_account_disabled",
    "701": "login_account_expired",
    "773": "login_password_must_change",
    "775": "login_account_locked",
}
# Every way of saying that the account is refused.
LOGIN_CODES = frozenset({*_AD_LOGIN_CODES.values(), "login_refused", "login_account_locked", "login_unwilling"})


def text_of(error: ldap.LDAPError) -> str:
    """Return what the server or library says of an error; its arguments may be empty or of another form."""
    details = _details(error)
    texts = [str(details[name]).strip("\0 \n") for name in ("desc", "info") if details.get(name)]
    return ": ".join(texts) or type(error).__name__


def is_verdict(error: ldap.LDAPError) -> bool:
    """Whether the server has spoken; what the library itself finds has numbers below 0, or none."""
    result = _details(error).get("result", -1)
    return isinstance(result, int) and result > 0


def connection_error(error: ldap.LDAPError, *, uri: str, seconds: float) -> DirectoryError:
    """Translate what may happen to any request: `seconds` is how long we have waited for the answer."""
    if isinstance(error, ldap.TIMEOUT):
        return DirectoryUnavailableError("answer_timeout", retryable=True, uri=uri, seconds=round(seconds))
    if isinstance(error, _CONNECTION_LOST):
        return DirectoryUnavailableError("connection_lost", retryable=True, uri=uri)
    if isinstance(error, _BUSY):
        return DirectoryUnavailableError("server_busy", retryable=True, uri=uri, text=text_of(error))
    return DirectoryError("directory_error", uri=uri, text=text_of(error))


def login_error(error: ldap.LDAPError, *, account: str, uri: str, seconds: float) -> SyncError:
    """Translate a failed bind. Only what says nothing about account or password may be tried elsewhere."""
    params: dict[str, Any] = {"account": account, "uri": uri}
    if isinstance(error, ldap.INVALID_CREDENTIALS):
        found = _AD_REASON.search(text_of(error))
        data = found[1].lower() if found else ""
        return DirectoryLoginError(_AD_LOGIN_CODES.get(data, "login_refused"), **params)
    if isinstance(error, _NEEDS_ENCRYPTION):
        return ConfigurationError("encryption_required", uri=uri)
    if isinstance(error, ldap.INVALID_DN_SYNTAX):
        return ConfigurationError("login_name_malformed", **params)
    if isinstance(error, _READING_REFUSED) and not account:
        return ConfigurationError("login_needed", uri=uri)
    if isinstance(error, ldap.INAPPROPRIATE_AUTH | ldap.NO_SUCH_OBJECT):
        return DirectoryLoginError("login_refused", **params)
    if isinstance(error, ldap.CONSTRAINT_VIOLATION):  # 389: too many wrong passwords
        return DirectoryLoginError("login_account_locked", **params)
    if isinstance(error, ldap.UNWILLING_TO_PERFORM):  # 389: account inactivated
        return DirectoryLoginError("login_unwilling", text=text_of(error), **params)
    return connection_error(error, uri=uri, seconds=seconds)


def read_error(
    error: ldap.LDAPError,
    *,
    kind: str,
    base: str,
    account: str,
    uri: str,
    seconds: float,
    contexts: tuple[str, ...] = (),
) -> SyncError:
    """Translate a failed search below `base`. None of these reads may be used as if it were complete."""
    if isinstance(error, LIMITS):
        return _limit_error(error, kind=kind, account=account, base=base)
    if isinstance(error, ldap.NO_SUCH_OBJECT):
        nearest = str(_details(error).get("matched", ""))
        if nearest:
            return ConfigurationError("base_not_found", base=base, nearest=nearest)
        return ConfigurationError("base_not_here", base=base, contexts="; ".join(contexts))
    if isinstance(error, ldap.REFERRAL):
        return ConfigurationError("base_not_here", base=base, contexts="; ".join(contexts))
    if isinstance(error, ldap.INVALID_DN_SYNTAX):
        return ConfigurationError("dn_malformed", dn=base)
    if isinstance(error, ldap.UNAVAILABLE_CRITICAL_EXTENSION):
        return IncompleteReadError("paging_missing", uri=uri)
    if isinstance(error, _LOGIN_NEEDED) and not account:
        return ConfigurationError("login_needed", uri=uri)
    if isinstance(error, _READING_REFUSED):
        return DirectoryError("reading_refused", account=account, base=base)
    if isinstance(error, _NEEDS_ENCRYPTION):
        return ConfigurationError("encryption_required", uri=uri)
    return connection_error(error, uri=uri, seconds=seconds)


def _limit_error(error: ldap.LDAPError, *, kind: str, account: str, base: str) -> IncompleteReadError:
    """Name the limit; the code differs where the remedy does."""
    params: dict[str, Any] = {"account": account, "base": base, "text": text_of(error)}
    if isinstance(error, ldap.TIMELIMIT_EXCEEDED):
        return IncompleteReadError("time_limit", retryable=True, **params)
    if kind == "openldap":
        return IncompleteReadError("size_limit_openldap", **params)
    if kind in ("389ds", "freeipa"):
        return IncompleteReadError("size_limit_389ds", **params)
    return IncompleteReadError("size_limit", **params)


def _details(error: ldap.LDAPError) -> dict[str, Any]:
    first = error.args[0] if error.args else None
    return first if isinstance(first, dict) else {}
