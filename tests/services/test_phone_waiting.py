"""A run that waits for what it may send to a phone system hears within seconds that it should stop."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fixtures.mikopbx import MikoPbx
from syncapp.choices import RunMode, RunStatus, RunTrigger
from syncapp.models import Employee, PhoneSystem, SyncRun
from syncapp.services.phone_systems import phone_config
from syncapp.services.runs import RunKeeper, close_as_crashed, request_cancel, start_run
from syncapp.services.sync import run_sync
from syncapp.store import phone_budget as store
from syncapp.telephony.config import PhoneConfig
from syncapp.telephony.endpoint import PhoneEndpoint, open_phone_endpoint
from syncapp.telephony.mikopbx_client import MikoPbxClient
from tests.services.company import counted
from tests.services.corners import asked, phones_of, sync
from tests.services.phone_time import Time
from tests.services.phone_time import time as time
from tests.store.plans import outcomes
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)

PER_MINUTE = 150
# Seconds after which somebody wants the run to stop.
WHEN = 11.0


@pytest.fixture(autouse=True)
def _look_at_each_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """As no real time goes by."""
    monkeypatch.setattr("syncapp.services.runs.PULSE", 0.0)


@pytest.fixture
def phones(pbx: MikoPbx, time: Time) -> PhoneSystem:
    """A box with three people who have been met."""
    for number, name in enumerate(("Anna Orlova", "Boris Petrov", "Clara Dale")):
        pbx.box.add(name, number=str(201 + number))
    phones = phones_of(pbx)
    sync(phones)
    time.now += 100
    asked(pbx)
    return phones


class Wishes:
    """Three ways to end a run that waits, each with what becomes of it."""

    def __init__(self) -> None:
        self.stopped = False

    def cancel(self) -> None:
        assert request_cancel(SyncRun.objects.get(status=RunStatus.RUNNING).pk)

    def lose_claim(self) -> None:
        assert close_as_crashed(SyncRun.objects.filter(status=RunStatus.RUNNING))

    def stop(self) -> None:
        self.stopped = True


def wait(phones: PhoneSystem, time: Time, wish: str) -> SyncRun:
    """Have a run wait, and something happen after a while of that."""
    wishes = Wishes()
    time.happens, time.at = getattr(wishes, wish), time.now + WHEN

    def open_session(config: PhoneConfig, attempt: Callable[[], None]) -> AbstractContextManager[PhoneEndpoint]:
        return open_phone_endpoint(config, attempt, clock=time.clock, sleep=time.sleep)

    return run_sync(
        server=phones,
        mode=RunMode.APPLY,
        trigger=RunTrigger.COMMAND,
        stop=lambda: wishes.stopped,
        open_session=open_session,
    )


WISHES = {"cancel": RunStatus.CANCELLED, "lose_claim": RunStatus.CRASHED, "stop": RunStatus.CANCELLED}


@pytest.mark.parametrize(("wish", "status"), WISHES.items(), ids=WISHES)
def test_waiting_run_hears_that_it_should_stop(
    pbx: MikoPbx, phones: PhoneSystem, time: Time, wish: str, status: RunStatus
) -> None:
    store.take(phones.pk, phones.url, wanted=phones.requests_per_minute, most=phones.requests_per_minute)
    began = time.now

    run = wait(phones, time, wish)

    assert (run.status, asked(pbx)) == (status, [])
    assert WHEN <= time.now - began <= WHEN + 2


MIDDLES = {
    "before the next person": (3, {"Anna": "updated", "Boris": "skipped", "Clara": "skipped"}),
    "between looking and writing": (4, {"Anna": "updated", "Boris": "writing", "Clara": "skipped"}),
}


@pytest.mark.promise(8)
@pytest.mark.parametrize(("requests", "became"), MIDDLES.values(), ids=MIDDLES)
def test_stop_in_the_middle_of_writing_says_of_everybody_what_is_known(
    pbx: MikoPbx, phones: PhoneSystem, time: Time, requests: int, became: dict[str, str]
) -> None:
    for employee in Employee.objects.all():
        employee.name += " Nova"
        employee.save()
    phones.requests_per_minute = requests

    run = wait(phones, time, "cancel")
    written = asked(pbx)
    phones.requests_per_minute = PER_MINUTE
    time.now += 100
    next_run = sync(phones)

    assert (run.status, len(written), {name.split()[0]: outcome for name, outcome in outcomes(run).items()}) == (
        RunStatus.CANCELLED,
        requests,
        became,
    )
    assert counted(next_run)["written_back"] == 2
    assert {each.user_username.split()[-1] for each in pbx.box.employees.values()} == {"Nova"}
    assert sum(each.startswith("PATCH") for each in asked(pbx)) == 2


def test_waiting_for_a_minute_takes_a_statement_every_other_second(phones: PhoneSystem, time: Time) -> None:
    run = start_run(endpoint=phones, mode=RunMode.PREVIEW, trigger=RunTrigger.COMMAND)
    keeper = RunKeeper(run, stop=lambda: False)
    phones.requests_per_minute = PER_MINUTE
    store.take(phones.pk, phones.url, wanted=PER_MINUTE, most=PER_MINUTE)

    config = phone_config(phones, while_waiting=keeper.pulse)
    with MikoPbxClient(config, clock=time.clock, sleep=time.sleep) as client, CaptureQueriesContext(connection) as sql:
        client.get("/system:ping")

    beats = [each for each in sql if each["sql"].startswith('UPDATE "syncapp_syncrun"')]
    assert len(beats) == 31  # of the 61 seconds
