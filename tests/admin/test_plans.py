"""The plan of a preview or held run on its page: applied, confirmed or discarded (rules E4, E5)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncapp.choices import RunMode, RunStatus
from syncapp.models import SyncRun
from tests.admin.pages import page, text
from tests.factories import make_server


def make_plan(**values: Any) -> SyncRun:
    brakes = values.pop("brakes", [])
    seal = {
        "digest": "d", "planned_at": values.pop("planned_at", timezone.now()).isoformat(), "newest": 0,
        "brakes": brakes, "kinds": {}, "joined": 0, "remapped": [], "scope": {},
    }  # fmt: skip
    defaults = {"endpoint": make_server(), "mode": RunMode.PREVIEW, "status": RunStatus.COMPLETED, "seal": seal}
    return SyncRun.objects.create(**{**defaults, **values})


def make_held(**values: Any) -> SyncRun:
    return make_plan(
        mode=RunMode.APPLY,
        status=RunStatus.HELD,
        error_code="limit_disabled",
        error_params={"count": 50, "recent": 0, "limit": 10, "tied": 100},
        notes=[{"code": "cause_branch_left", "params": {"count": 50, "branch": "ou=Sales"}}],
        counts={"read": 100, "updated": 50, "disabled": 50},
        brakes=["limit_disabled", "cause_branch_left"],
        **values,
    )


def shown(client: Client, run: SyncRun) -> str:
    return text(client.get(page("syncapp_syncrun_change", run.pk)))


@pytest.mark.django_db(transaction=True)
def test_preview_has_a_button_that_queues_exactly_its_plan(admin_client: Client, queue: list[int]) -> None:
    preview = make_plan()
    assert "Apply exactly this" in shown(admin_client, preview)

    response = admin_client.post(page("syncapp_syncrun_apply", preview.pk))

    [run_id] = queue
    run = SyncRun.objects.get(pk=run_id)
    assert response["Location"] == page("syncapp_syncrun_change", run.pk)
    assert (run.mode, run.applies, run.forced, run.who) == ("apply", preview, False, "admin")


@pytest.mark.django_db(transaction=True)
def test_held_plan_is_confirmed_with_its_numbers(admin_client: Client, queue: list[int]) -> None:
    held = make_held()
    assert page("syncapp_syncrun_apply", held.pk) in shown(admin_client, held)

    question = text(admin_client.get(page("syncapp_syncrun_apply", held.pk)))
    assert "50 people would be disabled" in question
    assert "ou=Sales" in question
    assert '<td class="sync-number">50</td>' in question
    assert queue == []

    admin_client.post(page("syncapp_syncrun_apply", held.pk), {"force": "1"})

    assert SyncRun.objects.get(pk=queue[0]).forced


def test_held_plan_is_not_applied_without_the_confirmation(admin_client: Client, queue: list[int]) -> None:
    response = admin_client.post(page("syncapp_syncrun_apply", make_held().pk), follow=True)

    assert "is held" in text(response)
    assert queue == []


def test_plan_is_discarded_once(admin_client: Client, queue: list[int]) -> None:
    held = make_held()

    admin_client.post(page("syncapp_syncrun_discard", held.pk))
    again = admin_client.post(page("syncapp_syncrun_discard", held.pk), follow=True)
    admin_client.post(page("syncapp_syncrun_apply", held.pk), {"force": "1"})

    held.refresh_from_db()
    assert (held.plan_end_code, held.plan_end_params["who"]) == ("plan_discarded", "admin")
    assert "was discarded by admin" in text(again)
    assert "Discard this plan" not in shown(admin_client, held)
    assert queue == []


def test_old_plan_says_that_it_is_too_old(admin_client: Client) -> None:
    page_of_it = shown(admin_client, make_plan(planned_at=timezone.now() - timedelta(days=8)))

    assert "older than 7 days" in page_of_it
    assert "Apply exactly this" not in page_of_it


@pytest.mark.parametrize("name", ["syncapp_syncrun_apply", "syncapp_syncrun_discard"])
def test_who_may_only_look_applies_and_discards_nothing(viewer_client: Client, queue: list[int], name: str) -> None:
    held = make_held()

    assert viewer_client.post(page(name, held.pk), {"force": "1"}).status_code == 403
    assert "Discard this plan" not in shown(viewer_client, held)
    assert queue == []


def test_run_without_a_plan_has_no_buttons(admin_client: Client) -> None:
    run = make_plan(mode=RunMode.APPLY)

    assert "Apply exactly this" not in shown(admin_client, run)
