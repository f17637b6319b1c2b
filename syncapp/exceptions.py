"""Errors that end a run. Trouble of one person never does: that is an outcome.

An error carries a code and parameters, no text: `messages` renders the code in
the reader's language, and `str()` is for logs.
"""

from typing import Any


class SyncError(Exception):
    """Something ended the run, or kept it from starting.

    `code` names a template in `messages`; `params` fill it and hold no secret.
    `retryable` says that the same thing may succeed later without anybody
    changing anything.
    """

    def __init__(self, code: str, *, retryable: bool = False, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.retryable = retryable
        self.params = params

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in sorted(self.params.items()))
        return f"{self.code}({shown})"


class ConfigurationError(SyncError):
    """The settings of a server cannot work as they are."""


class DirectoryError(SyncError):
    """The directory answered with an error that has no class of its own."""


class DirectoryUnavailableError(DirectoryError):
    """No server could be reached, or the connection broke."""


class DirectoryLoginError(DirectoryError):
    """The directory refused the account. Never retried: accounts get locked."""


class CertificateError(DirectoryError):
    """The server's certificate is not trusted, expired or made for another name."""


class IncompleteReadError(DirectoryError):
    """The read ended before everything came; it must not be used as if it were all."""


class FullReadNeededError(SyncError):
    """Changes alone cannot be read: what was read up to is doubtful. It ends no run, for everybody is read instead."""


class PlanHeldError(SyncError):
    """A brake holds the plan: `brakes` lists every reason as (code, params)."""

    def __init__(self, brakes: list[tuple[str, dict[str, Any]]]) -> None:
        code, params = brakes[0]
        super().__init__(code, **params)
        self.brakes = brakes


class PlanStaleError(SyncError):
    """A plan cannot be applied: it is none, has ended or expired, or was made under other settings."""


class RunAlreadyActiveError(SyncError):
    """Another run of this endpoint is running; its number is `params["run"]`."""


class RunCancelledError(SyncError):
    """Somebody asked the run to stop."""


class ClaimLostError(SyncError):
    """The run was taken for dead and closed by another process; it must not write any more."""


class TelephonyError(SyncError):
    """The phone system answered with an error that has no class of its own."""


class TelephonyUnavailableError(TelephonyError):
    """The phone system could not be reached, was too busy, or the connection broke."""


class TelephonyLoginError(TelephonyError):
    """The phone system refused the key, or the key lacks a right: both get the same answer there."""


class TelephonyCertificateError(TelephonyError):
    """Nobody known here vouches for the phone system's certificate, or it is another than the pinned one."""


class TelephonyAnswerError(TelephonyError):
    """The answer is not what the API promises: another version, or something else at this address."""
