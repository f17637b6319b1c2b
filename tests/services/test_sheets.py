"""Employees from a sheet: what is recognised, what is refused, and that all of it is done or nothing."""

from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncapp.choices import RunMode
from syncapp.core.planned import FieldChange
from syncapp.core.vocabulary import Field, Side
from syncapp.models import Employee, RunItem, SyncRecord, SyncRun
from syncapp.services.edits import change_employee, set_archived
from syncapp.services.sheets.applying import apply_sheet
from syncapp.services.sheets.columns import Sheet, SheetError
from syncapp.services.sheets.planning import SheetPlan, plan_sheet
from syncapp.store.edits import Edit, change_employees
from tests.factories import make_employee, make_record, make_server

pytestmark = pytest.mark.django_db

HEAD = ("id", "name", "extension", "mobile", "email", "department", "title")


@pytest.fixture
def anna() -> Employee:
    return make_employee(
        name="Anna Petrova", extension="215", mobile="+79161234567", email="anna@corp.example", title="Manager"
    )


@pytest.fixture
def user() -> User:
    return User.objects.create_user("importer")


def sheet(*rows: Sequence[str], head: Sequence[str] = HEAD) -> Sheet:
    return Sheet(head, rows)


def planned(*rows: Sequence[str], head: Sequence[str] = HEAD, may_add: bool = True) -> SheetPlan:
    return plan_sheet(sheet(*rows, head=head), may_add=may_add)


def done(user: User, *rows: Sequence[str], head: Sequence[str] = HEAD) -> SyncRun:
    table = sheet(*rows, head=head)
    return apply_sheet(table, digest=plan_sheet(table, may_add=True).digest, may_add=True, user=user)


def mistakes(plan: SheetPlan) -> list[tuple[int, str]]:
    return [(number, message.code) for number, message in plan.mistakes]


RECOGNISED = {
    "by_id": ["{id}", "Anna Petrova", "", "", "", "", "Director"],
    "by_e_mail": ["", "Anna Sidorova", "", "", "ANNA@corp.example", "", "Director"],
    "by_number_and_name": ["", "Petrova Anna", "215", "", "", "", "Director"],
}


@pytest.mark.parametrize("row", RECOGNISED.values(), ids=RECOGNISED)
def test_person_is_recognised(anna: Employee, row: list[str]) -> None:
    plan = planned([cell.format(id=anna.pk) for cell in row])

    assert [(each.employee_id, each.values["title"]) for each in plan.rows] == [(anna.pk, "Director")]


def test_an_id_is_enough_where_nothing_speaks_against_it() -> None:
    boris = make_employee(name="Boris", extension="216")

    plan = planned([str(boris.pk), "boris@corp.example"], head=["id", "email"])

    assert [(row.employee_id, row.values) for row in plan.rows] == [(boris.pk, {"email": "boris@corp.example"})]


def test_whoever_is_not_recognised_is_added(anna: Employee, user: User) -> None:
    run = done(user, ["", "Boris Orlov", "301", "8 (916) 765-43-21", "Boris@corp.example", "Sales", "Clerk"])

    boris = Employee.objects.get(extension="301")
    assert (boris.name, boris.mobile, boris.email, boris.department) == (
        "Boris Orlov", "+79167654321", "Boris@corp.example", "Sales",
    )  # fmt: skip
    assert (boris.name_key, boris.email_key, boris.version) == ("boris orlov", "boris@corp.example", 1)
    assert run.counts == {"created": 1}


def test_empty_cells_and_people_who_are_left_out_stay(anna: Employee, user: User) -> None:
    other = make_employee(name="Boris", title="Clerk")

    done(user, [str(anna.pk), "Anna Petrova", "", "", "", "", "Director"])

    anna.refresh_from_db()
    other.refresh_from_db()
    assert (anna.title, anna.extension, anna.mobile) == ("Director", "215", "+79161234567")
    assert (other.title, other.version) == ("Clerk", 1)


