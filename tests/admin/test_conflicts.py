"""Open matters, and deciding who somebody is."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from syncapp.choices import MatterKind, RunStatus, Status
from syncapp.models import Conflict, Employee, SyncRun
from tests.admin.pages import page, text
from tests.factories import make_employee, make_record, make_server

LIST = "syncapp_conflict_changelist"
CHANGE = "syncapp_conflict_change"


def make_match(*employees: Employee, kind: MatterKind = MatterKind.MATCH_PROPOSED, **values: Any) -> Conflict:
    record = make_record(name="Петров Пётр", status=Status.PROPOSED, **values)
    candidates = [{"employee": employee.pk, "agrees": ["name"], "disagrees": ["email"]} for employee in employees]
    return Conflict.objects.create(endpoint=record.endpoint, record=record, kind=kind, candidates=candidates)


def act(client: Client, action: str, *conflicts: Conflict) -> str:
    data = {"action": action, "_selected_action": [conflict.pk for conflict in conflicts]}
    return text(client.post(page(LIST), data, follow=True))


def tied(conflict: Conflict) -> int | None:
    conflict.record.refresh_from_db()
    return conflict.record.employee_id


def is_open(conflict: Conflict) -> bool:
    conflict.refresh_from_db()
    return conflict.closed_at is None


def test_list_shows_open_matters_alone(admin_client: Client) -> None:
    make_match()
    closed = make_match()
    Conflict.objects.filter(pk=closed.pk).update(closed_at=timezone.now())

    response = admin_client.get(page(LIST))

    assert response.context["cl"].result_count == 1
    assert admin_client.get(page(LIST, query="closed=1")).context["cl"].result_count == 1
    assert admin_client.get(page(LIST, query="closed=all")).context["cl"].result_count == 2


def test_list_shows_what_agrees_and_what_disagrees(admin_client: Client) -> None:
    make_match(make_employee(name="Петров Иван"))

    shown = text(admin_client.get(page(LIST)))

    assert "Петров Иван" in shown
    assert "name: agrees" in shown
    assert "e-mail: disagrees" in shown


def test_list_shows_both_values_and_the_owner(admin_client: Client) -> None:
    record = make_record()
    owner = make_employee(name="Owner of the number")
    Conflict.objects.create(
        endpoint=record.endpoint, record=record, kind=MatterKind.NUMBER_TAKEN, field="extension", local="215",
        remote="216", owner=owner,
    )  # fmt: skip

    shown = text(admin_client.get(page(LIST)))

    assert "215" in shown
    assert "216" in shown
    assert "Owner of the number" in shown


@pytest.mark.parametrize("number", [3, 45])
def test_list_takes_the_same_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any, number: int
) -> None:
    server = make_server()
    for _match in range(number):
        make_match(make_employee(), make_employee(), endpoint=server)

    with django_assert_num_queries(8):
        admin_client.get(page(LIST))


def test_join_ties_the_entry_to_the_candidate(admin_client: Client) -> None:
    first, second = make_employee(), make_employee()
    conflict = make_match(first, second, kind=MatterKind.MATCH_AMBIGUOUS)

    admin_client.post(page("syncapp_conflict_join", conflict.pk), {"employee": second.pk})

    assert tied(conflict) == second.pk
    assert not is_open(conflict)


def test_join_with_somebody_else_is_refused(admin_client: Client) -> None:
    conflict = make_match(make_employee())

    response = admin_client.post(
        page("syncapp_conflict_join", conflict.pk), {"employee": make_employee().pk}, follow=True
    )

    assert tied(conflict) is None
    assert is_open(conflict)
    assert response.redirect_chain[-1][0] == page(CHANGE, conflict.pk)


@pytest.mark.parametrize("employee", ["", "abc", "1; drop"])
def test_join_wants_a_number(admin_client: Client, employee: str) -> None:
    conflict = make_match(make_employee())

    response = admin_client.post(page("syncapp_conflict_join", conflict.pk), {"employee": employee})

    assert response.status_code == 400


def test_new_person_refuses_every_candidate(admin_client: Client) -> None:
    first, second = make_employee(), make_employee()
    conflict = make_match(first, second)

    admin_client.post(page("syncapp_conflict_create_new", conflict.pk))

    assert tied(conflict) is None
    assert sorted(conflict.record.refused) == sorted([first.pk, second.pk])
    assert not is_open(conflict)


def test_matter_that_is_decided_already_is_said(admin_client: Client) -> None:
    employee = make_employee()
    conflict = make_match(employee)
    admin_client.post(page("syncapp_conflict_create_new", conflict.pk))

    response = admin_client.post(page("syncapp_conflict_join", conflict.pk), {"employee": employee.pk}, follow=True)

    assert tied(conflict) is None
    assert "text-red-700" in text(response)


def test_nobody_is_refused_while_a_run_is_going(admin_client: Client) -> None:
    employee = make_employee()
    conflict = make_match(employee)
    SyncRun.objects.create(endpoint=conflict.endpoint, status=RunStatus.RUNNING)

    admin_client.post(page("syncapp_conflict_create_new", conflict.pk))

    assert is_open(conflict)


def test_action_confirms_those_with_one_candidate(admin_client: Client) -> None:
    anna, boris, clara = make_employee(), make_employee(), make_employee()
    first, second = make_match(anna), make_match(boris)
    several = make_match(boris, clara, kind=MatterKind.MATCH_AMBIGUOUS)

    shown = act(admin_client, "confirm_matches", first, second, several)

    assert (tied(first), tied(second), tied(several)) == (anna.pk, boris.pk, None)
    assert "2 matters were decided" in shown
    assert "1 matter was left out" in shown


def test_action_refuses_match_matters_alone(admin_client: Client) -> None:
    match = make_match(make_employee())
    number = make_match(kind=MatterKind.NUMBER_TAKEN)

    act(admin_client, "refuse_matches", match, number)

    assert not is_open(match)
    assert is_open(number)


def test_action_is_not_offered_to_who_may_only_look(viewer_client: Client) -> None:
    conflict = make_match(make_employee())

    act(viewer_client, "confirm_matches", conflict)

    assert is_open(conflict)
    assert "confirm_matches" not in text(viewer_client.get(page(LIST)))


def test_who_may_change_conflicts_may_decide(viewer: User, viewer_client: Client) -> None:
    viewer.user_permissions.add(Permission.objects.get(codename="change_conflict"))
    employee = make_employee()
    conflict = make_match(employee)

    viewer_client.post(page("syncapp_conflict_join", conflict.pk), {"employee": employee.pk})

    assert tied(conflict) == employee.pk


def test_page_puts_entry_and_candidates_side_by_side(admin_client: Client) -> None:
    employee = make_employee(name="Петров Пётр Ильич", email="other@corp.example")
    conflict = make_match(employee, keys=["Петров Пётр", "петр петров", ["petr@corp.example"], [], ["215"]])

    shown = text(admin_client.get(page(CHANGE, conflict.pk)))

    for value in ("petr@corp.example", "other@corp.example", "Join with Петров Пётр Ильич", "None of these"):
        assert value in shown


def test_page_of_a_closed_matter_offers_nothing(admin_client: Client) -> None:
    conflict = make_match(make_employee())
    Conflict.objects.filter(pk=conflict.pk).update(closed_at=timezone.now())

    shown = text(admin_client.get(page(CHANGE, conflict.pk)))

    assert page("syncapp_conflict_join", conflict.pk) not in shown


def test_sidebar_counts_open_matters(admin_client: Client) -> None:
    for _match in range(3):
        make_match()

    shown = text(admin_client.get(page("index")))

    badge = shown.partition(page(LIST))[2].partition("</li>")[0]
    assert "3" in badge.split()


# Re-created accounts, and people who are hired again


def make_anew(kind: MatterKind = MatterKind.MATCH_RECREATED, **values: Any) -> Conflict:
    """An entry that may be Anna's, whose own entry is missing."""
    anna = make_employee(name="Anna Petrova", **values)
    conflict = make_match(anna, kind=kind, anchor="new-id", dn="uid=anna2,dc=corp")
    make_record(
        endpoint=conflict.endpoint, employee=anna, anchor="old-id", dn="uid=anna,dc=corp", state="missing",
        message_code="missing_deleted_or_unreadable",
    )  # fmt: skip
    return conflict


