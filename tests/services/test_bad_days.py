"""Killed at any moment, run again, all is well (promise 8); half a read is no read (promise 4)."""

import json
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Q
from django.utils import timezone

from fixtures.openldap import OpenLdap
from syncapp.models import Conflict, DirectoryServer, Employee, RunItem, SyncRecord, SyncRun
from tests.directory.servers import proxy
from tests.factories import make_employee
from tests.processes import finish, report, started, wait_for
from tests.services.company import Company, port_of, server_of, sync

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("crowd")]

State = dict[str, list[Any]]
_undisturbed: State = {}
SOME_PAGES = 500_000  # bytes of answers: some 2 of the 6 pages


@pytest.fixture
def server(crowd: OpenLdap) -> DirectoryServer:
    """A server that reads the crowd, before its first run; some people are here already."""
    _people_who_are_here()
    return server_of(crowd, base=crowd.suffix, pool=("30000", "39999"))


def _people_who_are_here() -> None:
    make_employee(name="Known by mail", email="p000001@example.test", extension="500")
    make_employee(name="Owner of a number that is claimed", email="owner@example.test", extension="10001")
    make_employee(name="Door", extension="501")


def state() -> State:
    """Everything that a run leaves behind, but for keys, times and what it said on the way."""
    return {
        "employees": list(
            Employee.objects.order_by("email", "name").values_list(
                "name", "email", "mobile", "extension", "department", "title", "number_issued", "name_key", "email_key"
            )
        ),
        "records": list(
            SyncRecord.objects.annotate(settled=~Q(fingerprint=""))
            .order_by("anchor")
            .values_list(
                "anchor", "dn", "employee__email", "employee__extension", "state", "base", "keys",
                "waiting", "due", "message_code", "settled",
            )
        ),
        "conflicts": list(
            Conflict.objects.order_by("record__anchor", "kind").values_list(
                "record__anchor", "kind", "field", "local", "remote", "owner__name", "closed_at"
            )
        ),
    }  # fmt: skip


def undisturbed(server: DirectoryServer) -> State:
    """What one run from the start leaves behind; forgets everything else."""
    if not _undisturbed:
        for model in (RunItem, Conflict, SyncRecord, SyncRun, Employee):
            model.objects.all().delete()
        _people_who_are_here()
        assert sync(server).status == "partial"
        _undisturbed.update(state())
    return _undisturbed


def is_in(phase: str, done: int) -> bool:
    return SyncRun.objects.filter(status="running", phase=phase, progress_done__gte=done).exists()


def let_the_claim_expire() -> None:
    SyncRun.objects.filter(status="running").update(heartbeat_at=timezone.now() - timedelta(seconds=121))


MOMENTS = {"reading": ("read", 0), "planning": ("plan", 0), "applying": ("apply", 1000)}


@pytest.mark.promise(8)
@pytest.mark.parametrize(("phase", "done"), MOMENTS.values(), ids=MOMENTS.keys())
def test_killed_run_is_closed_and_made_good_by_the_next_one(server: DirectoryServer, phase: str, done: int) -> None:
    with started("sync_ldap") as process:
        wait_for(lambda: is_in(phase, done), process=process)
        process.kill()
        process.wait()
    killed = SyncRun.objects.get()
    let_the_claim_expire()

    code, _said = report()

    assert killed.status == "running"
    killed.refresh_from_db()
    assert (killed.status, killed.error_code, code) == ("crashed", "run_died", 2)
    assert state() == undisturbed(server)


@pytest.mark.promise(8)
@pytest.mark.parametrize(
    ("number", "phase", "done"),
    [(signal.SIGINT, "read", 0), (signal.SIGTERM, "apply", 1000)],
    ids=["Ctrl-C while reading", "SIGTERM while applying"],
)
def test_run_that_is_asked_to_stop_ends_cancelled_and_the_next_one_does_the_rest(
    server: DirectoryServer, number: signal.Signals, phase: str, done: int
) -> None:
    with started("sync_ldap") as process:
        wait_for(lambda: is_in(phase, done), process=process)
        process.send_signal(number)
        code, _out, err = finish(process)
    stopped = SyncRun.objects.get()

    next_code, _said = report()

    assert (stopped.status, stopped.error_code, code, next_code) == ("cancelled", "run_cancelled", 1, 2)
    assert "Traceback" not in err
    assert state() == undisturbed(server)


