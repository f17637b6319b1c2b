"""The plan becomes rows: what others did meanwhile, what the database refuses, numbers that change hands."""

from collections.abc import Callable

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncapp.core.vocabulary import Field
from syncapp.exceptions import ClaimLostError
from syncapp.models import Employee, RunItem, SyncRecord
from syncapp.store import items, writer
from syncapp.store.newcomers import from_now_on
from syncapp.store.writer import apply_items, settle_the_rest
from tests.factories import make_employee, make_record, make_server
from tests.store.plans import (
    carry_out,
    creation,
    join,
    look_again,
    make_run,
    make_tied,
    outcomes,
    touch,
    update,
)

pytestmark = pytest.mark.django_db(transaction=True)

TOO_LONG = "x" * 500
only_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite stores values of any length; tests/services/test_postgresql.py"
)


def extensions() -> dict[str, str]:
    return dict(Employee.objects.values_list("name", "extension"))


def test_creation_makes_employee_record_and_answer() -> None:
    run = make_run(make_server())

    carry_out(run, creation("Anna Petrova", extension="215", email="Anna@example.test"))

    anna, record, item = Employee.objects.get(), SyncRecord.objects.get(), RunItem.objects.get()
    assert (anna.name, anna.extension, anna.name_key, anna.email_key, anna.version) == (
        "Anna Petrova", "215", "anna petrova", "anna@example.test", 1,
    )  # fmt: skip
    assert (record.employee, record.status, record.fingerprint, record.updated_side, record.run) == (
        anna, "created", "planned", "pbx", run,
    )  # fmt: skip
    assert (item.outcome, item.employee, item.record) == ("created", anna, record)


def test_update_raises_the_version_and_writes_what_changed_alone() -> None:
    server = make_server()
    record = make_tied(server, name="Anna Petrova", title="Clerk", department="Sales")

    carry_out(make_run(server), update(record, title="Boss", email="a@example.test"))

    anna = Employee.objects.get()
    assert (anna.title, anna.department, anna.version, anna.email_key) == ("Boss", "Sales", 2, "a@example.test")


@pytest.mark.promise(5)
def test_employee_edited_meanwhile_is_left_out_and_stays_due() -> None:
    server = make_server()
    record = make_tied(server, name="Anna Petrova", title="Clerk")
    before = SyncRecord.objects.values().get()

    def edit() -> None:
        anna = Employee.objects.get()
        anna.title = "Chief"
        anna.save()

    run = make_run(server)
    carry_out(run, update(record, title="Boss"), meanwhile=edit)

    item = RunItem.objects.get()
    assert (Employee.objects.get().title, item.outcome, item.message_code) == ("Chief", "skipped", "edited_meanwhile")
    assert SyncRecord.objects.values().get() == {**before, "due": True}


@pytest.mark.promise(5)
def test_employee_edited_before_he_could_be_joined_is_left_alone() -> None:
    server = make_server()
    anna = make_employee(name="Anna Petrova")
    run = make_run(server)

    carry_out(run, join(anna, title="Boss"), meanwhile=lambda: Employee.objects.update(title="Chief"))

    assert (Employee.objects.get().title, SyncRecord.objects.count(), outcomes(run)) == (
        "Chief", 0, {"Anna Petrova": "skipped"},
    )  # fmt: skip


@pytest.mark.promise(5)
def test_record_that_somebody_tied_meanwhile_is_left_as_he_tied_it() -> None:
    server = make_server()
    record = make_record(endpoint=server, status="proposed")
    anna, other = make_employee(name="Anna Petrova"), make_employee(name="Anna Other")

    def tie() -> None:
        SyncRecord.objects.update(employee=other, status="skipped", due=True)

    run = make_run(server)
    carry_out(run, join(anna, record, title="Boss"), meanwhile=tie)

    record.refresh_from_db()
    assert (record.employee, record.status, record.due) == (other, "skipped", True)
    assert (Employee.objects.get(pk=anna.pk).title, outcomes(run)) == ("", {"Anna Petrova": "skipped"})