@pytest.mark.promise(1)
def test_import_is_one_run_of_edits_with_its_items(anna: Employee, user: User) -> None:
    run = done(user, [str(anna.pk), "", "216", "", "", "", ""], ["", "Boris", "", "", "", "", ""])

    assert (run.mode, run.who, run.counts) == (RunMode.EDIT, "importer", {"created": 1, "updated": 1})
    first, second = RunItem.objects.order_by("position")
    assert first.changes == [{"field": "extension", "side": "pbx", "before": "215", "after": "216"}]
    assert (first.employee, first.outcome, first.employee_version) == (anna, "updated", 2)
    assert (second.name, second.outcome) == ("Boris", "created")


def test_records_are_left_due_and_say_what_waits(anna: Employee, user: User) -> None:
    record = make_record(
        endpoint=make_server(kind="openldap", write_back=True), employee=anna, base={"extension": ["215", "215"]}
    )

    done(user, [str(anna.pk), "", "216", "", "", "", ""])

    record.refresh_from_db()
    assert (record.due, record.waiting, record.waits) == (True, True, {"extension": "215"})


def test_numbers_may_change_hands_within_the_sheet(anna: Employee, user: User) -> None:
    boris = make_employee(name="Boris", extension="216")

    done(
        user,
        [str(anna.pk), "Anna Petrova", "216", "", "", "", ""],
        [str(boris.pk), "Boris", "217", "", "", "", ""],
        ["", "Clara", "215", "", "", "", ""],
    )

    numbers = dict(Employee.objects.values_list("name", "extension"))
    assert numbers == {"Anna Petrova": "216", "Boris": "217", "Clara": "215"}


def test_what_stands_here_already_is_no_change(anna: Employee) -> None:
    row = [str(anna.pk), "Anna Petrova", "215", "'+79161234567", "anna@corp.example", "", "Manager"]

    plan = planned(row)

    assert (plan.rows, plan.unchanged, plan.mistakes) == ([], 1, [])


WRONG = {
    "mobile": (["", "B", "", "nine", "", "", ""], "typed_not_mobile"),
    "extension": (["", "B", "2-15", "", "", "", ""], "typed_not_extension"),
    "e_mail": (["", "B", "", "", "at home", "", ""], "typed_not_email"),
    "number_of_somebody_else": (["", "B", "215", "", "", "", ""], "typed_number_taken"),
    "nobody": (["", "", "", "", "", "Sales", ""], "typed_nameless"),
    "unknown_id": (["99999", "B", "", "", "", "", ""], "sheet_unknown_id"),
    "id_of_many_digits": (["9" * 5000, "B", "", "", "", "", ""], "sheet_unknown_id"),
    "id_that_is_none": (["²", "B", "", "", "", "", ""], "sheet_unknown_id"),
    "id_of_somebody_else": (["{id}", "Boris", "", "", "b@corp.example", "", ""], "sheet_somebody_else"),
    "namesake": (["", "anna PETROVA", "", "", "", "", "Director"], "sheet_namesake"),
}


@pytest.mark.parametrize(("row", "code"), WRONG.values(), ids=WRONG)
def test_bad_row_is_named(anna: Employee, row: list[str], code: str) -> None:
    good = ["", "Good One", "", "", "good@corp.example", "", ""]

    plan = planned(good, [cell.format(id=anna.pk) for cell in row])

    assert mistakes(plan) == [(3, code)]


def test_namesake_is_added_when_the_sheet_says_so(anna: Employee) -> None:
    assert len(planned(["new", "Anna Petrova", "", "", "", "", ""]).created) == 1


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (["", "Anna", "", "", "anna@corp.example", "", ""], "sheet_row_twice"),
        (["", "B", "300", "", "", "", ""], "sheet_number_twice"),
    ],
    ids=["person", "number"],
)
def test_what_stands_in_two_rows_is_refused(anna: Employee, second: list[str], code: str) -> None:
    first = [str(anna.pk), "Anna Petrova", "300", "", "", "", ""]

    assert mistakes(planned(first, second)) == [(3, code)]


def test_e_mail_of_several_people_needs_an_id(anna: Employee) -> None:
    make_employee(name="Another", email="Anna@corp.example")

    assert mistakes(planned(["", "Anna", "", "", "anna@corp.example", "", "x"])) == [(2, "sheet_several")]


