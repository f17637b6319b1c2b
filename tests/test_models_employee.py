"""Employees: versions, compared forms and `due` follow every edit, whatever way it comes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.db.models.functions import Upper
from django.test.utils import CaptureQueriesContext

from syncapp.models import Employee
from tests.factories import make_employee, make_record

pytestmark = pytest.mark.django_db

Edit = Callable[[Employee], Any]


def save_whole(employee: Employee) -> None:
    employee.name = "Ёлкин Пётр"
    employee.save()


def save_one_field(employee: Employee) -> None:
    employee.name = "Ёлкин Пётр"
    employee.save(update_fields=["name"])


def update(employee: Employee) -> None:
    Employee.objects.filter(pk=employee.pk).update(name="Ёлкин Пётр")


def bulk_update(employee: Employee) -> None:
    employee.name = "Ёлкин Пётр"
    Employee.objects.bulk_update([employee], ["name"])


def update_or_create(employee: Employee) -> None:
    Employee.objects.update_or_create(pk=employee.pk, defaults={"name": "Ёлкин Пётр"})


EDITS = [save_whole, save_one_field, update, bulk_update, update_or_create]
every_edit = pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)


@every_edit
def test_edit_raises_the_version(edit: Edit) -> None:
    employee = make_employee(name="Old")

    edit(employee)

    assert Employee.objects.get().version == 2


@every_edit
def test_edit_of_an_outdated_object_never_lowers_the_version(edit: Edit) -> None:
    employee = make_employee(name="Old")
    for name in ("First", "Second"):
        Employee.objects.update(name=name)

    edit(employee)

    assert Employee.objects.get().version == 4


@every_edit
def test_edit_brings_the_compared_form_up_to_date(edit: Edit) -> None:
    employee = make_employee(name="Old")

    edit(employee)

    assert Employee.objects.get().name_key == "елкин петр"


@every_edit
def test_edit_leaves_every_record_due(edit: Edit) -> None:
    employee = make_employee()
    records = [make_record(employee=employee), make_record(employee=employee)]

    edit(employee)

    for record in records:
        record.refresh_from_db()
    assert [record.due for record in records] == [True, True]


@every_edit
def test_edit_leaves_the_records_of_others_alone(edit: Edit) -> None:
    employee, record = make_employee(), make_record(employee=make_employee())

    edit(employee)

    record.refresh_from_db()
    assert not record.due


@every_edit
def test_edit_moves_the_time_of_the_update(edit: Edit) -> None:
    employee = make_employee()
    before = employee.updated_at

    edit(employee)

    assert Employee.objects.get().updated_at > before


def test_save_without_a_change_keeps_the_version() -> None:
    employee = make_employee()

    employee.save()

    assert Employee.objects.get().version == 1


def test_save_without_a_change_leaves_no_record_due() -> None:
    employee = make_employee()
    record = make_record(employee=employee)

    employee.save()

    record.refresh_from_db()
    assert not record.due


def test_save_of_an_outdated_object_without_a_change_keeps_the_newer_version() -> None:
    """Somebody changed the name and changed it back: the version must still tell of it."""
    employee = make_employee(name="Anna")
    for name in ("Hanna", "Anna"):
        Employee.objects.update(name=name)

    employee.save()

    assert Employee.objects.get().version == 3


def test_save_of_named_fields_leaves_the_others_alone() -> None:
    employee = make_employee(name="Old", title="Old")
    Employee.objects.update(title="Newer")
    employee.name = "New"

    employee.save(update_fields=["name"])

    assert Employee.objects.get().title == "Newer"


def test_update_of_a_column_that_is_not_synchronised_keeps_the_version() -> None:
    make_employee()

    Employee.objects.update(number_issued=True)

    assert Employee.objects.get().version == 1


def test_update_reaches_the_records_of_those_who_fit_before_it() -> None:
    employee = make_employee(department="Sales")
    record = make_record(employee=employee)

    Employee.objects.filter(department="Sales").update(department="Marketing")

    record.refresh_from_db()
    assert record.due


def test_update_by_an_expression_is_refused_where_a_compared_form_follows() -> None:
    make_employee(name="anna")

    with pytest.raises(TypeError):
        Employee.objects.update(name=Upper("name"))


def test_bulk_create_makes_the_compared_forms() -> None:
    Employee.objects.bulk_create([Employee(name="Пётр Ёлкин", email="P.Elkin@Corp.example")])

    assert list(Employee.objects.values_list("name_key", "email_key")) == [("елкин петр", "p.elkin@corp.example")]


def give_by_save(employee: Employee) -> None:
    employee.extension = "202"
    employee.save()


def give_by_update(employee: Employee) -> None:
    Employee.objects.update(extension="202")


def give_by_bulk_update(employee: Employee) -> None:
    employee.extension = "202"
    Employee.objects.bulk_update([employee], ["extension"])


@pytest.mark.parametrize("give", [give_by_save, give_by_update, give_by_bulk_update], ids=lambda give: give.__name__)
def test_number_given_by_hand_is_no_issued_one(give: Edit) -> None:
    """A2: an issued number is no match key, one that a person gave is."""
    employee = make_employee(extension="201", number_issued=True)

    give(employee)

    assert not Employee.objects.get().number_issued


def test_extension_belongs_to_one_employee_per_plan() -> None:
    make_employee(extension="201")

    with pytest.raises(IntegrityError), transaction.atomic():
        make_employee(extension="201")


@pytest.mark.parametrize(
    "values", [{"extension": "201", "number_plan": "branch"}, {"extension": ""}], ids=["another_plan", "no_extension"]
)
def test_extension_constraint_lets_through(values: dict[str, str]) -> None:
    make_employee(extension=values["extension"])

    make_employee(**values)

    assert Employee.objects.count() == 2


@pytest.mark.promise(3)
def test_employee_with_a_record_cannot_be_deleted() -> None:
    employee = make_employee()
    make_record(employee=employee)

    with pytest.raises(ProtectedError):
        employee.delete()


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"name": "Anna", "email": "a@x.example", "extension": "201"}, "Anna"),
        ({"name": "", "email": "a@x.example", "extension": "201"}, "a@x.example"),
        ({"name": "", "extension": "201"}, "201"),
    ],
    ids=["name", "email_without_name", "extension_alone"],
)
def test_employee_is_shown_by_what_there_is(values: dict[str, str], shown: str) -> None:
    assert str(make_employee(**values)) == shown


def test_bulk_edit_locks_people_before_records_as_runs_do() -> None:
    """On PostgreSQL a run and an edit in the other order waited for each other until one was broken off."""
    employee = make_employee()
    make_record(employee=employee)

    with CaptureQueriesContext(connection) as captured:
        Employee.objects.filter(name=employee.name).update(department="Sales")

    tables = [re.findall(r'(?:FROM|UPDATE) "(\w+)"', query["sql"])[:1] for query in captured]
    assert [table[0] for table in tables if table] == ["syncapp_employee", "syncapp_syncrecord", "syncapp_employee"]
