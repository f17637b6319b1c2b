"""System checks: settings that would hurt later are named before anything starts."""

from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

QUEUE = "Q_CLUSTER"
KEY_HINT = "README, section Settings, says how to make one."
# What django-q2 takes where Q_CLUSTER is silent.
DEFAULT_RETRY = 60  # seconds
# One more than a plan can be applied for.
LEAST_DAYS = 8


@register
def encryption_keys_are_usable(**_: Any) -> list[CheckMessage]:
    """Stored passwords need a key: without one nobody notices before the first is saved."""
    keys = getattr(settings, "ENCRYPTION_KEYS", [])
    if not keys:
        return [Error("ENCRYPTION_KEYS has no key.", hint=KEY_HINT, id="syncapp.E003")]
    return [
        Error(f"Key {number} of ENCRYPTION_KEYS is not a Fernet key.", hint=KEY_HINT, id="syncapp.E004")
        for number, key in enumerate(keys, start=1)
        if not _is_fernet_key(key)
    ]


@register
def exports_hold_no_formulas(**_: Any) -> list[CheckMessage]:
    """A cell that begins like a formula is computed by whoever opens the sheet."""
    if getattr(settings, "IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT", False) is True:
        return []
    return [
        Error(
            "IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT is off.",
            hint="Set it to True: what somebody wrote into a directory would be computed by whoever opens an export.",
            id="syncapp.E007",
        )
    ]


@register
def queue_does_not_start_runs_twice(**_: Any) -> list[CheckMessage]:
    """A task that the broker hands out again while it is carried out becomes a second run."""
    queue = _queue()
    timeout, retry = queue.get("timeout"), queue.get("retry", DEFAULT_RETRY)
    found: list[CheckMessage] = []
    if timeout is None or retry <= timeout:
        found.append(
            Error(
                f"{QUEUE}: retry ({retry}) must be above timeout ({timeout}).",
                hint="Otherwise a long run is handed to a second worker while the first is at it.",
                id="syncapp.E001",
            )
        )
    if not queue.get("max_attempts"):
        found.append(
            Error(
                f"{QUEUE}: max_attempts is 0.",
                hint="A task that fails would be tried again for ever. Set it to 1: schedules start the next run.",
                id="syncapp.E002",
            )
        )
    return found


@register
def queue_leaves_runs_alone(**_: Any) -> list[CheckMessage]:
    """django-q2's own defaults are made for short tasks."""
    queue = _queue()
    deadline: timedelta = settings.RUN_DEADLINE
    troubles = (
        (
            queue.get("timeout") is not None and queue["timeout"] <= deadline.total_seconds(),
            "W001",
            f"timeout must be above RUN_DEADLINE ({deadline.total_seconds():.0f} seconds).",
            "The timeout stops a run in the middle of anything; the deadline lets it end its chunk.",
        ),
        (
            not queue.get("ack_failures", False),
            "W002",
            "ack_failures is off.",
            "A task that failed would come back after the time of retry.",
        ),
        (
            queue.get("catch_up", True),
            "W003",
            "catch_up is on.",
            "After a night without a worker all the missed runs would start one after the other.",
        ),
        (
            "queue_limit" not in queue or queue["queue_limit"] > queue.get("workers", 0),
            "W004",
            "queue_limit must not be above workers.",
            "Tasks that wait inside of one cluster are out of every other one's reach.",
        ),
    )
    return [
        Warning(f"{QUEUE}: {text}", hint=hint, id=f"syncapp.{code}") for is_so, code, text, hint in troubles if is_so
    ]


@register
def watchers_are_networks(**_: Any) -> list[CheckMessage]:
    """A mistyped network would show itself as an error page, at the first scrape."""
    return [
        Error(
            f"METRICS_ALLOWED: {network!r} is neither an address nor a network.",
            hint="Such as 192.0.2.10 or 192.0.2.0/24.",
            id="syncapp.E005",
        )
        for network in settings.METRICS_ALLOWED
        if not _is_network(network)
    ]


@register
def house_keeping_leaves_what_is_needed(**_: Any) -> list[CheckMessage]:
    """A plan can be applied for a week, and the brakes count what the last day did."""
    return [
        Error(f"{name} is {days}: fewer than {LEAST_DAYS} days.", hint="0 does not mean for ever.", id="syncapp.E006")
        for name in ("KEEP_PREVIEWS_DAYS", "KEEP_RUNS_DAYS", "KEEP_TASKS_DAYS", "KEEP_AUDIT_DAYS")
        if (days := getattr(settings, name)) is not None and days < LEAST_DAYS
    ]


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _queue() -> dict[str, Any]:
    queue: dict[str, Any] = getattr(settings, QUEUE, {})
    return queue


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
