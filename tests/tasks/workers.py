"""Workers as an installation has them, each a group of processes that can be told to end, or killed as a whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django_q.tasks import async_task

from syncapp.choices import RunMode, RunStatus, RunTrigger
from syncapp.models import DirectoryServer, SyncRun
from syncapp.services.runs import TASK
from tests.processes import environment, wait_for

CONTENT_OF_STANDARD_ERROR = 20_000


class WorkerProcess:
    """`manage.py worker` and everything that it has started."""

    def __init__(self, folder: Path, *, queued_again_after: int) -> None:
        self.log = folder / f"worker-{len(list(folder.iterdir()))}.log"
        changes = {
            "DJANGO_SETTINGS_MODULE": "tests.worker_settings",
            "CACHE_DIR": str(folder / "cache"),
            "QUEUED_AGAIN_AFTER": str(queued_again_after),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker"],
                cwd=settings.BASE_DIR,
                env=environment(**changes),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def signal_all(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def end(self) -> int:
        """Tell all processes at once to end, as systemd and docker do; return the exit code when nothing is left."""
        self.signal_all(signal.SIGTERM)
        code = self.process.wait(50)
        wait_for(lambda: not self.is_there())
        return code

    def kill(self) -> None:
        """Leave nothing of it, as when the machine loses its power."""
        self.signal_all(signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not self.is_there())

    def is_there(self) -> bool:
        """Whether any process of the group is alive."""
        return any(_group_of(stat) == self.process.pid for stat in Path("/proc").glob("[0-9]*/stat"))

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-CONTENT_OF_STANDARD_ERROR:]


def _group_of(stat: Path) -> int | None:
    """Group of a process; None of one that has ended, whether it is still listed or not."""
    try:
        state, _parent, group = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
    except OSError:
        return None
    return None if state in "ZX" else int(group)


@contextmanager
def worker(folder: Path, *, queued_again_after: int = 3) -> Iterator[WorkerProcess]:
    """Start one; after twice `queued_again_after` seconds it takes itself for stuck where nothing is taken up."""
    started = WorkerProcess(folder, queued_again_after=queued_again_after)
    try:
        yield started
    except BaseException as error:
        error.add_note(started.said())
        raise
    finally:
        started.signal_all(signal.SIGKILL)
        started.process.wait()


def queue(server: DirectoryServer, *, times: int = 1, **values: object) -> SyncRun:
    """Queue a run as a person does, and deliver its task so many times."""
    defaults = {"mode": RunMode.APPLY, "trigger": RunTrigger.MANUAL, "status": RunStatus.QUEUED}
    run = SyncRun.objects.create(endpoint=server, **{**defaults, **values})
    for _time in range(times):
        async_task(TASK, run.pk, sync=False)
    return run


def has_ended(run: SyncRun) -> bool:
    run.refresh_from_db()
    return run.finished_at is not None


def process_of(run: SyncRun) -> int:
    """The process that carries a run out."""
    run.refresh_from_db()
    return int(run.worker.split(" ")[1])
