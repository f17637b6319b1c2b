"""When an endpoint is synchronised by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.schedule import (
    LONGEST_PAUSE,
    Rhythm,
    mistakes,
    next_time,
    pause_after,
    regular_time,
    rhythm_of,
)

NOW = datetime(2026, 11, 23, 12, 7, tzinfo=UTC)  # a Monday
MINUTE = timedelta(minutes=1)
HOURLY = Rhythm(every_minutes=60)
OFFICE = Rhythm(cron="*/5 8-19 * * 1-5")

STORED: dict[str, tuple[dict[str, Any], Rhythm | None, list[str]]] = {
    "not_given": ({}, None, []),
    "off": ({"off": True}, None, []),
    "minutes": ({"every_minutes": 60}, HOURLY, []),
    "faster_after_change": (
        {"every_minutes": 60, "faster_after_change": 5},
        Rhythm(every_minutes=60, faster_after_change=5),
        [],
    ),
    "cron": ({"cron": "*/5 8-19 * * 1-5"}, OFFICE, []),
    "off_as_a_word": ({"off": "yes"}, None, ["schedule_malformed"]),
    "two_rhythms": ({"every_minutes": 5, "cron": "* * * * *"}, None, ["schedule_malformed"]),
    "off_and_minutes": ({"off": True, "every_minutes": 5}, None, ["schedule_malformed"]),
    "unknown": ({"every_hours": 1}, None, ["schedule_malformed"]),
    "unknown_beside_minutes": ({"every_minutes": 1, "hours": 1}, None, ["schedule_malformed"]),
    "faster_alone": ({"faster_after_change": 5}, None, ["schedule_malformed"]),
    "faster_with_cron": ({"cron": "* * * * *", "faster_after_change": 5}, None, ["schedule_faster_alone"]),
    "faster_is_slower": ({"every_minutes": 5, "faster_after_change": 5}, None, ["schedule_faster"]),
    "faster_is_nothing": ({"every_minutes": 5, "faster_after_change": 0}, None, ["schedule_faster"]),
    "truth_for_a_number": ({"every_minutes": True}, None, ["schedule_minutes"]),
    "seconds": ({"cron": "* * * * * *"}, None, ["schedule_cron"]),
}


@pytest.mark.parametrize(("stored", "rhythm", "codes"), STORED.values(), ids=STORED.keys())
def test_stored_schedule_is_a_rhythm_or_says_what_is_wrong(
    stored: dict[str, Any], rhythm: Rhythm | None, codes: list[str]
) -> None:
    assert rhythm_of(stored) == rhythm
    assert [code for code, _params in mistakes(stored)] == codes


RHYTHMS = st.one_of(
    st.integers(1, 7 * 24 * 60).map(lambda minutes: Rhythm(every_minutes=minutes)),
    st.sampled_from(["*/5 8-19 * * 1-5", "0 3 * * *", "30 12 1 * *", "* * * * *"]).map(lambda text: Rhythm(cron=text)),
)
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants naive bounds
ZONES = st.sampled_from(["UTC", "Europe/Moscow", "Europe/Berlin", "America/New_York"]).map(ZoneInfo)
SEEDS = st.integers(0, 2**64 - 1)


@given(rhythm=RHYTHMS, now=TIMES, seed=SEEDS, zone=ZONES)
def test_regular_time_is_always_ahead_and_of_one_grid(rhythm: Rhythm, now: datetime, seed: int, zone: ZoneInfo) -> None:
    first = regular_time(rhythm, after=now, seed=seed, zone=zone)
    second = regular_time(rhythm, after=first, seed=seed, zone=zone)

    assert now < first < second
    # Whenever in between it is asked, it is the same moment.
    assert regular_time(rhythm, after=first + (second - first) / 2, seed=seed, zone=zone) == second
    if rhythm.every_minutes:
        assert second - first == rhythm.every_minutes * MINUTE


def test_installations_do_not_knock_at_one_moment() -> None:
    times = {regular_time(HOURLY, after=NOW, seed=seed * 7919, zone=UTC) for seed in range(100)}

    assert len(times) > 90
    assert all(NOW < time <= NOW + 60 * MINUTE for time in times)


def test_cron_is_read_in_the_zone_and_begins_within_its_minute() -> None:
    daily = Rhythm(cron="0 3 * * *")

    time = regular_time(daily, after=NOW, seed=17, zone=ZoneInfo("Europe/Moscow"))

    assert time == datetime(2026, 11, 24, 0, 0, 17, tzinfo=UTC)


PAUSES = {
    # minutes of the rhythm: pauses after 1, 2, 3 … failures
    1: [0, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360],
    5: [0, 10, 20, 40, 80, 160, 320, 360, 360],
    240: [0, 360, 360],
    720: [0, 720, 720],
}


@pytest.mark.parametrize(("minutes", "pauses"), PAUSES.items())
def test_pause_grows_to_six_hours_and_never_below_the_rhythm(minutes: int, pauses: list[int]) -> None:
    rhythm = Rhythm(every_minutes=minutes)

    assert [pause_after(rhythm, number) // MINUTE for number in range(1, len(pauses) + 1)] == pauses
    assert pause_after(rhythm, 10**6) == max(LONGEST_PAUSE, minutes * MINUTE)


def test_failing_server_is_tried_later_and_comes_back_to_its_rhythm() -> None:
    every = Rhythm(every_minutes=5)

    failing = next_time(every, now=NOW, seed=3, zone=UTC, ended=NOW, failures=4)
    recovered = next_time(every, now=NOW, seed=3, zone=UTC, ended=NOW, failures=0)

    assert failing == NOW + 40 * MINUTE
    assert recovered == regular_time(every, after=NOW, seed=3, zone=UTC)


def test_try_that_was_missed_is_made_up_for_at_once() -> None:
    every = Rhythm(every_minutes=5)

    assert next_time(every, now=NOW, seed=0, zone=UTC, ended=NOW - 90 * MINUTE, failures=4) == NOW


def test_pause_leaves_the_hours_of_a_cron_expression() -> None:
    evening = datetime(2026, 11, 23, 19, 54, tzinfo=UTC)

    time = next_time(OFFICE, now=evening, seed=0, zone=UTC, ended=evening, failures=2)

    assert time == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


LIVELY = Rhythm(every_minutes=60, faster_after_change=5)
FASTER = {
    # id: minutes since the change, failures, faster?
    "just_changed": (0, 0, True),
    "half_an_hour_later": (30, 0, True),
    "hour_is_over": (56, 0, False),
    "failing": (0, 1, False),
}


@pytest.mark.parametrize(("ago", "failures", "faster"), FASTER.values(), ids=FASTER.keys())
def test_rhythm_is_faster_for_an_hour_after_a_change(ago: int, failures: int, faster: bool) -> None:
    seed = 40 * 60  # its regular time is 12:40

    time = next_time(LIVELY, now=NOW, seed=seed, zone=UTC, ended=NOW, failures=failures, changed=NOW - ago * MINUTE)

    assert time == (NOW + 5 * MINUTE if faster else NOW.replace(minute=40))
