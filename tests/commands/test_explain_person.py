"""`manage.py explain_person TEXT`."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from syncapp.models import DirectoryServer
from tests.factories import make_employee, make_server
from tests.services.company import Company, sync

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("openldap")]


def explained(*arguments: str, language: str = "en") -> tuple[int, str]:
    """Return exit code and output of the command."""
    out = StringIO()
    with translation.override(language):
        try:
            call_command("explain_person", *arguments, stdout=out)
        except SystemExit as exc:
            return int(str(exc.code)), out.getvalue()
    return 0, out.getvalue()


def as_object(*arguments: str) -> tuple[int, dict[str, Any]]:
    code, out = explained("--json", *arguments, language="ru")
    return code, json.loads(out)


@pytest.fixture
def anna(company: Company) -> DirectoryServer:
    company.add("anna", "Anna Explained", mail="anna.explained@example.test", telephoneNumber="215", title="Boss")
    server = company.server()
    sync(server)
    return server


def test_steps_and_fields_are_lines(company: Company, anna: DirectoryServer) -> None:
    company.change("anna", title="President")

    code, out = explained("anna.explained@example.test")

    assert code == 0
    for line in (
        "Employee here: Anna Explained, extension 215, mobile –, e-mail anna.explained@example.test.",
        f"{anna.name}:",
        "  The account is active.",
        "  It is in scope: runs read it.",
        "  Job title (title): here Boss, in the domain President",
        "    Only the domain changed it since it was agreed.",
        "    A run writes “President” here, in the place of “Boss”.",
    ):
        assert line in out.splitlines()


def test_object_has_codes_and_english_texts(anna: DirectoryServer) -> None:
    code, said = as_object("anna.explained@example.test", "--server", anna.name)

    (server,) = said["servers"]
    steps = {step["code"]: step for step in server["steps"]}
    title = next(each for each in server["fields"] if each["field"] == "title")
    assert (code, said["found"], server["server"], server["error"]) == (0, True, anna.name, None)
    assert steps["explain_in_scope"] == {
        "code": "explain_in_scope",
        "params": {},
        "message": "It is in scope: runs read it.",
    }
    assert (title["pbx"], title["domain"], title["agreed"]) == ("Boss", ["Boss"], {"pbx": "Boss", "domain": "Boss"})
    assert title["changed"]["side"] == "pbx"


def test_several_are_listed_and_exit_1(anna: DirectoryServer) -> None:
    make_employee(name="Explained Vera", extension="777")

    code, out = explained("Explained")

    assert code == 1
    assert f"  {anna.name} | Anna Explained | 215 | anna.explained@example.test | uid=anna," in out
    assert "  - | Explained Vera | 777 |" in out


def test_several_are_an_object_too(anna: DirectoryServer) -> None:
    make_employee(name="Explained Vera", extension="777")

    code, said = as_object("Explained")

    assert (code, said["found"], said["servers"]) == (1, False, [])
    assert {person["name"] for person in said["people"]} == {"Anna Explained", "Explained Vera"}


def test_nobody_exits_1_and_says_so_for_each_server(anna: DirectoryServer) -> None:
    code, out = explained("no.such.person@example.test")

    assert code == 1
    assert "Nobody was found by “no.such.person@example.test”." in out
    assert f"{anna.name} shows nobody by “no.such.person@example.test”" in out


def test_server_that_does_not_answer_is_said_in_words(anna: DirectoryServer) -> None:
    make_server(name="Dead", uris=["ldap://127.0.0.1:1"], security="none", rank=9)

    code, out = explained("anna.explained@example.test")

    assert code == 0
    assert "✗ ldap://127.0.0.1:1 refused the connection" in out
    assert "It is in scope: runs read it." in out


def test_unknown_server_is_refused(anna: DirectoryServer) -> None:
    with pytest.raises(CommandError, match=f"“Nowhere”. Known: {anna.name}"):
        call_command("explain_person", "Anna", "--server", "Nowhere")
