"""What people start the product with: the make targets, and what stands behind them."""

import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from tests.conftest import require_program

ROOT = settings.BASE_DIR
# What the scripts themselves call, so that a PATH can be made without the rest.
TOOLS = ("bash", "sh", "env", "cat", "tail", "rm", "mktemp", "dirname", "mkdir", "sha256sum", "true", "grep")


@pytest.fixture
def stub(tmp_path: Path) -> Callable[[str, str], Path]:
    """Make a folder of programs; `stub(name, script)` adds one and returns the folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))

    def add(name: str, script: str) -> Path:
        file = folder / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return folder

    for present in ("python3", "gcc", "slapd", "msgfmt", "chromium", "postgres", "redis-server"):
        add(present, "exit 0")
    return add


def run_packages(folder: Path, purpose: str = "run", **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ROOT / "deploy" / "system-packages.sh", purpose],
        env={"PATH": str(folder), "TMPDIR": str(folder.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def headers() -> None:
    """The header files are looked for where they are, so they must be there."""
    if not Path("/usr/include/ldap.h").exists() or not Path("/usr/include/sasl/sasl.h").exists():
        pytest.skip("libldap2-dev and libsasl2-dev are not installed in /usr/include")


@pytest.mark.usefixtures("headers")
def test_packages_touch_nothing_when_nothing_is_missing(stub: Callable[[str, str], Path]) -> None:
    stub("apt-get", 'echo called >"$0.log"')
    folder = stub("ldapsearch", "exit 0")

    done = run_packages(folder)

    assert (done.returncode, done.stdout, done.stderr, (folder / "apt-get.log").exists()) == (0, "", "", False)


@pytest.mark.usefixtures("headers")
def test_packages_are_installed_by_root_with_new_lists(stub: Callable[[str, str], Path]) -> None:
    stub("id", "echo 0")
    folder = stub("apt-get", 'echo "$@" >>"$0.log"')

    run_packages(folder)

    calls = [line.split() for line in (folder / "apt-get.log").read_text().splitlines()]
    assert [call[-1] for call in calls] == ["update", "ldap-utils"]


@pytest.mark.usefixtures("headers")
def test_packages_are_installed_although_the_lists_could_not_be_read_anew(stub: Callable[[str, str], Path]) -> None:
    stub("id", "echo 0")
    folder = stub("apt-get", 'case "$*" in *update) exit 100;; esac')

    assert run_packages(folder).returncode == 0


@pytest.mark.usefixtures("headers")
def test_packages_are_installed_through_sudo_that_asks_for_nothing(stub: Callable[[str, str], Path]) -> None:
    stub("id", "echo 1000")
    stub("sudo", 'shift; exec "$@"')
    folder = stub("apt-get", 'echo "$@" >>"$0.log"')

    run_packages(folder)

    assert "ldap-utils" in (folder / "apt-get.log").read_text()


@pytest.mark.usefixtures("headers")
@pytest.mark.parametrize("sudo", ["exit 1", ""], ids=["sudo asks for a password", "no sudo"])
def test_packages_are_listed_for_who_may_not_install(sudo: str, stub: Callable[[str, str], Path]) -> None:
    stub("id", "echo 1000")
    if sudo:
        stub("sudo", sudo)
    folder = stub("apt-get", 'echo called >"$0.log"')

    done = run_packages(folder)

    listed = "apt-get install --no-install-recommends ldap-utils\n" in done.stderr
    assert (done.returncode, listed, (folder / "apt-get.log").exists()) == (1, True, False)


@pytest.mark.usefixtures("headers")
def test_packages_that_cannot_be_installed_end_with_the_reason(stub: Callable[[str, str], Path]) -> None:
    stub("id", "echo 0")
    folder = stub("apt-get", 'case "$*" in *install*) echo "E: no such mirror" >&2; exit 100;; esac')

    done = run_packages(folder)

    assert (done.returncode, "E: no such mirror" in done.stderr, "could not install: ldap-utils" in done.stderr) == (
        1,
        True,
        True,
    )


@pytest.mark.usefixtures("headers")
def test_packages_of_the_tests_are_not_asked_for_by_the_demo(stub: Callable[[str, str], Path]) -> None:
    folder = stub("ldapsearch", "exit 0")
    (folder / "chromium").unlink()

    assert run_packages(folder).returncode == 0


@pytest.mark.usefixtures("headers")
def test_packages_of_a_domain_are_asked_for_by_the_demo_that_wants_one(stub: Callable[[str, str], Path]) -> None:
    stub("ldapsearch", "exit 0")
    stub("id", "echo 1000")
    folder = stub("apt-get", "exit 0")

    done = run_packages(folder, DIRECTORY="ad")

    assert (done.returncode, run_packages(folder, DIRECTORY="openldap").returncode) == (1, 0)
    assert "samba-ad-dc samba-ad-provision" in done.stderr


@pytest.fixture
def without_directories(stub: Callable[[str, str], Path]) -> Callable[[str, str], Path]:
    """Everything is there that the tests cannot do without."""
    font = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not font.exists():
        pytest.skip("fonts-dejavu-core is not installed")
    stub("ldapsearch", "exit 0")
    return stub


@pytest.mark.usefixtures("headers")
def test_packages_that_some_tests_need_are_named_where_they_cannot_be_installed(
    without_directories: Callable[[str, str], Path],
) -> None:
    without_directories("id", "echo 1000")
    folder = without_directories("apt-get", 'echo called >"$0.log"')

    done = run_packages(folder, "test")

    named = "will be skipped, for these packages are missing: 389-ds-base\n" in done.stderr
    assert (done.returncode, named, (folder / "apt-get.log").exists()) == (0, True, False)


@pytest.mark.usefixtures("headers")
def test_packages_that_the_distribution_does_not_have_are_named_and_stop_nothing(
    without_directories: Callable[[str, str], Path],
) -> None:
    without_directories("id", "echo 0")
    without_directories("apt-cache", "exit 100")
    folder = without_directories("apt-get", 'echo "$@" >>"$0.log"')

    done = run_packages(folder, "test")

    assert "There is no package 389-ds-base here: the tests that need it will be skipped." in done.stderr
    assert (done.returncode, "install" in (folder / "apt-get.log").read_text()) == (0, False)


def test_an_old_python_is_refused_before_anything_is_installed(stub: Callable[[str, str], Path]) -> None:
    folder = stub("python3", 'case "$1" in -V) echo "Python 3.9.2";; *) exit 1;; esac')

    done = subprocess.run(
        [ROOT / "deploy" / "prepare.sh", "run"],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, "Python 3.11 or newer is needed, and python3 is Python 3.9.2." in done.stderr) == (1, True)


def test_make_help_lists_every_target_that_people_call() -> None:
    require_program("make", "make")
    targets = set(re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called = {name for line in targets for name in line.split() if not name.startswith("ready-")}

    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert set(re.findall(r"^  make ([a-z-]+)", listed, re.MULTILINE)) == called
