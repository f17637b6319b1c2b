"""A process that is killed between the directory's write and ours (promise 8)."""

from collections.abc import Iterator

import pytest

from fixtures.openldap import OpenLdap
from syncapp.models import Employee, RunItem, SyncRecord, SyncRun
from syncapp.services.sending import BATCH
from tests.conftest import require_program
from tests.processes import report, started, wait_for
from tests.services.company import Company, counted, sync
from tests.services.test_bad_days import is_in, let_the_claim_expire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(8)]

PEOPLE = 1500


@pytest.fixture(scope="module")
def own() -> Iterator[OpenLdap]:
    """A server of the module's own, for operations are counted."""
    require_program("slapd", "slapd")
    with OpenLdap() as server:
        yield server


def mobiles(company: Company) -> list[bytes]:
    found = company.ldap.search_s(company.base, 1, "(objectClass=inetOrgPerson)", ["mobile"])
    return [row["mobile"][0] for _dn, row in found]


def test_killed_in_the_middle_of_writing_is_made_good_and_nothing_is_written_twice(own: OpenLdap) -> None:
    company = Company(own)
    company.add_many(PEOPLE, mobile="+7916{:07}")
    server = company.server(write_back=True, bind_dn=own.writer_dn, pool=None)
    sync(server)
    for employee in Employee.objects.all():
        Employee.rows.filter(pk=employee.pk).update(mobile=employee.mobile.replace("+7916", "+7917"))
    SyncRecord.objects.update(due=True)
    before = own.operations()["Modify"]

    with started("sync_ldap") as process:
        wait_for(lambda: is_in("write_back", BATCH), process=process)
        process.kill()
        process.wait()
    killed = SyncRun.objects.get(status="running")
    written = sum(mobile.startswith(b"+7917") for mobile in mobiles(company))
    said = RunItem.objects.filter(run=killed, outcome="updated").count()
    let_the_claim_expire()
    code, document = report()

    [run] = document["runs"]
    assert BATCH <= said <= written < PEOPLE
    assert (code, run["status"], run["counts"]["written_back"]) == (0, "completed", PEOPLE - written)
    # Who was written and never stored as such is said, with the run that did it (promise 1).
    found = [note["message"] for note in run["notes"] if note["code"] == "write_found"]
    assert len(found) == (written > said)
    assert all(mobile.startswith(b"+7917") for mobile in mobiles(company))
    assert own.operations()["Modify"] - before == PEOPLE
    assert counted(sync(server)) == {"read": PEOPLE, "skipped": PEOPLE}
    assert own.operations()["Modify"] - before == PEOPLE
