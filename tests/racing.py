"""Two transactions at the same time: one that has written and not committed yet, and one beside it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

from django.db import connections, transaction

LIMIT = 30.0  # seconds
STAYS_OPEN = 0.3  # seconds that whoever does not wait for the first one has to get done


@contextmanager
def uncommitted(work: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """Yield what does `work` in another thread's transaction.

    That one is committed when the block is over, or when the block has been waiting
    for it for a moment.
    """
    done, over = Event(), Event()
    begun: list[Future[None]] = []

    def hold() -> None:
        try:
            with transaction.atomic():
                work()
                done.set()
                over.wait(STAYS_OPEN)
        finally:
            done.set()
            connections.close_all()

    def begin() -> None:
        begun.append(pool.submit(hold))
        assert done.wait(LIMIT)

    with ThreadPoolExecutor(1) as pool:
        try:
            yield begin
        finally:
            over.set()
        for future in begun:
            future.result(LIMIT)
