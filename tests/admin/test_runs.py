"""The page of a run, its live part and its items."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from syncapp.choices import ItemOutcome, ReadMode, RunMode, RunPhase, RunStatus, Status
from syncapp.models import RunItem, SyncRun
from tests.admin.pages import page, shown_names, text
from tests.factories import make_employee, make_server


def make_run(**values: Any) -> SyncRun:
    return SyncRun.objects.create(**{"endpoint": make_server(), "status": RunStatus.COMPLETED, **values})


def run_page(client: Client, run: SyncRun) -> str:
    return text(client.get(page("syncapp_syncrun_change", run.pk)))


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING])
def test_page_asks_for_news_while_the_run_is_going(admin_client: Client, status: RunStatus) -> None:
    run = make_run(status=status)

    assert f'hx-get="{page("syncapp_syncrun_progress", run.pk)}"' in run_page(admin_client, run)


@pytest.mark.parametrize("status", [status for status in RunStatus if status not in ("queued", "running")])
def test_page_stops_asking_when_the_run_has_ended(admin_client: Client, status: RunStatus) -> None:
    run = make_run(status=status)

    assert page("syncapp_syncrun_progress", run.pk) not in run_page(admin_client, run)


def test_live_part_says_how_far_the_run_is(admin_client: Client) -> None:
    run = make_run(status=RunStatus.RUNNING, phase=RunPhase.APPLY, progress_done=150, progress_total=600)

    shown = text(admin_client.get(page("syncapp_syncrun_progress", run.pk)))

    assert "Applying: 150 of 600" in shown
    assert 'aria-valuenow="25"' in shown
    assert "<html" not in shown


def test_live_part_sends_who_is_logged_out_to_the_login(client: Client, db: None) -> None:
    response = client.get(page("syncapp_syncrun_progress", make_run().pk))

    assert response.status_code == 403
    assert response["HX-Refresh"] == "true"


def test_live_part_is_refused_to_who_has_no_right(staff_client: Client) -> None:
    assert staff_client.get(page("syncapp_syncrun_progress", make_run().pk)).status_code == 403


def test_live_part_is_not_for_users_of_no_admin_site(client: Client, viewer: User) -> None:
    viewer.is_staff = False
    viewer.save()
    client.force_login(viewer)

    assert client.get(page("syncapp_syncrun_progress", make_run().pk)).status_code == 403


def test_page_says_that_no_worker_runs(admin_client: Client) -> None:
    run = make_run(status=RunStatus.QUEUED, queued_at=timezone.now() - timedelta(seconds=30))

    assert "manage.py worker" in run_page(admin_client, run)


def test_page_gives_the_worker_a_moment(admin_client: Client) -> None:
    assert "manage.py worker" not in run_page(admin_client, make_run(status=RunStatus.QUEUED))


def test_page_says_nothing_of_a_worker_that_runs(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncapp.services.queue.Stat.get_all", lambda: ["a sign of life"])
    run = make_run(status=RunStatus.QUEUED, queued_at=timezone.now() - timedelta(seconds=30))

    assert "manage.py worker" not in run_page(admin_client, run)


def test_page_shows_counts_in_words(admin_client: Client) -> None:
    run = make_run(counts={"read": 120, "created": 90, "conflicts": 3})

    shown = run_page(admin_client, run)

    assert "Entries read" in shown
    assert "Employees created" in shown
    assert f"endpoint__id__exact={run.endpoint_id}&amp;status__exact=conflict" in shown


def test_page_of_a_failed_run_says_why(admin_client: Client) -> None:
    run = make_run(
        status=RunStatus.FAILED, error_code="password_for_another_address", error_params={"server": "Head office"}
    )

    assert "was entered for another address" in run_page(admin_client, run)


def test_page_of_a_held_run_says_that_nothing_was_changed(admin_client: Client) -> None:
    run = make_run(status=RunStatus.HELD, error_code="nobody_found")

    assert "Held: nothing was changed." in run_page(admin_client, run)


def test_page_of_a_preview_says_that_nothing_was_written(admin_client: Client) -> None:
    assert "This is a preview" in run_page(admin_client, make_run(mode=RunMode.PREVIEW))


def test_page_shows_notes(admin_client: Client) -> None:
    run = make_run(notes=[{"code": "value_not_email", "params": {"value": "x", "attribute": "mail"}}])

    assert "is not an e-mail address" in run_page(admin_client, run)


def test_cancel_ends_a_queued_run(admin_client: Client) -> None:
    run = make_run(status=RunStatus.QUEUED)

    admin_client.post(page("syncapp_syncrun_cancel", run.pk))

    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED


def test_cancel_asks_a_running_run_to_stop(admin_client: Client) -> None:
    run = make_run(status=RunStatus.RUNNING)

    response = admin_client.post(page("syncapp_syncrun_cancel", run.pk), follow=True)

    run.refresh_from_db()
    assert run.cancel_requested
    assert "stopping" in text(response)


def test_cancel_says_that_the_run_has_ended(admin_client: Client) -> None:
    response = admin_client.post(page("syncapp_syncrun_cancel", make_run().pk), follow=True)

    assert "has ended already" in text(response)


def make_items(run: SyncRun, number: int) -> None:
    for position in range(number):
        RunItem.objects.create(
            run=run,
            position=position,
            name=f"Person {position}",
            dn=f"cn=person {position},dc=corp",
            employee=make_employee(name="Anna") if position % 2 else None,
            expected=Status.CREATED if position else Status.FAILED,
            outcome=ItemOutcome.CREATED if position else ItemOutcome.FAILED,
            changes=[{"field": "extension", "side": "pbx", "before": "101", "after": str(position)}],
        )


def items_of(run: SyncRun, query: str = "") -> str:
    return page("syncapp_runitem_changelist", query=f"run__id__exact={run.pk}{query}")


def test_items_are_those_of_the_run(admin_client: Client) -> None:
    run, other = make_run(), make_run()
    make_items(run, 3)
    make_items(other, 2)

    response = admin_client.get(items_of(run))

    assert shown_names(response) == ["Person 0", "Person 1", "Person 2"]
    assert page("syncapp_syncrun_change", run.pk) in text(response)


def test_items_show_before_and_after(admin_client: Client) -> None:
    run = make_run()
    make_items(run, 3)

    shown = text(admin_client.get(items_of(run)))

    assert '<td><del>101</del></td><td class="sync-after"><ins>2</ins></td>' in shown
    assert "in the PBX" in shown


def plan_of(run: SyncRun) -> None:
    """Two people to create, one of whom has to be decided about as well."""
    server = run.server_id
    for number, expected in enumerate(("created", "conflict")):
        change = {"field": "title", "side": "pbx", "before": "Sales manager", "after": "Sales director"}
        plan = {"action": "create", "state_changed": False}
        RunItem.objects.create(
            run=run, name=f"Person {number}", position=number, expected=expected, changes=[change], plan=plan
        )
    RunItem.objects.create(run=run, name="Quiet", position=2, expected="skipped", plan={"action": "update"})
    SyncRun.objects.filter(pk=run.pk, endpoint=server).update(
        counts={"created": 2, "updated": 0, "skipped": 945, "conflicts": 3}
    )


@pytest.mark.parametrize(("mode", "status"), [(RunMode.PREVIEW, RunStatus.PARTIAL), (RunMode.APPLY, RunStatus.HELD)])
def test_plan_is_shown_in_numbers_and_then_the_people(admin_client: Client, mode: RunMode, status: RunStatus) -> None:
    run = make_run(mode=mode, status=status)
    plan_of(run)

    response = admin_client.get(page("syncapp_syncrun_change", run.pk))

    tiles = {
        tile.label: (tile.value, tile.url.rpartition("&")[2], tile.more) for tile in response.context["view"].tiles
    }
    assert tiles == {
        "Create": (2, "happens=created", ""),
        "Change here": (0, "", ""),
        "Write to the domain": (0, "", ""),
        "Left as they are": (945, "", ""),
        "To be decided": (1, "happens=decide", "and 2 from before"),
    }
    shown = text(response)
    assert "Sales <del>manager</del>" in shown
    assert "Sales <ins>director</ins>" in shown
    assert "Quiet" not in shown


def test_plan_shows_its_first_people(admin_client: Client, django_assert_max_num_queries: Any) -> None:
    run = make_run(mode=RunMode.PREVIEW)
    make_items(run, 30)

    with django_assert_max_num_queries(9):
        shown = text(admin_client.get(page("syncapp_syncrun_change", run.pk)))

    assert "Person 19" in shown
    assert "Person 20" not in shown
    assert items_of(run) in shown


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.FAILED])
def test_run_that_was_carried_out_shows_no_plan(admin_client: Client, status: RunStatus) -> None:
    run = make_run(status=status)
    make_items(run, 1)

    assert "sync-tile" not in run_page(admin_client, run)


def test_people_of_a_plan_are_not_for_who_may_not_see_items(staff_client: Client, staff: User) -> None:
    staff.user_permissions.add(Permission.objects.get(codename="view_syncrun"))
    run = make_run(mode=RunMode.PREVIEW, counts={"created": 1})
    make_items(run, 1)

    for name in ("syncapp_syncrun_change", "syncapp_syncrun_progress"):
        shown = text(staff_client.get(page(name, run.pk)))
        assert "sync-tile" in shown
        assert "Person 0" not in shown
        assert "happens=" not in shown


ITEM_FILTERS = {
    "outcome": "&outcome__exact=failed",
    "planned_outcome": "&expected__exact=failed",
    "what_happens": "&happens=failed",
    "name": "&q=person+0",
    "dn": "&q=cn%3Dperson+0",
}


@pytest.mark.parametrize("query", ITEM_FILTERS.values(), ids=ITEM_FILTERS)
def test_items_are_filtered(admin_client: Client, query: str) -> None:
    run = make_run()
    make_items(run, 3)

    assert shown_names(admin_client.get(items_of(run, query))) == ["Person 0"]


@pytest.mark.parametrize("number", [10, 120])
def test_items_take_the_same_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any, number: int
) -> None:
    run = make_run()
    make_items(run, number)

    with django_assert_num_queries(7):
        admin_client.get(items_of(run))


@pytest.mark.parametrize("mode", [RunMode.APPLY, RunMode.PREVIEW])
@pytest.mark.parametrize("number", [10, 120])
def test_page_takes_the_same_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any, number: int, mode: RunMode
) -> None:
    run = make_run(mode=mode)
    make_items(run, number)

    with django_assert_num_queries(6 if mode == RunMode.PREVIEW else 5):
        admin_client.get(page("syncapp_syncrun_change", run.pk))


@pytest.mark.parametrize("number", [2, 40])
def test_list_of_runs_takes_the_same_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any, number: int
) -> None:
    server = make_server()
    for _run in range(number):
        make_run(endpoint=server)

    with django_assert_num_queries(6):
        admin_client.get(page("syncapp_syncrun_changelist"))


def test_list_of_runs_shows_who_started_them(admin_client: Client) -> None:
    make_run(who="anna", counts={"read": 12, "created": 3})

    shown = text(admin_client.get(page("syncapp_syncrun_changelist")))

    assert "anna, by hand" in shown
    assert "read 12 · created 3" in shown


@pytest.mark.parametrize(("people", "expected"), [(1, "one person"), (2, "certain people")])
def test_page_says_whether_one_person_or_several_were_asked_for(
    admin_client: Client, people: int, expected: str
) -> None:
    run = make_run(read=ReadMode.PERSON, anchors=[["anchor", "dn"]] * people)

    assert f"<td>{expected}</td>" in run_page(admin_client, run)


OUTCOMES = {
    "as_planned": (ItemOutcome.CREATED, ""),
    "not_yet": (ItemOutcome.PLANNED, "planned"),
    "otherwise": (ItemOutcome.FAILED, "planned: created"),
}


@pytest.mark.parametrize(("outcome", "expected"), OUTCOMES.values(), ids=OUTCOMES)
def test_items_show_the_plan_where_it_is_not_what_happened(
    admin_client: Client, outcome: ItemOutcome, expected: str
) -> None:
    run = make_run()
    RunItem.objects.create(run=run, name="Anna", expected=Status.CREATED, outcome=outcome)

    shown = text(admin_client.get(items_of(run)))

    assert shown.partition('<div class="sync-side">')[2].partition("</div>")[0] == expected
