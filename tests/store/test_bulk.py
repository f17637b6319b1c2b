"""Many rows at once are the rows that the ORM would have stored, on either database."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction  # noqa: F401 - skipif asks for it

from syncapp.models import Employee, RunItem
from syncapp.store.bulk import as_json, as_time, insert_rows, select_rows, unless_null, update_rows
from syncapp.store.items import iter_planned
from tests.factories import make_employee, make_server
from tests.store.plans import make_run

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
TEXTS = {
    "latin": "Anna Petrova",
    "cyrillic": "Анна Петрова-Водкина",
    "beyond the basic plane": "王 \U00020000 \U0001f4de",
    "what COPY and SQL escape": "a\tb\nc\\d\\N 'e' \"f\" %s {1,2}",
    "null, in letters": "\\N",
    "empty": "",
}
COLUMNS = ("run_id", "position", "anchor", "employee_id", "name", "changes", "plan", "employee_version", "outcome",
           "dn", "expected", "message_code", "message_params", "fingerprint", "unwritten")  # fmt: skip


def item(run: Any, position: int, text: str, **more: Any) -> RunItem:
    changes = [{"field": "name", "side": "pbx", "before": "", "after": text}]
    values = {"anchor": f"a{position}", "name": text, "dn": text, "changes": changes, "plan": {text: None}}
    return RunItem(run=run, position=position, expected="created", **values, **more)


def as_row(each: RunItem) -> tuple[Any, ...]:
    values = [getattr(each, column) for column in COLUMNS]
    return tuple(as_json(value) if isinstance(value, dict | list) else value for value in values)


def stored(*positions: int) -> list[dict[str, Any]]:
    rows = RunItem.objects.filter(position__in=positions).order_by("position").values()
    return [{name: value for name, value in row.items() if name not in ("id", "position", "anchor")} for row in rows]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_insert_rows_stores_what_bulk_create_stores(text: str) -> None:
    run, employee = make_run(make_server()), make_employee()
    more = {"employee": employee, "employee_version": 7}

    RunItem.objects.bulk_create([item(run, 1, text), item(run, 2, text, **more)])
    insert_rows(RunItem, COLUMNS, [as_row(item(run, 11, text)), as_row(item(run, 12, text, **more))])

    assert stored(11, 12) == stored(1, 2)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_update_rows_stores_what_save_stores(text: str) -> None:
    run, employee = make_run(make_server()), make_employee()
    RunItem.objects.bulk_create([item(run, position, "before") for position in (1, 2, 11, 12)])
    ids = dict(RunItem.objects.values_list("position", "id"))

    RunItem.objects.filter(position=1).update(name=text, plan={"text": text}, employee=employee)
    RunItem.objects.filter(position=2).update(name=text, plan={}, employee=None)
    update_rows(
        RunItem,
        [(text, as_json({"text": text}), employee.pk, ids[11]), (text, "{}", None, ids[12])],
        assign=["name", "plan", "employee_id"],
    )

    assert stored(11, 12) == stored(1, 2)


def test_times_and_truth_values_are_stored_as_by_the_orm() -> None:
    like = make_employee(name="Anna Petrova", created_at=AT, updated_at=AT, archived_at=AT)
    skipped = ("id", "extension")
    columns = [field.column for field in Employee._meta.concrete_fields if field.column not in skipped]
    raw = Employee.rows.values(*columns).get(pk=like.pk)
    raw |= {"created_at": as_time(AT), "updated_at": as_time(AT), "archived_at": as_time(AT), "sip_secret": ""}

    insert_rows(Employee, [*columns, "extension"], [(*raw.values(), "")])

    one, other = Employee.rows.order_by("id").values(*columns)
    assert one == other


def test_refused_rows_raise_what_the_orm_raises_and_leave_nothing() -> None:
    run = make_run(make_server())
    rows = [as_row(item(run, position, "Anna")) for position in (1, 2)]

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(RunItem, COLUMNS, [rows[0], (None, *rows[1][1:])])

    assert RunItem.objects.count() == 0


def test_update_rows_takes_expressions_and_leaves_out_whom_the_condition_does_not_fit() -> None:
    one, other, edited = (make_employee(name="Anna", title="Clerk") for _ in range(3))

    update_rows(
        Employee,
        [("Boris", None, AT, one.pk, 1), (None, "Boss", AT, other.pk, 1), ("Clara", "Boss", AT, edited.pk, 0)],
        assign=[unless_null("name"), unless_null("title"), "version = version + 1", "archived_at"],
        where=["id", "COALESCE(version, 0) = %s"],
    )

    rows = Employee.rows.order_by("id").values_list("name", "title", "version", "archived_at")
    assert list(rows) == [("Boris", "Clerk", 2, AT), ("Anna", "Boss", 2, AT), ("Anna", "Clerk", 1, None)]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite stores values of any length")
def test_what_is_too_long_is_refused_and_never_cut() -> None:
    run = make_run(make_server())
    RunItem.objects.bulk_create([item(run, position, "Anna") for position in (1, 2)])
    long = "x" * 300

    with pytest.raises(DataError), transaction.atomic():
        insert_rows(RunItem, COLUMNS, [as_row(item(run, 3, long))])
    rows = [(long, id_) for id_ in RunItem.objects.values_list("id", flat=True)]
    with pytest.raises(DataError), transaction.atomic():
        update_rows(RunItem, rows, assign=["name"])

    assert set(RunItem.objects.values_list("name", flat=True)) == {"Anna"}


def test_select_rows_gives_json_as_text() -> None:
    run = make_run(make_server())
    RunItem.objects.bulk_create([item(run, 1, "Анна")])

    [(name, plan, employee_id)] = select_rows(RunItem, ["name", "plan", "employee_id"], "run_id = %s", [run.pk])

    assert (name, json.loads(plan), employee_id) == ("Анна", {"Анна": None}, None)


def test_a_plan_longer_than_a_chunk_is_read_in_order() -> None:
    run = make_run(make_server())
    RunItem.objects.bulk_create([item(run, position, "Anna") for position in (4, 2, 3, 1, 0)])
    for each in RunItem.objects.all():
        each.plan = {"moves": False}
        each.save()

    chunks = [[row.position for row in rows] for rows in iter_planned(run.pk, size=2)]

    assert chunks == [[0, 1], [2, 3], [4]]
