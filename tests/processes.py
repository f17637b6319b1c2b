"""Commands as processes of their own, on the database of the tests: to be killed, stopped and raced.

Nothing here waits a fixed time: `wait_for` asks again and again until something
is so, and fails when the machine is hopelessly slow.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection

LIMIT = 50.0  # seconds, below the time that a test may take
_ASK_AGAIN_AFTER = 0.02


def database_url() -> str:
    """The test database as a process of its own finds it."""
    row = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{row['NAME']}"
    return f"postgres://{row['USER']}:{row['PASSWORD']}@{row['HOST']}:{row['PORT']}/{row['NAME']}"


def environment(**changes: str) -> dict[str, str]:
    """What commands are started with: the settings of an installation, and our database and keys."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "ldapsync_project.settings",
        "DATABASE_URL": database_url(),
        "PHOTO_DIR": str(settings.PHOTO_DIR),
        "PYTHONWARNINGS": "",
        **changes,
    }


@contextmanager
def started(*arguments: str, **changes: str) -> "Iterator[subprocess.Popen[str]]":
    """Start `manage.py …`; whatever is left of it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextmanager
def cluster(**changes: str) -> "Iterator[subprocess.Popen[str]]":
    """Start `manage.py worker`; at the end it is told to stop, for its processes would outlive a killed head."""
    with started("worker", **{"WORKERS": "1", **changes}) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(LIMIT)


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Wait for the end; return exit code, standard output and standard error."""
    out, err = process.communicate(timeout=LIMIT)
    return process.returncode, out, err


def manage(*arguments: str, **changes: str) -> tuple[int, str, str]:
    """Run `manage.py …` to its end."""
    with started(*arguments, **changes) as process:
        return finish(process)


def report(*arguments: str, **changes: str) -> tuple[int, dict[str, Any]]:
    """Run `manage.py sync_ldap --json …`; return exit code and what stands on standard output."""
    code, out, err = manage("sync_ldap", "--json", *arguments, **changes)
    assert out, err
    return code, json.loads(out)


def wait_for(
    condition: Callable[[], bool], *, process: "subprocess.Popen[str] | None" = None, limit: float = LIMIT
) -> None:
    """Ask until the condition holds; give up when the process has ended without it, or after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        ended = process is not None and process.poll() is not None
        if ended and not condition():
            assert process is not None
            raise AssertionError(f"the process ended before that: {process.communicate()}")
        if time.monotonic() > deadline:
            raise AssertionError("this did not come true in time")
        time.sleep(_ASK_AGAIN_AFTER)
