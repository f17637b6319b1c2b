"""People who leave and return: whole runs over a real OpenLDAP (rules B9, D1 to D4)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import ldap
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncapp.directory import answers
from syncapp.exceptions import IncompleteReadError
from syncapp.models import Conflict, DirectoryServer, Employee, RunItem, SyncRecord, SyncRun
from syncapp.services.edits import set_archived
from syncapp.services.people import find_people
from syncapp.services.sync import run_sync
from tests.services.company import Company, apply, counted, item_of, sync

pytestmark = pytest.mark.django_db(transaction=True)

ANNA = {"mail": "anna@example.test", "mobile": "8 (916) 123-45-67", "telephoneNumber": "215", "title": "Director"}
LOCKED = "000001010000Z"


def unit(company: Company, name: str) -> str:
    dn = f"ou={name},{company.base}"
    company.ldap.add_s(dn, [("objectClass", [b"organizationalUnit"]), ("ou", [name.encode()])])
    return dn


def move(company: Company, uid: str, below: str, *, new: str, old: str = "") -> None:
    company.ldap.rename_s(f"uid={uid},{old or company.base}", f"uid={new}", below)


def person(name: str = "Anna Petrova") -> tuple[Employee, SyncRecord]:
    employee = Employee.objects.get(name=name)
    return employee, SyncRecord.objects.get(employee=employee)


def values() -> list[dict[str, Any]]:
    return list(Employee.objects.order_by("id").values())


@pytest.fixture
def staffed(company: Company) -> tuple[Company, DirectoryServer]:
    """Anna and Boris in one of two units, of which only that one is read, after a first run."""
    inside = unit(company, "inside")
    unit(company, "outside")
    company.add("anna", "Anna Petrova", departmentNumber="Sales", **ANNA)
    company.add("boris", "Boris Sidorov", departmentNumber="Sales", mail="boris@example.test")
    for uid in ("anna", "boris"):
        move(company, uid, inside, new=uid)
    server = company.server(search_bases=[inside], department_attribute="departmentNumber", departments=["Sales"])
    sync(server)
    sync(server)
    company.base = inside  # where `change` and `delete` look
    return company, server


def outside(company: Company) -> str:
    return company.base.replace("ou=inside", "ou=outside")


def _deleted(company: Company) -> None:
    company.delete("anna")


def _moved(company: Company) -> None:
    move(company, "anna", outside(company), new="anna")


def _left_filter(company: Company) -> None:
    company.ldap.modify_s(f"uid=anna,{company.base}", [(ldap.MOD_REPLACE, "departmentNumber", [b"Other"])])


def _disabled_then_moved(company: Company) -> None:
    company.change("anna", pwdAccountLockedTime=LOCKED)
    _moved(company)


LEFT = {
    "deleted": (_deleted, "missing_deleted_or_unreadable"),
    "moved_out_of_scope": (_moved, "missing_moved_to"),
    "department_changed": (_left_filter, "missing_left_filter"),
    "disabled_and_moved": (_disabled_then_moved, "missing_disabled"),
}


@pytest.mark.promise(3)
@pytest.mark.parametrize("case", LEFT)
def test_who_left_is_missing_with_evidence_and_stays_as_he_is(
    staffed: tuple[Company, DirectoryServer], case: str
) -> None:
    company, server = staffed
    leave, evidence = LEFT[case]
    before = values()
    leave(company)

    previewed, run = sync(server, preview=True), sync(server)

    anna, record = person()
    assert previewed.counts == run.counts
    assert counted(run) == {"read": 1, "updated": 1, "missing": 1, "skipped": 1, "waiting": 1}
    assert (record.state, record.status, record.message_code) == ("missing", "updated", evidence)
    assert item_of(run, "Anna Petrova").message_code == evidence
    assert (record.employee, record.state_since, record.confirmed_at) == (anna, record.evidence_since, None)
    assert values() == before


@pytest.mark.promise(2)
@pytest.mark.parametrize("case", LEFT)
def test_missing_person_is_no_news_in_later_runs(staffed: tuple[Company, DirectoryServer], case: str) -> None:
    company, server = staffed
    LEFT[case][0](company)
    sync(server)
    since = person()[1].state_since

    run = sync(server)

    assert counted(run) == {"read": 1, "skipped": 2, "waiting": 1}
    assert not RunItem.objects.filter(run=run).exists()
    record = person()[1]
    assert (record.status, record.state_since) == ("skipped", since)
    assert record.confirmed_at is not None


def test_evidence_that_changes_is_news_and_has_to_be_confirmed_anew(staffed: tuple[Company, DirectoryServer]) -> None:
    company, server = staffed
    _moved(company)
    sync(server)
    sync(server)
    since = person()[1].state_since
    company.ldap.delete_s(f"uid=anna,{outside(company)}")

    run = sync(server)

    record = person()[1]
    assert counted(run) == {"read": 1, "skipped": 2, "waiting": 1}
    assert item_of(run, "Anna Petrova").message_code == "missing_deleted_or_unreadable"
    assert (record.state_since, record.confirmed_at) == (since, None)


def test_who_moves_within_the_scope_is_not_missing(staffed: tuple[Company, DirectoryServer]) -> None:
    company, server = staffed
    inner = unit(company, "inner")
    move(company, "anna", inner, new="anna")

    run = sync(server)

    assert counted(run) == {"read": 2, "skipped": 2, "waiting": 1}
    assert person()[1].dn == f"uid=anna,{inner}"


def _come_back(company: Company) -> None:
    move(company, "anna", company.base, new="anna", old=outside(company))


def test_who_returns_is_the_same_employee_with_the_old_number_and_is_merged(
    staffed: tuple[Company, DirectoryServer],
) -> None:
    company, server = staffed
    _moved(company)
    sync(server)
    anna, _record = person()
    company.ldap.modify_s(f"uid=anna,{outside(company)}", [(ldap.MOD_REPLACE, "title", [b"Owner"])])
    _come_back(company)

    run = sync(server)

    returned, record = person()
    assert counted(run) == {"read": 2, "updated": 1, "returned": 1, "skipped": 1, "waiting": 1}
    assert (returned.pk, returned.extension, returned.title) == (anna.pk, "215", "Owner")
    assert (record.state, record.message_code, record.evidence_since) == ("active", "", None)


@pytest.mark.promise(3)
def test_off_boarding_script_that_renames_and_clears_changes_nothing_here(
    staffed: tuple[Company, DirectoryServer],
) -> None:
    company, server = staffed
    before = values()
    company.change("anna", pwdAccountLockedTime=LOCKED, displayName="zz_Anna (left)", mobile=None)

    run = sync(server)

    assert counted(run) == {"read": 2, "updated": 1, "disabled": 1, "skipped": 1, "waiting": 1}
    assert values() == before


def test_disabled_person_who_is_deleted_then_is_missing(staffed: tuple[Company, DirectoryServer]) -> None:
    company, server = staffed
    company.change("anna", pwdAccountLockedTime=LOCKED)
    sync(server)
    company.delete("anna")

    run = sync(server)

    assert counted(run) == {"read": 1, "updated": 1, "missing": 1, "skipped": 1, "waiting": 1}
    assert person()[1].state == "missing"


def test_edit_here_while_somebody_is_missing_goes_out_after_the_return(
    staffed: tuple[Company, DirectoryServer],
) -> None:
    company, server = staffed
    DirectoryServer.objects.filter(pk=server.pk).update(write_back=True)
    server.refresh_from_db()
    server.bind_dn = company.directory.writer_dn
    server.set_secret(company.directory.service_password)
    server.save()
    sync(server)
    _moved(company)
    sync(server)
    anna, _record = person()
    anna.mobile = "+79160000000"
    anna.save()
    there = f"uid=anna,{outside(company)}"
    sync(server)
    untouched = company.ldap.search_s(there, ldap.SCOPE_BASE)[0][1]["mobile"]
    _come_back(company)

    run = sync(server)

    assert untouched == [ANNA["mobile"].encode()]
    assert (run.counts["returned"], run.counts["written_back"]) == (1, 1)


@pytest.mark.promise(4)
def test_person_run_says_nothing_of_missing_people(staffed: tuple[Company, DirectoryServer]) -> None:
    company, server = staffed
    _deleted(company)
    boris = find_people(server, "Boris Sidorov")

    run = run_sync(server=server, mode="apply", trigger="command", anchors=[(each.anchor, each.dn) for each in boris])

    assert counted(run) == {"read": 1, "skipped": 2, "waiting": 1}
    assert person()[1].state == "active"


@pytest.mark.promise(4)
def test_read_that_breaks_off_marks_nobody(
    staffed: tuple[Company, DirectoryServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    company, server = staffed
    _deleted(company)

    def breaks_off(*args: Any, **how: Any) -> Iterator[list[Any]]:
        for rows in answers.stream(*args, **how):
            yield rows[:1]
            raise ldap.SERVER_DOWN

    monkeypatch.setattr("syncapp.directory.search.stream", breaks_off)

    run = sync(server)

    assert (run.status, run.error_code) == ("failed", "connection_lost")
    assert person()[1].state == "active"


@pytest.mark.promise(4)
def test_look_up_that_fails_marks_nobody(
    staffed: tuple[Company, DirectoryServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    company, server = staffed
    _deleted(company)

    def breaks_off(*args: Any, **kwargs: Any) -> Any:
        raise IncompleteReadError("paging_ignored", uri=server.uris[0])

    monkeypatch.setattr("syncapp.directory.session.whereabouts", breaks_off)

    run = sync(server)

    assert run.status == "failed"
    assert set(SyncRecord.objects.values_list("state", flat=True)) == {"active"}


def test_conflict_of_who_left_is_closed_and_comes_back_with_him(staffed: tuple[Company, DirectoryServer]) -> None:
    company, server = staffed
    Employee.objects.filter(name="Anna Petrova").update(title="Here")
    company.change("anna", title="There")
    sync(server)
    assert Conflict.objects.filter(closed_at__isnull=True).count() == 1
    _moved(company)

    left = sync(server)
    open_then = Conflict.objects.filter(closed_at__isnull=True).count()
    _come_back(company)
    back = sync(server)

    assert (left.status, open_then) == ("completed", 0)
    assert (back.counts["returned"], back.counts["conflicts"]) == (1, 1)


def test_entry_tied_to_nobody_that_vanishes_is_nobodys_leaver(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    company.add("boris", "Boris Sidorov")
    server = company.server(create="with_number")
    sync(server)
    company.delete("boris")

    run, later = sync(server), sync(server)

    assert run.counts["missing"] == 0
    record = SyncRecord.objects.get(name="Boris Sidorov")
    assert (record.state, record.status) == ("missing", "ignored")
    assert not RunItem.objects.filter(run=later).exists()


def test_nobody_is_deleted_on_a_controller_that_did_not_show_him(
    staffed: tuple[Company, DirectoryServer],
) -> None:
    company, server = staffed
    SyncRun.objects.update(uri="ldap://another.example.test")
    _deleted(company)

    first, second = sync(server), sync(server)

    record = person()[1]
    assert record.message_code == "missing_not_on_this_controller"
    assert record.message_params == {"uri": server.uris[0], "shown_by": "ldap://another.example.test"}
    assert (first.counts["missing"], second.counts["missing"]) == (1, 0)


@pytest.mark.promise(3)
def test_what_a_change_of_our_scope_leaves_out_is_released_after_a_look(
    staffed: tuple[Company, DirectoryServer],
) -> None:
    company, server = staffed
    company.add("carl", "Carl Moore", departmentNumber="Other")
    DirectoryServer.objects.filter(pk=server.pk).update(departments=["Other"])
    server.refresh_from_db()
    before = values()

    previewed, held, run = sync(server, preview=True), sync(server), sync(server, force=True)
    later = sync(server)

    assert (previewed.error_code, held.error_code, held.error_params) == (
        "scope_changed",
        "scope_changed",
        {"count": 2},
    )
    assert (held.status, run.status) == ("held", "completed")
    assert counted(run) == {"read": 1, "created": 1, "updated": 2, "ignored": 2, "waiting": 1}
    released = SyncRecord.objects.filter(state="released")
    assert set(released.values_list("employee", "status", "message_code")) == {(None, "ignored", "released_by_scope")}
    assert values()[:2] == before
    assert (later.status, later.counts["updated"]) == ("completed", 0)
    assert not RunItem.objects.filter(run=later, name="Anna Petrova").exists()


def test_change_of_our_scope_is_noticed_after_a_plan_was_applied_too(
    staffed: tuple[Company, DirectoryServer],
) -> None:
    """A run that carries a plan out looks at nobody else: the next one compares with whom the plan's run was to bring."""
    company, server = staffed
    apply(sync(server, preview=True))
    company.add("carl", "Carl Moore", departmentNumber="Other")
    DirectoryServer.objects.filter(pk=server.pk).update(departments=["Other"])
    server.refresh_from_db()

    held = sync(server)

    assert (held.status, held.error_code, held.error_params) == ("held", "scope_changed", {"count": 2})