@pytest.mark.promise(7)
def test_number_that_another_process_gave_out_meanwhile_fails_that_person_alone() -> None:
    server = make_server()
    people = [creation(f"Person {number}", extension=str(200 + number)) for number in range(9)]
    run = make_run(server)

    carry_out(run, *people, meanwhile=lambda: make_employee(name="Zoe Quick", extension="204"))

    failed = RunItem.objects.get(run=run, outcome="failed")
    assert (failed.name, failed.message_code, failed.message_params) == (
        "Person 4", "number_taken_meanwhile", {"number": "204"},
    )  # fmt: skip
    assert extensions() == {f"Person {n}": str(200 + n) for n in range(9) if n != 4} | {"Zoe Quick": "204"}
    assert SyncRecord.objects.filter(employee__isnull=True).get().status == "failed"


@pytest.mark.promise(5)
def test_refused_update_keeps_what_was_agreed_and_is_looked_at_again() -> None:
    """Without its base the next run would take the tie for a first meeting, where the domain's values win."""
    server = make_server()
    record = make_tied(server, name="Anna Petrova", extension="201")

    carry_out(
        make_run(server),
        update(record, extension="202"),
        meanwhile=lambda: make_employee(name="Zoe Quick", extension="202"),
    )

    after = SyncRecord.objects.get()
    assert (after.base, after.employee_id) == (record.base, record.employee_id)
    assert (after.status, after.message_code, after.due, after.fingerprint) == (
        "failed", "number_taken_meanwhile", True, "",
    )  # fmt: skip


@pytest.mark.promise(7)
@only_postgresql
def test_value_that_the_database_refuses_fails_that_person_alone() -> None:
    run = make_run(make_server())

    carry_out(run, creation("Anna Petrova"), creation("Boris Sidorov", title=TOO_LONG), creation("Carl Moore"))

    assert outcomes(run) == {"Anna Petrova": "created", "Boris Sidorov": "failed", "Carl Moore": "created"}
    assert RunItem.objects.get(outcome="failed").message_code == "row_refused"


def test_record_that_cannot_be_tied_twice_is_not_called_a_taken_number() -> None:
    server = make_server()
    anna = make_employee(name="Anna Petrova")
    run = make_run(server)

    carry_out(
        run, join(anna, extension="215"), meanwhile=lambda: make_record(endpoint=server, employee=anna, anchor="other")
    )

    assert RunItem.objects.get().message_code == "row_refused"
    assert Employee.objects.get().extension == ""


def test_swap_of_numbers() -> None:
    server = make_server()
    anna = make_tied(server, name="Anna", extension="201")
    boris = make_tied(server, name="Boris", extension="202")

    carry_out(make_run(server), update(anna, extension="202"), update(boris, extension="201"))

    assert extensions() == {"Anna": "202", "Boris": "201"}


def test_newcomer_takes_the_number_that_somebody_gives_up() -> None:
    server = make_server()
    boris = make_tied(server, name="Boris", extension="202")
    run = make_run(server)

    carry_out(run, creation("Anna", extension="202"), update(boris, extension="203"))

    assert (extensions(), outcomes(run)) == (
        {"Anna": "202", "Boris": "203"}, {"Anna": "created", "Boris": "updated"},
    )  # fmt: skip


@pytest.mark.promise(7)
def test_swap_goes_through_although_others_are_refused() -> None:
    server = make_server()
    anna = make_tied(server, name="Anna", extension="201")
    boris = make_tied(server, name="Boris", extension="202")
    run = make_run(server)

    carry_out(
        run,
        update(anna, extension="202"),
        creation("Carl", extension="203"),
        update(boris, extension="201"),
        meanwhile=lambda: make_employee(name="Zoe", extension="203"),
    )

    assert outcomes(run) == {"Anna": "updated", "Boris": "updated", "Carl": "failed"}
    assert extensions() == {"Anna": "202", "Boris": "201", "Zoe": "203"}


