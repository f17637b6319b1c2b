"""`/healthz`, `/readyz` and `/metrics`: what programs ask that watch over the installation."""

import math
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from syncapp.choices import MatterKind, ReadMode, RunMode, RunStatus, State, Status
from syncapp.models import Conflict, SyncRun
from syncapp.services.queue import worker_is_running
from tests.admin.pages import text
from tests.factories import make_employee, make_record, make_server
from tests.processes import cluster, environment, wait_for

STRANGER = {"REMOTE_ADDR": "192.0.2.7"}
TOKEN = "a-token-of-thirty-two-characters"
ORDER = ["server", "health", "mode", "phase", "state", "status"]
BEARER = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}


def scraped(client: Client, **headers: Any) -> dict[tuple[str, ...], float]:
    """What Prometheus would store: name and values of the labels, the server first, to the number."""
    response = client.get("/metrics", **headers)
    assert response.status_code == 200
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels, key=ORDER.index))): sample.value
        for family in text_string_to_metric_families(text(response))
        for sample in family.samples
    }


# Health


def test_healthz_asks_nobody_else(client: Client) -> None:
    """No database is allowed in this test: a process must not be restarted because the database is away."""
    response = client.get("/healthz", **STRANGER)

    assert (response.status_code, response.json()) == (200, {"alive": True})


@pytest.mark.django_db
def test_readyz_names_the_part_that_is_missing(client: Client) -> None:
    response = client.get("/readyz")

    parts = response.json()["parts"]
    assert response.status_code == 503
    assert {name: part.get("code", "") for name, part in parts.items()} == {
        "database": "", "migrations": "", "broker": "", "worker": "worker_silent",
    }  # fmt: skip
    assert "Start the service ldapsync-worker" in parts["worker"]["reason"]


@pytest.mark.django_db
def test_readyz_tells_strangers_that_alone(client: Client) -> None:
    response = client.get("/readyz", **STRANGER)

    assert (response.status_code, response.json()) == (503, {"ready": False})


@pytest.mark.django_db
def test_readyz_sees_tables_that_are_older_than_the_program(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="syncapp").order_by("-id")[0].delete()

    parts = client.get("/readyz").json()["parts"]

    assert parts["migrations"]["code"] == "migrations_missing"


