"""Edits by hand are conditional, and each leaves a run that says who changed what."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError

from syncapp.models import Employee, RunItem, SyncRun
from syncapp.services import edits
from tests.factories import make_employee, make_record

pytestmark = pytest.mark.django_db


def reread(employee: Employee) -> Employee:
    return Employee.objects.get(pk=employee.pk)


@pytest.mark.promise(5)
def test_change_of_another_version_is_refused() -> None:
    employee = make_employee(title="Manager")
    Employee.objects.filter(pk=employee.pk).update(title="Head of sales")

    with pytest.raises(edits.EmployeeChangedError):
        edits.change_employee(employee.pk, {"title": "Director"}, version=employee.version, user=None)

    assert reread(employee).title == "Head of sales"
    assert not SyncRun.objects.exists()


def test_change_to_the_same_is_no_change() -> None:
    employee = make_employee(title="Manager")

    edits.change_employee(employee.pk, {"title": "Manager"}, version=employee.version, user=None)

    assert reread(employee).version == employee.version
    assert not SyncRun.objects.exists()


@pytest.mark.promise(1)
def test_change_is_written_together_with_its_item() -> None:
    user = User(username="anna")
    user.save()
    employee = make_employee(title="Manager")

    edits.change_employee(employee.pk, {"title": "Director"}, version=employee.version, user=user)

    item = RunItem.objects.select_related("run").get()
    assert item.changes == [{"field": "title", "side": "pbx", "before": "Manager", "after": "Director"}]
    assert (item.run.user, item.run.who, item.employee_version) == (user, "anna", employee.version + 1)


def test_number_of_somebody_else_leaves_nothing_behind() -> None:
    make_employee(extension="215")
    employee = make_employee()

    with pytest.raises(IntegrityError):
        edits.change_employee(employee.pk, {"extension": "215"}, version=employee.version, user=None)

    assert reread(employee).extension == ""
    assert not SyncRun.objects.exists()


def test_number_typed_by_hand_is_not_one_that_was_issued() -> None:
    employee = make_employee(extension="215", number_issued=True)

    edits.change_employee(employee.pk, {"extension": "216"}, version=employee.version, user=None)

    assert reread(employee).number_issued is False


def test_archiving_leaves_the_records_due() -> None:
    record = make_record(employee=make_employee())

    edits.set_archived(record.employee_id, archived=True, user=None)

    record.refresh_from_db()
    assert record.due


@pytest.mark.promise(5)
def test_archiving_raises_the_version() -> None:
    """A run that has planned with the person as he was must not write over it."""
    employee = make_employee()

    edits.set_archived(employee.pk, archived=True, user=None)

    assert reread(employee).version == employee.version + 1
