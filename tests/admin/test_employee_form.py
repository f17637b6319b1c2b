"""Editing a person by hand."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from syncapp.choices import RunMode
from syncapp.models import Employee, RunItem, SyncRun
from tests.admin.pages import errors, page, posted, save, text
from tests.factories import make_employee, make_record

CHANGE = "syncapp_employee_change"


def reread(employee: Employee) -> Employee:
    return Employee.objects.get(pk=employee.pk)


def test_untouched_form_changes_nothing(admin_client: Client, anna: Employee) -> None:
    before = Employee.objects.values().get(pk=anna.pk)

    response = save(admin_client, CHANGE, anna.pk)

    assert response.status_code == 302
    assert Employee.objects.values().get(pk=anna.pk) == before
    assert not SyncRun.objects.exists()


@pytest.mark.promise(1)
def test_edit_is_a_run_that_says_who_changed_what(admin_client: Client, admin_user: User, anna: Employee) -> None:
    save(admin_client, CHANGE, anna.pk, title="Director", extension="216")

    run = SyncRun.objects.get()
    item = RunItem.objects.get()
    assert (run.mode, run.endpoint, run.user, run.who) == (RunMode.EDIT, None, admin_user, admin_user.username)
    assert (item.run, item.employee, item.outcome) == (run, anna, "updated")
    assert item.changes == [
        {"field": "extension", "side": "pbx", "before": "215", "after": "216"},
        {"field": "title", "side": "pbx", "before": "Manager", "after": "Director"},
    ]


def test_edit_raises_the_version_and_leaves_the_records_due(admin_client: Client, anna: Employee) -> None:
    record = make_record(employee=anna)

    save(admin_client, CHANGE, anna.pk, name="Anna Ivanova")

    record.refresh_from_db()
    assert record.due
    assert reread(anna).version == anna.version + 1
    assert reread(anna).name_key == "anna ivanova"


@pytest.mark.promise(5)
def test_edit_on_a_newer_person_is_refused_with_both_values(admin_client: Client, anna: Employee) -> None:
    address = page(CHANGE, anna.pk)
    opened = posted(admin_client.get(address))
    Employee.objects.filter(pk=anna.pk).update(title="Head of sales")

    response = admin_client.post(address, {**opened, "title": "Director"})

    assert "Head of sales" in errors(response)
    assert "Director" in errors(response)
    assert reread(anna).title == "Head of sales"


@pytest.mark.promise(5)
def test_refused_edit_does_not_run_over_other_fields_when_saved_again(admin_client: Client, anna: Employee) -> None:
    """The page still shows the mobile as it was opened; a run has changed it meanwhile."""
    address = page(CHANGE, anna.pk)
    opened = posted(admin_client.get(address))
    Employee.objects.filter(pk=anna.pk).update(mobile="+79160000000")
    refused = admin_client.post(address, {**opened, "title": "Director"})

    response = admin_client.post(address, posted(refused))

    assert response.status_code == 302
    assert reread(anna).title == "Director"
    assert reread(anna).mobile == "+79160000000"


def test_refused_edit_keeps_what_was_typed(admin_client: Client, anna: Employee) -> None:
    address = page(CHANGE, anna.pk)
    opened = posted(admin_client.get(address))
    Employee.objects.filter(pk=anna.pk).update(title="Head of sales")

    refused = admin_client.post(address, {**opened, "title": "Director"})
    admin_client.post(address, posted(refused))

    assert reread(anna).title == "Director"


MOBILES = {
    "trunk_prefix": "8 (903) 000-11-22",
    "country_code": "+7 903 000 11 22",
    "without_prefix": "903 0001122",
}


@pytest.mark.parametrize("typed", MOBILES.values(), ids=MOBILES)
def test_mobile_is_taken_in_any_spelling(admin_client: Client, anna: Employee, typed: str) -> None:
    save(admin_client, CHANGE, anna.pk, mobile=typed)

    assert reread(anna).mobile == "+79030001122"


ADDRESSES = ["anna@corp", "анна@corp", "anna@почта.рф"]


@pytest.mark.parametrize("address", ADDRESSES, ids=["intranet", "cyrillic", "cyrillic_domain"])
def test_address_that_a_directory_may_hold_is_taken(admin_client: Client, anna: Employee, address: str) -> None:
    save(admin_client, CHANGE, anna.pk, email=address)

    assert reread(anna).email == address


MISTAKES = {
    "mobile_of_words": ({"mobile": "see Anna"}, "is not a telephone number"),
    "mobile_too_short": ({"mobile": "12345"}, "is not a telephone number"),
    "mail_without_at": ({"email": "anna.corp.example"}, "is not an e-mail address"),
    "mail_of_two": ({"email": "anna@corp.example, boris@corp.example"}, "is not an e-mail address"),
    "extension_with_letters": ({"extension": "21a"}, "digits only"),
    "extension_in_other_digits": ({"extension": "٢١٥"}, "digits only"),
    "extension_of_somebody_else": ({"extension": "300"}, "Extension 300 belongs to Boris"),
    "nothing_left": ({"name": "", "email": "", "extension": ""}, "Give a name"),
}


@pytest.mark.parametrize(("changes", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_form_names_the_mistake(admin_client: Client, anna: Employee, changes: dict[str, str], expected: str) -> None:
    make_employee(name="Boris", extension="300")

    response = save(admin_client, CHANGE, anna.pk, **changes)

    assert expected in errors(response)
    assert reread(anna).version == anna.version


STORED = {"mobile": {"mobile": "12345"}, "intranet_mail": {"email": "anna@corp"}, "no_mail": {"email": "anna"}}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
def test_stored_value_that_would_be_refused_does_not_block_another_edit(
    admin_client: Client, anna: Employee, stored: dict[str, str]
) -> None:
    Employee.rows.filter(pk=anna.pk).update(**stored)

    response = save(admin_client, CHANGE, anna.pk, title="Director")

    assert response.status_code == 302


def test_new_employee_is_added_with_a_run(admin_client: Client) -> None:
    address = page("syncapp_employee_add")

    response = admin_client.post(address, {**posted(admin_client.get(address)), "name": "Boris", "extension": "300"})

    employee = Employee.objects.get()
    assert response.status_code == 302
    assert (employee.name, employee.name_key, employee.extension) == ("Boris", "boris", "300")
    assert RunItem.objects.get().outcome == "created"


@pytest.mark.promise(8)
def test_somebody_who_came_in_while_the_page_was_open_is_named_before_he_is_added_again(admin_client: Client) -> None:
    address = page("syncapp_employee_add")
    typed = {**posted(admin_client.get(address)), "name": "Anna Petrova"}
    came = make_employee(name="Petrova Anna")

    refused = admin_client.post(address, typed)

    assert f'{came.pk}/change/">Petrova Anna</a> came in' in text(refused)
    assert Employee.objects.count() == 1
    # Saved again, it is somebody else.
    assert admin_client.post(address, posted(refused)).status_code == 302
    assert Employee.objects.count() == 2


def test_namesake_of_somebody_who_was_here_is_added(admin_client: Client, anna: Employee) -> None:
    address = page("syncapp_employee_add")

    admin_client.post(address, {**posted(admin_client.get(address)), "name": anna.name})

    assert Employee.objects.filter(name=anna.name).count() == 2
