"""Where a password of a configuration file comes from, and that it goes nowhere else (promise 9)."""

from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from syncapp.exceptions import ConfigurationError
from syncapp.fields import Secret
from syncapp.models import DirectoryServer
from syncapp.services.configure import ConfigurationFileError, SectionReport
from syncapp.services.configure.reading import read_sections
from tests.configuration_files import SERVER, SERVER_WITH_ACCOUNT, apply, mistakes_in, write

pytestmark = [pytest.mark.django_db, pytest.mark.promise(9)]

WITH_ACCOUNT = f"{SERVER}bind_dn = 'cn=sync'\n"
PLACE = 'directory "Head office", bind_password'


def stored() -> str:
    return DirectoryServer.objects.get().reveal_secret()


def changed_keys(reports: list[SectionReport]) -> list[str]:
    return [change.key for report in reports for change in report.changes]


def test_password_as_a_text(tmp_path: Path) -> None:
    apply(tmp_path, f"{WITH_ACCOUNT}bind_password = ' hunter2 Ж '")

    assert stored() == " hunter2 Ж "


def test_password_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORP_LDAP_PASSWORD", "hunter2")

    apply(tmp_path, f"{WITH_ACCOUNT}bind_password = {{ env = 'CORP_LDAP_PASSWORD' }}")

    assert stored() == "hunter2"


FILES = {
    "one_line": b"hunter2",
    "end_of_line": b"hunter2\n",
    "end_of_line_from_windows": b"hunter2\r\n",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_password_from_a_file_beside_the_configuration(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "password").write_bytes(content)

    apply(tmp_path, f"{WITH_ACCOUNT}bind_password = {{ file = 'password' }}")

    assert stored() == "hunter2"


def test_password_from_a_file_elsewhere(tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere" / "password"
    secret.parent.mkdir()
    secret.write_text("hunter2")

    apply(tmp_path, f"{WITH_ACCOUNT}bind_password = {{ file = '{secret}' }}")

    assert stored() == "hunter2"


def test_blanks_of_a_password_file_belong_to_the_password(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(" hunter2 \n")

    apply(tmp_path, f"{WITH_ACCOUNT}bind_password = {{ file = 'password' }}")

    assert stored() == " hunter2 "


BAD: dict[str, tuple[str, str, str]] = {
    "variable_not_set": ("{ env = 'NOT_SET' }", "", "password_variable_missing"),
    "variable_empty": ("{ env = 'SET_TO_NOTHING' }", "", "password_variable_missing"),
    "variable_not_utf8": ("{ env = 'LATIN' }", "", "password_not_utf8"),
    "variable_of_two_lines": ("{ env = 'TWO_LINES' }", "", "password_of_several_lines"),
    "file_absent": ("{ file = 'absent' }", "", "file_unreadable"),
    "file_is_a_folder": ("{ file = 'folder' }", "", "file_unreadable"),
    "file_empty": ("{ file = 'empty' }", "", "password_file_empty"),
    "file_of_two_lines": ("{ file = 'two_lines' }", "", "password_of_several_lines"),
    "file_not_utf8": ("{ file = 'latin' }", "", "file_not_utf8"),
    "both_sources": ("{ env = 'SET', file = 'absent' }", "", "password_expected"),
    "no_source": ("{}", "", "password_expected"),
    "unknown_source": ("{ vault = 'x' }", ", vault", "key_unknown"),
    "variable_is_a_number": ("{ env = 5 }", ", env", "text_expected"),
    "number": ("5", "", "password_expected"),
    "list": ("['hunter2']", "", "password_expected"),
    "nul": ('"a\\u0000"', "", "password_of_several_lines"),
}


@pytest.mark.parametrize(("value", "place", "code"), BAD.values(), ids=BAD.keys())
def test_wrong_password_source_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, place: str, code: str
) -> None:
    monkeypatch.setenv("SET_TO_NOTHING", "")
    monkeypatch.setenv("TWO_LINES", "a\nb")
    monkeypatch.setenv("LATIN", "ab\udcff")
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "two_lines").write_text("a\nb\n")
    (tmp_path / "latin").write_bytes(b"\xe9")

    found = mistakes_in(tmp_path, f"{WITH_ACCOUNT}bind_password = {value}")

    assert found == [(PLACE + place, code)]


def test_password_that_is_not_utf8_is_in_no_exception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATIN", "hunter2\udcff")

    with pytest.raises(ConfigurationFileError) as caught:
        apply(tmp_path, f"{WITH_ACCOUNT}bind_password = {{ env = 'LATIN' }}")

    shown = "".join(format_exception(caught.value))
    assert ("hunter2" in shown, "UnicodeEncodeError" in shown) == (False, False)


def test_same_password_is_no_change(tmp_path: Path) -> None:
    apply(tmp_path, SERVER_WITH_ACCOUNT)

    assert changed_keys(apply(tmp_path, SERVER_WITH_ACCOUNT)) == []


def test_other_password_is_a_change(tmp_path: Path) -> None:
    apply(tmp_path, SERVER_WITH_ACCOUNT)

    assert changed_keys(apply(tmp_path, SERVER_WITH_ACCOUNT.replace("hunter2", "other"))) == ["bind_password"]


def test_password_that_no_key_fits_any_more_is_set_anew(tmp_path: Path, settings: Settings) -> None:
    apply(tmp_path, SERVER_WITH_ACCOUNT)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    apply(tmp_path, SERVER_WITH_ACCOUNT)

    assert stored() == "hunter2"


def test_without_a_valid_key_no_password_is_taken(tmp_path: Path, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = ["no key"]

    with pytest.raises(ConfigurationError, match="encryption_key_invalid"):
        apply(tmp_path, SERVER_WITH_ACCOUNT)


def test_password_is_sealed_as_soon_as_it_is_read(tmp_path: Path) -> None:
    content = read_sections(write(tmp_path, SERVER_WITH_ACCOUNT))

    assert (content.sections[0].values["bind_password"].reveal(), "hunter2" in repr(content)) == ("hunter2", False)


def test_report_holds_secrets_only(tmp_path: Path) -> None:
    (report,) = apply(tmp_path, SERVER_WITH_ACCOUNT)

    kinds: dict[str, Any] = {change.key: type(change.after) for change in report.changes}
    assert (kinds["bind_password"], "hunter2" in repr(report)) == (Secret, False)
