"""Errors of the library, as servers really send them, become errors of ours."""

import ldap
import pytest

from syncapp.directory.errors import connection_error, is_verdict, login_error, read_error, text_of
from syncapp.exceptions import (
    ConfigurationError,
    DirectoryError,
    DirectoryLoginError,
    DirectoryUnavailableError,
    IncompleteReadError,
    SyncError,
)

AD_TEXT = "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {}, v4563\0"

LOGINS: dict[str, tuple[ldap.LDAPError, str, type[SyncError], str]] = {
    # id: error, account, class, code
    **{
        f"ad_{data}": (
            ldap.INVALID_CREDENTIALS({"result": 49, "desc": "Invalid credentials", "info": AD_TEXT.format(data)}),
            "sync@corp.example",
            DirectoryLoginError,
            code,
        )
        for data, code in {
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
            "999": "login_refused",
        }.items()
    },
    "plain": (ldap.INVALID_CREDENTIALS({"result": 49}), "cn=x", DirectoryLoginError, "login_refused"),
    "without_arguments": (ldap.INVALID_CREDENTIALS(), "cn=x", DirectoryLoginError, "login_refused"),
    "no_password_set": (ldap.INAPPROPRIATE_AUTH({"result": 48}), "cn=x", DirectoryLoginError, "login_refused"),
    "anonymous_refused": (ldap.INAPPROPRIATE_AUTH({"result": 48}), "", ConfigurationError, "login_needed"),
    "389_retry_limit": (ldap.CONSTRAINT_VIOLATION({"result": 19}), "cn=x", DirectoryLoginError, "login_account_locked"),
    "389_inactivated": (ldap.UNWILLING_TO_PERFORM({"result": 53}), "cn=x", DirectoryLoginError, "login_unwilling"),
    "ad_wants_tls": (ldap.STRONG_AUTH_REQUIRED({"result": 8}), "cn=x", ConfigurationError, "encryption_required"),
    "busy": (ldap.BUSY({"result": 51}), "cn=x", DirectoryUnavailableError, "server_busy"),
    "silent": (ldap.TIMEOUT(), "cn=x", DirectoryUnavailableError, "answer_timeout"),
    "hung_up": (ldap.SERVER_DOWN({"result": -1}), "cn=x", DirectoryUnavailableError, "connection_lost"),
    "anything_else": (ldap.OTHER({"result": 80}), "cn=x", DirectoryError, "directory_error"),
}


@pytest.mark.parametrize(("error", "account", "kind", "code"), LOGINS.values(), ids=LOGINS.keys())
def test_login_error(error: ldap.LDAPError, account: str, kind: type[SyncError], code: str) -> None:
    made = login_error(error, account=account, uri="ldap://x", seconds=10)

    assert (type(made), made.code) == (kind, code)


