"""What all processes together may send to a phone system within a minute."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Never

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fixtures.mikopbx import MikoPbx
from fixtures.mikopbx.guard import RateLimit
from syncapp.choices import RunMode, RunTrigger
from syncapp.exceptions import TelephonyUnavailableError
from syncapp.models import PhoneBudget, PhoneSystem
from syncapp.services.explain import explain
from syncapp.services.phone_budget import LARGEST_LOT, SPARE, SharedRequests
from syncapp.services.phone_numbers import PhoneLook
from syncapp.services.phone_systems import phone_config
from syncapp.services.sync import run_sync
from syncapp.store import phone_budget as store
from syncapp.telephony.budget import SHARE_HOLDS
from syncapp.telephony.config import PhoneConfig
from syncapp.telephony.mikopbx_client import MikoPbxClient
from tests.factories import make_phone_system
from tests.racing import uncommitted
from tests.services.phone_time import Time
from tests.services.phone_time import time as time
from tests.telephony.conftest import FULL_KEY
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)

Opened = Callable[..., AbstractContextManager[MikoPbxClient]]
PER_MINUTE = 150


@pytest.fixture
def phones(pbx: MikoPbx, time: Time) -> PhoneSystem:
    pbx.limit = RateLimit(time.clock)
    return make_phone_system(
        url=pbx.url, key=FULL_KEY, fingerprint=pbx.fingerprint, requests_per_minute=PER_MINUTE, enabled=True
    )


@pytest.fixture
def opened(phones: PhoneSystem, time: Time) -> Opened:
    """Open a session as another process would: with nothing but the database in common."""

    def open_one(*, waits: bool) -> MikoPbxClient:
        return MikoPbxClient(
            phone_config(phones, while_waiting=(lambda: None) if waits else None), clock=time.clock, sleep=time.sleep
        )

    return open_one


def ask(client: MikoPbxClient, times: int = 1) -> None:
    for _each in range(times):
        client.get("/system:ping")


def test_run_behind_another_one_waits_for_what_that_has_sent(pbx: MikoPbx, opened: Opened, time: Time) -> None:
    began = time.now
    for _run in range(4):
        with opened(waits=True) as client:
            ask(client, PER_MINUTE // 2)

    assert (len(pbx.requests), pbx.limit.refused) == (2 * PER_MINUTE, 0)
    assert 60 < time.now - began < 130


def test_two_at_the_same_time_share_what_there_is(pbx: MikoPbx, opened: Opened, time: Time) -> None:
    with opened(waits=True) as one, opened(waits=True) as other:
        for _again in range(PER_MINUTE):
            ask(one)
            ask(other)

    assert (len(pbx.requests), pbx.limit.refused) == (2 * PER_MINUTE, 0)


def test_page_beside_a_run_need_not_wait_and_is_refused_before_the_box_refuses(
    pbx: MikoPbx, opened: Opened, time: Time
) -> None:
    with opened(waits=True) as run, opened(waits=False) as page:
        ask(run, PER_MINUTE)
        began = time.now
        ask(page, SPARE)

        with pytest.raises(TelephonyUnavailableError) as caught:
            ask(page)

    assert time.now == began
    assert (caught.value.code, caught.value.params["seconds"]) == ("phone_requests_used_up", 61)
    assert (len(pbx.requests), pbx.limit.refused) == (PER_MINUTE + SPARE, 0)


def test_numbers_that_a_directory_asks_for_do_not_wait_for_a_run(opened: Opened, phones: PhoneSystem) -> None:
    with opened(waits=True) as run:
        ask(run, PER_MINUTE)
    store.take(phones.pk, phones.url, wanted=SPARE, most=PER_MINUTE + SPARE)

    assert PhoneLook(lambda: None, stores=False).fresh("default").unread == (phones.name,)


@pytest.mark.promise(8)
def test_what_a_killed_process_has_taken_is_free_after_a_minute(phones: PhoneSystem, time: Time) -> None:
    taken = store.take(phones.pk, phones.url, wanted=PER_MINUTE, most=PER_MINUTE)
    time.sleep(60)
    waits = store.take(phones.pk, phones.url, wanted=5, most=PER_MINUTE)
    time.sleep(waits.pause)

    assert (taken.requests, waits.requests, waits.pause) == (PER_MINUTE, 0, 1.0)
    assert store.take(phones.pk, phones.url, wanted=5, most=PER_MINUTE).requests == 5


def test_whoever_is_shut_out_tells_all_others(pbx: MikoPbx, opened: Opened, phones: PhoneSystem, time: Time) -> None:
    pbx.limit.per_window = 1
    with opened(waits=True) as first, pytest.raises(TelephonyUnavailableError):
        ask(first, 2)
    sent = len(pbx.requests)

    for waits in (True, False):
        with opened(waits=waits) as other, pytest.raises(TelephonyUnavailableError) as caught:
            ask(other)
        assert (caught.value.code, caught.value.params["seconds"]) == ("phone_rate_limited", 300)

    assert len(pbx.requests) == sent
    assert store.take(phones.pk, "https://another.corp.example", wanted=1, most=1).requests == 1
    time.sleep(301)
    pbx.limit.per_window = 200
    with opened(waits=False) as client:
        ask(client)


def test_what_is_left_of_a_share_is_lost_after_a_while(opened: Opened, phones: PhoneSystem, time: Time) -> None:
    """It was counted when it was taken: used up much later, it would not be."""
    with opened(waits=True) as run:
        ask(run, 5)  # of eight that were taken
        time.sleep(SHARE_HOLDS + 1)
        ask(run)

    assert sum(count for _at, count in PhoneBudget.objects.get().sent) == 8 + 8


def test_runs_wait_and_whoever_looks_does_not(phones: PhoneSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def spying(config: PhoneConfig, *_args: object) -> Never:
        assert isinstance(config.share, SharedRequests)
        seen.append(config.share.waits)
        raise TelephonyUnavailableError("phone_unreachable", url="", reason="")

    run_sync(server=phones, mode=RunMode.PREVIEW, trigger=RunTrigger.COMMAND, open_session=spying)
    explain("Anna Orlova", servers=[phones], open_session=spying)

    assert seen == [True, False]


def test_clock_that_was_set_back_keeps_nobody_waiting(phones: PhoneSystem, time: Time) -> None:
    store.take(phones.pk, phones.url, wanted=PER_MINUTE, most=PER_MINUTE)
    time.now -= 3600

    assert store.take(phones.pk, phones.url, wanted=1, most=PER_MINUTE).requests == 1


def test_counting_costs_few_statements(opened: Opened, phones: PhoneSystem) -> None:
    PhoneBudget.objects.create(endpoint=phones)
    with opened(waits=True) as run:
        with CaptureQueriesContext(
            connection,
        ) as first:
            ask(run)
        with CaptureQueriesContext(connection) as rest:
            ask(run, 99)

    assert statements(first) == 2
    assert statements(rest) <= 2 * (99 // (PER_MINUTE // 18) + 5)
    assert PER_MINUTE // 18 <= LARGEST_LOT


def statements(captured: CaptureQueriesContext) -> int:
    return sum(query["sql"].split()[0] in ("SELECT", "INSERT", "UPDATE") for query in captured)


def test_two_who_take_at_the_same_moment_do_not_take_the_same(phones: PhoneSystem) -> None:
    def take() -> int:
        return store.take(phones.pk, phones.url, wanted=100, most=PER_MINUTE).requests

    with uncommitted(take) as begin:
        begin()
        assert take() == PER_MINUTE - 100
