"""`sync_ldap --person`: one person, found as people name him, and nobody else (design, section 9)."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from fixtures.openldap import OpenLdap
from syncapp.models import DirectoryServer, Employee, SyncRecord, SyncRun
from tests.commands.calls import report
from tests.services.company import Company, counted, sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    company.add("anna", "Anna Petrova", mail="Anna@example.test", mobile="+79161234567", telephoneNumber="215")
    company.add("boris", "Boris Петров", mail="boris@example.test", mobile="+79161234568", telephoneNumber="216")
    server = company.server(write_back=True, bind_dn=company.directory.writer_dn)
    sync(server)
    return server


def anchor_of(name: str) -> str:
    return SyncRecord.objects.get(name=name).anchor


WAYS = {
    "email": "anna@EXAMPLE.test",
    "extension": "215",
    "mobile": "8 916 123-45-67",
    "words_of_the_name": "petrova anna",
    "part_of_the_name": "Петро",
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS.keys())
def test_one_person_is_found_and_nobody_else_is_touched(company: Company, server: DirectoryServer, text: str) -> None:
    company.change("anna", title="Boss")
    company.change("boris", title="Clerk")

    code, [run] = report("--person", text)

    titles = dict(Employee.objects.values_list("name", "title"))
    found = "Boris Петров" if text == "Петро" else "Anna Petrova"
    assert (code, run["read"], run["status"]) == (0, "person", "completed")
    assert titles == {"Anna Petrova": "", "Boris Петров": ""} | {found: "Clerk" if found[0] == "B" else "Boss"}
    assert [person["name"] for person in run["people"]] == [found]
    assert run["counts"]["read"] == 1


def test_anchor_and_dn(company: Company, server: DirectoryServer) -> None:
    company.change("anna", title="Boss")
    assert report("--person", anchor_of("Anna Petrova").upper())[1][0]["counts"]["updated"] == 1
    company.change("anna", title="Chief")
    assert report("--person", f"UID=anna,{company.base}")[1][0]["counts"]["updated"] == 1


def test_values_go_out_too(company: Company, server: DirectoryServer) -> None:
    Employee.objects.filter(name="Anna Petrova").update(extension="301")

    _code, [run] = report("--person", "anna@example.test")

    assert run["counts"]["written_back"] == 1
    assert run["people"][0]["changes"] == [{"field": "extension", "side": "domain", "before": "215", "after": "301"}]


def test_newcomer_is_looked_for_in_the_directory(company: Company, server: DirectoryServer) -> None:
    company.add("clara", "Clara Weber", mail="clara@example.test")

    code, [run] = report("--person", "weber")

    assert (code, run["counts"]["created"], run["counts"]["read"]) == (0, 1, 1)
    assert Employee.objects.get(name="Clara Weber").extension == "200"


def test_newcomer_by_dn(company: Company, server: DirectoryServer) -> None:
    dn = company.add("clara", "Clara Weber")

    assert report("--person", dn)[1][0]["counts"]["created"] == 1


@pytest.mark.parametrize("text", ["nobody at all", "", "ou=x,dc=y"], ids=["unknown", "empty", "dn_of_nobody"])
def test_nobody_is_found(server: DirectoryServer, text: str) -> None:
    runs = SyncRun.objects.count()

    with pytest.raises(CommandError, match="Nobody was found"), translation.override("en"):
        call_command("sync_ldap", "--person", text)

    assert SyncRun.objects.count() == runs


def test_several_people_are_listed_and_none_is_synchronised(
    company: Company, server: DirectoryServer, capsys: pytest.CaptureFixture[str]
) -> None:
    company.add("anna2", "Anna Ivanova", mail="anna2@example.test")
    sync(server)
    runs = SyncRun.objects.count()

    with pytest.raises(SystemExit) as caught, translation.override("en"):
        call_command("sync_ldap", "--person", "anna")

    said = capsys.readouterr().err
    assert caught.value.code == 1
    assert anchor_of("Anna Petrova") in said
    assert "Anna Ivanova" in said
    assert SyncRun.objects.count() == runs


def test_server_that_cannot_be_asked_is_an_error(server: DirectoryServer) -> None:
    DirectoryServer.objects.update(user_filter="(broken")

    with pytest.raises(CommandError, match="filter"), translation.override("en"):
        call_command("sync_ldap", "--person", "somebody new")


def test_person_who_left_the_scope_is_not_touched(company: Company, server: DirectoryServer) -> None:
    """A run for one person knows no missing people: it says nothing of who is not there."""
    company.delete("anna")

    code, [run] = report("--person", "215")

    assert (code, run["status"], run["counts"]["read"], run["counts"]["missing"]) == (0, "completed", 0, 0)
    assert Employee.objects.get(name="Anna Petrova").extension == "215"


def test_refused_value_is_tried_again_when_somebody_asks(company: Company, server: DirectoryServer) -> None:
    """Rule B10."""
    DirectoryServer.objects.update(bind_dn=company.directory.service_dn)
    server.refresh_from_db()
    server.set_secret(company.directory.service_password)
    server.save()
    Employee.objects.filter(name="Anna Petrova").update(extension="301")
    sync(server)
    before = company.directory.operations()["Modify"]

    _code, [run] = report("--person", "301")

    assert run["counts"]["failed"] == 1
    assert company.directory.operations()["Modify"] - before == 1


def test_several_servers_that_know_the_person(company: Company, server: DirectoryServer, openldap: OpenLdap) -> None:
    other = Company(openldap)
    other.add("anna", "Anna Petrova", mail="anna@example.test")
    second = other.server(rank=2)
    sync(second)

    _code, runs = report("--person", "anna@example.test")

    assert [(run["server"], run["counts"]["read"]) for run in runs] == [(server.name, 1), (second.name, 1)]


def test_run_for_one_person_is_no_run_over_everybody(company: Company, openldap: OpenLdap) -> None:
    """Rule E2: writing back begins after the first run over everybody."""
    company.add("anna", "Anna Petrova", mail="anna@example.test")
    fresh = company.server(write_back=True, bind_dn=company.directory.writer_dn)
    assert report("--person", "anna@example.test")[0] == 0

    whole: dict[str, Any] = counted(sync(fresh))

    assert "written_back" not in whole
    assert whole["waiting"] == 1
