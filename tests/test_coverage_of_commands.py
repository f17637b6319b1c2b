"""Every command is called by a test."""

import re

import pytest
from django.conf import settings

COMMANDS = sorted(
    path.stem
    for path in (settings.BASE_DIR / "syncapp" / "management" / "commands").glob("*.py")
    if path.stem[0] != "_"
)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_called_by_a_test(command: str) -> None:
    call = re.compile(rf"""(call_command\(\s*|manage\(\s*|manage\.py["'],?\s*)["']?{command}["'\s]""")

    callers = [
        path
        for path in (settings.BASE_DIR / "tests").rglob("test_*.py")
        if call.search(path.read_text(encoding="utf-8"))
    ]

    assert callers
