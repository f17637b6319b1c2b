"""Settings of a server for who may only look."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from syncapp.admin.settings_shown import schedule_text
from syncapp.models import DirectoryServer
from tests.admin.pages import page, text
from tests.factories import make_phone_system

pytestmark = pytest.mark.django_db

CHANGE = "syncapp_directoryserver_change"


def shown(client: Client, server: DirectoryServer, language: str = "en") -> str:
    """The page without its markup, words parted by single blanks."""
    html = text(client.get(page(CHANGE, server.pk), headers={"Accept-Language": language}))
    parts = [part.partition(">")[2] for part in html.split("<")]
    return unescape(" ".join(" ".join(parts).split()))


@pytest.fixture
def server(bound_server: DirectoryServer) -> DirectoryServer:
    bound_server.limits = {"lost": [7, 12, 345]}
    bound_server.schedule = {"every_minutes": 60, "faster_after_change": 5}
    bound_server.save()
    return bound_server


PAGES = {
    "en": (
        "People missing 7 12 345 this server",
        "People disabled 5 10 1000 default",
        "People changed on the server after the first 2 applied runs 50 20 5000 default",
        "Every 60 minutes; for an hour after a change every 5 minutes",
    ),
    "ru": (
        "Пропавшие люди 7 12 345 этот сервер",
        "Раз в 60 минут; в течение часа после изменения — раз в 5 минут",
    ),
}


@pytest.mark.parametrize(("language", "expected"), PAGES.items(), ids=PAGES)
def test_brakes_and_schedule_are_words(
    viewer_client: Client, server: DirectoryServer, language: str, expected: tuple[str, ...]
) -> None:
    said = shown(viewer_client, server, language)

    assert [sentence for sentence in expected if sentence not in said] == []
    assert "every_minutes" not in said
    assert '"lost"' not in said


LISTS = {
    "en": (
        "ldaps://dc1.corp.example ldaps://dc2.corp.example Addresses such as",
        "OU=Sales,DC=corp,DC=example OU=IT,DC=corp,DC=example Branches below",
        "Sales “north” Departments that are read",
        "E-mail Extension By what an entry is recognised",
    ),
    "ru": ("Эл. почта Внутренний номер По каким полям",),
}


@pytest.mark.parametrize(("language", "expected"), LISTS.items(), ids=LISTS)
def test_lists_are_lines(
    viewer_client: Client, server: DirectoryServer, language: str, expected: tuple[str, ...]
) -> None:
    server.uris = ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"]
    server.search_bases = ["OU=Sales,DC=corp,DC=example", "OU=IT,DC=corp,DC=example"]
    server.departments = ["Sales “north”"]
    server.match_keys = ["email", "extension"]
    server.save()

    said = shown(viewer_client, server, language)

    assert [sentence for sentence in expected if sentence not in said] == []
    assert '["' not in said


def test_so_are_those_of_a_phone_system(viewer_client: Client) -> None:
    phones = make_phone_system(match_keys=["email", "extension"], limits={"lost": [7, 12, 345]})

    html = text(viewer_client.get(page("syncapp_phonesystem_change", phones.pk)))

    assert "<div>E-mail</div><div>Extension</div>" in html
    assert "&quot;lost&quot;" not in html


def test_empty_list_says_what_that_means(viewer_client: Client, server: DirectoryServer) -> None:
    said = shown(viewer_client, server)

    assert "– Branches below the base DN that are read; none means everything below the base DN." in said
    assert "[]" not in said


def test_who_may_change_them_has_inputs(admin_client: Client, server: DirectoryServer) -> None:
    html = text(admin_client.get(page(CHANGE, server.pk)))

    assert 'name="limits_lost_number"' in html
    assert 'name="schedule_minutes"' in html
    assert "Where from" not in html


SCHEDULES: dict[str, tuple[dict[str, Any], str, str]] = {
    "none": ({}, "Only when somebody asks", "Только по просьбе"),
    "off": ({"off": True}, "Only when somebody asks", "Только по просьбе"),
    "malformed": ({"every_minutes": "often"}, "Only when somebody asks", "Только по просьбе"),
    "one_minute": ({"every_minutes": 1}, "Every 1 minute", "Раз в 1 минуту"),
    "minutes": ({"every_minutes": 22}, "Every 22 minutes", "Раз в 22 минуты"),
    "faster": (
        {"every_minutes": 15, "faster_after_change": 1},
        "Every 15 minutes; for an hour after a change every 1 minute",
        "Раз в 15 минут; в течение часа после изменения — раз в 1 минуту",
    ),
    "cron": (
        {"cron": "0 6 * * 1-5"},
        "By the cron expression 0 6 * * 1-5: minute, hour, day of the month, month, day of the week",
        "По выражению cron 0 6 * * 1-5: минута, час, день месяца, месяц, день недели",
    ),
}


@pytest.mark.parametrize(("stored", "english", "russian"), SCHEDULES.values(), ids=SCHEDULES)
def test_schedule_in_words(stored: dict[str, Any], english: str, russian: str) -> None:
    with override("en"):
        assert schedule_text(stored) == english
    with override("ru"):
        assert schedule_text(stored) == russian
