"""A phone system is no domain: on every page the words are those of the endpoint that it is about (rule E1)."""

import csv
from collections.abc import Callable
from io import StringIO
from typing import Any, NamedTuple

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.utils import timezone
from django.utils.text import capfirst

from syncapp.choices import MatterKind, RunMode, RunStatus, Side, Status
from syncapp.core.vocabulary import Resolution
from syncapp.models import Conflict, Endpoint, FieldMapping, RunItem, SyncRun
from tests.admin.pages import page, text
from tests.factories import make_employee, make_phone_system, make_record, make_server

ENDS = {"directory": make_server, "phone_system": make_phone_system}
OURS = {"directory": "in the PBX", "phone_system": "here"}
THEIRS = {"directory": "in the domain", "phone_system": "in the phone system"}
OTHER = {"directory": "the phone system", "phone_system": "the domain"}


class World(NamedTuple):
    """One person at one end, whose number a run has just changed at both sides, and whose title is disputed."""

    end: str
    endpoint: Endpoint
    run: SyncRun
    item: RunItem
    conflict: Conflict

    def says(self, shown: str, *expected: str) -> None:
        for each in expected:
            assert each in shown


@pytest.fixture(params=ENDS)
def world(db: None, request: pytest.FixtureRequest) -> World:
    make: Callable[..., Endpoint] = ENDS[request.param]
    endpoint, now = make(name="The other end"), timezone.now()
    FieldMapping.objects.create(endpoint=endpoint, field="title", attribute="title", direction="both")
    anna = make_employee(name="Anna", extension="215", title="Chief")
    record = make_record(
        endpoint=endpoint, employee=anna, name="Anna", status=Status.CONFLICT, updated_at=now,
        updated_side=Side.REMOTE, waiting=True, waits={"mobile": "+79161234567"}, base={"title": ["Boss", "Boss"]},
        message_code="field_conflict", message_params={"field": "title", "local": "Chief", "remote": "Director"},
    )  # fmt: skip
    run = SyncRun.objects.create(
        endpoint=endpoint, mode=RunMode.APPLY, status=RunStatus.PARTIAL, started_at=now, finished_at=now,
        counts={"read": 1, "written_back": 1, "waiting": 1},
    )  # fmt: skip
    item = RunItem.objects.create(
        run=run, record=record, employee=anna, name="Anna", expected=Status.UPDATED, outcome=Status.UPDATED,
        changes=[
            {"field": "extension", "side": side, "before": "214", "after": "215"} for side in (Side.LOCAL, Side.REMOTE)
        ],
        message_code="write_not_sent",
        plan={"keys": [], "remarks": [], "state_changed": False, "state": "active", "here": "updated"},
    )  # fmt: skip
    conflict = Conflict.objects.create(
        endpoint=endpoint, record=record, kind=MatterKind.FIELD, field="title", base="Boss", local="Chief",
        remote="Director",
    )  # fmt: skip
    return World(request.param, endpoint, run, item, conflict)


def test_record_says_where(admin_client: Client, world: World) -> None:
    listed = text(admin_client.get(page("syncapp_syncrecord_changelist")))
    alone = text(admin_client.get(page("syncapp_syncrecord_change", world.item.record_id)))

    where = THEIRS[world.end]
    for shown in (listed, alone):
        world.says(shown, f'<div class="sync-side">{where}</div>', f"“Chief” here, “Director” {where}.")
        world.says(shown, f"Waits for {where.removeprefix('in ')}: mobile.")
        assert OTHER[world.end] not in shown
    assert "+79161234567" not in alone.partition("What to know")[2], "of the values that wait their names are enough"
    assert ("Name in the directory" in alone, "Waits for the server" in alone) == (False, True)
    world.says(alone, f"<th>{capfirst(OURS[world.end])}</th><th>{capfirst(where)}</th>")


def test_employee_says_where(admin_client: Client, world: World) -> None:
    listed = text(admin_client.get(page("syncapp_employee_changelist")))
    alone = text(admin_client.get(page("syncapp_employee_change", world.item.employee_id)))

    world.says(listed, f'<div class="sync-side">{THEIRS[world.end]}</div>')
    for side in (OURS, THEIRS):
        world.says(alone, f'<th colspan="3" scope="rowgroup" class="sync-side">{side[world.end]}</th>')
    world.says(alone, f"before this was written {THEIRS[world.end].replace('in ', 'to ')}.")


def test_list_of_employees_says_where_for_each_server(admin_client: Client, world: World) -> None:
    make_server(name="Another one")

    listed = text(admin_client.get(page("syncapp_employee_changelist")))

    assert f" {THEIRS[world.end]}</span>" in listed


