"""A worker left alone for weeks, in minutes: `make soak` (RUNS=500, MINUTES=20).

Runs of a small company follow each other on changing data, both sides edited before
each, as if an hour lay between two of them: the age of every run is set back, and
house-keeping is done once a day of that time. Printed are the memory of the worker's
processes and the rows of the tables; the exit code is 1 when memory or tables still
grow at the end, or a run did not end well.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from benchmarks.generator import company, dn_of
from fixtures.openldap import OpenLdap

if TYPE_CHECKING:
    from syncapp.models import SyncRun

PROJECT = Path(__file__).resolve().parent.parent
PEOPLE = 200
EDITS = 5  # on each side before each run
KEPT_DAYS = 8  # of everything, the audit too: what is kept for ever has no end to look at
RUNS_A_DAY = 24
RUN_LIMIT = 60.0  # seconds
GROWTH = 1.10  # what counts as flat: the last third beside the one before it
SERVER = "Soak"
TABLES = ("syncrun", "runitem", "syncrecord", "employee", "conflict")


@dataclass(frozen=True, slots=True)
class Sample:
    """How things stood after so many runs: kilobytes of memory, and rows by table."""

    runs: int
    memory: int
    rows: dict[str, int]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=20.0, help="end after so long, however many runs that were")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as name, OpenLdap() as directory:
        folder = Path(name)
        _prepare(folder, directory)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("configure", str(folder / "soak.toml"), verbosity=0)
        with _worker(folder) as worker:
            samples = list(_soak(directory, worker, options.runs, options.minutes * 60))
    return _verdict(samples)


def _prepare(folder: Path, directory: OpenLdap) -> None:
    """Fill the directory, and tell this process and the worker which installation theirs is."""
    ldif = folder / "company.ldif"
    with ldif.open("w", encoding="utf-8") as file:
        file.writelines(company(PEOPLE, photos=False))
    directory.load(ldif)
    os.environ.update(
        {
            "DJANGO_SETTINGS_MODULE": "ldapsync_project.settings",
            "DEBUG": "off",
            "SECRET_KEY": "soak",
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "CACHE_DIR": str(folder / "cache"),
            "PHOTO_DIR": str(folder / "photos"),
            "WORKERS": "1",
            **{f"KEEP_{what}_DAYS": str(KEPT_DAYS) for what in ("PREVIEWS", "RUNS", "TASKS", "AUDIT")},
        }
    )
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder / 'soak.sqlite3'}")
    (folder / "soak.toml").write_text(
        f"""
[[directory]]
name = "{SERVER}"
kind = "openldap"
uris = ["{directory.uri}"]
security = "none"
bind_dn = "{directory.writer_dn}"
bind_password = "{directory.service_password}"
base_dn = "{directory.suffix}"
write_back = true
limits = {{ replaced = [1000, 100, 1000], written_back = [1000, 100, 1000], conflicts = [1000, 100, 1000] }}

[[directory.mapping]]
field = "name"
attribute = "displayName|cn"
[[directory.mapping]]
field = "email"
attribute = "mail"
[[directory.mapping]]
field = "title"
attribute = "title"
direction = "both"
""",
        encoding="utf-8",
    )


@contextmanager
def _worker(folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"], cwd=PROJECT, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _soak(directory: OpenLdap, worker: "subprocess.Popen[bytes]", runs: int, seconds: float) -> "Iterator[Sample]":
    from django.utils import timezone

    from syncapp.choices import RunMode, RunStatus, RunTrigger
    from syncapp.models import DirectoryServer
    from syncapp.services.housekeeping import keep_house
    from syncapp.services.runs import enqueue_run

    server = DirectoryServer.objects.get(name=SERVER)
    began, now = time.monotonic(), timezone.now()
    every = max(1, runs // 20)
    for number in range(1, runs + 1):
        _edit(directory, number)
        run = enqueue_run(endpoint_id=server.pk, mode=RunMode.APPLY, trigger=RunTrigger.MANUAL)
        _wait_for_the_end(run, worker)
        if run.status not in (RunStatus.COMPLETED, RunStatus.PARTIAL):
            sys.exit(f"run {number} ended as {run.status}: {run.error_code} {run.error_params}")
        _make_older(run, hours=runs - number, now=now)
        if number % RUNS_A_DAY == 0:
            keep_house(now=now - timedelta(hours=runs - number))
        if number % every == 0 or number == runs:
            sample = Sample(number, _memory(worker.pid), _rows())
            sys.stdout.write(f"{number:5} runs  {sample.memory // 1024:5} MB  {sample.rows}\n")
            sys.stdout.flush()
            yield sample
        if time.monotonic() - began > seconds:
            sys.stdout.write(f"The time is up after {number} runs.\n")
            return


def _edit(directory: OpenLdap, number: int) -> None:
    """Give a few people another title, half of them in the directory and half in the hub."""
    import ldap

    from syncapp.models import Employee

    connection = directory.connect()
    for person in range(number % 90, number % 90 + EDITS):
        connection.modify_s(dn_of(person), [(ldap.MOD_REPLACE, "title", [f"Title {number}".encode()])])
    connection.unbind_s()
    for employee in Employee.objects.order_by("-id")[number % 90 : number % 90 + EDITS]:
        employee.title = f"Rank {number}"
        employee.save()


def _wait_for_the_end(run: "SyncRun", worker: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + RUN_LIMIT
    while time.monotonic() < deadline:
        run.refresh_from_db()
        if run.finished_at is not None:
            return
        if worker.poll() is not None:
            sys.exit("the worker ended")
        time.sleep(0.05)
    sys.exit("a run did not end in a minute")


def _make_older(run: "SyncRun", *, hours: int, now: datetime) -> None:
    from django_q.models import Task

    from syncapp.models import SyncRun

    then = now - timedelta(hours=hours)
    Task.objects.filter(stopped__gte=now).update(started=then, stopped=then)
    SyncRun.objects.filter(pk=run.pk).update(queued_at=then, started_at=then, finished_at=then)


def _memory(group: int) -> int:
    """Resident memory of all processes of the worker, in kilobytes."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(status.read_text().rpartition(")")[2].split()[2]) == group:
                lines = (status.parent / "status").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
        except (OSError, IndexError, ValueError):  # it has ended meanwhile
            continue
    return total


def _rows() -> dict[str, int]:
    from django.apps import apps
    from django_q.models import OrmQ, Task

    rows = {name: apps.get_model("syncapp", name)._default_manager.count() for name in TABLES}
    return {**rows, "task": Task.objects.count(), "queue": OrmQ.objects.count()}


def _verdict(samples: "list[Sample]") -> int:
    """Compare the last third with the one before: by then nothing may grow any more."""
    third = len(samples) // 3
    if not third:
        return 0
    before, last = samples[-2 * third : -third], samples[-third:]
    growing = []
    if max(each.memory for each in last) > GROWTH * max(each.memory for each in before):
        growing.append("memory")
    for table in before[0].rows:
        if max(each.rows[table] for each in last) > GROWTH * max(each.rows[table] for each in before) + 1:
            growing.append(table)
    sys.stdout.write(f"Still growing: {', '.join(growing)}\n" if growing else "Memory and tables are flat.\n")
    return 1 if growing else 0


if __name__ == "__main__":
    sys.exit(main())
