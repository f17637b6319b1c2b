"""Whoever is brought in twice at the same moment is created once: by runs, sheets and people at the page.

On SQLite the database lets one write at a time anyway.
"""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from syncapp.models import Employee, RunItem, SyncRecord
from syncapp.services.edits import came_meanwhile, create_employee
from syncapp.services.sheets.applying import apply_sheet
from syncapp.services.sheets.columns import Sheet, SheetError
from syncapp.services.sheets.planning import plan_sheet
from syncapp.store.newcomers import newest_employee
from tests.factories import make_server
from tests.racing import uncommitted
from tests.store.plans import carry_out, creation, make_run, outcomes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(8)]

ANNA = {"name": "Anna Petrova", "email": "anna@example.test"}


@pytest.fixture
def user() -> User:
    return User.objects.create_user("importer")


def run_of_another_server() -> None:
    carry_out(make_run(make_server()), creation(**ANNA))


def by_hand() -> None:
    create_employee(ANNA, user=None)


def by_sheet() -> None:
    importer = User.objects.create_user("other")
    sheet_of(ANNA)(importer)


def sheet_of(*people: dict[str, str]) -> Callable[[User], object]:
    """A sheet whose preview has been looked at; return what imports it."""
    sheet = Sheet(("name", "email"), [(person["name"], person["email"]) for person in people])
    digest = plan_sheet(sheet, may_add=True).digest
    return lambda user: apply_sheet(sheet, digest=digest, may_add=True, user=user)


OTHERS = {"run": run_of_another_server, "page": by_hand, "sheet": by_sheet}
each_other = pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)


@each_other
def test_run_creates_nobody_whom_another_is_just_bringing_in(other: Callable[[], None]) -> None:
    run = make_run(make_server())

    with uncommitted(other) as begin:
        carry_out(run, creation(**ANNA), creation("Boris Sidorov"), meanwhile=begin)

    assert outcomes(run) == {"Anna Petrova": "skipped", "Boris Sidorov": "created"}
    assert RunItem.objects.get(run=run, name="Anna Petrova").message_code == "came_meanwhile"
    assert Employee.objects.filter(name="Anna Petrova").count() == 1
    assert SyncRecord.objects.filter(endpoint=run.endpoint).count() == 1


@each_other
def test_sheet_is_refused_where_somebody_of_it_is_just_being_brought_in(other: Callable[[], None], user: User) -> None:
    importing = sheet_of(ANNA, {"name": "Boris Sidorov", "email": ""})

    with uncommitted(other) as begin:
        begin()
        with pytest.raises(SheetError) as error:
            importing(user)

    assert error.value.code == "sheet_changed"
    assert Employee.objects.count() == 1


@each_other
def test_page_finds_who_is_just_being_brought_in(other: Callable[[], None]) -> None:
    opened = newest_employee()

    with uncommitted(other) as begin:
        begin()
        with transaction.atomic():
            found = came_meanwhile({"name": "Petrova Anna"}, newest=opened)

    assert found == Employee.objects.get()
