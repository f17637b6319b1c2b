"""Lines of the log: each names its run, and JSON is JSON whoever writes it."""

import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from syncapp.choices import RunMode, RunStatus, RunTrigger
from syncapp.logs import JsonFormatter, RunFilter, about_run
from syncapp.models import SyncRun
from syncapp.services.runs import TASK
from syncapp.services.sync import run_sync
from tests.factories import make_server
from tests.processes import LIMIT, manage, started, wait_for

PRIVATE = "Anna Petrova"


def line(record: logging.LogRecord) -> dict[str, Any]:
    RunFilter().filter(record)
    found: dict[str, Any] = json.loads(JsonFormatter().format(record))
    return found


def record(message: str = "Read %d entries", *args: object, exc_info: Any = None) -> logging.LogRecord:
    return logging.LogRecord("ldap", logging.INFO, __file__, 1, message, args or (3,), exc_info)


def test_a_record_names_the_run_in_which_it_was_made() -> None:
    before = line(record())
    with about_run(12):
        within = line(record())
    after = line(record())

    assert [each.get("run") for each in (before, within, after)] == [None, 12, None]
    assert within["message"] == "Read 3 entries"


def test_a_record_of_an_error_has_its_places_and_not_its_text() -> None:
    """What the database says of a refused row quotes the row."""
    try:
        try:
            int(PRIVATE)
        except ValueError as error:
            raise KeyError(PRIVATE) from error
    except KeyError:
        found = line(record("Run %d crashed", 12, exc_info=sys.exc_info()))

    assert [each["type"] for each in found["exception"]] == ["builtins.KeyError", "builtins.ValueError"]
    assert found["exception"][0]["at"][0].endswith("test_a_record_of_an_error_has_its_places_and_not_its_text")
    assert PRIVATE not in json.dumps(found)


@pytest.mark.django_db(transaction=True)
def test_a_run_names_itself_in_its_records(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "syncapp")
    caplog.handler.addFilter(RunFilter())
    server = make_server(uris=["ldap://127.0.0.1:1"], security="none")

    run = run_sync(server=server, mode=RunMode.APPLY, trigger=RunTrigger.COMMAND)

    assert {getattr(each, "run", None) for each in caplog.records} == {run.pk}


@pytest.mark.django_db(transaction=True)
def test_everything_that_the_worker_says_is_json(tmp_path: Path) -> None:
    """django-q2 has a logger of its own, and makes itself a handler where it finds none."""
    from django_q.tasks import async_task

    run = SyncRun.objects.create(
        endpoint=make_server(uris=["ldap://127.0.0.1:1"], security="none"), status=RunStatus.QUEUED
    )
    async_task(TASK, run.pk, sync=False)

    with started("worker", LOG_FORMAT="json", LOG_LEVEL="INFO", WORKERS="1", CACHE_DIR=str(tmp_path)) as worker:
        wait_for(lambda: SyncRun.objects.get(pk=run.pk).status == RunStatus.FAILED, process=worker)
        worker.terminate()
        _out, said = worker.communicate(timeout=LIMIT)

    lines = [json.loads(each) for each in said.splitlines()]
    assert {"django-q", "syncapp.services.sync"} <= {each["logger"] for each in lines}
    assert {each["run"] for each in lines if each["logger"] == "syncapp.services.sync"} == {run.pk}


def test_a_format_that_there_is_not_is_refused() -> None:
    code, _out, err = manage("check", LOG_FORMAT="xml")

    assert code == 1
    assert err.splitlines()[-1].endswith("LOG_FORMAT is 'xml'; it is line or json.")
