"""System checks: each finds its own trouble, and none is found in the default settings."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import call_command
from pytest_django import Settings

FERNET = Fernet.generate_key().decode()
QUEUE: dict[str, Any] = {
    "workers": 2,
    "timeout": 6 * 3600,
    "retry": 6 * 3600 + 1,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "queue_limit": 2,
}


def ids() -> list[str]:
    return sorted(str(message.id) for message in run_checks() if str(message.id).startswith("syncapp."))


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in QUEUE.items() if key not in keys}


def test_formulas_in_exports_are_an_error(settings: Settings) -> None:
    settings.IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = False

    assert ids() == ["syncapp.E007"]


QUEUES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "as_it_should_be": (QUEUE, []),
    "retry_below_timeout": ({**QUEUE, "retry": 60}, ["syncapp.E001"]),
    "retry_equal_to_timeout": ({**QUEUE, "retry": QUEUE["timeout"]}, ["syncapp.E001"]),
    "retry_left_to_django_q": (without("retry"), ["syncapp.E001"]),
    "timeout_left_to_django_q": (without("timeout"), ["syncapp.E001"]),
    "attempts_without_end": ({**QUEUE, "max_attempts": 0}, ["syncapp.E002"]),
    "attempts_left_to_django_q": (without("max_attempts"), ["syncapp.E002"]),
    "timeout_before_the_deadline": ({**QUEUE, "timeout": 3600}, ["syncapp.W001"]),
    "failures_come_back": ({**QUEUE, "ack_failures": False}, ["syncapp.W002"]),
    "failures_left_to_django_q": (without("ack_failures"), ["syncapp.W002"]),
    "missed_runs_are_made_up_for": ({**QUEUE, "catch_up": True}, ["syncapp.W003"]),
    "catch_up_left_to_django_q": (without("catch_up"), ["syncapp.W003"]),
    "queue_in_memory_too_long": ({**QUEUE, "queue_limit": 4}, ["syncapp.W004"]),
    "queue_limit_left_to_django_q": (without("queue_limit"), ["syncapp.W004"]),
}


@pytest.mark.parametrize(("queue", "expected"), QUEUES.values(), ids=QUEUES.keys())
def test_queue(settings: Settings, queue: dict[str, Any], expected: list[str]) -> None:
    settings.RUN_DEADLINE = timedelta(hours=5)
    settings.Q_CLUSTER = queue

    assert ids() == expected


def test_queue_left_to_django_q_altogether(settings: Settings) -> None:
    settings.Q_CLUSTER = {}

    assert ids() == ["syncapp.E001", "syncapp.E002", "syncapp.W002", "syncapp.W003", "syncapp.W004"]


KEYS: dict[str, tuple[list[str], list[str]]] = {
    "one": ([FERNET], []),
    "several": ([FERNET, Fernet.generate_key().decode()], []),
    "none": ([], ["syncapp.E003"]),
    "no_fernet_key": (["secret"], ["syncapp.E004"]),
    "not_even_ascii": (["ключ"], ["syncapp.E004"]),
    "second_no_fernet_key": ([FERNET, "secret"], ["syncapp.E004"]),
}


@pytest.mark.parametrize(("keys", "expected"), KEYS.values(), ids=KEYS.keys())
def test_encryption_keys(settings: Settings, keys: list[str], expected: list[str]) -> None:
    settings.ENCRYPTION_KEYS = keys

    assert ids() == expected


@pytest.mark.promise(9)
def test_message_about_a_key_does_not_show_it(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = ["hunter2"]

    assert "hunter2" not in repr(run_checks())


def test_default_settings_have_nothing_to_warn_of() -> None:
    out = StringIO()

    call_command("check", fail_level="WARNING", stdout=out, stderr=out)

    assert "no issues" in out.getvalue()


def test_networks_that_are_none_are_named(settings: Settings) -> None:
    settings.METRICS_ALLOWED = ["192.0.2.0/24", "2001:db8::/32", "monitor.corp.example"]

    assert ids() == ["syncapp.E005"]


@pytest.mark.parametrize("name", ["KEEP_PREVIEWS_DAYS", "KEEP_RUNS_DAYS", "KEEP_TASKS_DAYS", "KEEP_AUDIT_DAYS"])
def test_nothing_is_removed_that_is_still_needed(settings: Settings, name: str) -> None:
    """0 might have been meant as "for ever"."""
    setattr(settings, name, 0)

    assert ids() == ["syncapp.E006"]
