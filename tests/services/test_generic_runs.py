"""Whole runs over a server of no known kind: an id of one's own choice, and a rule for who is disabled."""

from typing import Any

import pytest

from syncapp.choices import Kind, RunStatus
from syncapp.models import DirectoryServer, Employee, SyncRecord
from syncapp.services.people import find_people
from tests.services.company import Company, apply, changes_of, counted, item_of, sync

pytestmark = pytest.mark.django_db(transaction=True)

RULE = {"disabled_attribute": "employeeType", "disabled_value": "former"}
CHOSEN = {"kind": Kind.GENERIC, "anchor_attribute": "employeeNumber"}


def met(company: Company, **values: Any) -> DirectoryServer:
    """Anna and Boris with personnel numbers, settled after two runs."""
    company.add("anna", "Anna Petrova", employeeNumber="1042", mail="anna@example.test", telephoneNumber="215")
    company.add("boris", "Boris Sidorov", employeeNumber="1043", mail="boris@example.test", employeeType="driver")
    server = company.server(**{**CHOSEN, **RULE, **values})
    sync(server)
    assert counted(sync(server))["skipped"] == SyncRecord.objects.count()
    return server


def record(name: str) -> SyncRecord:
    return SyncRecord.objects.get(employee__name=name)


def state_of(name: str) -> str:
    return str(record(name).state)


def test_records_are_known_by_the_chosen_id(company: Company) -> None:
    met(company)

    assert {record("Anna Petrova").anchor, record("Boris Sidorov").anchor} == {"1042", "1043"}


@pytest.mark.promise(2)
def test_third_run_writes_nothing(company: Company) -> None:
    server = met(company)
    before = list(SyncRecord.objects.values())

    sync(server)

    assert [{**row, "run_id": 0} for row in SyncRecord.objects.values()] == [{**row, "run_id": 0} for row in before]


def test_renamed_and_moved_person_stays_the_same(company: Company) -> None:
    server = met(company)
    company.ldap.add_s(f"ou=moved,{company.base}", [("objectClass", [b"organizationalUnit"])])
    company.change("anna", displayName="Anna Karenina", mail="a.karenina@example.test")
    company.ldap.rename_s(f"uid=anna,{company.base}", "uid=karenina", f"ou=moved,{company.base}")

    run = sync(server)

    assert changes_of(item_of(run, "Anna Karenina")) == {
        "name": ("Anna Petrova", "Anna Karenina"),
        "email": ("anna@example.test", "a.karenina@example.test"),
    }
    assert (record("Anna Karenina").anchor, Employee.objects.count()) == ("1042", 2)


def test_person_whom_the_rule_disables_is_disabled_in_the_next_run_and_returns(company: Company) -> None:
    server = met(company)
    company.change("boris", employeeType="Former", displayName="zz Boris")

    gone = sync(server)
    frozen = state_of("Boris Sidorov")
    company.change("boris", employeeType=None, displayName="Boris Sidorov")
    back = sync(server)

    assert (counted(gone)["disabled"], frozen) == (1, "disabled")
    assert (counted(back)["returned"], state_of("Boris Sidorov")) == (1, "active")


def test_new_rule_reaches_people_whose_entries_have_not_changed(company: Company) -> None:
    server = met(company, disabled_attribute="", disabled_value="")
    DirectoryServer.objects.filter(pk=server.pk).update(disabled_attribute="employeeType", disabled_value="DRIVER")
    server.refresh_from_db()

    run = sync(server)

    assert (counted(run)["disabled"], state_of("Boris Sidorov")) == (1, "disabled")


def test_rule_that_would_disable_many_is_held_and_named(company: Company) -> None:
    company.add_many(8, employeeNumber="2{:03}", mail="p{}@example.test", employeeType="clerk")
    server = met(company, disabled_attribute="", disabled_value="")
    DirectoryServer.objects.filter(pk=server.pk).update(disabled_attribute="employeeType", disabled_value="clerk")
    server.refresh_from_db()

    run = sync(server)

    assert run.status == RunStatus.HELD
    assert {"cause_disabled_attribute_changed", "cause_disabled_value_changed"} <= {note["code"] for note in run.notes}