def test_page_of_a_re_created_account_shows_both_entries(admin_client: Client) -> None:
    conflict = make_anew()

    shown = text(admin_client.get(page(CHANGE, conflict.pk)))

    for told in ("new-id", "old-id", "uid=anna,", "uid=anna2,", "missing", "Missing: deleted, or not readable"):
        assert told in shown
    assert "Confirm: Anna Petrova" in shown
    assert "in the place of the former one" in shown


def test_list_shows_both_entries_of_a_re_created_account(admin_client: Client) -> None:
    make_anew()

    shown = text(admin_client.get(page(LIST)))

    for told in ("this entry: uid=anna2,", "new-id", "entry so far: uid=anna,", "old-id"):
        assert told in shown


def test_record_moves_when_the_account_is_confirmed(admin_client: Client) -> None:
    conflict = make_anew()
    anna = Employee.objects.get()

    admin_client.post(page("syncapp_conflict_join", conflict.pk), {"employee": anna.pk})

    assert anna.records.get().anchor == "new-id"
    shown = text(admin_client.get(page(CHANGE, conflict.pk)))
    assert "new-id" in shown
    assert "old-id" not in shown


def test_many_re_created_accounts_are_confirmed_at_once(admin_client: Client) -> None:
    server = make_server()
    conflicts = []
    for number in range(3):
        person = make_employee(name=f"Person {number}")
        conflicts.append(make_match(person, endpoint=server, kind=MatterKind.MATCH_RECREATED, anchor=f"new-{number}"))
        make_record(endpoint=server, employee=person, anchor=f"old-{number}", state="missing")

    said = act(admin_client, "confirm_matches", *conflicts)

    assert "3 matters were decided." in said
    assert [person.records.get().anchor for person in Employee.objects.order_by("id")] == ["new-0", "new-1", "new-2"]


def test_confirmed_person_comes_back_from_the_archive(admin_client: Client) -> None:
    conflict = make_anew(MatterKind.MATCH_REHIRED, archived_at=timezone.now())
    anna = Employee.objects.get()

    shown = text(admin_client.get(page(CHANGE, conflict.pk)))
    admin_client.post(page("syncapp_conflict_join", conflict.pk), {"employee": anna.pk})

    assert "takes the employee back from the archive" in shown
    assert "archived" in shown
    anna.refresh_from_db()
    assert (anna.archived_at, anna.records.get().anchor) == (None, "new-id")


def test_account_whose_other_one_is_active_is_not_confirmed(admin_client: Client) -> None:
    conflict = make_anew(MatterKind.MATCH_TWICE)
    anna = Employee.objects.get()
    anna.records.update(state="active")

    shown = text(admin_client.get(page(CHANGE, conflict.pk)))
    said = text(admin_client.post(page("syncapp_conflict_join", conflict.pk), {"employee": anna.pk}, follow=True))

    assert "Confirm: Anna Petrova" not in shown
    for each in (shown, said):
        assert "which is not missing. Switch one of the two accounts off" in each
    assert is_open(conflict)
