"""The same program on PostgreSQL: the same results as on SQLite, and what only PostgreSQL refuses."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from fixtures.openldap import OpenLdap
from tests.conftest import skip_or_fail
from tests.postgresql import PostgreSql, find_binaries
from tests.processes import wait_for
from tests.services.company import Company

pytestmark = pytest.mark.xdist_group("postgresql")

LIMIT = 55.0  # seconds
SERVER = """
[[number_pool]]
name = "Office"
first = "200"
last = "299"

[[directory]]
name = "Head office"
kind = "openldap"
uris = ["{uri}"]
security = "none"
bind_dn = "{account}"
bind_password = "{password}"
base_dn = "{base}"
number_pool = "Office"
"""
# People who are here before the first run: joined by each key, proposed, ambiguous, owner of a claimed number.
SET_UP = """
from django.core.management import call_command
from syncapp.models import Employee
call_command("migrate", verbosity=0)
call_command("configure", "{file}")
for name, email, mobile, extension in [
    ("Ann P", "anna@example.test", "", ""),
    ("Сидоров Борис", "", "", ""),
    ("C. M.", "", "+79161234567", ""),
    ("Dora Moore", "other@example.test", "", "500"),
    ("Emil Twin", "", "", "501"),
    ("Twin Emil", "", "", "502"),
    ("Zoe Owner", "zoe@example.test", "", "215"),
]:
    Employee.objects.create(name=name, email=email, mobile=mobile, extension=extension)
"""
ROWS = """
import json
from dataclasses import astuple
from syncapp.models import Conflict, Employee, NumberPool, RunItem, SyncRecord, SyncRun
from syncapp.services.numbers import pool_usage
print(json.dumps({
    "employees": list(Employee.objects.order_by("id").values_list(
        "id", "name", "email", "mobile", "extension", "department", "title", "number_plan", "number_issued",
        "name_key", "email_key", "version")),
    "records": list(SyncRecord.objects.order_by("id").values_list(
        "id", "anchor", "employee_id", "name", "dn", "state", "status", "updated_side", "message_code",
        "message_params", "remarks", "base", "keys", "refused", "fingerprint", "due", "waiting", "run_id")),
    "items": list(RunItem.objects.order_by("id").values_list(
        "run_id", "position", "anchor", "record_id", "employee_id", "name", "dn", "expected", "outcome", "changes",
        "message_code", "message_params", "plan", "fingerprint", "employee_version")),
    "conflicts": list(Conflict.objects.order_by("id").values_list(
        "id", "record_id", "kind", "field", "base", "local", "remote", "owner_id", "candidates", "opened_run_id")),
    "open": Conflict.objects.filter(closed_at=None).count(),
    "runs": list(SyncRun.objects.order_by("id").values_list(
        "id", "status", "phase", "counts", "notes", "error_code", "progress_done", "progress_total")),
    "pools": [astuple(usage)[:6] for usage in pool_usage(list(NumberPool.objects.all())).values()],
}))
"""


class Installation:
    """The program with a database of its own, started as people start it."""

    def __init__(self, url: str) -> None:
        self.environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ldapsync_project.settings", "DATABASE_URL": url}

    def start(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *command],
            cwd=settings.BASE_DIR,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )

    def manage(self, *arguments: str, code: int = 0) -> str:
        done = self.start("manage.py", *arguments)
        assert done.returncode == code, done.stderr
        return done.stdout

    def python(self, script: str) -> str:
        done = self.start("-c", f"import django; django.setup()\n{script}")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def phase(self) -> str:
        """What the newest run is about."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            row = connection.execute("SELECT phase FROM syncapp_syncrun ORDER BY id DESC LIMIT 1").fetchone()
        return row[0] if row else ""

    def rows(self) -> dict[str, Any]:
        return json.loads(self.python(ROWS))  # type: ignore[no-any-return]  # the script above says what it is

    def sync(self) -> dict[str, Any]:
        """Run once; return the report without what differs from run to run."""
        [run] = json.loads(self.manage("sync_ldap", "--json", "--all", code=2))["runs"]
        for person in run["people"]:
            person["updated_at"] = bool(person["updated_at"])
        return {key: value for key, value in run.items() if key != "seconds"}


