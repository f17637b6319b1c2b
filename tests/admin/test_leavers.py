"""The page of disabled and missing employees (rules D1, D2, D4)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncapp.models import DirectoryServer, Employee, RunItem, SyncRecord, SyncRun
from tests.admin.pages import page, shown_names, text
from tests.factories import make_employee, make_phone_system, make_record, make_server

LIST = "syncapp_leaver_changelist"
GONE = "missing_deleted_or_unreadable"


def leaver(name: str, state: str, *, agreed: bool = False, **values: Any) -> Employee:
    employee = make_employee(name=name)
    since = timezone.now() - timedelta(hours=3)
    missing = {"message_code": GONE, "evidence_since": since, "state_since": since} if state == "missing" else {}
    confirmed = {"confirmed_at": since + timedelta(minutes=61)} if agreed else {}
    make_record(employee=employee, state=state, **{**missing, **confirmed, **values})
    return employee


@pytest.fixture
def people(db: None) -> dict[str, Employee]:
    found = {
        "Anna": leaver("Anna", "active"),
        "Boris": leaver("Boris", "disabled"),
        "Carl": leaver("Carl", "missing"),
        "Dora": leaver("Dora", "missing", agreed=True),
        "Emil": leaver(
            "Emil",
            "missing",
            agreed=True,
            message_code="missing_not_on_this_controller",
            message_params={"uri": "a", "shown_by": "b"},
        ),
        "Fred": leaver("Fred", "missing", agreed=True),
        "Gina": leaver("Gina", "disabled"),
        "Hans": leaver("Hans", "active"),
    }
    make_record(employee=found["Fred"], state="active")
    make_record(former_employee=make_employee(name="Ivan"), state="released")
    Employee.objects.filter(name__in=["Gina", "Hans"]).update(archived_at=timezone.now())
    return found


SHOWN = {
    "leavers": ("", ["Boris", "Carl", "Dora", "Emil"]),
    "missing": ("state=missing", ["Carl", "Dora", "Emil"]),
    "disabled": ("state=disabled", ["Boris"]),
    "released": ("state=released", ["Ivan"]),
    "archived": ("state=archived", ["Gina", "Hans"]),
    "archived_here_active_there": ("state=contradiction", ["Hans"]),
    "may_be_archived": ("may_archive=yes", ["Boris", "Dora"]),
    "not_yet": ("may_archive=no", ["Carl", "Emil"]),
}


@pytest.mark.parametrize("case", SHOWN)
def test_list_shows_who_has_left(admin_client: Client, people: dict[str, Employee], case: str) -> None:
    query, names = SHOWN[case]

    response = admin_client.get(page(LIST, query=query))

    assert shown_names(response) == names


def test_list_by_server(admin_client: Client, people: dict[str, Employee]) -> None:
    server = SyncRecord.objects.get(employee=people["Boris"]).endpoint_id

    assert shown_names(admin_client.get(page(LIST, query=f"server={server}"))) == ["Boris"]


def test_list_says_why_and_since_when(admin_client: Client, people: dict[str, Employee]) -> None:
    shown = text(admin_client.get(page(LIST, query="q=Dora")))

    assert "Missing: deleted, or not readable" in shown
    assert "Confirmed" in shown


def test_list_needs_the_same_queries_for_few_and_for_many(
    admin_client: Client, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    leaver("Anna", "missing")
    with django_assert_max_num_queries(40) as few:
        admin_client.get(page(LIST))
    for number in range(20):
        leaver(f"Person {number}", "missing")

    with django_assert_num_queries(len(few)):
        admin_client.get(page(LIST))


def archive(client: Client, *chosen: Employee, **more: str) -> Any:
    data = {"action": "archive", "_selected_action": [str(each.pk) for each in chosen], **more}
    return client.post(page(LIST), data, follow=True)


def test_archive_shows_first_what_it_will_do(admin_client: Client, people: dict[str, Employee]) -> None:
    response = archive(admin_client, people["Boris"], people["Carl"], people["Dora"])

    assert "2 people will be archived" in text(response)
    assert "1 person is left out" in text(response)
    assert Employee.objects.filter(archived_at__isnull=False).count() == 2


@pytest.mark.promise(3)
def test_archive_takes_only_those_of_whom_a_second_read_agrees(
    admin_client: Client, people: dict[str, Employee]
) -> None:
    archive(admin_client, people["Carl"], people["Dora"], people["Emil"], confirmed="1")

    archived = Employee.objects.filter(archived_at__isnull=False).order_by("name")
    assert [each.name for each in archived] == ["Dora", "Gina", "Hans"]
    assert RunItem.objects.get().message_code == "employee_archived"


def test_archived_people_are_taken_back(admin_client: Client, people: dict[str, Employee]) -> None:
    data = {"action": "take_back", "_selected_action": [str(people["Gina"].pk)]}
    admin_client.post(page(LIST, query="state=archived"), data)

    assert Employee.objects.get(name="Gina").archived_at is None


def test_who_may_only_look_archives_nobody(viewer_client: Client, people: dict[str, Employee]) -> None:
    response = archive(viewer_client, people["Dora"], confirmed="1")

    assert shown_names(response) == ["Boris", "Carl", "Dora", "Emil"]
    assert Employee.objects.get(name="Dora").archived_at is None


def test_who_may_not_see_employees_does_not_see_the_page(staff_client: Client) -> None:
    assert staff_client.get(page(LIST)).status_code == 403


@pytest.mark.promise(3)
def test_page_of_an_employee_refuses_to_archive_too_early(admin_client: Client, people: dict[str, Employee]) -> None:
    response = admin_client.post(page("syncapp_employee_archive", people["Carl"].pk), follow=True)

    assert "Missing since the last full read" in text(response)
    assert Employee.objects.get(name="Carl").archived_at is None


@pytest.mark.parametrize(
    ("state", "names"), [("active", ["Anna", "Fred", "Hans"]), ("missing", ["Carl", "Dora", "Emil"])]
)
def test_employees_are_filtered_by_their_state_over_all_directories(
    admin_client: Client, people: dict[str, Employee], state: str, names: list[str]
) -> None:
    assert shown_names(admin_client.get(page("syncapp_employee_changelist", query=f"state={state}"))) == names


@pytest.fixture
def renamed(db: None) -> tuple[DirectoryServer, SyncRun]:
    server = make_server(base_dn="DC=x", search_bases=["OU=Sales,DC=x", "OU=Other,DC=x"])
    params = {"base": "OU=Sales,DC=x", "now": "OU=Sales and Marketing,DC=x"}
    run = SyncRun.objects.create(endpoint=server, status="failed", error_code="base_renamed", error_params=params)
    return server, run


def test_renamed_base_is_taken_over_by_a_button(admin_client: Client, renamed: tuple[DirectoryServer, SyncRun]) -> None:
    server, run = renamed
    offered = text(admin_client.get(page("syncapp_syncrun_change", run.pk)))

    admin_client.post(page("syncapp_syncrun_take_over", run.pk))

    server.refresh_from_db()
    assert "Take the new name over" in offered
    assert server.search_bases == ["OU=Sales and Marketing,DC=x", "OU=Other,DC=x"]


def test_base_that_left_the_base_dn_is_not_taken_over(
    admin_client: Client, renamed: tuple[DirectoryServer, SyncRun]
) -> None:
    server, run = renamed
    SyncRun.objects.filter(pk=run.pk).update(error_params={"base": "OU=Sales,DC=x", "now": "OU=Sales,DC=y"})

    response = admin_client.post(page("syncapp_syncrun_take_over", run.pk), follow=True)

    server.refresh_from_db()
    assert "DC=y" in text(response)
    assert server.search_bases == ["OU=Sales,DC=x", "OU=Other,DC=x"]


def test_viewer_takes_no_base_over(viewer_client: Client, renamed: tuple[DirectoryServer, SyncRun]) -> None:
    _server, run = renamed

    assert viewer_client.post(page("syncapp_syncrun_take_over", run.pk)).status_code == 403


def test_phone_that_somebody_has_left_behind_does_not_make_him_active(admin_client: Client) -> None:
    boris = leaver("Boris", "disabled")
    make_record(employee=boris, endpoint=make_phone_system(), state="active")

    of_leavers = admin_client.get(page(LIST))
    of_employees = admin_client.get(page("syncapp_employee_changelist"))

    assert "disabled" in text(of_leavers).partition("Boris")[2].partition("</tr>")[0]
    assert "disabled" in text(of_employees).partition("Boris")[2].partition("</tr>")[0]
