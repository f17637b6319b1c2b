"""Lists as files, and the pages by which a sheet is imported."""

import csv
import re
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from syncapp.choices import RunMode, RunStatus, State
from syncapp.fields import Secret
from syncapp.models import Employee, SyncRun
from tests.admin.pages import page, text
from tests.factories import make_employee, make_record, make_server

IMPORT, APPLY = "syncapp_employee_import", "syncapp_employee_import_apply"


def content(response: Any) -> str:
    return b"".join(response.streaming_content).decode("utf-8-sig")


def table(response: Any) -> list[list[str]]:
    return list(csv.reader(StringIO(content(response), newline="")))


def workbook(response: Any) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(BytesIO(response.content))
    return [tuple(cell.value for cell in row) for row in book.active.rows]


def exported(client: Client, model: str, query: str = "", format_name: str = "csv") -> Any:
    return client.get(page(f"syncapp_{model}_export", format_name, query=query))


def test_employees_are_exported_as_filtered(admin_client: Client, anna: Employee) -> None:
    make_record(endpoint=make_server(name="Head office"), employee=anna, state=State.DISABLED)
    make_employee(name="Boris", department="IT")

    rows = table(exported(admin_client, "employee", query="department=Sales"))

    assert rows == [
        ["Id", "Name", "Extension", "Mobile", "E-mail", "Department", "Job title", "State", "On servers"],
        [
            str(anna.pk), "Anna Petrova", "215", "'+79161234567", "anna@corp.example", "Sales", "Manager", "disabled",
            "Head office: skipped",
        ],
    ]  # fmt: skip


def test_workbook_has_the_same(admin_client: Client, anna: Employee) -> None:
    response = exported(admin_client, "employee", format_name="xlsx")

    assert workbook(response)[1][:4] == (str(anna.pk), "Anna Petrova", "215", "+79161234567")


@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_no_cell_is_a_formula(admin_client: Client, format_name: str) -> None:
    make_employee(name="=HYPERLINK(1)", title="@SUM(1)", department="-1+1", email="+x@corp.example")

    response = exported(admin_client, "employee", format_name=format_name)

    row = (table if format_name == "csv" else workbook)(response)[1]
    assert [row[1], row[4], row[5], row[6]] == ["'=HYPERLINK(1)", "'+x@corp.example", "'-1+1", "'@SUM(1)"]


def test_signs_that_no_workbook_can_hold_do_not_stop_it(admin_client: Client) -> None:
    make_employee(name="Anna\x0bPetrova")

    assert workbook(exported(admin_client, "employee", format_name="xlsx"))[1][1] == "Anna\ufffdPetrova"


@pytest.mark.promise(9)
@pytest.mark.parametrize("model", ["employee", "syncrecord"])
def test_secrets_are_not_exported(admin_client: Client, anna: Employee, model: str) -> None:
    Employee.rows.filter(pk=anna.pk).update(sip_secret=Secret("hush-hush"), sip_secret_mark="m" * 64)
    make_record(employee=anna, base={"sip_secret": ["m" * 64, "r" * 64]})

    shown = content(exported(admin_client, model))

    assert not re.search("hush|mmm|rrr", shown)


def test_records_and_runs_are_exported(admin_client: Client, anna: Employee) -> None:
    server = make_server(name="Head office")
    make_record(endpoint=server, employee=anna, dn="cn=anna")
    make_record(endpoint=server, dn="cn=x", name="Olga", keys=["Olga", ["olga"], ["o@corp.example"], [], ["345"]])
    run = SyncRun.objects.create(endpoint=server, status=RunStatus.COMPLETED, counts={"read": 7, "created": 2})

    records = table(exported(admin_client, "syncrecord"))
    runs = table(exported(admin_client, "syncrun"))

    assert sorted(row[:5] for row in records[1:]) == [
        ["Head office", "Anna Petrova", "215", "'+79161234567", "anna@corp.example"],
        ["Head office", "Olga", "345", "", "o@corp.example"],
    ]
    assert [runs[1][0], runs[1][1], *runs[1][8:10]] == [str(run.pk), "Head office", "7", "2"]


