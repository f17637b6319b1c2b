"""The charts of the overview: people by status and by state, and the runs of the last days."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from syncapp.choices import RunMode, RunStatus, State, Status
from syncapp.models import SyncRecord, SyncRun
from syncapp.views.display import OUTCOMES, STATES, list_url

DAYS = 30
# What a day's runs came to, from the best to the worst, with the tone of the bar's part.
GOOD, OPEN, BAD = "good", "open", "bad"
_KIND_OF_END = {
    RunStatus.COMPLETED: GOOD,
    RunStatus.PARTIAL: OPEN,
    RunStatus.HELD: OPEN,
    RunStatus.CANCELLED: OPEN,
    RunStatus.FAILED: BAD,
    RunStatus.CRASHED: BAD,
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: how many, of what, and its share in percent."""

    name: str
    label: str
    count: int
    share: float
    url: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """The runs of one day; heights are percent of the busiest day."""

    label: str
    text: str
    parts: tuple[tuple[str, float], ...]


def people_by(column: str) -> dict[str, int]:
    """Count the entries of all servers by `status` or `state` (one query over an index)."""
    return dict(SyncRecord.objects.order_by().values_list(column).annotate(number=Count("pk")))


def status_bar(counts: Mapping[str, int]) -> list[Part]:
    return _bar(counts, dict(Status.choices), OUTCOMES, "status__exact")


def state_bar(counts: Mapping[str, int]) -> list[Part]:
    return _bar(counts, dict(State.choices), STATES, "state__exact")


def _bar(
    counts: Mapping[str, int], labels: Mapping[str, Any], known: Mapping[str, tuple[str, str]], query: str
) -> list[Part]:
    total = sum(counts.values())
    return [
        Part(
            name=value,
            label=capfirst(str(labels[value])),
            count=counts[value],
            share=round(counts[value] * 100 / total, 2),
            url=list_url("syncrecord", **{query: value}),
        )
        for value in known
        if counts.get(value) and value in labels
    ]


def last_days(today: date) -> list[Day]:
    """Return what the runs of the last 30 days came to, the oldest day first (one query)."""
    first = today - timedelta(days=DAYS - 1)
    rows = (
        SyncRun.objects.exclude(mode=RunMode.EDIT)
        .filter(finished_at__date__gte=first, status__in=_KIND_OF_END)
        .order_by()
        .values_list(TruncDate("finished_at"), "status")
        .annotate(number=Count("pk"))
    )
    ends: dict[date, Counter[str]] = {first + timedelta(days=number): Counter() for number in range(DAYS)}
    for day, status, number in rows:
        if day in ends:
            ends[day][_KIND_OF_END[RunStatus(status)]] += number
    most = max(count.total() for count in ends.values()) or 1
    return [_day(day, count, most) for day, count in ends.items()]


def _day(day: date, ends: Counter[str], most: int) -> Day:
    label = date_format(day, "SHORT_DATE_FORMAT")
    said = [
        (GOOD, _("%(count)d completed")),
        (OPEN, _("%(count)d with open matters, held or cancelled")),
        (BAD, _("%(count)d failed")),
    ]
    texts = [text % {"count": ends[kind]} for kind, text in said if ends[kind]]
    of_the_day = ", ".join(texts) or _("no run")
    return Day(
        label=label,
        text=f"{label}: {of_the_day}",
        parts=tuple((kind, round(ends[kind] * 100 / most, 2)) for kind, _text in said if ends[kind]),
    )