READS: dict[str, tuple[ldap.LDAPError, str, type[SyncError], str]] = {
    # id: error, kind of directory, class, code
    "size_openldap": (ldap.SIZELIMIT_EXCEEDED({"result": 4}), "openldap", IncompleteReadError, "size_limit_openldap"),
    "admin_openldap": (
        ldap.ADMINLIMIT_EXCEEDED({"result": 11}),
        "openldap",
        IncompleteReadError,
        "size_limit_openldap",
    ),
    "size_389": (ldap.SIZELIMIT_EXCEEDED({"result": 4}), "389ds", IncompleteReadError, "size_limit_389ds"),
    "admin_freeipa": (ldap.ADMINLIMIT_EXCEEDED({"result": 11}), "freeipa", IncompleteReadError, "size_limit_389ds"),
    "size_ad": (ldap.SIZELIMIT_EXCEEDED({"result": 4}), "active_directory", IncompleteReadError, "size_limit"),
    "time": (ldap.TIMELIMIT_EXCEEDED({"result": 3}), "openldap", IncompleteReadError, "time_limit"),
    "no_paging": (
        ldap.UNAVAILABLE_CRITICAL_EXTENSION({"result": 12}),
        "generic",
        IncompleteReadError,
        "paging_missing",
    ),
    "base_gone": (
        ldap.NO_SUCH_OBJECT({"result": 32, "matched": "dc=x"}),
        "openldap",
        ConfigurationError,
        "base_not_found",
    ),
    "base_elsewhere": (ldap.NO_SUCH_OBJECT({"result": 32}), "openldap", ConfigurationError, "base_not_here"),
    "base_in_another_domain": (ldap.REFERRAL({"result": 10}), "active_directory", ConfigurationError, "base_not_here"),
    "no_right": (ldap.INSUFFICIENT_ACCESS({"result": 50}), "openldap", DirectoryError, "reading_refused"),
    "silent": (ldap.TIMEOUT(), "openldap", DirectoryUnavailableError, "answer_timeout"),
    "hung_up": (ldap.SERVER_DOWN(), "openldap", DirectoryUnavailableError, "connection_lost"),
    "anything_else": (ldap.OTHER(0, "Error"), "openldap", DirectoryError, "directory_error"),
}


@pytest.mark.parametrize(("error", "directory", "kind", "code"), READS.values(), ids=READS.keys())
def test_read_error(error: ldap.LDAPError, directory: str, kind: type[SyncError], code: str) -> None:
    made = read_error(error, kind=directory, base="ou=x", account="cn=x", uri="ldap://x", seconds=60)

    assert (type(made), made.code) == (kind, code)


ANONYMOUS = {
    "active_directory": ldap.OPERATIONS_ERROR(
        {"result": 1, "info": "000004DC: LdapErr: a successful bind must be completed"}
    ),
    "no_right": ldap.INSUFFICIENT_ACCESS({"result": 50}),
    "no_authentication": ldap.INAPPROPRIATE_AUTH({"result": 48}),
}


@pytest.mark.parametrize("error", ANONYMOUS.values(), ids=ANONYMOUS.keys())
def test_anonymous_reader_is_told_to_log_in(error: ldap.LDAPError) -> None:
    made = read_error(error, kind="generic", base="", account="", uri="ldap://x", seconds=60)

    assert made.code == "login_needed"


RETRYABLE = {
    "timeout": (ldap.TIMEOUT(), True),
    "hung_up": (ldap.SERVER_DOWN(), True),
    "unavailable": (ldap.UNAVAILABLE({"result": 52}), True),
    "anything_else": (ldap.OTHER({"result": 80}), False),
}


@pytest.mark.parametrize(("error", "retryable"), RETRYABLE.values(), ids=RETRYABLE.keys())
def test_what_may_pass_by_itself_is_retryable(error: ldap.LDAPError, retryable: bool) -> None:
    assert connection_error(error, uri="ldap://x", seconds=5).retryable is retryable


TEXTS = {
    # id: error, text
    "both": (ldap.OTHER({"desc": "Other", "info": "why\0"}), "Other: why"),
    "description_alone": (ldap.OTHER({"desc": "Other"}), "Other"),
    "empty_arguments": (ldap.TIMEOUT(), "TIMEOUT"),
    "other_arguments": (ldap.LDAPError(0, "Error"), "LDAPError"),
}


@pytest.mark.parametrize(("error", "text"), TEXTS.values(), ids=TEXTS.keys())
def test_text_of(error: ldap.LDAPError, text: str) -> None:
    assert text_of(error) == text


VERDICTS = {
    "answer": (ldap.BUSY({"result": 51}), True),
    "library": (ldap.SERVER_DOWN({"result": -1}), False),
    "nothing_known": (ldap.TIMEOUT(), False),
}


@pytest.mark.parametrize(("error", "expected"), VERDICTS.values(), ids=VERDICTS.keys())
def test_is_verdict(error: ldap.LDAPError, expected: bool) -> None:
    assert is_verdict(error) is expected
