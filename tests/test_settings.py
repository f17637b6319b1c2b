"""Settings from the environment (README, section Settings), read by fresh processes."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings

PRINT_KEYS = (
    "import json; from ldapsync_project import settings as s; print(json.dumps([s.SECRET_KEY, s.ENCRYPTION_KEYS]))"
)
PROCESSES = 8
GIVEN_KEYS = {"SECRET_KEY": "given", "ENCRYPTION_KEYS": Fernet.generate_key().decode()}


def start(code: str, **environment: str) -> "subprocess.Popen[str]":
    # Empty keys rather than none: a developer's own .env must not fill them in.
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={**clean, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=50)
    return process.returncode, out, err


@pytest.mark.parametrize("missing", GIVEN_KEYS)
def test_without_debug_a_missing_key_is_refused(missing: str) -> None:
    code, _, err = read(start(PRINT_KEYS, DEBUG="off", **{**GIVEN_KEYS, missing: ""}))

    assert (code, err.splitlines()[-1].partition("ImproperlyConfigured: ")[2].partition(".")[0]) == (
        1,
        f"{missing} is not set",
    )


def test_without_debug_given_keys_are_used() -> None:
    _, out, err = read(start(PRINT_KEYS, DEBUG="off", **GIVEN_KEYS))

    assert (json.loads(out), err) == ([GIVEN_KEYS["SECRET_KEY"], [GIVEN_KEYS["ENCRYPTION_KEYS"]]], "")


def test_without_debug_no_development_keys_are_made(tmp_path: Path) -> None:
    file = tmp_path / "keys"

    read(start(PRINT_KEYS, DEBUG="off", DEVELOPMENT_KEYS=str(file), **GIVEN_KEYS))

    assert not file.exists()


def test_processes_that_start_together_agree_on_the_development_keys(tmp_path: Path) -> None:
    environment = {"DEBUG": "on", "DEVELOPMENT_KEYS": str(tmp_path / "keys")}
    # Each waits for the others at the door, so that they really arrive together.
    door = tmp_path / "door"
    code = f"import os, time\nwhile not os.path.exists({str(door)!r}): time.sleep(0.001)\n{PRINT_KEYS}"

    processes = [start(code, **environment) for _ in range(PROCESSES)]
    door.touch()
    answers = {read(process) for process in processes}

    assert len(answers) == 1, answers


def test_development_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "keys"

    read(start(PRINT_KEYS, DEBUG="on", DEVELOPMENT_KEYS=str(file)))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_making_development_keys_leaves_nothing_else_behind(tmp_path: Path) -> None:
    file = tmp_path / "keys"

    read(start(PRINT_KEYS, DEBUG="on", DEVELOPMENT_KEYS=str(file)))

    assert list(tmp_path.iterdir()) == [file]


def test_sqlite_is_set_up_alike_when_named_by_url(tmp_path: Path) -> None:
    code = (
        "import json; from ldapsync_project import settings as s; print(json.dumps(s.DATABASES['default']['OPTIONS']))"
    )

    _, by_url, _ = read(start(code, DATABASE_URL=f"sqlite:///{tmp_path / 'a b.sqlite3'}"))

    options = json.loads(by_url)
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]
