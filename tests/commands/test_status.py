"""`manage.py status`."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pytest_django import Settings

from syncapp.choices import MatterKind, RunMode, RunStatus, Status
from syncapp.models import Conflict, DirectoryServer, SyncRun
from syncapp.services.queue import worker_is_running
from tests.factories import make_record, make_server
from tests.processes import cluster, environment, wait_for

pytestmark = pytest.mark.django_db

FOLDER = "django.core.cache.backends.filebased.FileBasedCache"


def told(*, language: str = "ru") -> tuple[Any, dict[str, Any]]:
    out = StringIO()
    with pytest.raises(SystemExit) as caught, translation.override(language):
        call_command("status", "--json", stdout=out)
    return caught.value.code, json.loads(out.getvalue())


def shown(capsys: pytest.CaptureFixture[str], language: str = "en") -> str:
    with pytest.raises(SystemExit), translation.override(language):
        call_command("status")
    return capsys.readouterr().out


def make_run(server: DirectoryServer, status: RunStatus, **values: Any) -> SyncRun:
    return SyncRun.objects.create(
        endpoint=server, mode=RunMode.APPLY, status=status, finished_at=timezone.now(), **values
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.PARTIAL, RunStatus.HELD, RunStatus.FAILED])
def test_exit_code_says_whether_somebody_has_to_look(settings: Settings, tmp_path: Path, status: RunStatus) -> None:
    """Open matters are the daily work and no alarm: the exit code is for who watches the machine."""
    settings.CACHES = {"default": {"BACKEND": FOLDER, "LOCATION": str(tmp_path)}}
    server = make_server()
    make_run(server, status, error_code="" if status in ("completed", "partial") else "nobody_found")
    Conflict.objects.create(endpoint=server, record=make_record(endpoint=server), kind=MatterKind.FIELD)
    make_run(make_server(enabled=False), RunStatus.FAILED, error_code="nobody_found")

    with cluster(CACHE_DIR=str(tmp_path)) as worker:
        wait_for(worker_is_running, process=worker)
        code, found = told()

    assert (code, found["well"]) == ((0, True) if status in ("completed", "partial") else (1, False))


def test_json_is_english_and_complete() -> None:
    now = timezone.now()
    server = make_server(name="Head office", schedule={"every_minutes": 60})
    make_run(server, RunStatus.COMPLETED)
    failed = make_run(server, RunStatus.FAILED, error_code="nobody_found")
    SyncRun.objects.update(finished_at=now)
    record = make_record(endpoint=server, status=Status.FAILED)
    Conflict.objects.create(endpoint=server, record=record, kind=MatterKind.FIELD)

    code, found = told()

    assert (code, found["queue"], found["workers"]) == (1, 0, 0)
    assert found["parts"]["worker"]["code"] == "worker_silent"
    (row,) = found["servers"]
    assert row["reason"]["message"].startswith("The directory answered, but nobody is in scope.")
    assert row["next_run"] is not None
    assert {key: row[key] for key in ("server", "health", "failures", "why_not", "conflicts", "failed")} == {
        "server": "Head office", "health": "failing", "failures": 1, "why_not": None, "conflicts": 1, "failed": 1,
    }  # fmt: skip
    assert row["last_run"]["id"] == failed.pk
    assert row["last_success"] == row["failing_since"] == row["last_run"]["finished_at"]


def test_table_says_how_servers_stand(capsys: pytest.CaptureFixture[str]) -> None:
    make_run(make_server(name="Head office"), RunStatus.FAILED, error_code="nobody_found")
    make_server(name="Branch", enabled=False)

    said = shown(capsys)

    assert "Head office │ does not work" in said
    assert "Branch      │ switched off" in said
    assert "0 workers run, 0 tasks wait." in said
    assert "Head office: The directory answered, but nobody is in scope." in said


def test_table_speaks_russian(capsys: pytest.CaptureFixture[str]) -> None:
    make_run(make_server(name="Head office"), RunStatus.HELD, error_code="nobody_found")

    assert "Head office │ удержан, нужно посмотреть" in shown(capsys, "ru")


def test_without_database_it_says_so() -> None:
    asked = subprocess.run(
        [sys.executable, "manage.py", "status", "--json"],
        cwd=project.BASE_DIR,
        env={**environment(), "DATABASE_URL": "postgres://nobody:-@127.0.0.1:1/none", "CACHE_DIR": "/nonexistent"},
        capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip

    found = json.loads(asked.stdout)
    assert asked.returncode == 1
    assert (found["servers"], found["queue"]) == ([], None)
    assert found["parts"]["database"]["code"] == "database_silent"


@pytest.mark.parametrize("number", [1, 10])
def test_number_of_servers_does_not_change_the_queries(number: int) -> None:
    for _number in range(number):
        make_run(make_server(), RunStatus.FAILED)

    with CaptureQueriesContext(connection) as queries:
        told()

    assert len([query for query in queries if "syncapp_" in query["sql"]]) == 8
