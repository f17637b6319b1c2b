"""Reports, terminal and mails call a phone system so; codes stay what scripts know (rule E1)."""

import json
from typing import Any

import pytest
from django.utils import timezone, translation
from pytest_django import Settings

from syncapp.choices import Happened, RunMode, RunStatus, Side, Status
from syncapp.management.terminal import RunScreen
from syncapp.models import Endpoint, Notice, NotificationChannel, RunItem, SyncRun
from syncapp.services.notifications.wording import words_of
from syncapp.services.report import write_runs
from tests.factories import make_employee, make_phone_system, make_record, make_server

pytestmark = pytest.mark.django_db

ENDS = [(make_server, "in the domain", "в домене"), (make_phone_system, "in the phone system", "на станции")]


def run_with_a_change(endpoint: Endpoint) -> SyncRun:
    """A run that wrote Anna's title to the endpoint, and left her a remark."""
    run = SyncRun.objects.create(endpoint=endpoint, mode=RunMode.APPLY, status=RunStatus.COMPLETED)
    record = make_record(
        endpoint=endpoint, employee=make_employee(name="Anna"), updated_at=timezone.now(), updated_side=Side.REMOTE
    )
    RunItem.objects.create(
        run=run, record=record, employee=record.employee, name="Anna", expected=Status.UPDATED, outcome=Status.UPDATED,
        changes=[{"field": "title", "side": Side.REMOTE, "before": "Boss", "after": "Chief"}],
        message_code="content_conflict", message_params={"field": "photo"},
        plan={"keys": [], "remarks": [], "state_changed": False, "state": "active", "here": "updated"},
    )  # fmt: skip
    return run


@pytest.mark.parametrize(("make", "where", "_russian"), ENDS)
def test_report_keeps_its_codes_and_says_the_right_words(make: Any, where: str, _russian: str) -> None:
    report = json.loads("".join(write_runs([run_with_a_change(make())], everybody=False)))

    (person,) = report["runs"][0]["people"]
    assert (person["updated_side"], person["changes"][0]["side"]) == ("domain", "domain")
    assert person["message"].startswith(f"Photo was changed both here and {where}.")


@pytest.mark.parametrize(("make", "_english", "where"), ENDS)
def test_terminal_says_where(capsys: pytest.CaptureFixture[str], make: Any, _english: str, where: str) -> None:
    run = run_with_a_change(make())

    with translation.override("ru"):
        RunScreen(json=False, everybody=False).show(run)

    said = " ".join(capsys.readouterr().out.split())
    assert said.count(where) == 2, "when it was updated, and the message"


@pytest.mark.parametrize(("make", "where", "_russian"), ENDS)
def test_mail_of_a_held_run_says_where(make: Any, where: str, _russian: str) -> None:
    params = {"count": 60, "recent": 0, "limit": 50, "tied": 90}
    notice = Notice.objects.create(
        channel=NotificationChannel.objects.create(language="en"), endpoint=make(), happened=Happened.HELD,
        facts={"reason": {"code": "limit_written_back", "params": params}},
    )  # fmt: skip

    assert f"60 people would be changed {where}," in words_of(notice).text


@pytest.mark.parametrize(("make", "page"), [(make_server, "directoryserver"), (make_phone_system, "phonesystem")])
def test_mail_leads_to_the_page_of_its_server(settings: Settings, make: Any, page: str) -> None:
    settings.PUBLIC_URL = "https://sync.corp.example"
    channel = NotificationChannel.objects.create(language="en")
    notice = Notice.objects.create(channel=channel, endpoint=make(), happened=Happened.RECOVERED, facts={})

    assert words_of(notice).url == f"https://sync.corp.example/admin/syncapp/{page}/{notice.endpoint_id}/change/"