@pytest.mark.promise(7)
def test_chain_of_numbers_fails_from_the_refused_one_on() -> None:
    """Dora may move; Anna and Boris wait for Carl, who was overtaken."""
    server = make_server()
    people = {name: make_tied(server, name=name, extension=number) for name, number in (
        ("Anna", "201"), ("Boris", "202"), ("Carl", "203"), ("Dora", "204"),
    )}  # fmt: skip
    run = make_run(server)

    carry_out(
        run,
        update(people["Anna"], extension="202"),
        update(people["Boris"], extension="203"),
        update(people["Carl"], extension="210"),
        update(people["Dora"], extension="211"),
        meanwhile=lambda: make_employee(name="Zoe", extension="210"),
    )

    assert outcomes(run) == {"Anna": "failed", "Boris": "failed", "Carl": "failed", "Dora": "updated"}
    assert extensions() == {"Anna": "201", "Boris": "202", "Carl": "203", "Dora": "211", "Zoe": "210"}


@pytest.mark.promise(7)
@only_postgresql
def test_chain_of_numbers_goes_as_far_as_it_can() -> None:
    """Boris gives his number up; that Anna cannot be written keeps him from nothing."""
    server = make_server()
    anna, boris = make_tied(server, name="Anna", extension="201"), make_tied(server, name="Boris", extension="202")
    run = make_run(server)

    carry_out(run, update(anna, extension="202", title=TOO_LONG), update(boris, extension="203"))

    assert (extensions(), outcomes(run)) == ({"Anna": "201", "Boris": "203"}, {"Anna": "failed", "Boris": "updated"})


@pytest.mark.promise(5)
def test_half_of_a_swap_is_not_carried_out_when_the_other_was_edited() -> None:
    server = make_server()
    anna = make_tied(server, name="Anna", extension="201")
    boris = make_tied(server, name="Boris", extension="202")

    def edit() -> None:
        employee = Employee.objects.get(name="Boris")
        employee.title = "Chief"
        employee.save()

    run = make_run(server)
    carry_out(run, update(anna, extension="202"), update(boris, extension="201"), meanwhile=edit)

    assert (extensions(), outcomes(run)) == ({"Anna": "201", "Boris": "202"}, {"Anna": "failed", "Boris": "skipped"})


def test_numbers_that_change_hands_are_one_chunk_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "CHUNK", 2)
    server = make_server()
    records = [make_tied(server, name=f"Person {number}", extension=str(200 + number)) for number in range(5)]
    moves = [update(record, extension=str(200 + (number + 1) % 5)) for number, record in enumerate(records)]
    run = make_run(server)

    carry_out(run, *moves, creation("Anna"), creation("Boris"), creation("Carl"))

    assert extensions() == {f"Person {n}": str(200 + (n + 1) % 5) for n in range(5)} | dict.fromkeys(
        ("Anna", "Boris", "Carl"), ""
    )


@pytest.mark.promise(8)
def test_lost_claim_rolls_the_chunk_back() -> None:
    server = make_server()
    run = make_run(server)
    items.insert_items(run, [items.item_row(creation("Anna"), "")], start=0)
    [rows] = items.iter_planned(run.pk)

    def lost() -> None:
        raise ClaimLostError("claim_lost", run=run.pk)

    with pytest.raises(ClaimLostError):
        apply_items(run, rows, now=timezone.now(), beat=lost, newcomers=from_now_on())

    assert (Employee.objects.count(), outcomes(run)) == (0, {"Anna": "planned"})


@pytest.mark.parametrize(("failures", "created"), [(2, 1), (3, 0)], ids=["third time lucky", "never"])
def test_chunk_is_tried_three_times_when_the_database_is_busy(
    failures: int, created: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer.time, "sleep", lambda seconds: None)
    run = make_run(make_server())
    items.insert_items(run, [items.item_row(creation("Anna"), "")], start=0)
    [rows] = items.iter_planned(run.pk)
    left = [failures]

    def busy() -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise OperationalError("database is locked")

    if created:
        apply_items(run, rows, now=timezone.now(), beat=busy, newcomers=from_now_on())
    else:
        with pytest.raises(OperationalError):
            apply_items(run, rows, now=timezone.now(), beat=busy, newcomers=from_now_on())

    assert Employee.objects.count() == created


