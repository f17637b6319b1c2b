"""When changes alone are no ground to go on from."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syncapp.core.watermark import Bookmark, Watermark, last_night, reason_to_read_everybody

NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Moscow"))
HERE, THERE = "ldap://dc1.example.test", "ldap://dc2.example.test"
BOOKMARK = Bookmark(
    Watermark("syncrepl", HERE, "", {"dc=example": "1"}, ""), "settings", NOON - timedelta(hours=2), records=3, newest=3
)


@pytest.mark.parametrize(
    ("digest", "uri", "read_at", "code"),
    [
        ("settings", HERE, NOON - timedelta(hours=2), None),
        ("others", HERE, NOON - timedelta(hours=2), "full_read_settings"),
        ("settings", THERE, NOON - timedelta(hours=2), "full_read_controller"),
        ("settings", HERE, NOON - timedelta(hours=9), None),
        ("settings", HERE, NOON - timedelta(hours=9, seconds=1), "full_read_nightly"),
    ],
    ids=["good", "settings", "controller", "read at the hour", "read before the hour"],
)
def test_reason_to_read_everybody(digest: str, uri: str, read_at: datetime, code: str | None) -> None:
    bookmark = BOOKMARK._replace(read_at=read_at)

    reason = reason_to_read_everybody(bookmark, settings=digest, uri=uri, now=NOON, hour=3)

    assert (reason.code if reason is not None else None) == code


@pytest.mark.parametrize(("hour", "expected"), [(3, (23, 3)), (12, (23, 12)), (13, (22, 13))])
def test_last_night_is_today_or_yesterday(hour: int, expected: tuple[int, int]) -> None:
    night = last_night(NOON, hour)

    assert (night.day, night.hour, night.minute) == (*expected, 0)
