"""The first page: how each server stands, what waits for a person, and the last 30 days."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncapp.choices import MatterKind, RunMode, RunStatus, State, Status
from syncapp.models import Conflict, CoolingNumber, DirectoryServer, SyncRun
from syncapp.services.seals import Seal
from syncapp.views import charts
from tests.admin.pages import page, text
from tests.factories import make_employee, make_pool, make_record, make_server

pytestmark = pytest.mark.django_db

HOME = "index"
SEAL = Seal("", timezone.now(), 0, ["too_many_lost"], {}, 0, [], {}).dump()
STANDINGS = {
    "never synchronised": (None, {}, "Never synchronised"),
    "switched off": (RunStatus.FAILED, {"enabled": False}, "Switched off"),
    "being added": (None, {"enabled": False, "being_added": True}, "Not added to the end yet"),
    "at work": (RunStatus.RUNNING, {}, "At work"),
    "failed": (RunStatus.FAILED, {}, "Does not work"),
    "crashed": (RunStatus.CRASHED, {}, "Does not work"),
    "held": (RunStatus.HELD, {}, "Held, and waits for a look"),
    "fine": (RunStatus.COMPLETED, {}, "Works"),
}


def ran(server: DirectoryServer, status: str, *, days_ago: int = 0, **values: object) -> SyncRun:
    at = timezone.now() - timedelta(days=days_ago)
    return SyncRun.objects.create(endpoint=server, status=status, started_at=at, finished_at=at, **values)


@pytest.mark.parametrize(("status", "values", "word"), STANDINGS.values(), ids=STANDINGS.keys())
def test_card_says_how_a_server_stands(
    admin_client: Client, status: str | None, values: dict[str, object], word: str
) -> None:
    server = make_server(**values)
    if status is not None:
        ran(server, status)

    response = admin_client.get(page(HOME))

    [card] = response.context["cards"]
    assert card.word.capitalize() == word
    assert word in text(response)


def test_card_says_what_the_last_run_did_and_why_it_failed(admin_client: Client) -> None:
    good, bad = make_server(rank=1), make_server(rank=2)
    ran(good, RunStatus.COMPLETED, counts={"read": 9, "created": 4, "updated": 0})
    ran(bad, RunStatus.FAILED, error_code="nobody_answered")

    first, second = admin_client.get(page(HOME)).context["cards"]

    assert (first.counts, first.error) == ((("employees created", 4),), "")
    assert second.error


def test_everything_that_waits_for_a_person_is_listed_with_a_way_to_it(admin_client: Client) -> None:
    server = make_server(name="Head office")
    ran(server, RunStatus.HELD, seal=SEAL)
    ran(server, RunStatus.HELD, seal=SEAL, days_ago=8)  # nobody can apply it any more
    for kind in (MatterKind.FIELD, MatterKind.NUMBER_TAKEN, MatterKind.MATCH_SIMILAR):
        Conflict.objects.create(endpoint=server, record=make_record(endpoint=server), kind=kind)
    make_record(endpoint=server, status=Status.FAILED)
    long_ago = timezone.now() - timedelta(days=2)
    make_record(
        endpoint=server,
        employee=make_employee(),
        state=State.MISSING,
        message_code="missing_deleted_or_unreadable",
        evidence_since=long_ago,
        confirmed_at=timezone.now(),
    )
    make_record(endpoint=server, employee=make_employee(archived_at=timezone.now()))
    make_pool(name="Small", first="100", last="102")

    response = admin_client.get(page(HOME))

    needs = response.context["needs"]
    assert [need.text for need in needs] == [
        "Head office: a run is held. Look at its plan, then apply or discard it.",
        "2 values to decide: both sides differ, or a number is disputed.",
        "1 entry of which you have to say who it is.",
        "1 person could not be synchronised; the record says why.",
        "1 employee is missing from the directory, and may be archived.",
        "1 employee is archived here and active in the domain.",
        "Pool “Small” is nearly empty: 3 numbers are free.",
    ]
    for need in needs:
        assert admin_client.get(need.url).status_code == 200


def test_numbers_that_are_used_reserved_or_cooling_are_not_free(admin_client: Client) -> None:
    make_pool(name="Small", first="100", last="119", reserved=["119"])
    for number in range(100, 118):
        make_employee(extension=str(number))
    make_employee(extension="1005")
    CoolingNumber.objects.create(
        extension="118", employee=make_employee(), freed_at=timezone.now(), until=timezone.now() + timedelta(days=9)
    )

    [need] = admin_client.get(page(HOME)).context["needs"]

    assert need.text == "Pool “Small” is nearly empty: 0 numbers are free."


def test_nothing_waits(admin_client: Client) -> None:
    ran(make_server(), RunStatus.COMPLETED)

    assert "Nothing: no decision, no failure, no held run." in text(admin_client.get(page(HOME)))


def test_days_count_what_runs_came_to_and_no_edits(admin_client: Client) -> None:
    server = make_server()
    for status in (RunStatus.COMPLETED, RunStatus.COMPLETED, RunStatus.PARTIAL, RunStatus.CRASHED):
        ran(server, status, days_ago=3)
    ran(server, RunStatus.COMPLETED, days_ago=60)
    SyncRun.objects.create(mode=RunMode.EDIT, status=RunStatus.COMPLETED, finished_at=timezone.now())

    days = charts.last_days(timezone.localdate())

    assert len(days) == charts.DAYS
    assert [day.parts for day in days if day.parts] == [((charts.GOOD, 50), (charts.OPEN, 25), (charts.BAD, 25))]
    assert days[-4].text.endswith("2 completed, 1 with open matters, held or cancelled, 1 failed")


def test_bars_count_people_and_lead_to_them(admin_client: Client) -> None:
    server = make_server()
    for status, state in (
        (Status.SKIPPED, State.ACTIVE),
        (Status.SKIPPED, State.MISSING),
        (Status.FAILED, State.ACTIVE),
    ):
        make_record(endpoint=server, status=status, state=state)

    context = admin_client.get(page(HOME)).context

    assert [(part.name, part.count) for part in context["statuses"]] == [("failed", 1), ("skipped", 2)]
    assert [(part.name, part.count) for part in context["states"]] == [("active", 2), ("missing", 1)]
    for part in (*context["statuses"], *context["states"]):
        listed = admin_client.get(part.url)
        assert listed.context["cl"].result_count == part.count


def test_number_of_queries_is_the_same_however_much_there_is(admin_client: Client) -> None:
    def fill(number: int) -> None:
        for _ in range(number):
            server = make_server()
            ran(server, RunStatus.COMPLETED)
            ran(server, RunStatus.HELD, seal=SEAL)
            record = make_record(endpoint=server, employee=make_employee())
            Conflict.objects.create(endpoint=server, record=record, kind=MatterKind.FIELD)
            make_pool(first="100", last="101")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(page(HOME))
        return len(captured)

    fill(1)
    few = queries()
    fill(6)

    assert queries() == few


def test_who_may_not_see_servers_sees_none(staff_client: Client) -> None:
    ran(make_server(name="Head office"), RunStatus.FAILED)

    assert "Head office" not in text(staff_client.get(page(HOME)))


def test_who_may_not_add_a_server_is_not_told_to(viewer_client: Client, admin_client: Client) -> None:
    assert "An administrator adds one" in text(viewer_client.get(page(HOME)))
    assert "Add one:" in text(admin_client.get(page(HOME)))
