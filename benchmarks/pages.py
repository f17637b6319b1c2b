"""Server time of the main pages, as an administrator asks for them.

    make bench-pages [ARGS="--people 1000 100000 --requests 7 --database postgres://…"]

Each figure is the median of the requests after the first, which fills caches; each
size is a process and a database of its own. Without --database that is a SQLite file,
which works in this process: on a busy machine the CPU time says more.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import django
from cryptography.fernet import Fernet
from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parent.parent
SIZES = (1_000, 100_000)
AIM = 200  # milliseconds

Figures = dict[str, dict[str, float]]  # page to milliseconds, of them CPU, and queries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="+", default=SIZES)
    parser.add_argument("--requests", type=int, default=7)
    parser.add_argument("--database", default="", help="URL of a database that may be emptied; none: SQLite")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.people[0], options.requests)))
        return
    figures = {people: _in_a_process(people, options.requests, options.database) for people in options.people}
    Console(width=110).print(_table(figures))


def _in_a_process(people: int, requests: int, database: str) -> Figures:
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "ldapsync_project.settings",
            # As in production: with DEBUG on Django keeps a log of all queries.
            "DEBUG": "off",
            "HTTPS_ONLY": "off",
            "ALLOWED_HOSTS": "localhost",
            "LANGUAGE_CODE": "en",
            "SECRET_KEY": "benchmark",
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "CACHE_DIR": f"{folder}/cache",
            "DATABASE_URL": database or f"sqlite:///{folder}/bench.sqlite3",
        }
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=PROJECT, env=environment, check=True)
        if database:
            flush = [sys.executable, "manage.py", "flush", "--noinput", "--verbosity", "0"]
            subprocess.run(flush, cwd=PROJECT, env=environment, check=True)
        command = [sys.executable, "-W", "ignore:No directory at", "-m", "benchmarks.pages", "--measure"]
        command += ["--people", str(people), "--requests", str(requests)]
        done = subprocess.run(command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE)
        figures: Figures = json.loads(done.stdout)
        return figures


def measure(people: int, requests: int) -> Figures:
    """Fill the database and ask for each page as somebody who may do everything."""
    django.setup()
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client

    from benchmarks.rows import fill

    keys = fill(people)
    if connection.vendor == "postgresql":  # as its autovacuum does; nobody does it to SQLite
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.create_superuser("admin"))
    return {name: _time(client, address, requests) for name, address in _pages(keys).items()}


def _pages(keys: dict[str, int]) -> dict[str, str]:
    from django.urls import reverse

    def page(name: str, *args: int, query: str = "") -> str:
        return reverse(f"admin:{name}", args=args) + query

    employees = "syncapp_employee_changelist"
    return {
        "overview": page("index"),
        "employees": page(employees),
        "employees by name": page(employees, query="?q=Борис+Горский"),
        "employees by number": page(employees, query="?q=8+900+000-05"),
        "an employee": page("syncapp_employee_change", keys["employee"]),
        "sync records": page("syncapp_syncrecord_changelist"),
        "sync records by name": page("syncapp_syncrecord_changelist", query="?q=Борис+Горский"),
        "conflicts inbox": page("syncapp_conflict_changelist"),
        "a run": page("syncapp_syncrun_change", keys["run"]),
        "runs": page("syncapp_syncrun_changelist"),
        "people of a run": page("syncapp_runitem_changelist", query=f"?run__id__exact={keys['run']}"),
        "disabled and missing": page("syncapp_leaver_changelist"),
        "number pools": page("syncapp_numberpool_changelist"),
    }


def _time(client: Any, address: str, requests: int) -> dict[str, float]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
    queries = len(captured)  # the next request empties the log
    if response.status_code != 200:
        sys.exit(f"{address} answers {response.status_code}")
    walls, cpus = [], []
    for _request in range(requests):
        began, cpu = time.perf_counter(), time.process_time()
        client.get(address)
        walls.append((time.perf_counter() - began) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    return {"ms": statistics.median(walls), "cpu": statistics.median(cpus), "queries": queries}


def _table(figures: dict[int, Figures]) -> Table:
    table = Table(title=f"server time of a page in milliseconds (aim: {AIM}), and its queries")
    table.add_column("page")
    for people in figures:
        table.add_column(f"{people:,} people", justify="right")
        table.add_column("of them CPU", justify="right")
        table.add_column("queries", justify="right")
    for name in next(iter(figures.values())):
        cells = []
        for measured in figures.values():
            shown, cpu, queries = (f"{measured[name][what]:.0f}" for what in ("ms", "cpu", "queries"))
            cells += [f"[bold red]{shown}[/]" if measured[name]["ms"] > AIM else shown, cpu, queries]
        table.add_row(name, *cells)
    return table


if __name__ == "__main__":
    main()
