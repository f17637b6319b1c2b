"""`manage.py configure`: what it prints, and its exit codes."""

import traceback
from io import StringIO
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command, execute_from_command_line
from django.db import connections
from django.utils import translation
from pytest_django import Settings

from syncapp.models import DirectoryServer, Endpoint
from tests.configuration_files import POOL, SERVER, SERVER_WITH_ACCOUNT, write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _keep_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started as by the shell, a command closes the connections when it ends: the test's own, too."""
    monkeypatch.setattr(connections, "close_all", lambda: None)


def configure(file: Path) -> str:
    out = StringIO()
    with translation.override("en"):
        call_command("configure", str(file), stdout=out)
    return out.getvalue()


def exit_code(*arguments: str) -> int:
    """Call the command as the shell does."""
    with pytest.raises(SystemExit) as caught:
        execute_from_command_line(["manage.py", "configure", *arguments])
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_configure_prints_what_it_created(tmp_path: Path) -> None:
    printed = configure(write(tmp_path, POOL + SERVER))

    assert printed.splitlines() == [
        "number_pool “Office”: created",
        '    first: "200"',
        '    last: "299"',
        "directory “Head office”: created",
        '    uris: ["ldaps://dc1.corp.example"]',
    ]


def test_configure_prints_before_and_after(tmp_path: Path) -> None:
    configure(write(tmp_path, SERVER))

    printed = configure(write(tmp_path, f"{SERVER}rank = 2"))

    assert printed.splitlines() == ["directory “Head office”: updated", "    rank: 1 -> 2"]


def test_configure_prints_nothing_changed_the_second_time(tmp_path: Path) -> None:
    configure(write(tmp_path, POOL + SERVER))

    printed = configure(write(tmp_path, POOL + SERVER))

    assert printed.splitlines() == ["number_pool “Office”: nothing changed", "directory “Head office”: nothing changed"]


@pytest.mark.promise(9)
def test_configure_never_prints_a_password(tmp_path: Path) -> None:
    printed = configure(write(tmp_path, SERVER_WITH_ACCOUNT))

    assert ("hunter2" in printed, "bind_password: password set" in printed) == (False, True)


def test_configure_prints_every_mistake_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, f"{SERVER}rank = 'x'\ncolour = 1\n")

    with translation.override("en"):
        exit_code(str(file))

    out, err = capsys.readouterr()
    assert (out, [line.partition(":")[0] for line in err.splitlines()]) == (
        "",
        ['directory "Head office", rank', 'directory "Head office", colour', "CommandError"],
    )


def test_configure_says_how_many_mistakes_there_are(tmp_path: Path) -> None:
    file = write(tmp_path, f"{SERVER}rank = 'x'\ncolour = 1\n")

    with translation.override("en"), pytest.raises(CommandError) as caught:
        call_command("configure", str(file), stderr=StringIO())

    assert str(caught.value) == f"2 mistakes in {file}: nothing was stored."


@pytest.mark.promise(9)
def test_traceback_of_a_refused_file_shows_no_password(tmp_path: Path) -> None:
    file = write(tmp_path, f"{SERVER_WITH_ACCOUNT}colour = 1")

    with pytest.raises(CommandError) as caught:
        call_command("configure", str(file), stderr=StringIO())

    shown = traceback.TracebackException.from_exception(caught.value)
    assert "hunter2" not in "".join(shown.format())


def test_configure_names_a_key_that_does_not_encrypt(tmp_path: Path, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = ["no key"]

    with translation.override("en"), pytest.raises(CommandError, match="not a Fernet key"):
        configure(write(tmp_path, SERVER_WITH_ACCOUNT))


def test_configure_can_be_mended_after_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("configure", str(write(tmp_path, f"{SERVER}colour = 1")), stderr=StringIO())

    configure(write(tmp_path, SERVER))

    assert DirectoryServer.objects.count() == 1


EXITS: dict[str, list[str]] = {
    "no_file": [],
    "absent_file": ["absent.toml"],
    "two_files": ["a.toml", "b.toml"],
    "unknown_option": ["a.toml", "--dry-run"],
    "abbreviated_option": ["a.toml", "--verb", "0"],
}


@pytest.mark.parametrize("arguments", EXITS.values(), ids=EXITS.keys())
def test_configure_ends_with_1_after(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(*arguments) == 1


def test_configure_ends_with_0_when_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    execute_from_command_line(["manage.py", "configure", str(write(tmp_path, SERVER))])

    assert Endpoint.objects.count() == 1


def test_configure_contacts_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a server was contacted")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)

    configure(write(tmp_path, SERVER_WITH_ACCOUNT))

    assert Endpoint.objects.count() == 1


def test_key_made_as_the_readme_says_is_taken(tmp_path: Path, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    configure(write(tmp_path, SERVER_WITH_ACCOUNT))

    assert DirectoryServer.objects.get().reveal_secret() == "hunter2"