@pytest.mark.parametrize("model", ["employee", "syncrecord"])
@pytest.mark.parametrize("number", [2, 60])
def test_export_takes_the_same_number_of_queries(
    admin_client: Client, django_assert_max_num_queries: Any, model: str, number: int
) -> None:
    server = make_server()
    for _ in range(number):
        make_record(endpoint=server, employee=make_employee())

    with django_assert_max_num_queries(13):
        content(exported(admin_client, model))


def test_unknown_format_is_not_found(admin_client: Client) -> None:
    assert exported(admin_client, "employee", format_name="yaml").status_code == 404


# Importing


def chosen(content: str) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("people.csv", content.encode())}


def previewed(client: Client, content: str) -> Any:
    return client.post(page(IMPORT), chosen(content))


def confirm(client: Client, response: Any) -> Any:
    data = {"sheet": response.context["token"], "digest": response.context["plan"].digest}
    return client.post(page(APPLY), data, follow=True)


def test_sheet_is_shown_first_and_imported_when_confirmed(admin_client: Client, anna: Employee) -> None:
    response = previewed(admin_client, f"id,name,title\n{anna.pk},Anna Petrova,Director\n,Boris Orlov,Clerk\n")

    assert "Import exactly this: 2 people" in text(response)
    assert "<ins>Director</ins>" in text(response)
    assert list(Employee.objects.values_list("title", flat=True)) == ["Manager"]

    done = confirm(admin_client, response)

    assert "2 people were imported." in text(done)
    assert done.redirect_chain[-1][0] == page("syncapp_syncrun_change", SyncRun.objects.get(mode=RunMode.EDIT).pk)
    assert set(Employee.objects.values_list("name", "title")) == {
        ("Anna Petrova", "Director"), ("Boris Orlov", "Clerk"),
    }  # fmt: skip


def test_export_can_be_sent_back_and_changes_nothing(admin_client: Client, anna: Employee) -> None:
    make_employee(name="=x", mobile="+79160000000")
    response = previewed(admin_client, content(exported(admin_client, "employee")))

    assert (response.context["plan"].rows, response.context["plan"].unchanged) == ([], 2)
    assert "Nothing to do" in text(response)


def test_mistakes_are_named_with_their_row_and_leave_no_button(admin_client: Client, anna: Employee) -> None:
    response = previewed(admin_client, "name,extension\nBoris,215\nClara,2-1\n")

    shown = text(response)
    assert "Extension 215 belongs to Anna Petrova." in shown
    assert "“2-1” cannot be an extension" in shown
    assert "Import exactly this" not in shown


def test_sheet_that_somebody_was_faster_than_is_shown_anew(admin_client: Client, anna: Employee) -> None:
    response = previewed(admin_client, f"id,title\n{anna.pk},Director\n")
    anna.title = "Boss"
    anna.save()

    again = confirm(admin_client, response)

    assert "Nothing was imported" in text(again)
    assert "<del>Boss</del>" in text(again)
    assert not SyncRun.objects.exists()
    confirm(admin_client, again)
    anna.refresh_from_db()
    assert anna.title == "Director"


def test_sheet_is_imported_once(admin_client: Client) -> None:
    response = previewed(admin_client, "name\nBoris\n")
    confirm(admin_client, response)

    assert "Choose the file again" in text(confirm(admin_client, response))
    assert Employee.objects.count() == 1


def test_sheet_of_somebody_else_is_not_imported(admin_client: Client, administrator_client: Client) -> None:
    response = previewed(admin_client, "name\nBoris\n")

    assert "Choose the file again" in text(confirm(administrator_client, response))
    assert not Employee.objects.exists()


def test_file_that_is_no_sheet_is_refused_beside_the_field(admin_client: Client) -> None:
    response = previewed(admin_client, "a,b\n1,2\n")

    assert "No column of the first row is known" in text(response)


def test_import_is_offered_to_who_may_edit(viewer_client: Client, operator_client: Client) -> None:
    shown = [text(client.get(page("syncapp_employee_changelist"))) for client in (viewer_client, operator_client)]

    assert [page(IMPORT) in each for each in shown] == [False, True]
    assert all(page("syncapp_employee_export", "xlsx") in each for each in shown)
