"""When an endpoint is synchronised by itself: its rhythm, the next time, and waiting longer after failures.

Times come in as arguments; `seed` is a number of the installation and the endpoint,
by which many installations do not knock at one moment. The same seed always gives
the same time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from croniter import croniter

LONGEST_INTERVAL = 7 * 24 * 60  # minutes; who wants it rarer wants cron
LONGEST_PAUSE = timedelta(hours=6)
# The first pause of a rhythm by cron, which names moments and no interval.
_CRON_PAUSE = timedelta(minutes=5)
# How long the faster rhythm lasts after a run that changed something.
LIVELY = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

KEYS = frozenset({"every_minutes", "cron", "off", "faster_after_change"})


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Either a number of minutes, perhaps with a smaller one after changes, or a cron expression."""

    every_minutes: int = 0
    faster_after_change: int = 0
    cron: str = ""


def mistakes(stored: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return what is wrong with a schedule, as codes with parameters.

    It is stored as {"every_minutes": 60}, to which "faster_after_change": 5 may be
    added, {"cron": "…"}, {"off": true}, or {} where nobody has said anything.
    """
    if not stored:
        return []
    rhythms = stored.keys() & {"every_minutes", "cron", "off"}
    if len(rhythms) != 1 or stored.keys() - KEYS or stored.get("off", True) is not True:
        return [("schedule_malformed", {})]
    if "faster_after_change" in stored and rhythms != {"every_minutes"}:
        return [("schedule_faster_alone", {})]
    if "cron" in stored:
        return [] if _is_cron(stored["cron"]) else [("schedule_cron", {"cron": str(stored["cron"])})]
    minutes = stored.get("every_minutes", 1)
    if not _is_interval(minutes):
        return [("schedule_minutes", {"longest": LONGEST_INTERVAL})]
    faster = stored.get("faster_after_change", 0)
    if "faster_after_change" in stored and (not _is_interval(faster) or faster >= minutes):
        return [("schedule_faster", {"minutes": minutes})]
    return []


def rhythm_of(stored: Mapping[str, Any]) -> Rhythm | None:
    """Return the rhythm of a stored schedule; None where nothing is to run by itself, or cannot be understood."""
    if not stored or "off" in stored or mistakes(stored):
        return None
    return Rhythm(**stored)


def regular_time(rhythm: Rhythm, *, after: datetime, seed: int, zone: tzinfo) -> datetime:
    """Return the first moment of the rhythm after another one.

    Minutes are counted on a grid of the endpoint's own, so that a run that came late
    does not move those that follow. A cron expression is read in `zone`, and begins
    some seconds into its minute.
    """
    if rhythm.cron:
        shift = timedelta(seconds=seed % 60)
        following: datetime = croniter(rhythm.cron, (after - shift).astimezone(zone)).get_next(datetime)
        return following.astimezone(UTC) + shift
    period = timedelta(minutes=rhythm.every_minutes)
    shift = timedelta(seconds=seed % int(period.total_seconds()))
    return _EPOCH + shift + ((after - _EPOCH - shift) // period + 1) * period


def pause_after(rhythm: Rhythm, failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row; none after the first one, which may be chance."""
    if failures < 2:
        return timedelta(0)
    usual = timedelta(minutes=rhythm.every_minutes) if rhythm.every_minutes else _CRON_PAUSE
    # Twelve doublings are more than the longest pause; a year of failures would be too big a number.
    doubled: timedelta = usual * 2 ** min(failures - 1, 12)
    return min(doubled, max(LONGEST_PAUSE, usual))


def next_time(
    rhythm: Rhythm,
    *,
    now: datetime,
    seed: int,
    zone: tzinfo,
    ended: datetime | None = None,
    failures: int = 0,
    changed: datetime | None = None,
) -> datetime:
    """Return when to run next.

    `ended` is the end of the last run, `failures` how many in a row have failed, and
    `changed` the end of the last run that changed something.
    """
    regular = regular_time(rhythm, after=now, seed=seed, zone=zone)
    pause = pause_after(rhythm, failures)
    if ended is not None and pause:
        if rhythm.cron:
            return regular_time(rhythm, after=max(now, ended + pause), seed=seed, zone=zone)
        return max(now, ended + pause)
    if rhythm.faster_after_change and ended is not None and changed is not None and not failures:
        soon = max(now, ended + timedelta(minutes=rhythm.faster_after_change))
        if soon < changed + LIVELY:
            return min(soon, regular)
    return regular


def _is_interval(minutes: Any) -> bool:
    return type(minutes) is int and 1 <= minutes <= LONGEST_INTERVAL


def _is_cron(expression: Any) -> bool:
    """Five fields that some day fulfils: croniter also takes seconds, and 31 February."""
    return isinstance(expression, str) and len(expression.split()) == 5 and croniter.is_valid(expression, strict=True)