def test_run_counts_in_words_of_its_server(admin_client: Client, world: World) -> None:
    response = admin_client.get(page("syncapp_syncrun_change", world.run.pk))

    labels = {count.label for count in response.context["view"].counts}
    where = THEIRS[world.end]
    assert {f"Changed {where}", f"Wait for {where.removeprefix('in ')}"} <= labels


def test_plan_is_in_words_of_its_server(admin_client: Client, world: World) -> None:
    SyncRun.objects.update(mode=RunMode.PREVIEW)

    response = admin_client.get(page("syncapp_syncrun_change", world.run.pk))

    assert f"Write {THEIRS[world.end].replace('in ', 'to ')}" in {tile.label for tile in response.context["view"].tiles}
    for side in (OURS, THEIRS):
        world.says(text(response), f'class="sync-side">{side[world.end]}</th>')


def test_held_run_says_what_would_be_changed_where(admin_client: Client, world: World) -> None:
    params = {"count": 60, "recent": 0, "limit": 50, "tied": 90}
    SyncRun.objects.update(status=RunStatus.HELD, error_code="limit_written_back", error_params=params)

    shown = text(admin_client.get(page("syncapp_syncrun_change", world.run.pk)))

    assert f"60 people would be changed {THEIRS[world.end]}," in shown


def test_items_and_their_table_say_where(admin_client: Client, world: World) -> None:
    query = f"run__id__exact={world.run.pk}"

    listed = text(admin_client.get(page("syncapp_runitem_changelist", query=query)))
    response = admin_client.get(page("syncapp_syncrun_csv", world.run.pk))

    assert isinstance(response, StreamingHttpResponse)
    rows = list(csv.reader(StringIO(response.getvalue().decode("utf-8-sig"))))[1:3]
    assert [row[6] for row in rows] == [OURS[world.end], THEIRS[world.end]]
    for side in (OURS, THEIRS):
        world.says(listed, f'class="sync-side">{side[world.end]}</th>')


def test_card_of_the_first_page_says_where(admin_client: Client, world: World) -> None:
    shown = text(admin_client.get(page("index")))

    assert f"changed {THEIRS[world.end]}" in shown


WORDS = {
    "directory": ("In the PBX", "comes into the PBX in", "Take the PBX&#x27;s value", "Take the domain&#x27;s value"),
    "phone_system": ("Here", "comes in here in", "Take our value", "Take the phone system&#x27;s value"),
}


def test_conflict_is_decided_in_words_of_its_server(admin_client: Client, world: World) -> None:
    shown = text(admin_client.get(page("syncapp_conflict_change", world.conflict.pk)))

    title, consequence, *buttons = WORDS[world.end]
    world.says(shown, f"<h3>{title}</h3>", f"<h3>{capfirst(THEIRS[world.end])}</h3>", consequence, *buttons)


DECIDED = {
    "directory": ("the PBX&#x27;s value", "the domain&#x27;s value"),
    "phone_system": ("our value", "the phone system&#x27;s value"),
}


@pytest.mark.parametrize("take", [Resolution.LOCAL, Resolution.REMOTE])
def test_closed_conflict_says_whose_value_was_taken(admin_client: Client, world: World, take: Resolution) -> None:
    Conflict.objects.update(closed_at=timezone.now(), resolution=take, resolved_by="olga")

    shown = [
        text(admin_client.get(page("syncapp_conflict_changelist", query="closed=1"))),
        text(admin_client.get(page("syncapp_conflict_change", world.conflict.pk))),
    ]

    whose = DECIDED[world.end][take is Resolution.REMOTE]
    assert [f"olga: {whose}" in each for each in shown] == [True, True]


def test_inbox_of_all_servers_names_neither_side_wrongly(admin_client: Client, world: World) -> None:
    response: Any = admin_client.get(page("syncapp_conflict_changelist"))

    shown = text(response)
    world.says(shown, "On the server", "Take the server&#x27;s value")
    assert OTHER[world.end] not in shown


def test_sheet_of_records_says_where(admin_client: Client, world: World) -> None:
    response: Any = admin_client.get(page("syncapp_syncrecord_changelist") + "export/csv/")

    assert THEIRS[world.end] in response.getvalue().decode("utf-8-sig")


def test_in_russian(admin_client: Client, world: World) -> None:
    shown = text(
        admin_client.get(page("syncapp_employee_change", world.item.employee_id), headers={"accept-language": "ru"})
    )

    ours, theirs, to = {
        "directory": ("в АТС", "в домене", "в домен"),
        "phone_system": ("здесь", "на станции", "на станцию"),
    }[world.end]
    world.says(shown, f">{ours}</th>", f">{theirs}</th>", f"это записали {to}.", f"Ожидает записи {to}: мобильный.")
