from datetime import UTC, datetime

import pytest

from syncapp.core.generalized_time import parse_generalized_time, time_of_change

TIMES = {
    # id: text, expected
    "usual": ("20261123091234Z", datetime(2026, 11, 23, 9, 12, 34, tzinfo=UTC)),
    "active_directory": ("20261123094755.0Z", datetime(2026, 11, 23, 9, 47, 55, tzinfo=UTC)),
    "fraction_of_a_second": ("20261123094755.5Z", datetime(2026, 11, 23, 9, 47, 55, 500_000, tzinfo=UTC)),
    "fraction_of_an_hour": ("2026112309.5Z", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
    "without_seconds": ("202611230947Z", datetime(2026, 11, 23, 9, 47, tzinfo=UTC)),
    "east_of_greenwich": ("20261123094755+0300", datetime(2026, 11, 23, 6, 47, 55, tzinfo=UTC)),
    "west_of_greenwich": ("20261123094755-05", datetime(2026, 11, 23, 14, 47, 55, tzinfo=UTC)),
    "leap_second": ("20261231235960Z", datetime(2027, 1, 1, tzinfo=UTC)),
    "without_zone": ("20261123094755", None),
    "year_0": ("000001010000Z", None),
    "month_13": ("20261323094755Z", None),
    "before_the_calendar": ("00010101000000+0300", None),
    "rubbish": ("tomorrow", None),
}


@pytest.mark.parametrize(("text", "expected"), TIMES.values(), ids=TIMES.keys())
def test_parse_generalized_time(text: str, expected: datetime | None) -> None:
    assert parse_generalized_time(text) == expected


CHANGED = datetime(2026, 11, 23, 9, 47, 55, tzinfo=UTC)
CHANGES = {
    # id: value, expected
    "usual": (b"20261123094755Z", CHANGED),
    "fraction": (b"20261123094755.731Z", CHANGED),
    "offset": (b"20261123094755+0300", CHANGED),
    "without_zone": (b"20261123094755", CHANGED),
    "without_seconds": (b"202611230947Z", None),
    "cut_off": (b"2026112309475", None),
    "second_60": (b"20261231235960Z", None),
    "hour_24": (b"20261123240000Z", None),
    "month_13": (b"20261323094755Z", None),
    "year_0": (b"00000101000000Z", None),
    "blank": (b"20261123 94755Z", None),
    "sign": (b"+0261123094755Z", None),
    "week": (b"2026W471094755Z", None),
    "dashes": (b"2026-11-230947Z", None),
    "digits_of_another_script": ("２0261123094755Z".encode(), None),
    "no_text": (b"\xff" * 14, None),
    "nothing": (b"", None),
}


@pytest.mark.parametrize(("value", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_time_of_change(value: bytes, expected: datetime | None) -> None:
    assert time_of_change(value) == expected