def test_signal_that_breaks_off_a_blocking_read_is_no_lost_connection(crowd: OpenLdap) -> None:
    with proxy(port_of(crowd), stall_after=SOME_PAGES) as port:
        server_of(crowd, base=crowd.suffix, pool=None, uris=[f"ldap://127.0.0.1:{port}"])
        with started("sync_ldap") as process:
            wait_for(lambda: is_in("read", 0), process=process)
            wait_for(lambda: sleeps(process.pid), process=process)
            process.send_signal(signal.SIGTERM)
            code, _out, _err = finish(process)

    assert (SyncRun.objects.get().status, code) == ("cancelled", 1)


def sleeps(pid: int) -> bool:
    """Whether the process waits for something and goes on waiting."""
    stat = Path(f"/proc/{pid}/stat")
    return all(stat.read_text().rpartition(")")[2].split()[0] == "S" for _look in range(2000))


@pytest.mark.promise(8)
def test_second_signal_ends_the_run_at_once_and_closes_it(crowd: OpenLdap) -> None:
    with proxy(port_of(crowd), stall_after=SOME_PAGES) as port:
        server_of(crowd, base=crowd.suffix, pool=None, uris=[f"ldap://127.0.0.1:{port}"])
        with started("sync_ldap") as process:
            wait_for(lambda: is_in("read", 0), process=process)
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            code, _out, _err = finish(process)

    assert (SyncRun.objects.get().status, code) == ("cancelled", 1)


@pytest.mark.promise(8)
def test_cancel_stops_a_run_of_another_process(server: DirectoryServer) -> None:
    with started("sync_ldap", "--json") as process:
        wait_for(lambda: is_in("apply", 1000), process=process)
        run = SyncRun.objects.get()
        call_command("sync_ldap", "--cancel", str(run.pk))
        code, out, _err = finish(process)

    [said] = json.loads(out)["runs"]
    assert (code, said["status"], said["error"]["code"]) == (1, "cancelled", "run_cancelled")
    created = RunItem.objects.filter(run=run, outcome="created").count()
    assert 0 < said["counts"]["created"] < 3000
    assert said["counts"]["created"] == Employee.objects.count() - 3
    assert len([person for person in said["people"] if person["status"] == "created"]) == created


@pytest.mark.promise(4)
@pytest.mark.parametrize("trouble", ["connection lost", "server stopped"])
def test_read_that_breaks_off_changes_nothing(crowd: OpenLdap, trouble: str) -> None:
    if trouble == "connection lost":
        with proxy(port_of(crowd), lose_after=SOME_PAGES) as port:
            run = sync(server_of(crowd, base=crowd.suffix, pool=None, uris=[f"ldap://127.0.0.1:{port}"]))
    else:
        server = server_of(crowd, base=crowd.suffix, pool=None)

        def stop_the_server(phase: str, done: int, total: int | None) -> None:
            if done:
                crowd.stop()

        try:
            run = sync(server, progress=stop_the_server)
        finally:
            crowd.start()

    assert (run.status, run.phase) == ("failed", "done")
    assert run.error_code in (
        "connection_lost",
        "unreachable",
        "server_busy",
    )  # the last one is what a server says that is going down, run.error_code
    assert not Employee.objects.exists()
    assert not SyncRecord.objects.exists()
    assert not RunItem.objects.exists()


@pytest.mark.promise(4)
def test_read_that_breaks_off_later_makes_nobody_missing(crowd: OpenLdap, company: Company) -> None:
    company.add_many(600)
    server = company.server(pool=None)
    sync(server)
    before = state()

    with proxy(port_of(company.directory), lose_after=120_000) as port:
        server.uris = [f"ldap://127.0.0.1:{port}"]
        server.set_secret(company.directory.service_password)
        server.save()
        run = sync(server)

    assert run.status == "failed"
    assert state() == before
