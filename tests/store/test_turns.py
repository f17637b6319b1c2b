"""Others get the lock between two chunks, and nobody waits longer for that than needed."""

import time

import pytest
from django.db import connection

from syncapp.store import turns
from syncapp.store.turns import in_turn

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has one writer"),
]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


def test_next_chunk_leaves_the_lock_alone(slept: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PAUSE", 3600.0)
    with in_turn():
        pass
    with in_turn():
        pass

    assert 3500 < slept[-1] <= 3600


def test_what_is_done_between_two_chunks_counts(slept: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    with in_turn():
        pass
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + turns.PAUSE)
    with in_turn():
        pass

    assert slept[-1] == 0


def test_turn_ends_with_a_chunk_that_fails(slept: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PAUSE", 3600.0)
    with pytest.raises(ZeroDivisionError), in_turn():
        raise ZeroDivisionError
    with in_turn():
        pass

    assert slept[-1] > 3500
