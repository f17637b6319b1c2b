"""Deciding who an entry is, by hand (rules A3 to A5)."""

from unittest.mock import ANY

import pytest
from django.contrib.auth.models import User

from syncapp.exceptions import RunAlreadyActiveError, SyncError
from syncapp.models import Conflict, DirectoryServer, Employee, SyncRecord, SyncRun
from syncapp.services.matches import candidate_ids, confirmable, create_new, join
from tests.factories import make_employee, make_record
from tests.services.company import Company, counted, sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user() -> User:
    return User.objects.create_user("olga")


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """Anna is here with another e-mail: her entry is proposed."""
    make_employee(name="Anna Petrova", email="other@example.test", title="Assistant")
    company.add("anna", "Anna Petrova", mail="anna@example.test", title="Director", telephoneNumber="215")
    server = company.server()
    sync(server)
    return server


def proposal() -> Conflict:
    return Conflict.objects.get(kind="match_proposed")


def test_joined_entry_is_merged_as_at_first_sight_by_the_next_run(server: DirectoryServer, user: User) -> None:
    anna = Employee.objects.get()

    join(conflict_id=proposal().pk, employee_id=anna.pk, user=user)
    run = sync(server)

    anna.refresh_from_db()
    assert (anna.email, anna.title, anna.extension) == ("anna@example.test", "Director", "215")
    assert (run.status, counted(run)) == ("completed", {"read": 1, "updated": 1})


def test_joining_says_who_decided_and_closes_the_matter(server: DirectoryServer, user: User) -> None:
    record = join(conflict_id=proposal().pk, employee_id=Employee.objects.get().pk, user=user)

    assert (record.status, record.message_code, record.message_params, record.due) == (
        "skipped", "match_confirmed", {"who": "olga"}, True,
    )  # fmt: skip
    assert (proposal().closed_at is not None, proposal().resolved_by) == (True, "olga")


def test_refused_entry_is_created_by_the_next_run_and_never_proposed_again(server: DirectoryServer, user: User) -> None:
    create_new(conflict_id=proposal().pk, user=user)

    first, second = sync(server), sync(server)

    assert (counted(first), counted(second)) == ({"read": 1, "created": 1}, {"read": 1, "skipped": 1})
    assert sorted(Employee.objects.values_list("email", flat=True)) == ["anna@example.test", "other@example.test"]


def test_refused_entry_is_not_created_where_nobody_is(server: DirectoryServer, user: User) -> None:
    server.create = "none"
    server.save()
    create_new(conflict_id=proposal().pk, user=user)

    run = sync(server)

    assert (run.status, counted(run)) == ("completed", {"read": 1, "ignored": 1})


@pytest.mark.promise(5)
def test_decision_that_was_made_already_is_refused(server: DirectoryServer, user: User) -> None:
    conflict = proposal()
    create_new(conflict_id=conflict.pk, user=user)

    with pytest.raises(SyncError) as caught:
        join(conflict_id=conflict.pk, employee_id=Employee.objects.get().pk, user=user)

    assert caught.value.code == "match_closed"


def test_somebody_who_is_no_candidate_is_refused(server: DirectoryServer, user: User) -> None:
    with pytest.raises(SyncError) as caught:
        join(conflict_id=proposal().pk, employee_id=make_employee().pk, user=user)

    assert caught.value.code == "match_no_candidate"


@pytest.mark.promise(5)
@pytest.mark.parametrize("tied", ["the entry", "the employee"])
def test_what_was_tied_meanwhile_is_refused(server: DirectoryServer, user: User, tied: str) -> None:
    anna = Employee.objects.get()
    if tied == "the entry":
        SyncRecord.objects.update(employee=make_employee())
    else:
        make_record(endpoint=server, employee=anna)

    with pytest.raises(SyncError) as caught:
        join(conflict_id=proposal().pk, employee_id=anna.pk, user=user)

    assert (caught.value.code, proposal().closed_at) == ("match_tied_meanwhile", None)


def test_nobody_is_refused_while_a_run_is_going_on(server: DirectoryServer, user: User) -> None:
    run = SyncRun.objects.create(endpoint=server, status="running")

    with pytest.raises(RunAlreadyActiveError) as caught:
        create_new(conflict_id=proposal().pk, user=user)

    assert caught.value.params == {"run": run.pk, "server": ANY}


@pytest.mark.promise(5)
def test_join_while_a_run_is_going_on_survives(server: DirectoryServer, user: User) -> None:
    anna, joined = Employee.objects.get(), []
    SyncRecord.objects.update(due=True)

    def meanwhile(phase: str, done: int, total: int | None) -> None:
        if phase == "apply" and not joined:
            joined.append(join(conflict_id=proposal().pk, employee_id=anna.pk, user=user))

    sync(server, progress=meanwhile)
    record = SyncRecord.objects.get()
    assert (record.employee, record.due, record.base) == (anna, True, {})
    run = sync(server)

    anna.refresh_from_db()
    assert (anna.title, counted(run)) == ("Director", {"read": 1, "updated": 1})


def test_matter_of_a_value_is_no_question_of_who_is_whom(server: DirectoryServer, user: User) -> None:
    conflict = Conflict.objects.create(endpoint=server, record=SyncRecord.objects.get(), kind="field", field="title")

    with pytest.raises(SyncError) as caught:
        create_new(conflict_id=conflict.pk, user=user)

    assert caught.value.code == "match_closed"


def test_many_can_be_confirmed_where_there_is_one_candidate(company: Company) -> None:
    for number in range(3):
        make_employee(name=f"Anna Petrova{number}", email=f"other{number}@example.test")
        company.add(f"anna{number}", f"Anna Petrova{number}", mail=f"anna{number}@example.test")
    make_employee(name="Two Alike")
    make_employee(name="Alike Two")
    company.add("two", "Two Alike")
    sync(company.server())

    chosen = confirmable(list(Conflict.objects.all()))

    assert len(chosen) == 3
    assert all(candidate_ids(conflict) == [employee_id] for conflict, employee_id in chosen)
