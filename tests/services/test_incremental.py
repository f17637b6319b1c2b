"""Runs that read no more than what has changed (rule E6), on a real OpenLDAP."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncapp.core.vocabulary import State
from syncapp.models import DirectoryServer, Employee, FieldMapping, SyncRecord, SyncRun
from tests.services.company import Company, counted, sync

pytestmark = pytest.mark.django_db(transaction=True)


def changes(server: DirectoryServer) -> SyncRun:
    return sync(server, incremental=True)


def reasons(run: SyncRun) -> list[str]:
    return [note["code"] for note in run.notes]


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """Three people who were read twice: from then on nothing is left to do."""
    for uid, name, number in (("anna", "Anna Karenina", "211"), ("boris", "Boris Drubetskoy", "212")):
        company.add(uid, name, telephoneNumber=number, mail=f"{uid}@example.test")
    company.add("vera", "Vera Rostova", mail="vera@example.test")
    server = company.server(pool=None)
    sync(server)
    sync(server)
    return server


def test_first_run_reads_everybody_whatever_was_asked(company: Company) -> None:
    company.add("anna", "Anna Karenina", telephoneNumber="211")

    run = changes(company.server())

    assert (run.read, run.notes, counted(run)) == ("full", [], {"read": 1, "created": 1})


def test_nothing_changed_is_said_of_everybody_and_nobody_is_read(server: DirectoryServer) -> None:
    for _ in range(2):
        run = changes(server)

        assert (run.read, run.status, counted(run)) == ("incremental", "completed", {"skipped": 3})


def test_change_newcomer_and_due_person_are_read_and_nobody_else(company: Company, server: DirectoryServer) -> None:
    company.change("anna", title="Director")
    company.add("pierre", "Pierre Bezukhov", telephoneNumber="214")
    Employee.objects.filter(name="Vera Rostova").update(title="Countess")

    run = changes(server)

    assert counted(run) == {"read": 3, "created": 1, "updated": 1, "skipped": 2}
    assert Employee.objects.get(name="Anna Karenina").title == "Director"
    assert counted(changes(server)) == {"skipped": 4}


def test_newcomer_who_was_left_out_comes_again(company: Company, server: DirectoryServer) -> None:
    """No record says that somebody is to be looked at: so the next run reads on from before him."""
    company.add("zoe", "Zoe Newcomer", mail="zoe@example.test")

    def meanwhile(phase: str, done: int, total: int | None) -> None:
        if phase == "apply" and not done:
            Employee.objects.create(name="Zoe Newcomer", email="zoe@example.test")

    left_out = sync(server, incremental=True, progress=meanwhile)
    after = sync(server, incremental=True)

    assert (left_out.counts["created"], left_out.bookmark) == (0, {})
    assert (after.read, SyncRecord.objects.filter(employee__email="zoe@example.test").count()) == ("incremental", 1)


def test_leaver_leads_to_a_full_read_which_alone_may_say_so(company: Company, server: DirectoryServer) -> None:
    """Rule D2."""
    company.delete("boris")

    run = changes(server)

    assert (run.read, reasons(run), counted(run)["missing"]) == ("full", ["full_read_leavers"], 1)
    assert SyncRecord.objects.get(name="Boris Drubetskoy").state == State.MISSING
    assert (changes(server).read, counted(changes(server))) == ("incremental", {"skipped": 3})


def test_disabled_account_is_frozen_at_once(company: Company, server: DirectoryServer) -> None:
    server.disabled_attribute, server.disabled_value = "employeeType", "former"
    server.save()
    sync(server)
    company.change("boris", employeeType="former")

    run = changes(server)

    assert (run.read, counted(run)["disabled"]) == ("incremental", 1)
    assert SyncRecord.objects.get(name="Boris Drubetskoy").state == State.DISABLED


@pytest.mark.parametrize("setting", ["user_filter", "departments", "bind_dn", "match_keys", "region", "mapping"])
def test_changed_setting_reads_everybody(company: Company, server: DirectoryServer, setting: str) -> None:
    values = {
        "user_filter": "(!(employeeType=robot))",
        "departments": ["Sales"],
        "bind_dn": company.directory.writer_dn,
        "match_keys": ["email"],
        "region": "DE",
    }
    if setting == "mapping":
        FieldMapping.objects.create(endpoint=server, field="name", attribute="displayName")
    else:
        server.department_attribute = "departmentNumber"
        setattr(server, setting, values[setting])
    server.set_secret(company.directory.service_password)
    server.save()

    run = changes(server)

    assert (run.read, reasons(run)[0]) == ("full", "full_read_settings")


def test_renamed_unit_reads_everybody(company: Company, server: DirectoryServer) -> None:
    """No protocol reports those below it, and each of them has another DN."""
    company.ldap.add_s(f"ou=inner,{company.base}", [("objectClass", [b"organizationalUnit"])])
    company.ldap.add_s(
        f"uid=pierre,ou=inner,{company.base}",
        [("objectClass", [b"inetOrgPerson"]), ("cn", [b"Pierre Bezukhov"]), ("sn", [b"x"])],
    )
    sync(server)
    company.ldap.rename_s(f"ou=inner,{company.base}", "ou=renamed")

    run = changes(server)

    assert (run.read, reasons(run)) == ("full", ["full_read_units"])
    assert SyncRecord.objects.get(name="Pierre Bezukhov").dn == f"uid=pierre,ou=renamed,{company.base}"


def test_everybody_is_read_once_a_night(server: DirectoryServer) -> None:
    run = SyncRun.objects.exclude(bookmark={}).latest("id")
    read_at = timezone.now() - timedelta(hours=25)
    SyncRun.objects.filter(pk=run.pk).update(bookmark={**run.bookmark, "read_at": read_at.isoformat()})

    run = changes(server)

    assert (run.read, reasons(run)) == ("full", ["full_read_nightly"])
    assert changes(server).read == "incremental"


def test_changes_alone_do_not_put_the_night_off(server: DirectoryServer) -> None:
    before = SyncRun.objects.exclude(bookmark={}).latest("id").bookmark["read_at"]

    run = changes(server)

    assert run.bookmark["read_at"] == before


@pytest.mark.parametrize(
    "cookie",
    ["rubbish", "rid=000,csn=20991123091840.230896Z#000000#000#000000"],
    ids=["unreadable", "newer than the server, which was restored from a backup"],
)
def test_cookie_that_the_server_does_not_take_reads_everybody(
    company: Company, server: DirectoryServer, cookie: str
) -> None:
    run = SyncRun.objects.exclude(bookmark={}).latest("id")
    run.bookmark["watermark"]["position"] = {company.base: cookie}
    run.save(update_fields=["bookmark"])
    company.change("anna", title="Director")

    run = changes(server)

    assert Employee.objects.get(name="Anna Karenina").title == "Director"
    assert run.counts["read"] == 3
    assert (run.read, reasons(run)) == ("full", ["full_read_refused"]) or cookie == "rubbish"


def cost_of_a_quiet_run(company: Company, server: DirectoryServer) -> tuple[int, dict[str, int]]:
    """SQL statements, and LDAP operations by kind."""
    before = company.directory.operations()
    with CaptureQueriesContext(connection) as statements:
        assert changes(server).read == "incremental"
    after = company.directory.operations()
    return len(statements), {kind: after[kind] - count for kind, count in before.items()}


def test_nothing_changed_costs_the_same_for_any_company(company: Company, server: DirectoryServer) -> None:
    few = cost_of_a_quiet_run(company, server)
    company.add_many(120, telephoneNumber="5{:03}")
    sync(server, force=True)
    sync(server)

    many = cost_of_a_quiet_run(company, server)

    assert many == few
