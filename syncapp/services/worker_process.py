"""Which worker this process belongs to, and whether that worker has been told to end.

`manage.py worker` says both before it starts the processes that carry out runs: they
inherit it. The wish to end is a byte of memory that all of them share, without a lock,
for whoever is killed while holding a lock keeps all others from it.
"""

import ctypes
import mmap
import os
import signal
import socket
from pathlib import Path

_shared = mmap.mmap(-1, 1)
_worker = ""
_PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def begin(worker: str) -> None:
    """Say that this process, and all that it starts from now on, are those of a worker."""
    global _worker  # one worker for each process, for good
    _worker = worker
    _shared[0] = 0


def tie_children() -> None:
    """Let every process that is forked from now on end with the one that forked it.

    Where the head of a worker is killed, nobody would ever end the others; where the
    process is killed that looks after those who work, they would wait for tasks for ever.
    """
    os.register_at_fork(after_in_child=_end_with_parent)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def tell_to_stop() -> None:
    _shared[0] = 1


def is_to_stop() -> bool:
    return bool(_shared[0])


def name() -> str:
    """Return machine, process and, where it has one, worker of this process, as runs keep it."""
    return " ".join(part for part in (socket.gethostname()[:80], str(os.getpid()), _worker) if part)


def pid_of(stored: str, *, worker: str) -> int | None:
    """Return the process that a run was carried out by; None where it was not one of this worker."""
    machine, _space, rest = stored.partition(" ")
    pid, _space, of = rest.partition(" ")
    return int(pid) if of == worker and machine == socket.gethostname()[:80] and pid.isdigit() else None


def is_alive(pid: int) -> bool:
    """Whether the process is there; one that has ended and is still listed, because nobody asked for it, is not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
