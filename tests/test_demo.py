"""The demo: where it keeps its things, and that it can be run, ended and run again."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from fixtures import demo_places, samba
from fixtures.demo_places import DemoError, choose_places, mark_as_demo, require_free, stop_directory
from tests.conftest import require_program, skip_or_fail

ROOT = settings.BASE_DIR
SECOND_RUN = {"created": 0, "updated": 0, "written_back": 0, "failed": 0, "new_matters": 0}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(demo_places, "PROJECT", tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return tmp_path


def test_demo_uses_the_usual_database_when_it_is_free(project: Path) -> None:
    assert choose_places().database == project / "db.sqlite3"


def test_demo_uses_the_usual_database_again_when_it_made_it(project: Path) -> None:
    mark_as_demo(project / "db.sqlite3")

    assert choose_places().database == project / "db.sqlite3"


def test_demo_uses_the_usual_database_that_has_no_table_yet(project: Path) -> None:
    """As the first command leaves it that only looks, such as `manage.py check`."""
    with sqlite3.connect(project / "db.sqlite3") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()

    assert choose_places().database == project / "db.sqlite3"


def test_demo_keeps_away_from_a_database_of_somebody_else(project: Path) -> None:
    with sqlite3.connect(project / "db.sqlite3") as connection:
        connection.execute("CREATE TABLE mine (id)")
    connection.close()

    assert choose_places().database == project / "var" / "demo" / "db.sqlite3"


def test_demo_keeps_away_from_what_is_no_database_at_all(project: Path) -> None:
    (project / "db.sqlite3").write_text("a letter to my aunt" * 100)

    assert choose_places().database == project / "var" / "demo" / "db.sqlite3"


@pytest.mark.parametrize("by", ["environment", "file"])
def test_demo_keeps_away_from_a_database_that_is_configured(
    by: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "environment":
        monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/")
    else:
        (project / ".env").touch()

    assert choose_places().database == project / "var" / "demo" / "db.sqlite3"


def test_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        with pytest.raises(DemoError, match=rf"Port {port} is taken. .*make demo PORT={port + 1}"):
            require_free(port, "PORT")


def test_process_that_got_the_number_of_a_dead_directory_is_left_alone(tmp_path: Path) -> None:
    places = choose_places(tmp_path)
    places.directory.mkdir()
    (places.directory / "slapd.pid").write_text(f"{os.getpid()}\n")

    assert not stop_directory(places)


class DemoRun:
    """Demos in a folder of their own, whose name has a space."""

    def __init__(self, folder: Path, directory: str = "openldap") -> None:
        self.folder = folder
        self.directory = directory
        self.directory_port = free_port()

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "fixtures.demo", *words),
                *("--folder", str(self.folder), "--directory-port", str(self.directory_port)),
                *("--directory", self.directory),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A shell that starts tests in the background makes them, and us, deaf to Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
        )

    def run(self, *words: str) -> tuple[int, str]:
        process = self.start(*words)
        output, _ = process.communicate(timeout=150)
        return process.returncode, output


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoRun]:
    require_program("slapd", "slapd")
    run = DemoRun(tmp_path / "the demo")
    yield run
    run.run("stop")


@pytest.mark.timeout(300)
def test_demo_without_site_leaves_a_directory_and_another_one_begins_afresh(demo: DemoRun) -> None:
    code, output = demo.run("--serve", "0")
    assert code == 0, output
    assert_second_run_changes_nothing(output)

    afresh = demo.start("--serve", "0")
    shown = read_until(afresh, "== Database:")
    afresh.send_signal(signal.SIGTERM)
    rest, _ = afresh.communicate(timeout=60)

    assert (demo.folder / "previous" / "db.sqlite3").exists(), shown
    require_free(demo.directory_port, "PORT")
    assert rest.splitlines()[-1] == "The demo is over; everything is stopped."


def read_until(process: "subprocess.Popen[str]", line: str) -> str:
    """Return what a demo has printed until it printed this line, or ended."""
    assert process.stdout
    shown = []
    for each in process.stdout:
        shown.append(each)
        if line in each:
            break
    return "".join(shown)


@pytest.mark.timeout(240)
def test_demo_with_a_phone_system_shows_three_corners_and_leaves_nothing_running(demo: DemoRun) -> None:
    output = assert_site_answers_until_the_end(demo, signal.SIGINT, "--phone-system", "mikopbx-simulator")

    rounds = [
        line.strip() for line in output.splitlines() if line.startswith(("    MikoPBX: ", "    Sample company: "))
    ]
    assert [line.partition(":")[0] for line in rounds] == ["Sample company", "MikoPBX", "Sample company"] * 2
    made, moved = rounds[1], rounds[4:]
    assert "56 written_back" in made or "58 written_back" in made, output
    assert "failed" not in "".join(rounds)
    assert ("1 updated" in moved[0], "1 written_back" in moved[1]) == (True, True), output


def assert_second_run_changes_nothing(output: str) -> None:
    """Run the command that the demo shows at its end."""
    command = re.search(r"^    DATABASE_URL='(.+)' \S+ (manage.py sync_ldap --json)$", output, re.MULTILINE)
    assert command, output
    second = subprocess.run(
        [sys.executable, *command[2].split()],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": command[1], "DJANGO_SETTINGS_MODULE": "ldapsync_project.settings"},
        capture_output=True,
        text=True,
        check=False,
    )

    [run] = json.loads(second.stdout)["runs"]
    counts = run["counts"]
    # Changes alone are read, where the directory tells them: all of the demo's do.
    assert (run["read"], counts["read"]) == ("incremental", 0), run["notes"]
    assert (counts["skipped"], {name: counts[name] for name in SECOND_RUN}) == (52, SECOND_RUN)


@pytest.fixture
def domain_demo() -> Iterator[DemoRun]:
    """With an Active Directory. The path is short: Samba's socket lies deep in it."""
    reason = samba.missing()
    if reason:
        skip_or_fail(reason)
    folder = Path(tempfile.mkdtemp(prefix="the demo "))
    run = DemoRun(folder, "ad")
    yield run
    run.run("stop")
    shutil.rmtree(folder)


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("samba_ad")
def test_demo_with_a_domain_can_be_run_ended_and_taken_up_again(domain_demo: DemoRun) -> None:
    code, output = domain_demo.run("--serve", "0")
    assert code == 0, output
    assert_second_run_changes_nothing(output)
    assert "may write everything that is mapped to go out" in output

    stopped = domain_demo.run("stop")
    taken_up = domain_demo.start("directory")
    assert taken_up.stdout
    shown = taken_up.stdout.readline()
    taken_up.send_signal(signal.SIGTERM)
    rest, _ = taken_up.communicate(timeout=60)

    assert (stopped[1], domain_demo.run("stop")[1]) == (
        "The directory is stopped.\n",
        "No directory of the demo is running.\n",
    )
    assert "The sample company is at ldap://127.0.0." in shown, shown + rest


