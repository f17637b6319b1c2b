"""SQLite has one writer: between two chunks others get their turn."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local

from django.db import connection

PAUSE = 0.02  # seconds; without it chunk after chunk starves other writers


class _Last(local):
    ended = 0.0


_last = _Last()


@contextmanager
def in_turn() -> Iterator[None]:
    """Write a chunk for the time of the block, when others could have had the lock for a while since the last one.

    What was done without it meanwhile counts: to read and to prepare the next thousand
    people takes longer than the pause.
    """
    if connection.vendor == "sqlite":
        time.sleep(max(0.0, _last.ended + PAUSE - time.monotonic()))
    try:
        yield
    finally:
        _last.ended = time.monotonic()
