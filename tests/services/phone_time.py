"""One clock for a phone system, the database and whoever waits: it goes on when somebody sleeps."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db.models import DateTimeField, Value


class Time:
    """The clock, and something that happens at a moment of it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.happens: Callable[[], object] = lambda: None
        self.at = float("inf")

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds)
        if self.now >= self.at:
            self.at = float("inf")
            self.happens()

    def in_database(self) -> Value:
        return Value(datetime.fromtimestamp(self.now, UTC), output_field=DateTimeField())


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr("syncapp.store.phone_budget.Now", time.in_database)
    return time