def test_archived_people_are_left_alone(anna: Employee) -> None:
    set_archived(anna.pk, archived=True, user=None)

    plan = planned(
        [str(anna.pk), "Anna Petrova", "", "", "", "", "Manager"], ["", "", "", "", "anna@corp.example", "", "Boss"]
    )
    assert mistakes(plan) == [(3, "sheet_row_twice")]
    assert mistakes(planned([str(anna.pk), "", "", "", "", "", "Boss"])) == [(2, "sheet_archived")]


def test_who_may_add_nobody_is_told(anna: Employee) -> None:
    assert mistakes(planned(["", "Boris", "", "", "", "", ""], may_add=False)) == [(2, "sheet_may_not_add")]


def test_nothing_is_imported_while_a_row_is_bad(anna: Employee, user: User) -> None:
    rows = [str(anna.pk), "", "", "", "", "", "Director"], ["", "B", "2-15", "", "", "", ""]

    with pytest.raises(SheetError):
        done(user, *rows)

    anna.refresh_from_db()
    assert (anna.title, SyncRun.objects.count()) == ("Manager", 0)


@pytest.mark.promise(5)
@pytest.mark.promise(6)
def test_nothing_is_imported_after_an_edit_since_the_preview(anna: Employee, user: User) -> None:
    table = sheet([str(anna.pk), "", "", "", "", "", "Director"], ["", "Boris", "", "", "", "", ""])
    digest = plan_sheet(table, may_add=True).digest
    change_employee(anna.pk, {"department": "Sales"}, version=anna.version, user=None)

    with pytest.raises(SheetError):
        apply_sheet(table, digest=digest, may_add=True, user=user)

    anna.refresh_from_db()
    assert (anna.title, anna.department) == ("Manager", "Sales")
    assert not Employee.objects.filter(name="Boris").exists()


HEADS = {
    "english": (["E-mail", "Job title"], ("email", "title")),
    "russian": (["Эл. почта", "Должность"], ("email", "title")),
    "names": (["EMAIL", "title"], ("email", "title")),
}


@pytest.mark.parametrize(("head", "fields"), HEADS.values(), ids=HEADS)
def test_columns_are_known_by_name_and_by_label(anna: Employee, head: list[str], fields: tuple[str, ...]) -> None:
    plan = planned(["", "anna@corp.example", "Director"], head=["Comment", *head])

    assert (plan.rows[0].values, plan.ignored) == ({"title": "Director"}, ("Comment",))


BAD_HEADS = {"unknown": (["a", "b"], "sheet_without_columns"), "twice": (["name", "Name"], "sheet_column_twice")}


@pytest.mark.parametrize(("head", "code"), BAD_HEADS.values(), ids=BAD_HEADS)
def test_sheet_without_usable_columns_is_refused(head: list[str], code: str) -> None:
    with pytest.raises(SheetError) as raised:
        planned(["x", "y"], head=head)

    assert raised.value.code == code


@pytest.mark.parametrize("kind", ["new", "known"])
def test_import_takes_the_same_number_of_queries_for_a_chunk(user: User, kind: str) -> None:
    server = make_server(kind="openldap")

    def queries(number: int) -> int:
        rows = []
        for index in range(number):
            mail = f"{kind}{number}-{index}@corp.example"
            if kind == "known":
                make_record(endpoint=server, employee=make_employee(email=mail, extension=f"{number}{index}"))
            rows.append(["", f"P{number} {index}", f"9{number}{index}", "", mail, "", "Clerk"])
        table = sheet(*rows)
        digest = plan_sheet(table, may_add=True).digest
        with CaptureQueriesContext(connection) as captured:
            apply_sheet(table, digest=digest, may_add=True, user=user)
        return len(captured)

    assert queries(3) == queries(300)
    assert not SyncRecord.objects.filter(due=False).exists()


@pytest.mark.promise(5)
def test_of_a_chunk_in_which_somebody_has_another_version_nothing_is_written(anna: Employee) -> None:
    """Between planning and writing, both in one transaction, only PostgreSQL lets an edit in."""
    boris = make_employee(name="Boris", title="Clerk")
    changes = (FieldChange(Field.TITLE, Side.LOCAL, "", "Director"),)
    edits = [Edit(boris.pk, boris.version, "default", "Boris", changes)]
    edits.append(Edit(anna.pk, anna.version + 1, "default", "Anna", changes))

    assert not change_employees(edits, now=timezone.now())
    assert not Employee.objects.filter(title="Director").exists()
