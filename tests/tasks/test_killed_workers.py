"""Workers that are killed, or told to end, in every phase of a run (promise 8)."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.openldap import OpenLdap
from syncapp.choices import RunStatus
from syncapp.models import DirectoryServer, Employee, RunItem, SyncRecord, SyncRun
from syncapp.services.sending import BATCH
from tests.conftest import require_program
from tests.processes import wait_for
from tests.services.company import Company, counted, server_of, sync
from tests.services.test_bad_days import is_in
from tests.tasks.workers import WorkerProcess, has_ended, process_of, queue, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(8), pytest.mark.xdist_group("workers")]

PEOPLE = 1500


@pytest.fixture(scope="module")
def directory() -> Iterator[OpenLdap]:
    require_program("slapd", "slapd")
    with OpenLdap() as server:
        yield server


@pytest.fixture(scope="module")
def staff(directory: OpenLdap) -> Company:
    company = Company(directory)
    company.add_many(PEOPLE, mail="p{}@example.test", mobile="+7916{:07}")
    return company


@pytest.fixture
def server(staff: Company) -> DirectoryServer:
    return staff.server(pool=None)


def killed(process: WorkerProcess, run: SyncRun) -> None:
    """Kill the process that carries the run out; the worker finds out by itself."""
    os.kill(process_of(run), signal.SIGKILL)
    wait_for(lambda: has_ended(run), process=process.process)


def told_to_end(process: WorkerProcess, _run: SyncRun) -> None:
    assert process.end() == 0, process.said()


ENDS: dict[str, tuple[Callable[[WorkerProcess, SyncRun], None], str, str]] = {
    "killed": (killed, RunStatus.CRASHED, "run_died"),
    "told_to_end": (told_to_end, RunStatus.CANCELLED, "worker_stopped"),
}
MOMENTS = {"reading": ("read", 0), "planning": ("plan", 0), "applying": ("apply", 1000)}


@pytest.mark.parametrize(("phase", "done"), MOMENTS.values(), ids=MOMENTS.keys())
@pytest.mark.parametrize(("end", "status", "code"), ENDS.values(), ids=ENDS.keys())
def test_run_that_is_cut_off_is_made_good_by_the_next_one(
    server: DirectoryServer,
    end: Callable[[WorkerProcess, SyncRun], None],
    status: str,
    code: str,
    phase: str,
    done: int,
    tmp_path: Path,
) -> None:
    with worker(tmp_path) as process:
        run = queue(server)
        wait_for(lambda: is_in(phase, done), process=process.process)
        end(process, run)
        run.refresh_from_db()
        cut_off = (run.status, run.error_code)

    following = sync(server)

    assert cut_off == (status, code)
    assert following.status == "completed"
    assert Employee.objects.count() == SyncRecord.objects.filter(employee__isnull=False).count() == PEOPLE
    assert Employee.objects.values("email").distinct().count() == PEOPLE
    # Everybody was created by one of the two, and each is said once.
    assert RunItem.objects.filter(outcome="created").count() == PEOPLE
    assert counted(sync(server)) == {"read": PEOPLE, "skipped": PEOPLE}


@pytest.mark.parametrize(("end", "status", "code"), ENDS.values(), ids=ENDS.keys())
def test_writing_that_is_cut_off_is_made_good_and_nothing_is_written_twice(
    directory: OpenLdap,
    end: Callable[[WorkerProcess, SyncRun], None],
    status: str,
    code: str,
    tmp_path: Path,
) -> None:
    company = Company(directory)
    company.add_many(PEOPLE, mobile="+7916{:07}")
    server = company.server(write_back=True, bind_dn=directory.writer_dn, pool=None)
    sync(server)
    for employee in Employee.objects.all():
        Employee.rows.filter(pk=employee.pk).update(mobile=employee.mobile.replace("+7916", "+7917"))
    SyncRecord.objects.update(due=True)
    before = directory.operations()["Modify"]

    with worker(tmp_path) as process:
        run = queue(server)
        wait_for(lambda: is_in("write_back", BATCH), process=process.process)
        end(process, run)
        run.refresh_from_db()
        cut_off = (run.status, run.error_code)
    written_by_the_first = directory.operations()["Modify"] - before
    following = sync(server)

    assert cut_off == (status, code)
    assert 0 < written_by_the_first < PEOPLE
    assert (following.status, following.counts["written_back"]) == ("completed", PEOPLE - written_by_the_first)
    assert directory.operations()["Modify"] - before == PEOPLE


def test_everything_that_was_queued_survives_the_loss_of_the_machine(staff: Company, tmp_path: Path) -> None:
    """Killed with all its processes, while one run was read and others waited inside of it."""
    servers = [server_of(staff.directory, base=staff.base, pool=None, create="none") for _number in range(4)]
    with worker(tmp_path) as lost:
        runs = [queue(server) for server in servers]
        wait_for(lambda: SyncRun.objects.filter(status="running").count() == 2, process=lost.process)
        lost.kill()
    under_way = set(SyncRun.objects.filter(status="running").values_list("pk", flat=True))

    with worker(tmp_path) as process:
        wait_for(lambda: all(has_ended(run) for run in runs), process=process.process)

    statuses = {run.pk: run.status for run in runs}
    assert {pk for pk, status in statuses.items() if status == "crashed"} == under_way
    assert {pk for pk, status in statuses.items() if status == "completed"} == statuses.keys() - under_way
