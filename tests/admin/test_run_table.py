"""A run as a table, its items by field, and how long it still takes."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.utils import timezone

from syncapp.choices import RunPhase, RunStatus, Status
from syncapp.models import RunItem, SyncRun
from tests.admin.pages import page, shown_names, text
from tests.admin.test_runs import make_run
from tests.factories import make_employee

pytestmark = pytest.mark.django_db


def change(field: str, side: str, before: str, after: str) -> dict[str, str]:
    return {"field": field, "side": side, "before": before, "after": after}


def item(run: SyncRun, position: int, name: str, *changes: dict[str, str], **values: Any) -> RunItem:
    plan = {"keys": [], "remarks": [], "state_changed": False, "state": "active", "here": "updated"}
    return RunItem.objects.create(
        **{
            "run": run, "position": position, "name": name, "dn": f"uid={name}", "expected": Status.UPDATED,
            "outcome": Status.UPDATED, "changes": list(changes), "plan": plan, **values,
        }
    )  # fmt: skip


def table(client: Client, run: SyncRun) -> list[list[str]]:
    response = client.get(page("syncapp_syncrun_csv", run.pk))
    assert isinstance(response, StreamingHttpResponse)
    return list(csv.reader(StringIO(response.getvalue().decode("utf-8-sig"))))


def test_table_has_a_line_for_each_change(viewer_client: Client) -> None:
    run = make_run()
    employee = make_employee(name="Anna", extension="215")
    item(
        run, 0, "Anna", change("title", "pbx", "Boss", "Chief"), change("photo", "domain", "", "ab12"),
        employee=employee, message_code="matched", message_params={"key": "email"},
    )  # fmt: skip
    item(run, 1, "=Eve")

    head, *rows = table(viewer_client, run)

    assert head[:3] == ["Name", "Extension", "DN"]
    assert [row[:3] + row[5:9] for row in rows[:2]] == [
        ["Anna", "215", "uid=Anna", "Job title", "in the PBX", "Boss", "Chief"],
        ["Anna", "215", "uid=Anna", "Photo", "in the domain", "", "***"],
    ]
    assert rows[0][9].startswith("Recognised by")
    assert rows[2][0] == "'=Eve", "a spreadsheet would compute it"


def test_table_is_in_the_readers_language(viewer_client: Client) -> None:
    viewer_client.cookies["django_language"] = "ru"

    assert table(viewer_client, make_run())[0][0] == "Имя"


def test_table_is_for_those_who_may_see_runs(staff_client: Client) -> None:
    assert staff_client.get(page("syncapp_syncrun_csv", make_run().pk)).status_code == 403


def test_items_by_the_field_that_changed(admin_client: Client) -> None:
    run = make_run()
    item(run, 0, "Anna", change("title", "pbx", "email", ""))
    item(run, 1, "Boris", change("email", "domain", "", "b@example.test"))

    listed = admin_client.get(page("syncapp_runitem_changelist", query=f"run__id__exact={run.pk}&field=email"))

    assert shown_names(listed) == ["Boris"]


LEFT = {
    "nine tenths done after a minute": (60, 900, 1000, "about 7 seconds left"),
    "a tenth done after five minutes": (300, 100, 1000, "about 45 minutes left"),
    "hardly begun": (60, 1, 1000, ""),
    "too soon to say": (1, 500, 1000, ""),
    "not known of how many": (60, 500, None, ""),
}


@pytest.mark.parametrize(("elapsed", "done", "total", "left"), LEFT.values(), ids=LEFT.keys())
def test_time_left(admin_client: Client, elapsed: int, done: int, total: int | None, left: str) -> None:
    run = make_run(
        status=RunStatus.RUNNING, phase=RunPhase.APPLY, progress_done=done, progress_total=total,
        phase_at=timezone.now() - timedelta(seconds=elapsed),
    )  # fmt: skip

    shown = text(admin_client.get(page("syncapp_syncrun_progress", run.pk)))

    assert left in shown
    assert ("left" in shown) == bool(left)
