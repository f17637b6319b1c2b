"""Messages on their way: tried again later and later, in the order in which things happened, and given up some day."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import F

from syncapp.choices import ChannelKind, NoticeStatus
from syncapp.exceptions import SyncError
from syncapp.models import Notice, NotificationChannel, SyncRun
from syncapp.services.notifications.mail import send_mail
from syncapp.services.notifications.watching import notice_changes
from syncapp.services.notifications.webhook import send_webhook
from syncapp.services.notifications.wording import payload_of, payload_of_test, words_of, words_of_test
from syncapp.services.standing import OURS

logger = logging.getLogger(__name__)

TASK = "syncapp.tasks.send_word"
SCHEDULE = f"{OURS}word"
EVERY = 5  # minutes
# After each failed attempt; two days in all, then the message is given up.
PAUSES = tuple(timedelta(minutes=each) for each in (5, 15, 60, 180, 360, 720, 1440))
# A process that was killed while it sent: another one tries again after that.
LEASE = timedelta(minutes=10)


def after_run(run: SyncRun) -> None:
    """Have a worker look whether there is something to say; what goes wrong here is no fault of the run."""
    from django_q.tasks import async_task

    try:
        if NotificationChannel.objects.filter(enabled=True).exists():
            async_task(TASK, task_name=f"word after run {run.pk}")
    except Exception:  # a broker has errors of its own; the schedule looks again in some minutes
        logger.exception("Nobody could be told to send word after run %s", run.pk)


def send_word(*, now: datetime) -> int:
    """Decide what has to be said, and send what is due; return how many messages got through."""
    notice_changes(now=now)
    sent = 0
    for channel in NotificationChannel.objects.filter(enabled=True):
        sent += _send_all(channel, now)
    return sent


def _send_all(channel: NotificationChannel, now: datetime) -> int:
    """Send what waits for a channel, the oldest first; behind one that does not get through the others wait."""
    sent = 0
    while (notice := _next(channel)) is not None and notice.next_at <= now:
        # Whoever moves the time first sends it.
        mine = Notice.objects.filter(pk=notice.pk, status=NoticeStatus.WAITING, next_at=notice.next_at)
        if not mine.update(next_at=now + LEASE, attempts=F("attempts") + 1):
            break
        notice.attempts += 1
        if notice.attempts > len(PAUSES) + 1:  # whoever tried was killed each time: perhaps by trying
            Notice.objects.filter(pk=notice.pk).update(status=NoticeStatus.GIVEN_UP)
            continue
        if not _send(notice, now):
            break
        sent += 1
    return sent


def _next(channel: NotificationChannel) -> Notice | None:
    waiting = Notice.objects.filter(channel=channel, status=NoticeStatus.WAITING)
    return waiting.select_related("channel", "endpoint").order_by("pk").first()


def _send(notice: Notice, now: datetime) -> bool:
    """Try once, and note how that ended; whether others may follow."""
    error: SyncError | None = None
    try:
        if notice.channel.kind == ChannelKind.MAIL:
            send_mail(notice.channel, words_of(notice), key=f"{notice.created_at.timestamp():.0f}.{notice.pk}")
        else:
            send_webhook(notice.channel, payload_of(notice), now=now)
    except SyncError as failed:
        error = failed
    except DatabaseError:
        raise
    except Exception as unexpected:  # one message that cannot be worded must not hold up those behind it for ever
        logger.exception("Message %s cannot be sent", notice.pk)
        error = SyncError("notice_broken", kind=type(unexpected).__name__)
    _note(notice, error, now)
    return error is None


def _note(notice: Notice, error: SyncError | None, now: datetime) -> None:
    rows = Notice.objects.filter(pk=notice.pk)
    if error is None:
        rows.update(status=NoticeStatus.SENT, sent_at=now, error_code="", error_params={})
        return
    logger.warning("Message %s was not delivered at attempt %s: %s", notice.pk, notice.attempts, error.code)
    rows.update(error_code=error.code, error_params=error.params)
    if notice.attempts > len(PAUSES):
        rows.update(status=NoticeStatus.GIVEN_UP)
    else:
        rows.update(next_at=now + PAUSES[notice.attempts - 1])


def send_test(channel: NotificationChannel, *, now: datetime) -> int | None:
    """Send a test message at once; return the status of a webhook's answer, raise SyncError where it did not go out."""
    if channel.kind == ChannelKind.MAIL:
        send_mail(channel, words_of_test(channel.language))
        return None
    return send_webhook(channel, payload_of_test(channel.language), now=now)
