"""One directory to measure on, and databases that are made anew; each measurement is a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.fernet import Fernet

from benchmarks.generator import company, domain
from benchmarks.measure import SERVER
from fixtures.directory_server import DirectoryServer
from fixtures.openldap import OpenLdap
from fixtures.samba import REALM, SambaAd

PROJECT = Path(__file__).resolve().parent.parent
# What `benchmarks/requirements.txt` names; only the rival's processes see it.
RIVAL_PACKAGES = PROJECT / "var" / "benchmark-packages"


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: seconds, of them CPU of the process, its peak memory in MB, and how many people it was about."""

    seconds: float
    cpu: float
    peak: float
    people: int
    phases: dict[str, float]

    def of_phase(self, name: str, *, people: int) -> "Sample":
        """The part of a run that one phase took; how much CPU that was is not known."""
        return replace(self, seconds=self.phases[name], cpu=nan, people=people)


class Lab:
    """A directory with people, and the environment in which programs are measured on it."""

    def __init__(
        self, folder: Path, directory: DirectoryServer, kind: str, database: str, *, admin_uri: str = ""
    ) -> None:
        self._folder = folder
        self._kind = kind
        self._directory = directory
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "ldapsync_project.settings",
            # As in production: with DEBUG on Django keeps a log of all queries.
            "DEBUG": "off",
            "SECRET_KEY": "benchmark",
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "CACHE_DIR": str(folder / "cache"),
            "PHOTO_DIR": str(folder / "photos"),
            "DATABASE_URL": database or f"sqlite:///{folder / 'bench.sqlite3'}",
            "BENCH_URI": directory.uri,
            "BENCH_BASE": directory.suffix,
            "BENCH_DN": directory.writer_dn,
            "BENCH_PASSWORD": directory.service_password,
            "BENCH_ADMIN_URI": admin_uri,
        }

    def fresh_database(self, *, writes: bool = False) -> None:
        """Make the database anew, with one server; `writes`: it is written back to.

        Then there is no number pool: only the numbers that are changed go out.
        """
        self._empty(self._environment)
        account = self._directory.writer_dn if writes else self._directory.service_dn
        settings = self._folder / "bench.toml"
        text = _settings(self._directory, self._kind, account) + ("write_back = true\n" if writes else POOL)
        settings.write_text(text, encoding="utf-8")
        self._manage(self._environment, "configure", str(settings))

    def fresh_rival(self) -> None:
        self._empty(self._rival())

    def measure(self, what: str, number: int = 0) -> Sample:
        return _measure(self._environment, what, number)

    def measure_rival(self) -> Sample:
        return _measure(self._rival(), "rival", 0)

    def _rival(self) -> dict[str, str]:
        paths = [str(RIVAL_PACKAGES), os.environ.get("PYTHONPATH", "")]
        # It needs no more than to read, but knows one account alone.
        return {
            **self._environment,
            "DJANGO_SETTINGS_MODULE": "benchmarks.rival_settings",
            "BENCH_DN": self._directory.service_dn,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        }

    def _empty(self, environment: dict[str, str]) -> None:
        for file in self._folder.glob("bench.sqlite3*"):
            file.unlink()
        self._manage(environment, "migrate", "--verbosity", "0")
        if not environment["DATABASE_URL"].startswith("sqlite"):
            self._manage(environment, "flush", "--noinput")

    def _manage(self, environment: dict[str, str], *arguments: str) -> None:
        command = [sys.executable, "-m", "django", *arguments]
        subprocess.run(command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def openldap(people: int, *, photos: bool = False, database: str = "") -> Iterator[Lab]:
    """Start an OpenLDAP with so many people."""
    with TemporaryDirectory(prefix="bench-") as name, OpenLdap() as directory:
        ldif = Path(name) / "company.ldif"
        with ldif.open("w", encoding="utf-8") as file:
            file.writelines(company(people, photos=photos))
        directory.load(ldif)
        ldif.unlink()
        yield Lab(Path(name), directory, "openldap", database)


@contextmanager
def active_directory(people: int, *, database: str = "") -> Iterator[Lab]:
    """Start a Samba domain controller with so many people; it needs root."""
    with TemporaryDirectory(prefix="bench-") as name, SambaAd() as directory:
        directory.load("".join(domain(people, suffix=directory.suffix, realm=REALM)))
        yield Lab(Path(name), directory, "active_directory", database, admin_uri=directory.local_uri)


POOL = """
number_pool = "Benchmark"

[[number_pool]]
name = "Benchmark"
first = "100000"
last = "399999"
"""


def _settings(directory: DirectoryServer, kind: str, account: str) -> str:
    return f"""
[[directory]]
name = "{SERVER}"
kind = "{kind}"
uris = ["{directory.uri}"]
security = "none"
bind_dn = "{account}"
bind_password = {{ env = "BENCH_PASSWORD" }}
base_dn = "{directory.suffix}"
"""


def _measure(environment: dict[str, str], what: str, number: int) -> Sample:
    command = [sys.executable, "-m", "benchmarks.measure", what, str(number)]
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE)
    values: dict[str, Any] = json.loads(done.stdout)
    return Sample(**values)
