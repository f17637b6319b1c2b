"""A throw-away PostgreSQL: a cluster in a folder of its own, ended by its process id."""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

_START_LIMIT = 40.0  # seconds
_STOP_LIMIT = 10.0
_SUPERUSER = "ldapsync"


def find_binaries() -> Path | None:
    """Return the folder of `initdb` and `postgres`; Debian keeps it out of PATH."""
    found = shutil.which("initdb")
    folders = [str(Path(found).parent)] if found else glob.glob("/usr/lib/postgresql/*/bin")
    whole = [Path(folder) for folder in sorted(folders) if Path(folder, "initdb").exists()]
    return whole[-1] if whole else None


class PostgreSql:
    """One cluster on 127.0.0.1, without password and without care for power cuts."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._log = self.folder / "log"
        # The server refuses to run as root, as tests in a container do.
        self._user: dict[str, Any] = {}
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            self._user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port: int = listener.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        return f"postgres://{_SUPERUSER}:-@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """Make an empty database and return its address."""
        with self._connect() as connection:
            connection.execute(f'CREATE DATABASE "{database}"')  # type: ignore[call-overload]  # a name of the tests
        return self.url(database)

    def __enter__(self) -> Self:
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-U", _SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self._start()
        return self

    def _start(self) -> None:
        data = self.folder / "data"
        quick = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=127.0.0.1")
        options = [part for each in (*quick, f"unix_socket_directories={self.folder}") for part in ("-c", each)]
        command = [str(self._binaries / "postgres"), "-D", str(data), "-p", str(self.port), *options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._user
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Shut down at once, and throw everybody out; `restart` brings it back."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(_STOP_LIMIT)

    def restart(self) -> None:
        self._start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nothing of it is wanted any more
            try:
                self._process.wait(_STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _connect(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=_SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=2
        )

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._binaries / program), *arguments], cwd=self.folder, capture_output=True, check=False, **self._user
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace').strip()}")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_LIMIT
        while self._process and self._process.poll() is None and time.monotonic() < deadline:
            try:
                self._connect().close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start: {self._log.read_text(errors='replace').strip()[-2000:]}")