def test_records_of_other_servers_become_due() -> None:
    here, there = make_server(), make_server()
    mine = make_tied(here, name="Anna Petrova")
    theirs = make_record(endpoint=there, employee=mine.employee)
    stranger = make_record(endpoint=there, employee=make_employee())

    carry_out(make_run(here), update(mine, title="Boss"))

    assert dict(SyncRecord.objects.values_list("pk", "due")) == {mine.pk: False, theirs.pk: True, stranger.pk: False}


def test_touch_takes_due_away_for_the_version_that_was_looked_at() -> None:
    server = make_server()
    record = make_tied(server, name="Anna Petrova")
    SyncRecord.objects.update(due=True)

    look_again(make_run(server), touch(record))

    after = SyncRecord.objects.get()
    assert (after.due, after.fingerprint, after.base) == (False, "new", {"title": ["Boss", "Boss"]})


@pytest.mark.promise(5)
def test_touch_leaves_alone_what_was_edited_since() -> None:
    """Somebody decided a conflict, or changed a value, after the run had planned with what was there before."""
    server = make_server()
    record = make_tied(server, name="Anna Petrova")
    planned = touch(record, dn="elsewhere", waits={Field.TITLE: "Boss"})
    employee = Employee.objects.get()
    employee.title = "Chief"
    employee.save()
    before = SyncRecord.objects.values().get()

    look_again(make_run(server), planned)

    assert SyncRecord.objects.values().get() == before
    assert before["due"]


@pytest.mark.promise(5)
def test_touch_leaves_alone_an_entry_that_was_tied_since() -> None:
    record = make_record()
    planned = touch(record)
    SyncRecord.objects.update(employee=make_employee(), due=True)

    look_again(make_run(record.endpoint), planned)

    assert (SyncRecord.objects.get().due, SyncRecord.objects.get().fingerprint) == (True, "")


def test_touch_of_an_entry_that_is_tied_to_nobody_takes_due_away() -> None:
    record = make_record(due=True)

    look_again(make_run(record.endpoint), touch(record))

    assert not SyncRecord.objects.get().due


def test_the_rest_is_settled_in_one_statement() -> None:
    server, other = make_server(), make_server()
    run = make_run(server)
    statuses = ("created", "updated", "skipped", "ignored", "conflict", "proposed", "failed")
    for status in statuses:
        make_record(endpoint=server, status=status)
        make_record(endpoint=server, status=status, run=run)
        make_record(endpoint=other, status=status)

    with CaptureQueriesContext(connection) as asked:
        settle_the_rest(run)

    def found(**where: object) -> list[str]:
        return sorted(SyncRecord.objects.filter(**where).values_list("status", flat=True))

    assert found(endpoint=server, run=None) == sorted([*["skipped"] * 3, *statuses[3:]])
    assert found(run=run) == found(endpoint=other) == sorted(statuses)
    assert len(asked) == 1


def _statements(number: int, plan: Callable[[int], list[object]]) -> list[str]:
    run = make_run(make_server())
    items.insert_items(run, [items.item_row(item, "") for item in plan(number)], start=0)  # type: ignore[arg-type]  # plans of tests
    [rows] = items.iter_planned(run.pk)
    with CaptureQueriesContext(connection) as asked:
        apply_items(run, rows, now=timezone.now(), beat=lambda: None, newcomers=from_now_on())
    return [query["sql"].split("WHERE")[0].rpartition(" times: ")[2][:40] for query in asked]


def test_chunk_needs_the_same_statements_for_2_and_for_300_people() -> None:
    server = make_server()

    def plan(number: int) -> list[object]:
        tied = [make_tied(server, name=f"Tied {number} {index}") for index in range(number // 2)]
        return [creation(f"New {number} {index}") for index in range(number // 2)] + [
            update(record, title="Boss") for record in tied
        ]

    assert _statements(2, plan) == _statements(300, plan)