@pytest.mark.django_db(transaction=True)
def test_readyz_follows_the_worker(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.CACHES = {"default": {**project.CACHES["default"], "BACKEND": FOLDER, "LOCATION": str(tmp_path)}}

    with cluster(CACHE_DIR=str(tmp_path)) as worker:
        wait_for(worker_is_running, process=worker)
        alive = client.get("/readyz")
    wait_for(lambda: not worker_is_running())  # its last sign of life lasts for 3 seconds
    gone = client.get("/readyz")

    assert (alive.status_code, gone.status_code) == (200, 503)
    assert all(part == {"ready": True} for part in alive.json()["parts"].values())


FOLDER = "django.core.cache.backends.filebased.FileBasedCache"
ASK = (
    "import django; django.setup()\n"
    "from django.test import Client\n"
    "client = Client(HTTP_HOST='127.0.0.1')\n"
    "for path in ('/healthz', '/readyz', '/metrics'):\n"
    "    print(client.get(path).status_code)\n"
    "print(sorted(name for name, part in client.get('/readyz').json()['parts'].items() if not part['ready']))"
)


def test_without_database_the_process_is_alive_and_not_ready() -> None:
    away = {"DATABASE_URL": "postgres://nobody:-@127.0.0.1:1/none", "CACHE_DIR": "/nonexistent"}

    asked = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=project.BASE_DIR, env=environment(**away), capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip

    assert asked.stdout.split("\n", 3) == [
        "200", "503", "503", "['broker', 'database', 'migrations', 'worker']\n",
    ], asked.stderr  # fmt: skip
    assert "Traceback" not in asked.stderr


# Who may read the metrics

CALLERS: dict[str, tuple[dict[str, Any], dict[str, str], int]] = {
    "this_machine": ({}, {}, 200),
    "this_machine_v6": ({}, {"REMOTE_ADDR": "::1"}, 200),
    "this_machine_mapped": ({}, {"REMOTE_ADDR": "::ffff:127.0.0.1"}, 200),
    "stranger": ({}, STRANGER, 403),
    "socket_without_address": ({}, {"REMOTE_ADDR": ""}, 403),
    "listed": ({"METRICS_ALLOWED": ["192.0.2.0/24"]}, STRANGER, 200),
    "not_listed": ({"METRICS_ALLOWED": ["198.51.100.0/24"]}, STRANGER, 403),
    "nobody_listed": ({"METRICS_ALLOWED": []}, {}, 403),
    "token": ({"METRICS_TOKEN": TOKEN}, {**STRANGER, **BEARER}, 200),
    "wrong_token": ({"METRICS_TOKEN": TOKEN}, {**STRANGER, "HTTP_AUTHORIZATION": "Bearer x"}, 403),
    "wrong_token_on_this_machine": ({"METRICS_TOKEN": TOKEN}, {"HTTP_AUTHORIZATION": "Bearer é"}, 403),
    "token_as_password": ({"METRICS_TOKEN": TOKEN}, {**STRANGER, "HTTP_AUTHORIZATION": f"Basic {TOKEN}"}, 403),
    "empty_token_is_none": ({"METRICS_TOKEN": ""}, {**STRANGER, "HTTP_AUTHORIZATION": "Bearer "}, 403),
    "through_the_proxy": ({"BEHIND_PROXY": True}, {}, 403),
    "through_the_proxy_with_token": ({"BEHIND_PROXY": True, "METRICS_TOKEN": TOKEN}, BEARER, 200),
    "through_a_proxy_nobody_told_us_of": ({}, {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}, 403),
    "who_says_that_he_is_this_machine": ({}, {**STRANGER, "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 403),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("changed", "headers", "expected"), CALLERS.values(), ids=CALLERS)
def test_metrics_are_closed_to_strangers(
    client: Client, settings: Settings, changed: dict[str, Any], headers: dict[str, Any], expected: int
) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)

    assert client.get("/metrics", **headers).status_code == expected


@pytest.mark.django_db
def test_metrics_set_no_cookie_and_are_kept_by_nobody(client: Client) -> None:
    response = client.get("/metrics")

    assert not response.cookies
    assert "no-store" in response["Cache-Control"]


# What they say


@pytest.mark.django_db
def test_metrics_tell_how_servers_stand(client: Client) -> None:
    now = timezone.now()
    works, broken = make_server(name="Head office"), make_server(name='Branch "North"')
    make_server(name="Off", enabled=False)
    for server, ago, status, values in [
        (works, 90, RunStatus.PARTIAL, {"seconds": {"read": 1.5, "plan": 0.25, "total": 2.0}}),
        (works, 30, RunStatus.COMPLETED, {"read": ReadMode.PERSON, "anchors": [["a", "cn=a"]]}),
        (works, 20, RunStatus.HELD, {"mode": RunMode.PREVIEW}),
        (broken, 60 * 60, RunStatus.COMPLETED, {}),
        (broken, 10, RunStatus.FAILED, {}),
    ]:
        SyncRun.objects.create(
            endpoint=server, status=status, finished_at=now - timedelta(minutes=ago),
            **{"mode": RunMode.APPLY, "read": ReadMode.FULL, **values},
        )  # fmt: skip
    SyncRun.objects.create(endpoint=broken, status=RunStatus.QUEUED, queued_at=now - timedelta(minutes=3))

    found = scraped(client)

    assert found["ldapsync_last_success_age_seconds", "Head office"] == pytest.approx(90 * 60, abs=30)
    assert found["ldapsync_last_success_age_seconds", 'Branch "North"'] == pytest.approx(60 * 60 * 60, abs=30)
    assert ("ldapsync_last_success_age_seconds", "Off") not in found
    assert found["ldapsync_server_health", "Head office", "held"] == 1
    assert found["ldapsync_server_health", 'Branch "North"', "failing"] == 1
    assert found["ldapsync_failures_in_a_row", 'Branch "North"'] == 1
    assert found["ldapsync_last_run_status", "Head office", "partial"] == 1
    assert found["ldapsync_last_run_status", 'Branch "North"', "failed"] == 1
    assert found["ldapsync_last_run_status", 'Branch "North"', "completed"] == 0
    assert found["ldapsync_last_run_seconds", "Head office", "read"] == 1.5
    assert found["ldapsync_runs_last_day", "Head office", "preview", "held"] == 1
    assert ("ldapsync_runs_last_day", 'Branch "North"', "apply", "completed") not in found
    assert found["ldapsync_runs_open", 'Branch "North"', "queued"] == 1
    assert found["ldapsync_oldest_queued_run_seconds",] == pytest.approx(180, abs=30)
    assert found["ldapsync_queue_length",] == found["ldapsync_workers",] == 0


@pytest.mark.django_db
def test_a_server_that_never_succeeded_is_infinitely_old(client: Client) -> None:
    make_server(name="New")

    assert scraped(client)["ldapsync_last_success_age_seconds", "New"] == math.inf


@pytest.mark.django_db
def test_metrics_tell_how_people_stand(client: Client) -> None:
    server = make_server(name="Head office")
    make_record(endpoint=server, status=Status.SKIPPED, waiting=True, employee=make_employee())
    make_record(endpoint=server, status=Status.SKIPPED, due=True)
    record = make_record(endpoint=server, status=Status.CONFLICT, state=State.MISSING)
    Conflict.objects.create(endpoint=server, record=record, kind=MatterKind.FIELD, field="title")
    Conflict.objects.create(
        endpoint=server, record=record, kind=MatterKind.FIELD, field="title", closed_at=timezone.now()
    )

    found = scraped(client)

    assert [found["ldapsync_people", "Head office", status] for status in ("skipped", "conflict", "failed")] == [
        2,
        1,
        0,
    ]
    assert found["ldapsync_people_by_state", "missing"] == 1
    assert found["ldapsync_people_waiting", "Head office"] == found["ldapsync_people_due", "Head office"] == 1
    assert found["ldapsync_conflicts_open", "Head office"] == 1
    assert found["ldapsync_employees",] == 1


@pytest.mark.django_db
def test_metrics_name_nobody(client: Client) -> None:
    make_record(name="Anna Petrova", dn="cn=Anna Petrova", employee=make_employee(name="Anna Petrova"))

    assert "Petrova" not in text(client.get("/metrics"))


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 20])
def test_metrics_need_the_same_queries_for_any_number_of_servers(
    client: Client, django_assert_num_queries: Any, number: int
) -> None:
    for _number in range(number):
        record = make_record()
        SyncRun.objects.create(endpoint=record.endpoint, status=RunStatus.COMPLETED, finished_at=timezone.now())

    with django_assert_num_queries(16):
        client.get("/metrics")


@pytest.mark.django_db
def test_metrics_speak_openmetrics_where_asked(client: Client) -> None:
    response = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})

    assert response["Content-Type"].startswith("application/openmetrics-text")
    assert text(response).endswith("# EOF\n")
