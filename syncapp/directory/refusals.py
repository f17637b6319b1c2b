"""Why a directory did not take a value, in words that name the remedy (rule B10)."""

import ldap

from syncapp.core.records import Message
from syncapp.core.vocabulary import RefusalKind
from syncapp.core.writes import WriteRefusal
from syncapp.directory.errors import text_of

# Somebody changed the value since it was read: it is not there to be deleted, or the new one is there already.
DRIFTED = (ldap.NO_SUCH_ATTRIBUTE, ldap.ASSERTION_FAILED, ldap.TYPE_OR_VALUE_EXISTS)
# A value came in where nothing stood: a second one, for an attribute that takes one (389 DS: 65).
MAYBE_FILLED = (ldap.CONSTRAINT_VIOLATION, ldap.OBJECT_CLASS_VIOLATION)
_LOST = (ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.TIMEOUT)

_REASONS: tuple[tuple[tuple[type[ldap.LDAPError], ...], RefusalKind, str], ...] = (
    ((ldap.INSUFFICIENT_ACCESS,), RefusalKind.RIGHT, "write_no_right"),
    ((ldap.UNDEFINED_TYPE,), RefusalKind.RIGHT, "write_attribute_unknown"),
    ((ldap.REFERRAL,), RefusalKind.RIGHT, "write_elsewhere"),
    ((ldap.UNWILLING_TO_PERFORM,), RefusalKind.RIGHT, "write_unwilling"),
    ((ldap.STRONG_AUTH_REQUIRED, ldap.CONFIDENTIALITY_REQUIRED), RefusalKind.RIGHT, "write_needs_encryption"),
    ((ldap.BUSY, ldap.UNAVAILABLE, ldap.TIMELIMIT_EXCEEDED, ldap.ADMINLIMIT_EXCEEDED), RefusalKind.BUSY, "write_busy"),
    ((ldap.NAMING_VIOLATION, ldap.NOT_ALLOWED_ON_RDN), RefusalKind.VALUE, "write_names_the_entry"),
    ((ldap.OBJECT_CLASS_VIOLATION,), RefusalKind.VALUE, "write_class_forbids"),
    ((ldap.INVALID_SYNTAX,), RefusalKind.VALUE, "write_syntax"),
    ((ldap.CONSTRAINT_VIOLATION,), RefusalKind.VALUE, "write_constraint"),
)


def is_lost(error: ldap.LDAPError) -> bool:
    """Whether the connection broke, so that nobody knows whether the server did what it was asked."""
    return isinstance(error, _LOST)


def refusal(error: ldap.LDAPError, attribute: str, *, account: str) -> WriteRefusal:
    """Translate a refused write of one attribute."""
    for classes, kind, code in _REASONS:
        if isinstance(error, classes):
            return _refusal(kind, code, attribute, account, text_of(error))
    return _refusal(RefusalKind.VALUE, "write_refused", attribute, account, text_of(error))


def too_long(attribute: str, longest: int) -> WriteRefusal:
    """A value that was not sent, because the attribute holds so many characters or bytes at most."""
    return WriteRefusal(RefusalKind.VALUE, Message("write_too_long", {"attribute": attribute, "longest": longest}))


def _refusal(kind: RefusalKind, code: str, attribute: str, account: str, text: str) -> WriteRefusal:
    params = {"attribute": attribute, "text": text}
    return WriteRefusal(kind, Message(code, {**params, "account": account} if code == "write_no_right" else params))
