"""Notifications: entered, tried out, and what became of the last messages."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from syncapp.choices import Happened, NoticeStatus
from syncapp.models import Notice, NotificationChannel
from tests.admin.pages import page, text
from tests.factories import make_server
from tests.receivers import Hook, Mailbox, hook_server, mail_server

pytestmark = pytest.mark.django_db

SECRET = "a secret of both sides"
ADD = "syncapp_notificationchannel_add"
CHANGE = "syncapp_notificationchannel_change"
WEBHOOK = {"kind": "webhook", "url": "https://chat.corp.example/hook", "password": SECRET}


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with mail_server() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        settings.MAIL_IS_SET_UP = True
        yield box


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hook_server() as server:
        yield server


def sent(**values: Any) -> dict[str, Any]:
    """What the form sends; the rows of messages are only shown."""
    return {
        "kind": "mail", "enabled": "on", "language": "en", "events": ["failing", "held"],
        "notices-TOTAL_FORMS": "0", "notices-INITIAL_FORMS": "0", **values,
    }  # fmt: skip


def add(client: Client, **values: Any) -> Any:
    return client.post(page(ADD), sent(**values))


def mistakes(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def test_mail_is_entered_with_several_addresses(admin_client: Client) -> None:
    server = make_server()

    add(admin_client, addresses="it@corp.example\r\nboss@corp.example", endpoint=str(server.pk), language="ru")

    channel = NotificationChannel.objects.get()
    assert channel.addresses == ["it@corp.example", "boss@corp.example"]
    assert (channel.events, channel.language, channel.endpoint_id) == (["failing", "held"], "ru", server.pk)


def test_secret_is_stored_encrypted_and_never_shown(admin_client: Client) -> None:
    add(admin_client, **WEBHOOK)

    channel = NotificationChannel.objects.get()
    assert channel.reveal_secret() == SECRET
    assert SECRET not in channel.secret.token
    assert SECRET not in text(admin_client.get(page(CHANGE, channel.pk)))


def test_secret_stays_with_its_address(admin_client: Client) -> None:
    add(admin_client, **WEBHOOK)
    channel = NotificationChannel.objects.get()
    address = page(CHANGE, channel.pk)

    same = admin_client.post(address, sent(**{**WEBHOOK, "password": "", "language": "ru"}))
    other = admin_client.post(address, sent(kind="webhook", url="https://evil.example/hook"))

    channel.refresh_from_db()
    assert same.status_code == 302
    assert list(mistakes(other)) == ["password"]
    assert (channel.url, channel.language, channel.reveal_secret()) == (WEBHOOK["url"], "ru", SECRET)


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no_address": ({}, "addresses"),
    "no_mail_address": ({"addresses": "somebody"}, "addresses"),
    "nothing_to_tell": ({"addresses": "it@corp.example", "events": []}, "events"),
    "no_url": ({**WEBHOOK, "url": ""}, "url"),
    "another_scheme": ({**WEBHOOK, "url": "file:///etc/passwd"}, "url"),
    "no_host": ({**WEBHOOK, "url": "https:///hook"}, "url"),
    "malformed": ({**WEBHOOK, "url": "https://[chat/hook"}, "url"),
    "password_in_the_address": ({**WEBHOOK, "url": "https://a:b@chat.corp.example/"}, "url"),
    "no_secret": ({**WEBHOOK, "password": ""}, "password"),
    "short_secret": ({**WEBHOOK, "password": "short"}, "password"),
}


@pytest.mark.parametrize(("values", "field"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_stand_at_their_field(admin_client: Client, values: dict[str, Any], field: str) -> None:
    response = add(admin_client, **values)

    assert list(mistakes(response)) == [field]
    assert not NotificationChannel.objects.exists()


def tried(client: Client, channel: NotificationChannel) -> str:
    response = client.post(page("syncapp_notificationchannel_test", channel.pk), follow=True)
    return " ".join(str(each) for each in response.context["messages"])


def test_test_mail_goes_out_and_says_so(admin_client: Client, mailbox: Mailbox) -> None:
    channel = NotificationChannel.objects.create(addresses=["it@corp.example"], language="ru")

    said = tried(admin_client, channel)

    assert said == "The mail server took the test message for it@corp.example. Look whether it has arrived."
    assert mailbox.mails[0]["Subject"].strip() == "Синхронизация каталога: проверка"


def test_test_of_a_webhook_says_what_was_answered(admin_client: Client, hook: Hook) -> None:
    add(admin_client, **{**WEBHOOK, "url": hook.url})
    channel = NotificationChannel.objects.get()

    hook.status = 201
    taken = tried(admin_client, channel)
    hook.status = 401
    refused = tried(admin_client, channel)

    assert taken.endswith("took the test message and answered 201.")
    assert refused.startswith("The answer was 401")
    assert SECRET.encode() not in b"".join(body for _headers, body in hook.requests)


def test_page_says_what_became_of_the_last_messages(admin_client: Client) -> None:
    channel = NotificationChannel.objects.create(addresses=["it@corp.example"])
    Notice.objects.create(
        channel=channel, endpoint=make_server(name="Head office"), happened=Happened.FAILING, attempts=2,
        error_code="mail_refused", error_params={"number": 554},
    )  # fmt: skip

    shown = text(admin_client.get(page(CHANGE, channel.pk)))

    assert "Head office" in shown
    assert "The mail server refused the mail (code 554). Its log has the reason. Next attempt: " in shown


def test_list_and_deletion(admin_client: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        channel = NotificationChannel.objects.create(addresses=[f"a{number}@corp.example"])
        Notice.objects.create(channel=channel, happened=Happened.HELD, status=NoticeStatus.SENT)

    with django_assert_max_num_queries(8):
        shown = text(admin_client.get(page("syncapp_notificationchannel_changelist")))
    admin_client.post(page("syncapp_notificationchannel_delete", channel.pk), {"post": "yes"})

    assert "a4@corp.example" in shown
    assert NotificationChannel.objects.count() == Notice.objects.count() == 4
