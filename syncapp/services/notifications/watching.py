"""What is worth a message: how servers stand now, compared with what each channel was told last.

A state is said once, however many runs confirm it, and open conflicts at most once a
day. Of a server that comes and goes the state is said that it is in after a while, and
that more and more rarely. What is to be said and that it was said are stored in one transaction: a crash
between looking and sending neither repeats a message for ever nor loses it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from syncapp.choices import Happened
from syncapp.core.records import Message
from syncapp.models import Conflict, DirectoryServer, Endpoint, LastSaid, Notice, NotificationChannel, SyncRun
from syncapp.services.standing import Health, Standing, standings

DIGEST_EVERY = timedelta(days=1)
# With nothing new since the last digest.
REMIND_EVERY = timedelta(days=7)
# Two words within a day, such as failing and working again, are told at once; after that so long after the last word, and twice
# as long each time, up to the longest.
_AT_ONCE = 2
FIRST_CALM, LONGEST_CALM = timedelta(hours=1), timedelta(hours=6)
_FLAPS = (Happened.FAILING, Happened.RECOVERED)
_BAD = frozenset({Health.FAILING, Health.STOPPED})
# Parameters of reasons that may name a person: such a reason is to be read on the site.
_NAMES_PEOPLE = frozenset({"dn", "people", "employee", "example"})


def notice_changes(*, now: datetime) -> int:
    """Decide what has to be said; return how many messages that makes."""
    channels = list(NotificationChannel.objects.filter(enabled=True))
    if not channels:
        return 0
    being_added = DirectoryServer.objects.filter(being_added=True).values("pk")
    servers = Endpoint.objects.filter(enabled=True).exclude(pk__in=being_added).in_bulk()
    found = standings(servers, now=now)
    return sum(_notice_for(channel.pk, found, now) for channel in channels)


@transaction.atomic
def _notice_for(channel_id: int, found: Mapping[int, Standing], now: datetime) -> int:
    """Decide for one channel; of two processes that look at one moment the second finds nothing left to say."""
    channel = NotificationChannel.objects.select_for_update().filter(pk=channel_id, enabled=True).first()
    if channel is None:
        return 0
    mine = {pk: each for pk, each in found.items() if channel.endpoint_id in (None, pk)}
    said = {row.endpoint_id: row for row in LastSaid.objects.filter(channel=channel)}
    notices = [
        notice
        for pk, standing in mine.items()
        if (notice := _state_notice(channel, standing, said.get(pk), now)) is not None
    ]
    if (digest := _digest(channel, mine, now)) is not None:
        notices.append(digest)
    Notice.objects.bulk_create(notices)
    return len(notices)


def _state_notice(
    channel: NotificationChannel, standing: Standing, said: LastSaid | None, now: datetime
) -> Notice | None:
    before = Health(said.health) if said is not None else Health.OK
    if standing.health == before or (said is None and standing.health == Health.NEVER_RAN):
        return None
    happened = _what_happened(before, standing.health)
    if happened not in channel.events and before in _BAD and standing.health == Health.HELD:
        happened = Happened.RECOVERED  # it was read again, whatever holds the plan
    if happened in channel.events and _comes_and_goes(channel, standing, happened, now):
        return None  # and is not said to have been said: a later look compares anew
    LastSaid.objects.update_or_create(
        channel=channel,
        endpoint_id=standing.endpoint_id,
        defaults={"health": standing.health.value, "since": standing.failing_since or now},
    )
    if happened is None or happened not in channel.events:
        return None
    facts: dict[str, Any] = {"health": standing.health.value, "failures": standing.failures}
    if happened == Happened.RECOVERED and said is not None:
        facts["since"] = said.since.isoformat()
    elif standing.failing_since is not None:
        facts["since"] = standing.failing_since.isoformat()
    reason = _why_held(standing) if happened == Happened.HELD else standing.reason
    if reason is not None:
        facts["reason"] = {"code": reason.code}
        if not _NAMES_PEOPLE.intersection(reason.params):
            facts["reason"]["params"] = dict(reason.params)
    return _notice(channel, happened, facts, now, endpoint_id=standing.endpoint_id, run_id=standing.last_run_id)


def _comes_and_goes(channel: NotificationChannel, standing: Standing, happened: Happened | None, now: datetime) -> bool:
    """Whether a word has to wait, because the server was failing and working again so often today."""
    if happened not in _FLAPS or standing.health == Health.STOPPED:
        return False  # somebody has to act
    words = Notice.objects.filter(
        channel=channel, endpoint=standing.endpoint_id, happened__in=_FLAPS, created_at__gt=now - timedelta(days=1)
    )
    said = list(words.order_by("-created_at").values_list("created_at", flat=True))
    if len(said) < _AT_ONCE:
        return False
    calm: timedelta = FIRST_CALM * 2 ** (len(said) - _AT_ONCE)
    return now < said[0] + min(calm, LONGEST_CALM)


def _why_held(standing: Standing) -> Message | None:
    if standing.last_run_id is None:
        return None
    run = SyncRun.objects.get(pk=standing.last_run_id)
    return Message(run.error_code, run.error_params) if run.error_code else None


def _what_happened(before: Health, health: Health) -> Happened | None:
    """Say what a change of state is to somebody who was told the former one; None for what is no news."""
    if health == Health.HELD:
        return Happened.HELD
    if health in _BAD:
        # "Stopped" after "failing" is news, for nothing is tried any more; the other way round it is none.
        return Happened.FAILING if before not in _BAD or health == Health.STOPPED else None
    return Happened.RECOVERED if before in _BAD else None


def _digest(channel: NotificationChannel, endpoint_ids: Iterable[int], now: datetime) -> Notice | None:
    """Say how much there is to decide: what is new at most once a day, what only waits once a week."""
    last = channel.conflicts_told_at
    if Happened.CONFLICTS not in channel.events or (last is not None and now - last < DIGEST_EVERY):
        return None
    new = Q(opened_at__gt=last) if last is not None else Q(pk__isnull=False)
    rows = list(
        Conflict.objects.filter(endpoint__in=list(endpoint_ids), closed_at__isnull=True)
        .order_by()
        .values("endpoint")
        .annotate(open=Count("pk"), new=Count("pk", filter=new))
        .values_list("endpoint", "endpoint__name", "open", "new")
    )
    reminds = last is None or now - last >= REMIND_EVERY
    if not rows or not (reminds or any(row[3] for row in rows)):
        return None
    NotificationChannel.objects.filter(pk=channel.pk).update(conflicts_told_at=now)
    servers = [{"server": name, "id": pk, "open": number, "new": fresh} for pk, name, number, fresh in sorted(rows)]
    return _notice(channel, Happened.CONFLICTS, {"servers": servers}, now)


def _notice(
    channel: NotificationChannel, happened: Happened, facts: dict[str, Any], now: datetime, **values: Any
) -> Notice:
    return Notice(channel=channel, happened=happened, facts=facts, next_at=now, created_at=now, **values)
