"""`manage.py housekeeping`."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone, translation

from syncapp.choices import RunMode, RunStatus
from syncapp.models import SyncRun
from tests.factories import make_server

pytestmark = pytest.mark.django_db


def said(*arguments: str, language: str = "en") -> list[str]:
    out = StringIO()
    with translation.override(language):
        call_command("housekeeping", *arguments, stdout=out)
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]


@pytest.fixture
def preview() -> SyncRun:
    server = make_server()
    for days in (60, 1):
        run = SyncRun.objects.create(
            endpoint=server, mode=RunMode.PREVIEW, status=RunStatus.COMPLETED,
            finished_at=timezone.now() - timedelta(days=days),
        )  # fmt: skip
    return run


def test_it_says_in_numbers_what_it_removed(preview: SyncRun) -> None:
    assert said() == [
        "Removed:", "1 previews", "0 runs", "0 items of runs", "0 tasks of the worker",
        "0 messages that were sent or given up", "0 sessions that have ended",
        "0 photos that nobody names",
    ]  # fmt: skip
    assert list(SyncRun.objects.all()) == [preview]


def test_a_dry_run_removes_nothing(preview: SyncRun) -> None:
    assert said("--dry-run")[:2] == ["Would be removed:", "1 previews"]
    assert SyncRun.objects.count() == 2


def test_it_speaks_russian(preview: SyncRun) -> None:
    assert said(language="ru")[0] == "Удалено:"
