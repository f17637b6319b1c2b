"""What the tests of this folder expect."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from syncapp.exceptions import SyncError

PATIENCE = 12.0  # seconds; the single limits in these tests are 2 at most


@contextmanager
def refusal(kind: type[SyncError], code: str) -> Iterator[list[SyncError]]:
    """Expect an error of this class with this code, in time; the list gets it."""
    caught: list[SyncError] = []
    started = monotonic()
    with pytest.raises(kind) as info:
        yield caught
    caught.append(info.value)
    assert (info.value.code, monotonic() - started < PATIENCE) == (code, True), str(info.value)
