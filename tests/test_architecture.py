"""Who may import whom (design, section 4)."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

APP = settings.BASE_DIR / "syncapp"

# What the part may import besides the standard library.
ALLOWED = {
    "exceptions.py": (),
    "core": ("phonenumbers", "croniter", "syncapp.core", "syncapp.exceptions"),
    "directory": (
        "ldap",
        "ldif",
        "pyasn1",
        "pyasn1_modules",
        "syncapp.core",
        "syncapp.directory",
        "syncapp.exceptions",
    ),
    "telephony": ("httpx", "syncapp.core", "syncapp.telephony", "syncapp.exceptions"),
}
# Who alone may import a library, and why it matters: another library stays possible.
ALONE = {
    "ldap": ("directory",),
    "ldif": ("directory",),
    "PIL": ("services/pictures.py",),
    "croniter": ("core/schedule.py",),
    "httpx": ("telephony",),
}


def imports(path: Path) -> Iterator[str]:
    """Yield every imported module of a file, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            yield node.module or ""


def files(part: str) -> list[Path]:
    path = APP / part
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_import_contracts_hold() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("part", ALLOWED)
def test_part_imports_only_what_it_may(part: str) -> None:
    foreign = {
        f"{path.relative_to(APP)}: {name}"
        for path in files(part)
        for name in imports(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not within(name, ALLOWED[part])
    }

    assert not foreign


@pytest.mark.parametrize("library", ALONE)
def test_library_is_imported_in_one_place(library: str) -> None:
    elsewhere = {
        str(path.relative_to(APP))
        for path in APP.rglob("*.py")
        if any(within(name, (library,)) for name in imports(path))
        and not str(path.relative_to(APP)).startswith(ALONE[library])
    }

    assert not elsewhere
