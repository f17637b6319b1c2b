"""The benchmark: reading and writing back, each beside the plain way, on the same OpenLDAP.

    make bench [PEOPLE=20000] [ARGS="--rounds 3 --database postgres://…"]

Each figure is the median of the rounds; each measurement is a process of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from rich.console import Console
from rich.table import Table

from benchmarks.generator import company
from benchmarks.measure import SERVER
from fixtures.openldap import OpenLdap

PROJECT = Path(__file__).resolve().parent.parent


class Bench:
    """One OpenLDAP, and a fresh database for every round."""

    def __init__(self, folder: Path, directory: OpenLdap, database: str) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "ldapsync_project.settings",
            # As in production: with DEBUG on Django keeps a log of all queries.
            "DEBUG": "off",
            "SECRET_KEY": "benchmark",
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "DATABASE_URL": database or f"sqlite:///{folder / 'bench.sqlite3'}",
            "BENCH_URI": directory.uri,
            "BENCH_BASE": directory.suffix,
            "BENCH_DN": directory.writer_dn,
            "BENCH_PASSWORD": directory.service_password,
        }
        self.settings = folder / "bench.toml"
        self.settings.write_text(_settings(directory, directory.service_dn) + POOL, encoding="utf-8")
        # Without a pool: only the numbers that are changed go out.
        self.writing_settings = folder / "bench-writing.toml"
        self.writing_settings.write_text(
            _settings(directory, directory.writer_dn) + "write_back = true\n", encoding="utf-8"
        )

    def fresh_database(self, settings: Path) -> None:
        for file in self.folder.glob("bench.sqlite3*"):
            file.unlink()
        self._manage("migrate", "--verbosity", "0")
        if not self.environment["DATABASE_URL"].startswith("sqlite"):
            self._manage("flush", "--noinput")
        self._manage("configure", str(settings))

    def _manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=PROJECT, env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def measure(self, what: str, number: int = 0) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.measure", what, str(number)]
        done = subprocess.run(command, cwd=PROJECT, env=self.environment, check=True, stdout=subprocess.PIPE)
        result: dict[str, Any] = json.loads(done.stdout)
        return result


POOL = """
number_pool = "Benchmark"

[[number_pool]]
name = "Benchmark"
first = "100000"
last = "399999"
"""


def _settings(directory: OpenLdap, account: str) -> str:
    return f"""
[[directory]]
name = "{SERVER}"
kind = "openldap"
uris = ["{directory.uri}"]
security = "none"
bind_dn = "{account}"
bind_password = {{ env = "BENCH_PASSWORD" }}
base_dn = "{directory.suffix}"
"""


PLAIN_READ, PLAIN_WRITES = "plain paged read", "plain loop of modify_s"
READING = {PLAIN_READ: "plain", "first sync": "sync", "second sync, nothing changed": "sync"}
WRITES = 5000
WRITTEN = "written back by a run"
WHOLE_RUN = "the whole run around it"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photos", action="store_true", help="everybody has a photo of 10 KB")
    parser.add_argument("--database", default="", help="URL of a database that may be emptied; none: SQLite")
    parser.add_argument("--profile", action="store_true", help="where the time of a first and a second sync goes")
    options = parser.parse_args()
    console = Console(width=110)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, OpenLdap() as directory:
        folder = Path(name)
        ldif = folder / "company.ldif"
        with ldif.open("w", encoding="utf-8") as file:
            file.writelines(company(options.people, photos=options.photos))
        directory.load(ldif)
        bench = Bench(folder, directory, options.database)
        if options.profile:
            bench.fresh_database(bench.settings)
            bench.measure("profile")
            bench.measure("profile")
            return
        results = Results()
        writes = min(WRITES, options.people // 4)
        for round_number in range(1, options.rounds + 1):
            console.print(f"round {round_number} of {options.rounds}, {options.people} people")
            bench.fresh_database(bench.settings)
            for case, what in READING.items():
                results.reading[case].append(bench.measure(what))
            bench.fresh_database(bench.writing_settings)
            bench.measure("sync")
            results.writing[PLAIN_WRITES].append(bench.measure("modify", writes))
            bench.measure("modify-back", writes)
            bench.measure("edit", writes)
            whole = bench.measure("sync")
            phase = {**whole, "seconds": whole["phases"]["write_back"], "cpu": None, "people": writes}
            results.writing[WRITTEN].append(phase)
            results.writing[WHOLE_RUN].append(whole)
            bench.measure("modify-back", writes)
        console.print(_table(results.reading, PLAIN_READ))
        console.print(_table(results.writing, PLAIN_WRITES))


@dataclass(slots=True)
class Results:
    reading: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    writing: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def _table(results: dict[str, list[dict[str, Any]]], plain_case: str) -> Table:
    table = Table()
    for column in ("case", "seconds", "of them CPU", "times the plain way", "people a second", "peak memory, MB"):
        table.add_column(column, justify="left" if column == "case" else "right")
    plain = statistics.median(result["seconds"] for result in results[plain_case])
    for case, rounds in results.items():
        seconds = statistics.median(result["seconds"] for result in rounds)
        peak = max(result["peak"] for result in rounds)
        speed = rounds[0]["people"] / seconds
        cpu = [result["cpu"] for result in rounds if result["cpu"] is not None]
        shown = f"{statistics.median(cpu):.2f}" if cpu else ""
        table.add_row(case, f"{seconds:.2f}", shown, f"{seconds / plain:.1f}", f"{speed:,.0f}", f"{peak:.0f}")
    return table


if __name__ == "__main__":
    main()
