"""A plan of 2,000 people while others edit them, and one whose process is killed (promises 5, 6 and 8)."""

import threading
from collections.abc import Iterator

import ldap
import pytest
from django.db import connection

from fixtures.openldap import OpenLdap
from syncapp.choices import RunStatus
from syncapp.models import DirectoryServer, Employee, RunItem, SyncRecord, SyncRun
from tests.conftest import require_program
from tests.processes import report, started, wait_for
from tests.services.company import Company, apply, counted, sync
from tests.services.test_bad_days import is_in, let_the_claim_expire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

PLANNED, LATER = 2000, 100


@pytest.fixture(scope="module")
def own() -> Iterator[OpenLdap]:
    """A server of the module's own: its people are edited."""
    require_program("slapd", "slapd")
    with OpenLdap() as server:
        yield server


@pytest.fixture
def planned(own: OpenLdap) -> tuple[Company, DirectoryServer]:
    """2,000 people who are settled, and whose titles have all changed in the directory since."""
    company = Company(own)
    company.add_many(PLANNED, title="Old", mobile="+7916{:07}")
    server = company.server(
        write_back=True, bind_dn=own.writer_dn, pool=None, limits={"replaced": [PLANNED, 0, PLANNED]}
    )
    sync(server)
    sync(server)
    for number in range(PLANNED):
        company.change(f"p{number:04}", title="New")
    return company, server


@pytest.mark.promise(5, 6)
def test_plan_of_2000_applies_its_rows_while_both_sides_are_edited(planned: tuple[Company, DirectoryServer]) -> None:
    """Others edit people here and there all the while, and add new ones; each row is applied or refused as a whole."""
    company, server = planned
    preview = sync(server, preview=True)
    assert counted(preview) == {"read": PLANNED, "updated": PLANNED}
    stop = threading.Event()
    touched_here, touched_there = set(), set()

    def edit_here() -> None:
        try:
            for number in range(0, PLANNED, 7):
                if stop.is_set():
                    return
                name = f"Person Number{number:04}"
                Employee.objects.filter(name=name).update(department=f"D{number}")
                touched_here.add(name)
        finally:
            connection.close()

    def edit_there() -> None:
        other = company.directory.connect()
        for number in range(PLANNED - 1, 0, -11):
            if stop.is_set():
                return
            dn = f"uid=p{number:04},{company.base}"
            other.modify_s(dn, [(ldap.MOD_REPLACE, "title", [b"Newest"])])
            touched_there.add(f"Person Number{number:04}")

    threads = [threading.Thread(target=edit_here), threading.Thread(target=edit_there)]
    for thread in threads:
        thread.start()
    for number in range(LATER):
        company.add(f"late{number}", f"Late Comer{number}", title="New")

    run = apply(preview)
    stop.set()
    for thread in threads:
        thread.join()

    items = RunItem.objects.filter(run=run)
    assert items.count() == PLANNED
    assert set(items.values_list("anchor", flat=True)) == set(
        RunItem.objects.filter(run=preview).values_list("anchor", flat=True)
    )
    assert not Employee.objects.filter(name__startswith="Late").exists()
    refused = set(items.filter(outcome="skipped").values_list("name", flat=True))
    applied = set(items.filter(outcome="updated").values_list("name", flat=True))
    assert len(refused) + len(applied) == PLANNED
    assert refused
    # Nobody is refused whom no one edited, and nobody is applied by halves.
    assert refused <= touched_here | touched_there
    assert set(Employee.objects.filter(title="New").values_list("name", flat=True)) == applied
    assert set(Employee.objects.filter(title="Old").values_list("name", flat=True)) == refused
    # What was edited here is still there.
    assert Employee.objects.exclude(department="").count() == len(touched_here)
    assert run.status == RunStatus.PARTIAL
    assert run.counts["updated"] == len(applied)
    assert SyncRecord.objects.filter(due=True, employee__name__in=refused).count() == len(refused)


@pytest.mark.promise(8)
def test_killed_while_applying_a_plan_and_applied_again(planned: tuple[Company, DirectoryServer]) -> None:
    _company, server = planned
    preview = sync(server, preview=True)

    with started("sync_ldap", "--apply", str(preview.pk)) as process:
        wait_for(lambda: is_in("apply", 1000), process=process)
        process.kill()
        process.wait()
    killed = SyncRun.objects.get(status="running")
    done = RunItem.objects.filter(run=killed).exclude(outcome="planned").count()
    assert 1000 <= done < PLANNED
    assert killed.kinds["replaced"] >= 1000
    let_the_claim_expire()
    code, document = report("--apply", str(preview.pk))

    [run] = document["runs"]
    assert (code, run["status"], run["counts"]["updated"]) == (0, "completed", PLANNED - done)
    assert [note["code"] for note in run["notes"]] == ["plan_continued"]
    assert not Employee.objects.exclude(title="New").exists()
    assert counted(sync(server)) == {"read": PLANNED, "skipped": PLANNED}
    code, document = report("--apply", str(preview.pk))
    assert (code, document["runs"][0]["error"]["code"]) == (1, "plan_applied")