def fill(company: Company) -> None:
    company.add("anna", "Анна  Петрова", mail="Anna@example.test", mobile="8 916 000-00-01", title="Директор")
    company.add("boris", "Борис Сидоров", telephoneNumber="201", departmentNumber="Продажи")
    company.add("carl", "Carl Moore", mobile="8 (916) 123-45-67", telephoneNumber="see Anna")
    company.add("dora", "Dora Moore", mail="dora@example.test")
    company.add("emil", "Emil Twin")
    company.add("fred", "Fred Taker", telephoneNumber="215")
    company.add("gina", "Gina Claim", telephoneNumber="222")
    company.add("hugo", "Hugo Claim", telephoneNumber="222")
    company.add("zoe", "Zoe Owner", mail="zoe@example.test", telephoneNumber="215")
    company.add("gone", "Gone Long", pwdAccountLockedTime="000001010000Z")
    company.add_many(20, mail="p{}@example.test")


def change(company: Company) -> None:
    """A swap, a vacated number for a newcomer, a conflict that dissolves, a leaver, other values."""
    company.change("boris", telephoneNumber="240", title="Boss “quoted”, back\\slash")
    company.add("ivan", "Ivan Newcomer", telephoneNumber="201")
    company.change("gina", telephoneNumber=None)
    company.change("p0003", pwdAccountLockedTime="000001010000Z")
    company.change("p0004", displayName="Renamed Person")
    company.delete("p0005")


@pytest.mark.timeout(240)  # a dozen processes, one after the other
def test_two_runs_leave_the_same_rows_and_reports_as_on_sqlite(
    openldap: OpenLdap, postgresql: PostgreSql, tmp_path: Path
) -> None:
    company = Company(openldap)
    fill(company)
    file = tmp_path / "servers.toml"
    file.write_text(
        SERVER.format(
            uri=openldap.uri, account=openldap.service_dn, password=openldap.service_password, base=company.base
        ),
        encoding="utf-8",
    )
    both = [Installation(f"sqlite:///{tmp_path / 'db.sqlite3'}"), Installation(postgresql.create("two_runs"))]
    for installation in both:
        installation.python(SET_UP.format(file=file))

    first = [installation.sync() for installation in both]
    change(company)
    second = [installation.sync() for installation in both]
    third = [installation.sync() for installation in both]
    rows = [installation.rows() for installation in both]

    assert first[0] == first[1]
    assert second[0] == second[1]
    assert third[0] == third[1]
    assert rows[0] == rows[1]
    assert (first[0]["counts"]["created"], second[0]["counts"]["renumbered"]) == (23, 1)


@pytest.mark.promise(8)
def test_run_whose_database_is_restarted_is_closed_and_made_good(crowd: OpenLdap, tmp_path: Path) -> None:
    binaries = find_binaries()
    if binaries is None:
        skip_or_fail("PostgreSQL is not installed (Debian package postgresql)")
    with PostgreSql(binaries) as cluster:
        installation = Installation(cluster.create("restarted"))
        installation.manage("migrate", "--verbosity", "0")
        file = tmp_path / "servers.toml"
        without_pool = SERVER.replace('number_pool = "Office"', "")
        file.write_text(
            without_pool.format(
                uri=crowd.uri, account=crowd.service_dn, password=crowd.service_password, base=crowd.suffix
            )
        )
        installation.manage("configure", str(file))
        run = subprocess.Popen(
            [sys.executable, "manage.py", "sync_ldap", "--json"],
            cwd=settings.BASE_DIR,
            env=installation.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(lambda: installation.phase() == "apply", process=run)
        cluster.stop()
        time.sleep(1)
        cluster.restart()
        out, err = run.communicate(timeout=LIMIT)

        assert out, err[-3000:]
        [said] = json.loads(out)["runs"]
        # A chunk is tried again; where the database was away for longer than that, the run says so.
        ends = {"completed": (0, None), "failed": (1, "database_unavailable")}
        assert (run.returncode, (said["error"] or {}).get("code")) == ends[said["status"]]
        [following] = json.loads(installation.manage("sync_ldap", "--json", "--full"))["runs"]
        assert following["status"] == "completed"
        assert said["counts"]["created"] + following["counts"]["created"] == following["counts"]["read"]
