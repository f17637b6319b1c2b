"""The worker as a whole: schedules fire, many servers are served, and it ends in order."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import Schedule, Task

from fixtures.openldap import OpenLdap
from syncapp.choices import RunTrigger
from syncapp.models import DirectoryServer, Employee, SyncRun
from syncapp.services.runs import TASK
from syncapp.services.schedules import keep_schedules
from tests.conftest import require_program
from tests.directory.servers import proxy
from tests.processes import manage, wait_for
from tests.services.company import Company, port_of, server_of, sync
from tests.tasks.workers import has_ended, process_of, queue, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("workers")]

SERVERS = 10
# None comes due by itself while a test runs; every hour, one of ten servers would in every sixth run.
NOT_NOW = {"cron": "0 0 1 1 *"}
STALLS_AFTER = 50_000  # bytes of answers, of some 400,000


@pytest.fixture(scope="module")
def directory() -> Iterator[OpenLdap]:
    require_program("slapd", "slapd")
    with OpenLdap() as server:
        yield server


def server_with_people(company: Company, number: int) -> DirectoryServer:
    company.add_many(20, family=f"Family{number}", mail=f"p{{}}@office{number}.test", title="Clerk")
    return company.server(pool=None, schedule=NOT_NOW)


def runs_overlap(server: DirectoryServer) -> bool:
    ran = SyncRun.objects.filter(endpoint=server, started_at__isnull=False).order_by("started_at")
    return any(following.started_at < before.finished_at for before, following in pairwise(ran))  # type: ignore[operator]


@pytest.mark.timeout(300)
def test_schedules_fire_and_two_workers_serve_ten_servers_one_run_at_a_time(
    directory: OpenLdap, tmp_path: Path
) -> None:
    companies = [Company(directory) for _number in range(SERVERS)]
    servers = [server_with_people(company, number) for number, company in enumerate(companies)]
    for server, company in zip(servers, companies, strict=True):
        assert sync(server).status == "completed"
        company.change("p0007", title="Chief")

    # On a busy machine runs wait for long. None is to be queued once more for that, and no worker to be taken for
    # stuck: a third task would set its server's schedule anew while the test makes it due.
    with worker(tmp_path, queued_again_after=600) as one, worker(tmp_path, queued_again_after=600) as other:
        by_hand = [queue(server, times=2) for server in servers]
        wait_for(lambda: all(has_ended(run) for run in by_hand), process=one.process)
        # What follows a run sets its server's schedule anew: not before the tasks have ended, too.
        wait_for(lambda: Task.objects.filter(func=TASK).count() == 2 * SERVERS, process=one.process)
        scheduled = SyncRun.objects.filter(trigger=RunTrigger.SCHEDULE)
        for company in companies:
            company.change("p0008", title="Chief")
        Schedule.objects.update(next_run=timezone.now())
        # Schedules are looked at every half minute, on a busy machine more rarely.
        wait_for(lambda: scheduled.filter(finished_at__isnull=False).count() == SERVERS, process=one.process, limit=150)
        assert (one.end(), other.end()) == (0, 0)

    assert {run.status for run in by_hand} == {"completed"}
    assert sorted(scheduled.values_list("endpoint_id", "status")) == [(server.pk, "completed") for server in servers]
    assert SyncRun.objects.count() == 3 * SERVERS  # nothing ran a second time for a task that came twice
    assert not any(runs_overlap(server) for server in servers)
    assert len({run.worker.split(" ")[2] for run in SyncRun.objects.exclude(trigger=RunTrigger.COMMAND)}) == 2
    assert Employee.objects.filter(title="Chief").count() == 2 * SERVERS
    assert min(Schedule.objects.values_list("next_run", flat=True)) > timezone.now()


def test_idle_worker_whose_processes_were_killed_takes_up_work_again(directory: OpenLdap, tmp_path: Path) -> None:
    """An idle process holds the lock of django-q2's own queue: killed, it leaves it to nobody."""
    server = Company(directory).server(pool=None)
    with worker(tmp_path) as process:
        first = queue(server)
        wait_for(lambda: has_ended(first), process=process.process)
        kill_those_who_work(process.process.pid)
        lost = queue(server)
        wait_for(lambda: has_ended(lost), process=process.process)

    assert lost.status == first.status == "held"  # nobody is there


def kill_those_who_work(head: int) -> None:
    [guard] = children(head)
    for pid in children(guard)[:2]:
        os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """The processes that another one has started; none of one that has ended."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def test_second_signal_does_not_wait_for_what_does_not_end(directory: OpenLdap, tmp_path: Path) -> None:
    company = Company(directory)
    company.add_many(600)
    with proxy(port_of(directory), stall_after=STALLS_AFTER) as port:
        server = server_of(directory, base=company.base, pool=None, uris=[f"ldap://127.0.0.1:{port}"])
        with worker(tmp_path) as process:
            run = queue(server)
            wait_for(lambda: is_under_way(run), process=process.process)
            os.kill(process_of(run), signal.SIGSTOP)
            process.signal_all(signal.SIGTERM)
            wait_for(lambda: signal_was_taken(process.process.pid))
            still_there = process.process.poll() is None
            process.signal_all(signal.SIGTERM)
            code = process.process.wait(20)
            wait_for(lambda: not process.is_there())

    run.refresh_from_db()
    assert (still_there, code) == (True, 0)
    assert (run.status, run.error_code) == ("crashed", "run_died")


def is_under_way(run: SyncRun) -> bool:
    run.refresh_from_db()
    return run.status == "running"


def signal_was_taken(pid: int) -> bool:
    """Whether no SIGTERM is pending for the process any more."""
    status = Path(f"/proc/{pid}/status").read_text()
    pending = int(status.partition("ShdPnd:")[2].split()[0], 16)
    return not pending & 1 << (signal.SIGTERM - 1)


def test_nothing_is_left_where_the_head_of_a_worker_is_killed(tmp_path: Path) -> None:
    with worker(tmp_path) as process:
        wait_for(lambda: has_all_processes(process.process.pid), process=process.process)
        process.process.kill()
        process.process.wait()
        wait_for(lambda: not process.is_there())


def has_all_processes(head: int) -> bool:
    """Whether there are the cluster's guard and below it two who work, one who fetches and one who keeps results."""
    return any(len(children(guard)) == 4 for guard in children(head))


def test_worker_whose_cluster_dies_says_so_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with worker(tmp_path) as process:
        wait_for(lambda: has_all_processes(process.process.pid), process=process.process)
        [guard] = children(process.process.pid)
        os.kill(guard, signal.SIGKILL)
        code = process.process.wait(20)
        wait_for(lambda: not process.is_there())

    assert code == 1


def test_command_says_what_it_is_for() -> None:
    code, out, _err = manage("worker", "--help")

    assert (code, "until SIGTERM or Ctrl-C" in out) == (0, True)


def test_old_moment_fires_once(directory: OpenLdap) -> None:
    """After a night without a worker one run is made up for, not all that were missed."""
    server = Company(directory).server(pool=None, schedule={"every_minutes": 1})
    keep_schedules()
    Schedule.objects.update(next_run=timezone.now() - timedelta(days=1))
    from django_q.scheduler import scheduler

    scheduler()
    scheduler()

    assert SyncRun.objects.filter(endpoint=server).count() == 1
