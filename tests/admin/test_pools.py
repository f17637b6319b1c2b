"""Number pools."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from syncapp.models import CoolingNumber, EndpointPool, NumberPool, PhoneNumber, PhoneReading
from syncapp.services.edits import set_archived
from tests.admin.pages import page, posted, text
from tests.factories import make_employee, make_phone_system, make_pool, make_server

LIST = "syncapp_numberpool_changelist"


def add(client: Client, **values: str) -> Any:
    address = page("syncapp_numberpool_add")
    return client.post(address, {**posted(client.get(address)), "name": "Office", **values})


def test_pool_is_added_with_its_reserved_numbers_one_per_line(admin_client: Client) -> None:
    response = add(admin_client, first="200", last="299", reserved="250\n251\n")

    assert response.status_code == 302
    assert NumberPool.objects.get().reserved == ["250", "251"]


MISTAKES = {
    "letters": ({"first": "2oo", "last": "299"}, "first"),
    "lengths_differ": ({"first": "200", "last": "1299"}, "last"),
    "ends_before_it_begins": ({"first": "300", "last": "299"}, "last"),
    "reserved_outside": ({"first": "200", "last": "299", "reserved": "300"}, "reserved"),
}


@pytest.mark.parametrize(("values", "field"), MISTAKES.values(), ids=MISTAKES)
def test_form_names_the_mistake(admin_client: Client, values: dict[str, str], field: str) -> None:
    response = add(admin_client, **values)

    assert list(response.context["adminform"].form.errors) == [field]


def test_list_shows_what_is_used_and_what_comes_next(admin_client: Client) -> None:
    pool = make_pool(first="200", last="209", reserved=["200"])
    EndpointPool.objects.create(endpoint=make_server(name="Head office"), pool=pool)
    make_employee(extension="201")

    response = admin_client.get(page(LIST))

    usage = response.context["cl"].result_list[0].usage
    assert (usage.size, usage.used, usage.reserved, usage.free, usage.next) == (10, 1, 1, 8, "202")
    assert "Head office" in text(response)


def test_list_and_page_show_what_rests_and_until_when(admin_client: Client) -> None:
    pool = make_pool(first="200", last="209")
    anna = make_employee(name="Anna Petrova", extension="203")
    set_archived(anna.pk, archived=True, user=None)
    until = date_format(timezone.localtime(CoolingNumber.objects.get().until), "SHORT_DATE_FORMAT")

    assert f"1, the first until {until}" in text(admin_client.get(page(LIST)))
    shown = text(admin_client.get(page("syncapp_numberpool_change", pool.pk)))
    assert f"203 until {until}" in shown
    assert "Anna Petrova" in shown


@pytest.mark.parametrize("number", [2, 20])
def test_list_takes_the_same_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any, number: int
) -> None:
    server = make_server()
    for _pool in range(number):
        EndpointPool.objects.create(endpoint=server, pool=make_pool())

    with django_assert_num_queries(12):
        admin_client.get(page(LIST))


def test_list_and_page_say_what_phone_systems_have(admin_client: Client) -> None:
    phones = make_phone_system(name="Head office phones")
    PhoneReading.objects.create(endpoint=phones, read_at=timezone.now())
    PhoneNumber.objects.create(endpoint=phones, number="200", kind="queue", name="Sales")
    pool = make_pool(first="200", last="209")

    usage = admin_client.get(page(LIST)).context["cl"].result_list[0].usage
    shown = text(admin_client.get(page("syncapp_numberpool_change", pool.pk)))

    assert (len(usage.in_phones), usage.next) == (1, "201")
    assert "200: queue “Sales” (Head office phones)" in shown


def test_page_says_why_no_number_is_given_out(admin_client: Client) -> None:
    make_phone_system(name="Head office phones")
    pool = make_pool(first="200", last="209")

    listed = text(admin_client.get(page(LIST)))
    shown = text(admin_client.get(page("syncapp_numberpool_change", pool.pk)))

    assert "0, not up to date" in listed
    assert "No number is given out by itself at present: which are taken in Head office phones" in shown
