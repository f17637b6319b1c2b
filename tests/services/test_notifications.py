"""Word of how servers stand: said once, in order, tried again, and to nobody who should not hear it."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import Settings

from syncapp import tasks
from syncapp.choices import ChannelKind, Happened, MatterKind, NoticeStatus, RunMode, RunStatus, RunTrigger
from syncapp.exceptions import ConfigurationError, SyncError
from syncapp.models import Conflict, DirectoryServer, Notice, NotificationChannel, SyncRun
from syncapp.services.notifications import delivery
from syncapp.services.notifications.delivery import PAUSES, send_test, send_word
from syncapp.services.notifications.watching import notice_changes
from syncapp.services.notifications.wording import words_of
from syncapp.services.standing import access_of
from syncapp.services.sync import run_sync
from syncapp.services.upkeep import keep_regular_tasks
from tests.factories import make_record, make_server
from tests.receivers import Hook, Mailbox, hook_server, mail_server

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SECRET = "a secret of both sides"


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with mail_server() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.MAIL_IS_SET_UP = True
        settings.DEFAULT_FROM_EMAIL = "Directory sync <sync@corp.example>"
        settings.PUBLIC_URL = "https://sync.corp.example"
        yield box


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hook_server() as server:
        yield server


def mail_channel(**values: Any) -> NotificationChannel:
    return NotificationChannel.objects.create(**{"addresses": ["it@corp.example"], **values})


def hook_channel(hook: Hook, **values: Any) -> NotificationChannel:
    channel = NotificationChannel(kind=ChannelKind.WEBHOOK, url=hook.url, **values)
    channel.set_secret(SECRET)
    channel.save()
    return channel


def ran(server: DirectoryServer, status: RunStatus, *, minutes: int = 0, **values: Any) -> SyncRun:
    """A run that ended so many minutes after NOW."""
    at = NOW + timedelta(minutes=minutes)
    defaults: dict[str, Any] = {"mode": RunMode.APPLY, "started_at": at, "finished_at": at}
    if status == RunStatus.FAILED:
        defaults |= {"error_code": "nobody_found", "access": access_of(server)}
    return SyncRun.objects.create(endpoint=server, status=status, **{**defaults, **values})


def said(channel: NotificationChannel | None = None) -> list[str]:
    notices = Notice.objects.order_by("pk")
    return [notice.happened for notice in notices if channel is None or notice.channel == channel]


def later(**values: float) -> Any:
    return NOW + timedelta(**values)


# What is worth a message


def test_a_server_that_fails_is_told_once() -> None:
    server, _channel = make_server(), mail_channel()
    for minutes in range(3):
        ran(server, RunStatus.FAILED, minutes=minutes)
        notice_changes(now=later(minutes=minutes))

    assert said() == ["failing"]


def test_its_recovery_is_told_once_and_nothing_before_anything_went_wrong() -> None:
    server, _channel = make_server(), mail_channel()
    ran(server, RunStatus.COMPLETED)
    notice_changes(now=NOW)
    before = said()
    ran(server, RunStatus.FAILED, minutes=1)
    notice_changes(now=later(minutes=1))
    for minutes in (2, 3):
        ran(server, RunStatus.PARTIAL, minutes=minutes)
        notice_changes(now=later(minutes=minutes))

    assert (before, said()) == ([], ["failing", "recovered"])


def test_a_refused_account_is_told_after_failures_too() -> None:
    """Now nothing is tried any more: that is news."""
    server, _channel = make_server(), mail_channel()
    ran(server, RunStatus.FAILED)
    notice_changes(now=NOW)
    ran(
        server,
        RunStatus.FAILED,
        minutes=1,
        error_code="login_refused",
        error_params={"account": "cn=sync", "uri": "u", "reason": "x"},
    )
    notice_changes(now=later(minutes=1))

    assert said() == ["failing", "failing"]
    assert "Nothing is tried by itself any more" in words_of(Notice.objects.order_by("pk")[1]).text


def flap(server: DirectoryServer, *, hours: int, every: int = 10) -> list[int]:
    """Fail and work in turn; return the minutes at which something was said."""
    told = []
    for number, minutes in enumerate(range(0, hours * 60, every)):
        ran(server, (RunStatus.FAILED, RunStatus.COMPLETED)[number % 2], minutes=minutes)
        if notice_changes(now=later(minutes=minutes)):
            told.append(minutes)
    return told


def test_of_a_server_that_comes_and_goes_is_said_more_and_more_rarely_where_it_stands() -> None:
    server, channel = make_server(), mail_channel()

    told = flap(server, hours=24)

    pauses = [after - before for before, after in pairwise(told)]
    assert told[:2] == [0, 10]  # an outage and its end are told at once
    assert pauses[1:4] == [70, 130, 250]  # an hour, two, four, and until it is in the other state
    assert min(pauses[4:]) >= 360
    assert said(channel) == ["failing", "recovered"] * (len(told) // 2) + ["failing"] * (len(told) % 2)


@pytest.mark.parametrize(("last", "told"), [(RunStatus.FAILED, 1), (RunStatus.COMPLETED, 0)], ids=["other", "same"])
def test_the_state_at_the_end_is_said(last: RunStatus, told: int) -> None:
    """By the look of every five minutes, without another run."""
    server, channel = make_server(), mail_channel()
    flap(server, hours=1)  # failing and recovered were told; nothing after that
    ran(server, last, minutes=60)
    notice_changes(now=later(minutes=60))

    assert notice_changes(now=later(minutes=71)) == told
    assert len(said(channel)) == 2 + told


def test_a_quiet_day_makes_it_news_again() -> None:
    server, channel = make_server(), mail_channel()
    flap(server, hours=6)
    ran(server, RunStatus.COMPLETED, minutes=12 * 60)
    notice_changes(now=later(hours=12))
    before = len(said(channel))
    ran(server, RunStatus.FAILED, minutes=40 * 60)

    assert notice_changes(now=later(hours=40)) == 1
    assert len(said(channel)) == before + 1


def test_a_refused_account_and_a_held_plan_are_told_at_once_however_often_a_server_came_and_went() -> None:
    server, channel = make_server(), mail_channel()
    flap(server, hours=1)
    ran(server, RunStatus.FAILED, minutes=61, error_code="login_refused")
    notice_changes(now=later(minutes=61))
    ran(server, RunStatus.HELD, minutes=62)
    notice_changes(now=later(minutes=62))

    assert said(channel) == ["failing", "recovered", "failing", "held"]


def test_a_held_run_is_told_once_with_the_brake() -> None:
    server, _channel = make_server(), mail_channel()
    params = {"count": 40, "recent": 0, "limit": 5, "tied": 50}
    for minutes in range(2):
        ran(server, RunStatus.HELD, minutes=minutes, error_code="limit_disabled", error_params=params)
        notice_changes(now=later(minutes=minutes))

    (notice,) = Notice.objects.all()
    assert notice.happened == Happened.HELD
    assert "40 people would be disabled" in words_of(notice).text


def test_a_server_that_is_switched_off_or_being_added_is_not_spoken_of() -> None:
    mail_channel()
    for values in ({"enabled": False}, {"being_added": True}):
        ran(make_server(**values), RunStatus.FAILED)

    assert notice_changes(now=NOW) == 0


def test_a_channel_hears_of_its_server_and_of_what_it_asked_for() -> None:
    server, other = make_server(), make_server()
    mine, all_, silent = mail_channel(endpoint=server), mail_channel(), mail_channel(enabled=False)
    recovered = mail_channel(events=["recovered"])
    for each in (server, other):
        ran(each, RunStatus.FAILED)

    notice_changes(now=NOW)

    assert [said(each) for each in (mine, all_, silent, recovered)] == [["failing"], ["failing"] * 2, [], []]


def open_conflict(server: DirectoryServer, *, at: Any) -> Conflict:
    record = make_record(endpoint=server, name="Anna Petrova")
    return Conflict.objects.create(endpoint=server, record=record, kind=MatterKind.FIELD, field="title", opened_at=at)


def test_conflicts_are_told_once_a_day_at_most() -> None:
    server, _channel = make_server(name="Head office"), mail_channel()
    open_conflict(server, at=NOW)
    notice_changes(now=NOW)
    for hours in (1, 23, 25):
        open_conflict(server, at=later(hours=hours))
        notice_changes(now=later(hours=hours, minutes=1))

    first, second = Notice.objects.order_by("pk")
    assert first.facts["servers"][0]["open"] == 1
    assert second.facts["servers"] == [{"server": "Head office", "id": server.pk, "open": 4, "new": 3}]


def test_conflicts_that_only_wait_are_told_again_after_a_week() -> None:
    server, _channel = make_server(), mail_channel()
    open_conflict(server, at=NOW)
    for days in (0, 1, 6, 7, 8):
        notice_changes(now=later(days=days))

    assert [notice.created_at for notice in Notice.objects.order_by("pk")] == [NOW, later(days=7)]


def test_closed_conflicts_are_told_to_nobody() -> None:
    mail_channel()
    conflict = open_conflict(make_server(), at=NOW)
    Conflict.objects.filter(pk=conflict.pk).update(closed_at=NOW)

    assert notice_changes(now=NOW) == 0


@pytest.mark.parametrize("number", [1, 10])
def test_number_of_quiet_servers_does_not_change_the_queries(number: int, django_assert_num_queries: Any) -> None:
    mail_channel()
    for _number in range(number):
        ran(make_server(), RunStatus.COMPLETED)
    notice_changes(now=NOW)
    for server in DirectoryServer.objects.all():
        ran(server, RunStatus.COMPLETED)

    with django_assert_num_queries(12):
        notice_changes(now=NOW)


# What it says


def test_mail_says_what_happened_since_when_and_what_to_do(mailbox: Mailbox) -> None:
    server = make_server(name="Head office")
    mail_channel(addresses=["it@corp.example", "boss@corp.example"])
    run = ran(server, RunStatus.FAILED)

    assert send_word(now=NOW) == 1

    (mail,) = mailbox.mails
    text = mail.get_content()
    assert mail["Subject"].strip() == "Directory sync: “Head office” does not work"
    assert (mail["From"], mail["To"]) == (
        "Directory sync <sync@corp.example>", "it@corp.example, boss@corp.example",
    )  # fmt: skip
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "“Head office” cannot be synchronised." in text
    assert "nobody is in scope" in text
    assert "Since " in text
    assert f"https://sync.corp.example/admin/syncapp/syncrun/{run.pk}/change/" in text


def test_mail_is_in_the_language_of_the_channel(mailbox: Mailbox) -> None:
    server, _channel = make_server(name="Офис"), mail_channel(language="ru")
    for number in range(2):
        open_conflict(server, at=later(minutes=-number))
    ran(server, RunStatus.FAILED)

    send_word(now=NOW)

    assert [mail["Subject"].strip() for mail in mailbox.mails] == [
        "Синхронизация каталога: «Офис» не работает",
        "Синхронизация каталога: 2 вопроса ждут решения",
    ]


def test_mail_names_no_person(mailbox: Mailbox) -> None:
    server, _channel = make_server(), mail_channel()
    open_conflict(server, at=NOW)
    ran(server, RunStatus.FAILED, error_code="anchor_missing", error_params={"dn": "cn=Anna Petrova", "attribute": "x"})

    send_word(now=NOW)

    assert len(mailbox.mails) == 2
    assert not any("Petrova" in mail.as_string() for mail in mailbox.mails)
    assert "The reason stands on the page of the run" in mailbox.mails[0].get_content()


def test_name_of_a_server_breaks_no_header(mailbox: Mailbox) -> None:
    mail_channel()
    ran(make_server(name="Head\r\nBcc: all@corp.example"), RunStatus.FAILED)

    assert send_word(now=NOW) == 1
    assert mailbox.mails[0]["Bcc"] is None


# Webhooks


def test_webhook_is_signed_over_timestamp_and_body(hook: Hook) -> None:
    server, _channel = make_server(name="Head office"), hook_channel(hook)
    run = ran(server, RunStatus.FAILED)

    assert send_word(now=NOW) == 1

    ((headers, body),) = hook.requests
    timestamp = headers["X-Ldapsync-Timestamp"]
    expected = hmac.new(SECRET.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Ldapsync-Signature"] == f"sha256={expected}"
    assert int(timestamp) == int(NOW.timestamp())
    told = json.loads(body)
    assert {key: told[key] for key in ("event", "server", "health", "reason", "run")} == {
        "event": "failing", "server": "Head office", "health": "failing", "reason": "nobody_found", "run": run.pk,
    }  # fmt: skip


def test_webhook_follows_no_redirect(hook: Hook) -> None:
    hook.status, hook.headers = 302, {"Location": hook.url}

    with pytest.raises(SyncError) as caught:
        send_test(hook_channel(hook), now=NOW)

    assert (caught.value.code, caught.value.params) == ("webhook_refused", {"number": 302})
    assert len(hook.requests) == 1


def test_secret_is_not_used_for_another_address(hook: Hook) -> None:
    channel = hook_channel(hook)
    channel.url += "/elsewhere"
    channel.save()

    with pytest.raises(ConfigurationError):
        send_test(channel, now=NOW)
    assert hook.requests == []


def test_other_schemes_are_refused() -> None:
    channel = NotificationChannel(kind=ChannelKind.WEBHOOK, url="file:///etc/passwd")

    with pytest.raises(SyncError) as caught:
        send_test(channel, now=NOW)

    assert caught.value.code == "webhook_address"


# Delivery


def test_what_does_not_get_through_is_tried_later_and_in_order(hook: Hook) -> None:
    server, _channel = make_server(), hook_channel(hook)
    hook.status = 503
    ran(server, RunStatus.FAILED)
    send_word(now=NOW)
    ran(server, RunStatus.COMPLETED, minutes=1)
    send_word(now=later(minutes=1))
    tried_meanwhile = len(hook.requests)
    hook.status = 204

    sent = send_word(now=NOW + PAUSES[0])

    assert (tried_meanwhile, sent) == (1, 2)
    assert [json.loads(body)["event"] for _headers, body in hook.requests] == ["failing", "failing", "recovered"]
    assert {notice.status for notice in Notice.objects.all()} == {NoticeStatus.SENT}


def test_after_two_days_it_is_given_up_and_the_next_one_follows(hook: Hook) -> None:
    server, _channel = make_server(), hook_channel(hook)
    hook.status = 500
    ran(server, RunStatus.FAILED)
    now = NOW
    for pause in (*PAUSES, timedelta()):
        send_word(now=now)
        now += pause

    (notice,) = Notice.objects.all()
    assert (notice.status, notice.attempts) == (NoticeStatus.GIVEN_UP, len(PAUSES) + 1)
    assert (notice.error_code, notice.error_params) == ("webhook_refused", {"number": 500})
    assert len(hook.requests) == len(PAUSES) + 1


def test_a_killed_sender_leaves_the_message_to_the_next_one(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may arrive twice then, with one Message-ID: never not at all, and not for ever."""
    mail_channel()
    ran(make_server(), RunStatus.FAILED)

    def killed(*_args: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(delivery, "_note", killed)
    with pytest.raises(SystemExit):
        send_word(now=NOW)
    monkeypatch.undo()
    at_once, after = send_word(now=later(minutes=1)), send_word(now=NOW + delivery.LEASE)

    assert (at_once, after) == (0, 1)
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1
    assert len(mailbox.mails) == 2


def test_message_that_two_workers_saw_at_once_is_sent_by_one(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = mail_channel()
    Notice.objects.create(channel=channel, endpoint=make_server(), happened=Happened.HELD, next_at=NOW)
    seen = delivery._next(channel)
    Notice.objects.update(next_at=NOW + delivery.LEASE)  # the other one takes it
    monkeypatch.setattr(delivery, "_next", lambda _channel: seen)

    assert send_word(now=NOW) == 0
    assert mailbox.mails == []


def test_a_message_that_kills_its_sender_is_given_up_some_day(mailbox: Mailbox) -> None:
    channel = mail_channel()
    Notice.objects.create(
        channel=channel, endpoint=make_server(), happened=Happened.HELD, attempts=len(PAUSES) + 1, next_at=NOW
    )

    assert send_word(now=later(minutes=1)) == 0
    assert Notice.objects.get().status == NoticeStatus.GIVEN_UP
    assert mailbox.mails == []


MAIL_TROUBLE = {
    "refused": ("554 no", "mail_refused", {"number": 554}),
    "later": ("451 later", "mail_refused", {"number": 451}),
}


@pytest.mark.parametrize(("answer", "code", "params"), MAIL_TROUBLE.values(), ids=MAIL_TROUBLE)
def test_refused_mail_says_why(mailbox: Mailbox, answer: str, code: str, params: dict[str, Any]) -> None:
    mailbox.refuse = answer

    with pytest.raises(SyncError) as caught:
        send_test(mail_channel(), now=NOW)

    assert (caught.value.code, caught.value.params) == (code, params)


def test_mail_without_a_mail_server_says_so(settings: Settings) -> None:
    with pytest.raises(SyncError) as caught:
        send_test(mail_channel(), now=NOW)
    assert caught.value.code == "mail_not_set_up"

    settings.MAIL_IS_SET_UP = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(SyncError) as caught:
        send_test(mail_channel(), now=NOW)
    assert caught.value.code == "mail_unreachable"


# Runs


@pytest.mark.django_db(transaction=True)
def test_a_run_has_word_sent_by_the_worker(mailbox: Mailbox) -> None:
    """In tests the queue carries out at once."""
    mail_channel()
    server = make_server(uris=["ldap://127.0.0.1:1"], security="none")

    run_sync(server=server, mode=RunMode.APPLY, trigger=RunTrigger.COMMAND)

    assert len(mailbox.mails) == 1


@pytest.mark.django_db(transaction=True)
def test_a_queue_that_is_away_is_no_fault_of_the_run() -> None:
    mail_channel()
    server = make_server(uris=["ldap://127.0.0.1:1"], security="none")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django_q.tasks.async_task", lambda *_args, **_kwargs: 1 / 0)
        run = run_sync(server=server, mode=RunMode.APPLY, trigger=RunTrigger.COMMAND)

    assert run.status == RunStatus.FAILED


def test_schedule_names_a_task_that_there_is() -> None:
    assert f"{tasks.__name__}.{tasks.send_word.__name__}" == delivery.TASK
    keep_regular_tasks()
    assert Schedule.objects.get(name=delivery.SCHEDULE).minutes == delivery.EVERY
