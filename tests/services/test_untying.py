"""Undoing a join: somebody else after all, for good (rule A4)."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from syncapp.exceptions import RunAlreadyActiveError, SyncError
from syncapp.models import Conflict, DirectoryServer, Employee, RunItem, SyncRecord, SyncRun
from syncapp.services.matches import join
from syncapp.services.photos import take_in
from syncapp.services.untying import is_joined, join_of, joined_records, untie
from tests.factories import make_employee
from tests.services.company import Company, changes_of, counted, sync
from tests.services.test_pictures import drawn

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = {"email": "", "title": "Assistant", "extension": "", "mobile": ""}
CAME = {"email": "anna@example.test", "title": "Director", "extension": "215", "mobile": "+79161234567"}


@pytest.fixture
def user() -> User:
    return User.objects.create_user("olga")


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """Our Anna Petrova is recognised by her name; the entry is another Anna Petrova."""
    make_employee(name="Anna Petrova", title="Assistant")
    company.add(
        "anna", "Anna Petrova", mail="anna@example.test", title="Director", telephoneNumber="215", mobile="+79161234567"
    )
    server = company.server()
    sync(server)
    return server


def anna() -> Employee:
    return Employee.objects.earliest("pk")


def values_of(employee: Employee) -> dict[str, str]:
    employee.refresh_from_db()
    return {name: getattr(employee, name) for name in BEFORE}


def undo(user: User, *, restore: bool = False) -> RunItem:
    record = SyncRecord.objects.get()
    assert record.employee_id is not None
    return untie(record_id=record.pk, employee_id=record.employee_id, restore=restore, user=user)


def test_untied_entry_is_nobodys_and_the_values_stay(server: DirectoryServer, user: User) -> None:
    ours = anna()

    item = undo(user)

    record = SyncRecord.objects.get()
    assert (record.employee, record.due, record.base, record.refused) == (None, True, {}, [ours.pk])
    assert (record.status, record.message_code) == ("skipped", "match_untied")
    assert record.message_params == {"who": "olga", "employee": "Anna Petrova"}
    assert values_of(ours) == CAME
    assert (item.run.mode, item.run.who, item.employee_id, item.changes) == ("edit", "olga", ours.pk, [])


@pytest.mark.promise(1)
def test_history_lists_what_the_join_had_brought(server: DirectoryServer, user: User) -> None:
    item = undo(user)

    assert item.message_code == "employee_untied"
    assert {field: (before, after) for field, before, after in item.message_params["came"]} == {
        name: (BEFORE[name], CAME[name]) for name in BEFORE
    }


def test_next_runs_create_a_new_person_and_never_join_again(server: DirectoryServer, user: User) -> None:
    ours = anna()
    undo(user, restore=True)

    first, second = sync(server), sync(server)

    assert (counted(first), counted(second)) == ({"read": 1, "created": 1}, {"read": 1, "skipped": 1})
    theirs = SyncRecord.objects.get().employee
    assert theirs is not None
    assert theirs != ours
    assert values_of(theirs) == CAME
    assert values_of(ours) == BEFORE


def test_number_that_was_not_put_back_stays_with_the_employee(server: DirectoryServer, user: User) -> None:
    ours = anna()
    undo(user)

    run = sync(server)

    assert run.status == "partial"
    assert (ours.pk, "215") in Employee.objects.values_list("pk", "extension")
    assert Conflict.objects.get(closed_at=None).kind == "number_taken"


@pytest.mark.promise(5)
def test_only_what_still_is_what_the_join_brought_is_put_back(server: DirectoryServer, user: User) -> None:
    ours = anna()
    Employee.objects.filter(pk=ours.pk).update(title="Chief")

    item = undo(user, restore=True)

    assert values_of(ours) == {**BEFORE, "title": "Chief"}
    assert changes_of(item) == {name: (CAME[name], BEFORE[name]) for name in BEFORE if name != "title"}


def test_number_of_somebody_else_is_not_taken_back(company: Company, user: User) -> None:
    make_employee(name="Anna Petrova", extension="205", email="anna@example.test")
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215")
    server = company.server()
    server.mappings.create(field="extension", attribute="telephoneNumber", policy="remote_wins", direction="both")
    server.mappings.create(field="email", attribute="mail", direction="pull")
    server.mappings.create(field="name", attribute="displayName", direction="pull")
    sync(server)
    make_employee(name="New Owner", extension="205")

    (brought,) = join_of(SyncRecord.objects.get()).brought
    item = undo(user, restore=True)

    assert (brought.before, brought.after, brought.restored, brought.obstacle) == ("205", "215", None, "number")
    assert (item.changes, Employee.objects.get(name="Anna Petrova").extension) == ([], "215")


def test_photo_is_put_back(company: Company, user: User) -> None:
    first = take_in(drawn(size=(40, 40)), now=timezone.now())
    ours = make_employee(name="Anna Petrova", email="anna@example.test", photo=first)
    company.add("anna", "Anna Petrova", mail="anna@example.test", jpegPhoto=drawn(size=(300, 300)))
    sync(company.server())
    ours.refresh_from_db()
    assert ours.photo != first

    undo(user, restore=True)

    ours.refresh_from_db()
    assert ours.photo == first


def confirmed(company: Company, user: User) -> DirectoryServer:
    """Anna is here with another e-mail; a person says that the entry is hers."""
    ours = make_employee(name="Anna Petrova", email="other@example.test", title="Assistant")
    company.add("anna", "Anna Petrova", mail="anna@example.test", title="Director")
    server = company.server(pool=None)
    sync(server)
    join(conflict_id=Conflict.objects.get().pk, employee_id=ours.pk, user=user)
    return server


def test_confirmed_join_is_undone_with_what_the_next_run_had_brought(company: Company, user: User) -> None:
    server = confirmed(company, user)
    sync(server)
    company.change("anna", title="Chief")
    sync(server)

    join = join_of(SyncRecord.objects.get())
    assert join.by_person
    assert {each.field: (each.before, each.after, each.restored) for each in join.brought} == {
        "email": ("other@example.test", "anna@example.test", "other@example.test"),
        "title": ("Assistant", "Director", None),
    }
    undo(user, restore=True)

    assert Employee.objects.values_list("email", "title").get() == ("other@example.test", "Chief")
    assert counted(sync(server)) == {"read": 1, "created": 1}


def test_confirmed_join_that_no_run_has_seen_brought_nothing(company: Company, user: User) -> None:
    server = confirmed(company, user)

    join = join_of(SyncRecord.objects.get())
    undo(user, restore=True)

    assert (join.merged, join.brought) == (None, [])
    assert counted(sync(server)) == {"read": 1, "created": 1}


def test_open_conflicts_of_the_entry_are_closed(server: DirectoryServer, company: Company, user: User) -> None:
    Employee.objects.filter(pk=anna().pk).update(title="Chief")
    company.change("anna", title="Manager")
    server.mappings.create(field="title", attribute="title", direction="both")
    sync(server, force=True)
    assert Conflict.objects.filter(closed_at=None).exists()

    undo(user)

    assert not Conflict.objects.filter(closed_at=None).exists()


def test_person_who_was_created_from_the_entry_is_not_untied(company: Company, user: User) -> None:
    company.add("anna", "Anna Petrova", mail="anna@example.test")
    sync(company.server())
    record = SyncRecord.objects.get()

    assert not is_joined(record)
    assert joined_records(record.employee_id or 0) == []
    with pytest.raises(SyncError) as caught:
        undo(user)

    assert caught.value.code == "untie_not_joined"


def test_joined_records_are_those_of_the_employee(server: DirectoryServer) -> None:
    record = SyncRecord.objects.get()

    assert is_joined(record)
    assert joined_records(anna().pk) == [record]


def test_nobody_is_untied_while_a_run_is_going_on(server: DirectoryServer, user: User) -> None:
    SyncRun.objects.create(endpoint=server, status="running")

    with pytest.raises(RunAlreadyActiveError):
        undo(user)

    assert SyncRecord.objects.get().employee == anna()


@pytest.mark.promise(5)
def test_entry_that_is_another_employees_by_now_is_refused(server: DirectoryServer, user: User) -> None:
    record, ours = SyncRecord.objects.get(), anna()
    SyncRecord.objects.update(employee=make_employee())

    with pytest.raises(SyncError) as caught:
        untie(record_id=record.pk, employee_id=ours.pk, restore=False, user=user)

    assert caught.value.code == "untie_changed"


def test_entry_that_another_server_reads_as_well_is_untied_there_for_good(company: Company, user: User) -> None:
    company.add("anna", "Anna Petrova", mail="anna@example.test")
    first, second = company.server(), company.server(pool=None, rank=2)
    sync(first)
    sync(second)
    record = SyncRecord.objects.get(endpoint=second)
    assert (record.employee, record.message_code) == (Employee.objects.get(), "same_entry")

    untie(record_id=record.pk, employee_id=Employee.objects.get().pk, restore=False, user=user)
    sync(second)
    sync(second)

    record.refresh_from_db()
    assert record.employee is not None
    assert record.employee.pk != SyncRecord.objects.get(endpoint=first).employee_id


def test_second_entry_may_still_be_the_employee(server: DirectoryServer, company: Company, user: User) -> None:
    ours = anna()
    undo(user, restore=True)
    sync(server)

    company.add("anna2", "Anna Petrova", title="Assistant")
    sync(server)

    record = SyncRecord.objects.get(dn__startswith="uid=anna2")
    candidates = [each["employee"] for conflict in record.conflicts.all() for each in conflict.candidates]
    assert ours.pk in candidates or record.employee_id == ours.pk
