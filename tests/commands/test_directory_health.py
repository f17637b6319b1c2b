"""`manage.py directory_health NAME`."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from syncapp.models import DirectoryServer
from tests.services.company import Company

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("openldap")]


def called(*arguments: str) -> tuple[int, str, str]:
    """Return exit code, output and errors."""
    out, err = StringIO(), StringIO()
    with translation.override("en"):
        try:
            call_command("directory_health", *arguments, stdout=out, stderr=err)
        except SystemExit as exc:
            return int(str(exc.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture
def twins(company: Company) -> DirectoryServer:
    """12 people with one number."""
    company.add_many(12, mail="p{0}@example.test", telephoneNumber="215")
    return company.server()


def test_findings_are_shown_by_kind_with_their_number(company: Company, twins: DirectoryServer) -> None:
    code, out, _err = called(twins.name)

    lines = out.splitlines()
    assert (code, lines[0], lines[-1]) == (2, "One number, two owners: 12", "12 people looked at. 12 things to mend.")
    assert f"  uid=p0000,{company.base}" in lines
    assert "  … and more: --csv FILE writes all of them." in lines


def test_healthy_directory_exits_0(company: Company) -> None:
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215")

    assert called(company.server().name) == (0, "1 person looked at. 0 things to mend.\n", "")


def test_file_for_spreadsheets(twins: DirectoryServer, tmp_path: Path) -> None:
    code, out, _err = called(twins.name, "--csv", str(tmp_path / "health.csv"))

    assert (code, out) == (2, "12 people looked at. 12 things to mend.\n")
    assert len((tmp_path / "health.csv").read_text(encoding="utf-8-sig").splitlines()) == 13


def test_file_that_cannot_be_written_is_said(twins: DirectoryServer, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("directory_health", twins.name, "--csv", str(tmp_path / "no" / "health.csv"))


def test_object_for_scripts(twins: DirectoryServer) -> None:
    code, out, _err = called(twins.name, "--json")

    said = json.loads(out)
    assert (code, said["people"], len(said["findings"])) == (2, 12, 12)


def test_directory_that_cannot_be_read_exits_1(twins: DirectoryServer) -> None:
    twins.set_secret("wrong")
    twins.save()

    code, out, err = called(twins.name, "--json")

    assert (code, json.loads(out)["error"]["code"]) == (1, "login_refused")
    assert "refused the account" in err


def test_unknown_server_and_two_forms_are_refused(twins: DirectoryServer) -> None:
    with pytest.raises(CommandError, match=f"“Nowhere”. Known: {twins.name}"):
        call_command("directory_health", "Nowhere")
    with pytest.raises(CommandError, match="either --json or --csv"):
        call_command("directory_health", twins.name, "--json", "--csv", "x.csv")
