"""What all processes together have sent to a phone system within the last minute."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models.functions import Now

from syncapp.models import PhoneBudget

# A request of so many seconds ago counts no more.
COUNTS_FOR = 61.0


class Taken(NamedTuple):
    """Requests that may be sent; where none, seconds until one may be, or for which the phone system refuses us."""

    requests: int
    pause: float = 0.0
    shut_out: float = 0.0


def take(endpoint_id: int, url: str, *, wanted: int, most: int) -> Taken:
    """Take up to so many requests of `most` within a minute, in two statements: who was first, the database says.

    Nothing has to be given back, so a process that is killed keeps nobody waiting for
    longer than a minute. The clock is the database's.
    """
    with transaction.atomic():
        row = _locked(endpoint_id)
        if row.url != url:  # another box, which has heard nothing of us
            row = row._replace(sent=[], shut_out_until=None)
        refused_for = (row.shut_out_until - row.now).total_seconds() if row.shut_out_until else 0.0
        if refused_for > 0:
            return Taken(0, shut_out=refused_for)
        moment = row.now.timestamp()
        # What seems to come from the future is from before the clock was set back.
        sent = [(at, count) for at, count in row.sent if moment - COUNTS_FOR < at <= moment]
        free = most - sum(count for _at, count in sent)
        if free <= 0:
            return Taken(0, pause=_until_free(sent, 1 - free, moment))
        taken = min(wanted, free)
        PhoneBudget.objects.filter(pk=endpoint_id).update(
            url=url, sent=[*sent, (moment, taken)], shut_out_until=row.shut_out_until
        )
    return Taken(taken)


def shut_out(endpoint_id: int, url: str, *, seconds: float) -> None:
    """Remember that the phone system refuses us for a while."""
    with transaction.atomic():
        row = _locked(endpoint_id)
        until = row.now + timedelta(seconds=seconds)
        PhoneBudget.objects.filter(pk=endpoint_id).update(url=url, sent=[], shut_out_until=until)


class _Row(NamedTuple):
    url: str
    sent: list[tuple[float, int]]
    shut_out_until: datetime | None
    now: datetime


def _locked(endpoint_id: int) -> _Row:
    rows = (
        PhoneBudget.objects.select_for_update()
        .filter(pk=endpoint_id)
        .values_list("url", "sent", "shut_out_until", Now())
    )
    row = rows.first()
    if row is None:  # nobody has asked before
        PhoneBudget.objects.bulk_create([PhoneBudget(endpoint_id=endpoint_id)], ignore_conflicts=True)
        row = rows.get()
    return _Row(*row)


def _until_free(sent: Sequence[tuple[float, int]], needed: int, moment: float) -> float:
    """Return the seconds after which so many requests count no more."""
    for at, count in sorted(sent):
        needed -= count
        if needed <= 0:
            return at + COUNTS_FOR - moment
    return COUNTS_FOR
