"""What a person decides about a match is remembered, and the next run carries it out."""

import pytest
from django.contrib.auth.models import User

from syncapp.models import Conflict, Employee, RunItem, SyncRecord
from syncapp.services.matches import create_new, join
from tests.factories import make_employee
from tests.services.company import Company, sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator() -> User:
    return User.objects.create_user("operator")


def _proposed(company: Company) -> Employee:
    room = make_employee(name="Meeting room", extension="215")
    company.add("anna", "Anna Petrova", telephoneNumber="215", title="Lawyer")
    return room


def test_confirmed_pair_is_merged_by_the_next_run(company: Company, operator: User) -> None:
    room = _proposed(company)
    server = company.server()
    sync(server)

    join(conflict_id=Conflict.objects.get().pk, employee_id=room.pk, user=operator)
    run = sync(server)

    room.refresh_from_db()
    assert (room.name, room.title, room.extension) == ("Anna Petrova", "Lawyer", "215")
    assert (run.status, run.counts["updated"], Employee.objects.count()) == ("completed", 1, 1)


def test_refused_pair_is_created_anew_and_never_proposed_again(company: Company, operator: User) -> None:
    room = _proposed(company)
    server = company.server()
    sync(server)

    create_new(conflict_id=Conflict.objects.get().pk, user=operator)
    run = sync(server)

    room.refresh_from_db()
    assert (room.name, room.extension, room.title) == ("Meeting room", "215", "")
    assert (run.counts["created"], run.counts["proposed"]) == (1, 0)
    assert SyncRecord.objects.get().refused == [room.pk]


@pytest.mark.promise(1)
@pytest.mark.parametrize("decision", ["match_confirmed", "match_refused"])
def test_decision_stands_in_the_history_of_the_employee(company: Company, operator: User, decision: str) -> None:
    room = _proposed(company)
    sync(company.server())
    conflict = Conflict.objects.get()

    if decision == "match_confirmed":
        join(conflict_id=conflict.pk, employee_id=room.pk, user=operator)
    else:
        create_new(conflict_id=conflict.pk, user=operator)

    item = RunItem.objects.get(run__mode="edit")
    assert (item.employee, item.message_code, item.run.who) == (room, decision, "operator")