def test_path_that_is_too_long_for_a_domain_is_told_beforehand(tmp_path: Path) -> None:
    assert "too long" in samba.too_long(tmp_path / ("x" * 100))
    assert samba.too_long(Path("/srv/ldapsync/var/demo/samba")) == ""


def assert_site_answers_until_the_end(demo: DemoRun, number: int, *options: str) -> str:
    """Return what the demo had printed until its site was there."""
    port = free_port()
    process = demo.start("--port", str(port), *options)
    shown = read_until(process, "== Ready")
    assert process.poll() is None, shown

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/login/", timeout=30) as answer:
        status = answer.status
    process.send_signal(number)
    rest, _ = process.communicate(timeout=60)

    for taken in (port, demo.directory_port):
        require_free(taken, "PORT")
    assert (status, process.returncode, rest.splitlines()[-1]) == (200, 0, "The demo is over; everything is stopped.")
    return shown


@pytest.mark.timeout(240)
def test_second_demo_beside_the_first_is_refused(demo: DemoRun) -> None:
    first = demo.start("--port", str(free_port()))
    while not (demo.folder / "openldap" / "slapd.pid").exists() and first.poll() is None:
        time.sleep(0.05)

    code, output = demo.run("--serve", "0")

    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)
    assert (code, "A demo is running already" in output) == (1, True)
