"""Runs beside runs, and people beside runs: one claim for each server, and nobody is locked out."""

import json
import signal
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from fixtures.openldap import OpenLdap
from syncapp.models import DirectoryServer, Employee, SyncRecord, SyncRun
from tests.directory.servers import proxy
from tests.processes import finish, report, started, wait_for
from tests.services.company import Company, port_of, server_of, sync

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("crowd")]


@pytest.fixture
def server(crowd: OpenLdap) -> DirectoryServer:
    return server_of(crowd, base=crowd.suffix, pool=("30000", "39999"))


def running() -> SyncRun | None:
    return SyncRun.objects.filter(status="running").first()


def busy(server: DirectoryServer, **values: object) -> SyncRun:
    """A run of another process that goes on."""
    now = timezone.now()
    return SyncRun.objects.create(
        **{"endpoint": server, "status": "running", "started_at": now, "heartbeat_at": now, **values}
    )


def test_second_run_is_refused_with_the_number_of_the_first(company: Company) -> None:
    company.add("anna", "Anna Petrova")
    server = company.server()
    first = busy(server)

    code, said = report("--dry-run")

    [entry] = said["runs"]
    assert (code, entry["id"], entry["server"], entry["mode"], entry["status"]) == (
        1, None, server.name, "preview", "failed",
    )  # fmt: skip
    assert entry["error"]["code"] == "run_already_active"
    assert f"#{first.pk}" in entry["error"]["message"]
    assert SyncRun.objects.count() == 1


@pytest.mark.promise(8)
@pytest.mark.parametrize(("silent_for", "status"), [(100, "running"), (120, "crashed")], ids=["alive", "dead"])
def test_run_is_taken_for_dead_after_two_minutes_of_silence(company: Company, silent_for: int, status: str) -> None:
    company.add("anna", "Anna Petrova")
    silent = busy(company.server(), heartbeat_at=timezone.now() - timedelta(seconds=silent_for))

    report()

    silent.refresh_from_db()
    assert silent.status == status


def test_servers_do_not_wait_for_each_other(company: Company, openldap: OpenLdap) -> None:
    company.add("anna", "Anna Petrova")
    busy(Company(openldap).server())

    assert sync(company.server()).status == "completed"


@pytest.mark.promise(8)
def test_of_processes_that_start_together_one_runs(crowd: OpenLdap) -> None:
    """The directory falls silent in the middle, so that the first cannot be over before the second begins."""
    with proxy(port_of(crowd), stall_after=500_000) as port:
        server_of(crowd, base=crowd.suffix, pool=None, uris=[f"ldap://127.0.0.1:{port}"])
        with started("sync_ldap", "--json") as one, started("sync_ldap", "--json") as other:
            wait_for(lambda: None in (one.poll(), other.poll()) and one.poll() != other.poll())
            refused, runs = (one, other) if one.poll() is not None else (other, one)
            still_running = SyncRun.objects.get()
            runs.send_signal(signal.SIGTERM)
            code, out, _err = finish(refused)

    [entry] = json.loads(out)["runs"]
    assert (code, entry["error"]["code"], still_running.status) == (1, "run_already_active", "running")


@pytest.mark.promise(8)
def test_two_servers_that_know_the_same_people_do_not_bring_them_in_twice(company: Company, openldap: OpenLdap) -> None:
    """Both planned to create everybody; whoever applies second finds them here."""
    other = Company(openldap)
    for directory in (company, other):
        directory.add_many(5, mail="p{}@example.test")
    first, second = company.server(pool=None), other.server(pool=None)

    def meanwhile(phase: str, done: int, total: int | None) -> None:
        if phase == "apply" and not done:
            sync(first)

    run = sync(second, progress=meanwhile)
    after = sync(second)

    assert (run.counts["created"], after.status, Employee.objects.count()) == (0, "completed", 5)
    assert SyncRecord.objects.filter(employee__isnull=False).count() == 10


def test_somebody_logs_in_while_a_first_import_is_applied(server: DirectoryServer, client: Client) -> None:
    """A first import writes for seconds, and SQLite lets one write at a time."""
    User.objects.create_superuser("admin", password="secret")

    with started("sync_ldap") as process:
        wait_for(lambda: SyncRun.objects.filter(status="running", phase="apply").exists(), process=process)
        answer = client.post(reverse("admin:login"), {"username": "admin", "password": "secret"})
        during = running()
        code, _out, err = finish(process)

    assert (answer.status_code, "_auth_user_id" in client.session) == (302, True)
    assert during is not None, "the import was over before somebody could log in"
    assert during.progress_done < 3000
    assert code == 0, err


@pytest.mark.promise(5)
def test_edits_made_while_a_run_applies_are_kept_and_taken_up_by_the_next(server: DirectoryServer) -> None:
    sync(server)
    Employee.objects.update(title="Old")
    SyncRecord.objects.update(base={}, fingerprint="")  # as at a first meeting the domain's values win
    names = dict(Employee.objects.values_list("pk", "name"))
    last = max(names, key=lambda pk: (names[pk].casefold(), pk))

    with started("sync_ldap", "--force") as process:
        wait_for(lambda: SyncRun.objects.filter(status="running", phase="apply").exists(), process=process)
        Employee.objects.filter(pk=last).update(title="Edited by hand", department="Edited too")
        code, _out, err = finish(process)

    edited = Employee.objects.get(pk=last)
    assert (edited.title, edited.department, code) == ("Edited by hand", "Edited too", 0), err
    assert SyncRecord.objects.get(employee=last).due
    assert Employee.objects.filter(title="Old").count() == 0