@pytest.mark.promise(6)
@pytest.mark.parametrize("setting", RULE)
def test_plan_of_another_rule_is_not_applied(company: Company, setting: str) -> None:
    server = met(company)
    company.change("anna", title="Director")
    plan = sync(server, preview=True)
    DirectoryServer.objects.filter(pk=server.pk).update(**{setting: "title"})

    run = apply(plan)

    assert (run.status, run.error_code) == (RunStatus.FAILED, "plan_settings_changed")


def test_rule_serves_a_known_kind_too(company: Company) -> None:
    company.add("anna", "Anna Petrova", mail="anna@example.test", employeeType="former")
    server = company.server(**RULE)
    Employee.objects.create(name="Anna Petrova", email="anna@example.test")

    sync(server)

    assert state_of("Anna Petrova") == "disabled"


def test_edits_go_out_to_whoever_has_the_id(company: Company) -> None:
    server = met(company, pool=None, write_back=True, bind_dn=company.directory.writer_dn)
    company.ldap.rename_s(f"uid=anna,{company.base}", "uid=annette", company.base)
    Employee.objects.filter(name="Anna Petrova").update(extension="216")

    run = sync(server)

    assert (run.status, counted(run)["written_back"]) == (RunStatus.COMPLETED, 1)
    assert company.value("annette", "telephoneNumber") == ["216"]


@pytest.mark.promise(4)
def test_second_person_with_one_id_fails_the_run_and_touches_nobody(company: Company) -> None:
    server = met(company)
    before = list(Employee.objects.values())
    company.add("impostor", "Somebody Else", employeeNumber="1042", mail="else@example.test")

    run = sync(server)

    assert (run.status, run.error_code) == (RunStatus.FAILED, "anchor_twice")
    assert list(Employee.objects.values()) == before


@pytest.mark.promise(4)
def test_person_who_loses_the_id_fails_the_run_and_is_not_missing(company: Company) -> None:
    server = met(company)
    company.change("anna", employeeNumber=None)

    run = sync(server)

    assert (run.status, run.error_code) == (RunStatus.FAILED, "chosen_anchor_missing")
    assert state_of("Anna Petrova") == "active"


def test_person_who_is_gone_is_missing(company: Company) -> None:
    server = met(company)
    company.delete("anna")

    run = sync(server)

    assert (counted(run)["missing"], state_of("Anna Petrova")) == (1, "missing")


def test_person_is_found_by_the_chosen_id(company: Company) -> None:
    company.add("clara", "Clara Schumann", employeeNumber="AB-7", mail="clara@example.test")
    server = met(company)

    assert [found.anchor for found in find_people(server, "AB-7")] == ["AB-7"]


def test_id_that_is_somebody_elses_extension_means_both(company: Company) -> None:
    company.add("clara", "Clara Schumann", employeeNumber="215", mail="clara@example.test")
    server = met(company)

    assert {found.name for found in find_people(server, "215")} == {"Anna Petrova", "Clara Schumann"}


def test_server_that_is_being_added_is_not_synchronised(company: Company) -> None:
    company.add("anna", "Anna Petrova", mail="anna@example.test")
    server = company.server(enabled=False, being_added=True)

    run = sync(server)

    assert (run.status, run.error_code, SyncRecord.objects.count()) == (RunStatus.FAILED, "server_being_added", 0)


def test_generic_kind_is_stored_like_any_other(company: Company) -> None:
    company.add("anna", "Anna Petrova", mail="anna@example.test")
    server = company.server(kind=Kind.GENERIC)

    sync(server)

    assert len(record("Anna Petrova").anchor) == 36
