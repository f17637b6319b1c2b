"""The worker as a whole: django-q2's cluster, kept well and ended in order.

Signals that end a process are blocked here before the cluster is started, and so in
every process of it: systemd, `docker stop` and Ctrl-C may tell all of them at once, and
only this one listens. It lets the runs finish what they are about to do, and kills what
has not ended in time.
"""

import logging
import signal
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connections
from django_q.cluster import Cluster
from django_q.conf import Conf

from syncapp.services import schedules, upkeep, worker_process

logger = logging.getLogger(__name__)

ENDS = frozenset({signal.SIGTERM, signal.SIGINT})
# Every so many looks the schedules are compared with the servers, which changes rarely.
SCHEDULES_EVERY = 6
# A cluster whose processes wait for a lock that a killed one held looks idle for ever.
IDLE_LOOKS = 3
_DIES_WITHIN = 5.0  # seconds


class Worker:
    """One cluster, from its start to its end."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self.cluster: Cluster | None = None
        self._looks = 0
        self._idle_looks = 0
        self._began = 0.0

    def run(self) -> int:
        """Work until a signal says to end; return the exit code."""
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
        worker_process.tie_children()
        try:
            self._start()
        except RuntimeError as error:  # that is how django-q2 says that its cluster did not come up
            logger.error("The cluster did not start: %s", error)  # a traceback would say no more
            return 1
        while True:
            if signal.sigtimedwait(ENDS, settings.WORKER_LOOKS_EVERY.total_seconds()) is not None:
                self._end()
                return 0
            if not self._cluster.sentinel.is_alive():
                logger.error("The cluster died, and the worker ends with it")
                self._close_dead_runs()
                return 1
            self._look()

    @property
    def _cluster(self) -> Cluster:
        assert self.cluster is not None  # noqa: S101  # set by `_start`
        return self.cluster

    def _start(self) -> None:
        worker_process.begin(self.name)
        self._try(schedules.keep_schedules)
        self._try(upkeep.keep_regular_tasks)
        # A connection that two processes use is broken for both.
        connections.close_all()
        self.cluster = Cluster()
        self.cluster.start()
        self._began = time.monotonic()

    def _look(self) -> None:
        """Find killed runs, lost ones and changed schedules; a database that is away is asked again next time."""
        self._looks += 1
        self._close_dead_runs()
        self._try(self._care_for_the_queue)
        if self._looks % SCHEDULES_EVERY == 0:
            self._try(schedules.keep_schedules)
            self._try(upkeep.keep_regular_tasks)

    def _care_for_the_queue(self) -> None:
        busy = upkeep.runs_of(self.name)
        if busy < Conf.WORKERS:
            upkeep.queue_lost_runs_again()
        had_time = time.monotonic() - self._began > 2 * settings.QUEUED_AGAIN_AFTER.total_seconds()
        stuck = not busy and had_time and upkeep.somebody_waits_too_long()
        self._idle_looks = self._idle_looks + 1 if stuck else 0
        if self._idle_looks >= IDLE_LOOKS:
            logger.error("Nobody here takes what is queued: the cluster is started anew")
            self._idle_looks = 0
            self._kill()
            self._start()
            upkeep.queue_lost_runs_again(all_of_them=True)

    def _end(self) -> None:
        """Let the runs end themselves at their next chunk, and the cluster when they have; a second signal hurries."""
        worker_process.tell_to_stop()
        self._cluster.stop_event.set()
        deadline = time.monotonic() + settings.WORKER_ENDS_WITHIN.total_seconds()
        sentinel = self._cluster.sentinel
        while sentinel.is_alive() and time.monotonic() < deadline:
            sentinel.join(0.1)
            if signal.sigtimedwait(ENDS, 0) is not None:
                break
        if sentinel.is_alive():
            logger.error("The cluster did not end in time, and is killed")
            self._kill()
        self._close_dead_runs()

    def _kill(self) -> None:
        """End the cluster at once: its other processes are tied to the one that is killed."""
        stat = self._cluster.stat
        self._cluster.sentinel.kill()
        self._cluster.sentinel.join()
        patience = time.monotonic() + _DIES_WITHIN
        while any(map(worker_process.is_alive, stat.workers)) and time.monotonic() < patience:
            time.sleep(0.05)

    def _close_dead_runs(self) -> None:
        self._try(lambda: upkeep.close_dead_runs(self.name))

    def _try(self, step: Callable[[], object]) -> None:
        close_old_connections()
        try:
            step()
        except (DatabaseError, OSError):
            logger.exception("The database or the broker does not answer; the next look tries again")