def test_who_was_released_comes_back_as_the_same_person(staffed: tuple[Company, DirectoryServer]) -> None:
    company, server = staffed
    anna = Employee.objects.get(name="Anna Petrova")
    company.add("carl", "Carl Moore", departmentNumber="Other")
    DirectoryServer.objects.filter(pk=server.pk).update(departments=["Other"])
    server.refresh_from_db()
    sync(server, force=True)
    Employee.objects.filter(pk=anna.pk).update(name="Anna Ivanova", name_key="anna ivanova", email="", email_key="")
    DirectoryServer.objects.filter(pk=server.pk).update(departments=["Other", "Sales"])
    server.refresh_from_db()

    run = sync(server)

    record = SyncRecord.objects.get(employee=anna)
    assert (record.state, record.message_code) == ("active", "back_in_scope")
    assert (run.counts["returned"], run.counts["created"]) == (2, 0)


def test_scope_is_not_blamed_for_who_is_deleted_at_the_same_time(staffed: tuple[Company, DirectoryServer]) -> None:
    company, server = staffed
    company.add("carl", "Carl Moore", departmentNumber="Other")
    DirectoryServer.objects.filter(pk=server.pk).update(departments=["Other"])
    server.refresh_from_db()
    _deleted(company)

    sync(server, force=True)

    assert person()[1].state == "missing"
    assert SyncRecord.objects.get(name="Boris Sidorov").state == "released"


