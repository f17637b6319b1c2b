"""Many servers at once: how long workers take for all of them, on PostgreSQL.

    python -m benchmarks.many_servers [--servers 100] [--people 1000] [--workers 1] [--processes 2] [--redis]

Every server is a branch of one OpenLDAP with people of its own. All are queued
together, twice: the first time everybody is created, the second time nothing has changed.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from cryptography.fernet import Fernet

from benchmarks.generator import DEPARTMENTS, SUFFIX, person
from fixtures.ldif import entry
from fixtures.openldap import OpenLdap
from tests.postgresql import PostgreSql, find_binaries
from tests.redis_server import RedisServer

PROJECT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--servers", type=int, default=100)
    parser.add_argument("--people", type=int, default=1000, help="of each server")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="of each worker")
    parser.add_argument("--redis", action="store_true", help="as broker and cache")
    options = parser.parse_args()
    binaries = find_binaries()
    if binaries is None:
        sys.exit("PostgreSQL is not installed (Debian package postgresql).")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="many-")))
        directory = stack.enter_context(OpenLdap())
        cluster = stack.enter_context(PostgreSql(binaries))
        ldif = folder / "people.ldif"
        with ldif.open("w", encoding="utf-8") as file:
            file.writelines(_branches(options.servers, options.people))
        directory.load(ldif)
        os.environ.update(
            DJANGO_SETTINGS_MODULE="ldapsync_project.settings",
            DEBUG="off",
            SECRET_KEY="benchmark",  # noqa: S106 - of a database that is thrown away
            ENCRYPTION_KEYS=Fernet.generate_key().decode(),
            CACHE_DIR=str(folder / "cache"),
            PHOTO_DIR=str(folder / "photos"),
            DATABASE_URL=cluster.create("many"),
            WORKERS=str(options.processes),
        )
        if options.redis:
            os.environ["REDIS_URL"] = stack.enter_context(RedisServer()).url
        settings = folder / "many.toml"
        settings.write_text("".join(_settings(directory, options.servers)), encoding="utf-8")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        with (folder / "configure.log").open("w") as log:
            call_command("configure", str(settings), stdout=log)
        workers = [_worker(folder, number) for number in range(options.workers)]
        try:
            for what in ("everybody is created", "nothing has changed"):
                _measure(what, options)
            sys.stdout.write(f"the database takes {_megabytes():.0f} MB\n")
        finally:
            for worker in workers:
                worker.send_signal(signal.SIGTERM)
            for worker in workers:
                worker.wait()


def _branches(servers: int, people: int) -> Iterator[str]:
    for server in range(servers):
        suffix = _suffix(server)
        yield entry(suffix, [("objectClass", "organizationalUnit"), ("ou", f"Server{server:04}")])
        for department in DEPARTMENTS:
            yield entry(f"ou={department},{suffix}", [("objectClass", "organizationalUnit"), ("ou", department)])
        for number in range(server * people + 1, (server + 1) * people + 1):
            yield person(number, suffix=suffix)


def _suffix(server: int) -> str:
    return f"ou=Server{server:04},{SUFFIX}"


def _settings(directory: OpenLdap, servers: int) -> Iterator[str]:
    for server in range(servers):
        yield f"""
[[directory]]
name = "Server {server:04}"
kind = "openldap"
uris = ["{directory.uri}"]
security = "none"
bind_dn = "{directory.service_dn}"
bind_password = "{directory.service_password}"
base_dn = "{_suffix(server)}"
"""


def _worker(folder: Path, number: int) -> "subprocess.Popen[bytes]":
    with (folder / f"worker-{number}.log").open("wb") as log:
        return subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=PROJECT, stdout=log, stderr=log)


def _megabytes() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return float(cursor.fetchone()[0] / 1_000_000)


def _measure(what: str, options: argparse.Namespace) -> None:
    from syncapp.choices import RunMode, RunStatus, RunTrigger
    from syncapp.models import Endpoint, SyncRun
    from syncapp.services.runs import enqueue_run

    began = time.monotonic()
    runs = [
        enqueue_run(endpoint_id=pk, mode=RunMode.APPLY, trigger=RunTrigger.MANUAL, force=True).pk
        for pk in Endpoint.objects.order_by("pk").values_list("pk", flat=True)
    ]
    waiting = SyncRun.objects.filter(pk__in=runs, finished_at=None)
    while left := waiting.count():
        if time.monotonic() - began > 1800:
            sys.exit(f"{left} runs have not ended in half an hour")
        time.sleep(0.2)
    seconds = time.monotonic() - began
    bad = SyncRun.objects.filter(pk__in=runs).exclude(status__in=[RunStatus.COMPLETED, RunStatus.PARTIAL])
    people = options.servers * options.people
    sys.stdout.write(
        f"{what}: {seconds:.1f} s for {len(runs)} servers of {options.people} people, "
        f"{people / seconds:.0f} people and {len(runs) / seconds:.1f} runs a second, {bad.count()} failed\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
