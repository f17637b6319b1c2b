"""`manage.py check_directory NAME`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from fixtures.openldap import OpenLdap
from syncapp.choices import Kind
from syncapp.models import DirectoryServer
from tests.services.company import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(openldap: OpenLdap) -> Company:
    company = Company(openldap)
    company.add("anna", "Анна Иванова", mail="anna@example.test", telephoneNumber="215")
    company.add("boris", "Boris Petrov")
    return company


def checked(server: DirectoryServer) -> tuple[int, list[str]]:
    """Return the exit code and the lines of the command."""
    output = StringIO()
    try:
        call_command("check_directory", server.name, stdout=output)
    except SystemExit as exc:
        return int(str(exc.code)), output.getvalue().splitlines()
    return 0, output.getvalue().splitlines()


def test_each_step_is_a_line_with_its_outcome(company: Company) -> None:
    code, lines = checked(company.server())

    steps = [line.split(":")[0] for line in lines if line.startswith(("✓", "!", "✗"))]
    assert (code, steps) == (
        0,
        [
            "✓ Find the address",
            "✓ Connect",
            "! Protect the connection",
            "✓ Log in",
            "✓ Recognise the directory",
            "✓ Find the base",
            "✓ Check the filter",
            "✓ Count the people",
            "✓ Check the attributes",
            "! Check the right to write",
        ],
    )


def test_fill_rates_are_shown_with_an_example(company: Company) -> None:
    _, lines = checked(company.server())

    assert "  e-mail (mail): 1 of 2 (50 %), anna@example.test" in lines


def test_long_lines_are_not_broken(company: Company) -> None:
    _, lines = checked(company.server(user_filter="(|" + "(uid=somebody)" * 30 + "(uid=anna))"))

    [line] = [line for line in lines if line.startswith("✓ Check the filter")]
    assert line.endswith("(uid=anna)))")


def test_failed_step_is_the_last_line_and_the_exit_code(company: Company) -> None:
    server = company.server(user_filter="(employeType=robot)")

    code, lines = checked(server)

    assert (code, lines[-1]) == (
        1,
        "✗ Check the filter: The custom filter “(employeType=robot)” names attributes that the directory does not know: "
        "employeType. It would find nobody. Correct their spelling.",
    )


@pytest.mark.promise(9)
def test_password_is_shown_nowhere(company: Company) -> None:
    server = company.server()
    server.set_secret("tell nobody this")
    server.save()

    code, lines = checked(server)

    assert (code, "tell nobody this" in "\n".join(lines)) == (1, False)


def test_missing_right_is_shown_with_the_grant(company: Company) -> None:
    code, lines = checked(company.server(write_back=True))

    assert code == 1
    assert "  extension (telephoneNumber): may be written for 0 of 2" in lines
    [rule] = [line for line in lines if line.startswith("olcAccess: ")]
    assert f'to dn.subtree="{company.base}"' in rule
    assert f'by dn.exact="{company.directory.service_dn}" write by * break' in rule


def test_right_that_is_there_is_shown(company: Company) -> None:
    code, lines = checked(company.server(write_back=True, bind_dn=company.directory.writer_dn))

    assert (code, "olcAccess" in "\n".join(lines)) == (0, False)
    assert "  photo (jpegPhoto): may be written for 2 of 2" in lines


def test_what_was_left_open_is_stored_and_said(company: Company) -> None:
    server = company.server(kind=Kind.AUTO)

    _, lines = checked(server)

    server.refresh_from_db()
    assert server.kind == Kind.OPENLDAP
    assert "✓ Settings: Kind (OpenLDAP) and mapping of this server are stored now." in lines


def test_what_the_server_can_do_and_what_would_fit_are_shown(company: Company) -> None:
    for number in range(9):
        company.add(f"p{number}", "Clara Schumann", telephoneNumber="+7 495 123-45-67", pager=str(300 + number))

    _, lines = checked(company.server())

    start = lines.index("What the server can do")
    assert lines[start + 1] == "  ✓ Gives people page by page."
    assert (
        "  extension: pager ^(\\d{2,5})$. pager: 9 of 11 are extensions; the usual telephoneNumber: 1 of 11. "
        "Mapped now: telephoneNumber." in lines
    )
    assert "  e-mail: mail. 1 of 11 people have one." in lines


def test_proposal_is_not_stored(company: Company) -> None:
    """The usual mapping is what runs take; another one is an administrator's choice."""
    company.change("anna", telephoneNumber=None, pager="215")
    server = company.server(kind=Kind.AUTO)

    checked(server)

    assert server.mappings.get(field="extension").attribute == "telephoneNumber"


def test_unknown_server_is_refused_with_those_that_exist(company: Company) -> None:
    server = company.server()

    with pytest.raises(CommandError, match=f"“Nowhere”. Known: {server.name}"):
        call_command("check_directory", "Nowhere")