def test_base_that_was_renamed_is_named_and_can_be_taken_over(staffed: tuple[Company, DirectoryServer]) -> None:
    company, server = staffed
    old, new = company.base, company.base.replace("ou=inside", "ou=Sales and Marketing")
    company.ldap.rename_s(old, "ou=Sales and Marketing")

    failed = sync(server)
    DirectoryServer.objects.filter(pk=server.pk).update(search_bases=[new])
    server.refresh_from_db()
    run = sync(server)

    assert (failed.status, failed.error_code) == ("failed", "base_renamed")
    assert failed.error_params == {"base": old, "now": new}
    assert counted(run) == {"read": 2, "skipped": 2, "waiting": 1}


@pytest.mark.promise(3)
def test_archived_person_who_is_active_there_is_left_to_a_person(staffed: tuple[Company, DirectoryServer]) -> None:
    _company, server = staffed
    anna, _record = person()
    set_archived(anna.pk, archived=True, user=None)

    run = sync(server)

    anna, record = person()
    assert run.status == "completed"
    assert anna.archived_at is not None
    assert [remark["code"] for remark in record.remarks] == ["archived_here_active_there"]


@pytest.mark.promise(2)
def test_run_without_changes_needs_the_same_statements_however_many_are_missing(company: Company) -> None:
    server = company.server(pool=None)
    company.add_many(120)
    sync(server)
    counts = []
    for gone in (range(10), range(10, 100)):
        for number in gone:
            company.delete(f"p{number:04}")
        sync(server, force=True)
        with CaptureQueriesContext(connection) as captured:
            run = sync(server)
        assert counted(run)["skipped"] == 120
        counts.append(len(captured.captured_queries))

    assert counts[0] == counts[1]


def test_confirmation_has_a_time(staffed: tuple[Company, DirectoryServer]) -> None:
    company, server = staffed
    _deleted(company)
    sync(server)
    SyncRecord.objects.update(evidence_since=timezone.now() - timedelta(hours=2))

    sync(server)

    record = person()[1]
    assert record.confirmed_at is not None
    assert record.evidence_since is not None
    assert record.confirmed_at - record.evidence_since > timedelta(hours=1)
