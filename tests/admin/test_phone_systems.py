"""Phone systems on the site: entered, changed, tested, confirmed."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.test import Client
from django_q.models import Schedule

from fixtures.mikopbx import MikoPbx
from syncapp.models import NumberPool, PhoneSystem
from tests.admin.pages import errors, page, posted, save, text
from tests.factories import make_employee, make_phone_system, make_pool, make_record, make_server
from tests.telephony.conftest import FULL_KEY
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db

CHANGE = "syncapp_phonesystem_change"


def add(client: Client, **values: str) -> object:
    address = page("syncapp_phonesystem_add")
    return client.post(address, {**posted(client.get(address)), "name": "MikoPBX", **values})


def result(client: Client, phones: PhoneSystem) -> str:
    return text(client.post(page("syncapp_phonesystem_test", phones.pk), headers={"hx-request": "true"}))


def test_phone_system_is_entered(admin_client: Client) -> None:
    add(admin_client, url="https://pbx.corp.example", key=FULL_KEY, fingerprint="ab" * 32)

    phones = PhoneSystem.objects.get()
    assert (phones.name, phones.reveal_secret()) == ("MikoPBX", FULL_KEY)
    assert phones.fingerprint == ":".join(["AB"] * 32)
    assert FULL_KEY not in text(admin_client.get(page("syncapp_phonesystem_change", phones.pk)))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"url": "http://pbx.corp.example", "key": "k"}, "is not protected"),
        ({"url": "https://pbx.corp.example", "key": ""}, "There is no API key"),
        ({"url": "https://pbx.corp.example", "key": "ключ"}, "not ASCII"),
        ({"url": "https://pbx.corp.example", "key": "k", "fingerprint": "AB"}, "not the SHA-256 fingerprint"),
        ({"url": "https://pbx.corp.example", "key": "k", "requests_per_minute": "200"}, "requests a minute"),
        ({"url": "https://pbx.corp.example", "key": "k", "region": "de", "mobile_form": "8XXXXXXXXXX"}, "region RU"),
    ],
)
def test_mistakes_are_said_beside_their_fields(admin_client: Client, values: dict[str, str], said: str) -> None:
    response = add(admin_client, **values)

    assert said in errors(response)
    assert not PhoneSystem.objects.exists()


@pytest.mark.promise(9)
def test_another_address_asks_for_the_key_again(admin_client: Client) -> None:
    phones = make_phone_system(key="old")

    refused = save(admin_client, "syncapp_phonesystem_change", phones.pk, url="https://elsewhere.example")
    assert "Give it again" in errors(refused)
    save(admin_client, "syncapp_phonesystem_change", phones.pk, url="https://elsewhere.example", key="new")

    phones.refresh_from_db()
    assert (phones.url, phones.reveal_secret()) == ("https://elsewhere.example", "new")


def test_only_what_was_changed_is_written(admin_client: Client) -> None:
    phones = make_phone_system(key="old", serves={"departments": ["Sales"]}, schedule={"every_minutes": 5})

    save(admin_client, "syncapp_phonesystem_change", phones.pk, rank="3")

    phones.refresh_from_db()
    assert (phones.rank, phones.reveal_secret(), phones.serves) == (3, "old", {"departments": ["Sales"]})
    assert phones.schedule == {"every_minutes": 5}


def test_certificate_is_shown_and_confirmed_at_first_contact(
    admin_client: Client, operator_client: Client, pbx: MikoPbx
) -> None:
    phones = make_phone_system(url=pbx.url, key=FULL_KEY)
    confirm = page("syncapp_phonesystem_confirm", phones.pk)

    shown = result(admin_client, phones)
    assert pbx.fingerprint in shown
    assert confirm in shown
    assert confirm not in result(operator_client, phones)
    admin_client.post(confirm, {"fingerprint": pbx.fingerprint})
    again = result(admin_client, phones)

    assert PhoneSystem.objects.get().fingerprint == pbx.fingerprint
    assert "MikoPBX 2026.1.223" in again
    assert pbx.fingerprint in LogEntry.objects.get().change_message


def test_confirming_nonsense_changes_nothing(admin_client: Client) -> None:
    phones = make_phone_system(key="k")

    admin_client.post(page("syncapp_phonesystem_confirm", phones.pk), {"fingerprint": "nonsense"})

    assert PhoneSystem.objects.get().fingerprint == ""


def test_missing_rights_are_listed(admin_client: Client, pbx: MikoPbx) -> None:
    pbx.box.keys.add("reader", employees="read")
    phones = make_phone_system(url=pbx.url, key="reader", fingerprint=pbx.fingerprint)

    shown = result(admin_client, phones)

    assert "/api/v3/employees: write ✗" in shown
    assert "/api/v3/extensions: read ✗" in shown


def test_list_and_overview_stand_with_a_phone_system(admin_client: Client) -> None:
    make_phone_system(name="Old box", enabled=False)

    assert "Old box" in text(admin_client.get(page("syncapp_phonesystem_changelist")))
    assert "Old box" in text(admin_client.get(page("index")))


SERVED = {
    "everybody": ({"serves_mode": "everybody"}, {}),
    "directories": ({"serves_mode": "directories", "serves_directories": ["HQ"]}, {"directories": ["HQ"]}),
    "departments": (
        {
            "serves_mode": "departments",
            "serves_departments": " Sales \n\nБухгалтерия\nSales",
            "serves_pools": ["Desks"],
        },
        {"departments": ["Sales", "Бухгалтерия"]},
    ),
    "pools": ({"serves_mode": "pools", "serves_pools": ["Desks", "Halls"]}, {"pools": ["Desks", "Halls"]}),
}


@pytest.mark.parametrize(("typed", "stored"), SERVED.values(), ids=SERVED)
def test_whom_it_serves_is_stored_as_configuration_files_store_it(
    admin_client: Client, typed: dict[str, Any], stored: dict[str, list[str]]
) -> None:
    make_server(name="HQ")
    for name, first in (("Desks", "200"), ("Halls", "300")):
        NumberPool.objects.create(name=name, first=first, last=f"{first[0]}99")
    phones = make_phone_system(key="k", serves={"departments": ["IT"]})

    save(admin_client, CHANGE, phones.pk, **typed)
    shown = save(admin_client, CHANGE, phones.pk)

    assert shown.status_code == 302
    assert PhoneSystem.objects.get().serves == stored


def test_whom_it_serves_is_not_taken_for_everybody_where_nothing_is_said(admin_client: Client) -> None:
    phones = make_phone_system(key="k", serves={"departments": ["Sales"]})
    sent = posted(admin_client.get(page(CHANGE, phones.pk)))
    del sent["serves_mode"]

    refused = admin_client.post(page(CHANGE, phones.pk), sent)

    assert "This field is required" in errors(refused)
    phones.refresh_from_db()
    assert phones.serves == {"departments": ["Sales"]}


def test_history_names_whom_it_serves_only_where_that_changed(admin_client: Client) -> None:
    make_pool(name="Desks")
    phones = make_phone_system(key="k", serves={"departments": ["Sales"]})

    save(admin_client, CHANGE, phones.pk, rank="3")
    save(admin_client, CHANGE, phones.pk, serves_mode="pools", serves_pools=["Desks"])

    said = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert ["erves" in each for each in said] == [False, True]


NOBODY = {
    "no_directory": {"serves_mode": "directories"},
    "blank_lines": {"serves_mode": "departments", "serves_departments": " \n "},
}


@pytest.mark.parametrize("typed", NOBODY.values(), ids=NOBODY)
def test_serving_nobody_is_refused(admin_client: Client, typed: dict[str, str]) -> None:
    phones = make_phone_system(key="k")

    response = save(admin_client, CHANGE, phones.pk, **typed)

    assert "Nobody is named" in errors(response)
    assert {tab.slug: tab.mistakes for tab in response.context["tabs"]}["served"] == 1
    assert PhoneSystem.objects.get().serves == {}


@pytest.mark.parametrize("way", ["directories", "pools"])
def test_what_is_called_otherwise_by_now_is_seen(admin_client: Client, way: str) -> None:
    make_server(name="Head office")
    phones = make_phone_system(key="k", serves={way: ["HQ"]})

    html = text(admin_client.get(page(CHANGE, phones.pk)))
    refused = save(admin_client, CHANGE, phones.pk)

    assert "serves “HQ”, and nothing is called so any more" in html
    assert 'value="HQ" checked' in html
    assert "“HQ”" in errors(refused)


@pytest.mark.parametrize("way", ["directories", "pools"])
def test_what_is_renamed_is_served_by_its_new_name(admin_client: Client, way: str) -> None:
    renamed, change = {
        "directories": lambda: (make_server(name="HQ"), "syncapp_directoryserver_change"),
        "pools": lambda: (make_pool(name="HQ"), "syncapp_numberpool_change"),
    }[way]()
    phones = make_phone_system(name="Desks", key="k", serves={way: ["Plant", "HQ"]})
    others = [make_phone_system(key="k", serves=serves) for serves in ({way: ["Plant"]}, {"departments": ["HQ"]}, {})]
    before = [each.serves for each in others]

    save(admin_client, change, renamed.pk, rank="2", cool_down_days="80")
    phones.refresh_from_db()
    assert phones.serves == {way: ["Plant", "HQ"]}
    response = save(admin_client, change, renamed.pk, name="Head office")

    phones.refresh_from_db()
    assert phones.serves == {way: ["Plant", "Head office"]}
    assert [PhoneSystem.objects.get(pk=each.pk).serves for each in others] == before
    said = "“Desks” serves “Head office” now, which was called “HQ”."
    assert said in text(admin_client.get(response["Location"]))
    assert said in LogEntry.objects.get(object_id=phones.pk, content_type__model="phonesystem").change_message


def test_renamed_to_a_name_that_it_names_already_is_served_once(admin_client: Client) -> None:
    server = make_server(name="HQ")
    phones = make_phone_system(key="k", serves={"directories": ["Head office", "HQ"]})

    save(admin_client, "syncapp_directoryserver_change", server.pk, name="Head office")

    phones.refresh_from_db()
    assert phones.serves == {"directories": ["Head office"]}


def test_several_boxes_that_do_not_say_whom_they_serve_are_told_so(admin_client: Client) -> None:
    phones, other = make_phone_system(key="k"), make_phone_system(name="Plant", key="k", enabled=False)
    said = "it is not said whom this one serves"

    assert said not in text(admin_client.get(page(CHANGE, phones.pk)))
    PhoneSystem.objects.filter(pk=other.pk).update(enabled=True)
    assert said in text(admin_client.get(page(CHANGE, phones.pk)))
    for settings in ({"enabled": False}, {"create": False}, {"serves": {"departments": ["Sales"]}}):
        with transaction.atomic():
            PhoneSystem.objects.filter(pk=phones.pk).update(**settings)
            assert said not in text(admin_client.get(page(CHANGE, phones.pk)))
            transaction.set_rollback(True)


def test_schedule_and_brakes_are_entered_and_planned(admin_client: Client) -> None:
    phones = make_phone_system(key="k")
    typed = {"schedule_mode": "every_minutes", "schedule_minutes": "10", "limits_lost_number": "7"}

    save(admin_client, CHANGE, phones.pk, **typed)

    phones.refresh_from_db()
    assert (phones.schedule, phones.limits) == ({"every_minutes": 10}, {"lost": [7, 10, 1000]})
    assert Schedule.objects.get().minutes == 10
    save(admin_client, CHANGE, phones.pk, schedule_mode="off")
    assert not Schedule.objects.exists()


def test_schedule_that_cannot_be_is_refused(admin_client: Client) -> None:
    phones = make_phone_system(key="k")

    response = save(admin_client, CHANGE, phones.pk, schedule_mode="cron", schedule_cron="often")

    assert "is not a cron expression" in errors(response)


SHOWN = {
    "everybody": ({}, "Everybody, as long as it is the only phone system"),
    "departments": ({"departments": ["Sales", "IT"]}, "People of these departments: Sales, IT"),
}


@pytest.mark.parametrize(("serves", "said"), SHOWN.values(), ids=SHOWN)
def test_who_may_only_look_reads_words(viewer_client: Client, serves: dict[str, list[str]], said: str) -> None:
    phones = make_phone_system(key="k", serves=serves, schedule={"every_minutes": 5})

    response = viewer_client.get(page(CHANGE, phones.pk))

    assert [tab.slug for tab in response.context["tabs"]] == ["connection", "served", "rules", "schedule"]
    assert said in text(response)
    assert "Every 5 minutes" in text(response)
    assert "every_minutes" not in text(response)


@pytest.mark.parametrize("who", ["admin_client", "viewer_client"])
@pytest.mark.parametrize(
    ("language", "said", "not_said"),
    [
        ("en", "By what a person in the phone system is recognised", "By what an entry is recognised"),
        ("ru", "По каким полям сотрудник станции", "запись каталога"),
    ],
)
def test_match_keys_speak_of_people_in_the_phone_system(
    request: pytest.FixtureRequest, who: str, language: str, said: str, not_said: str
) -> None:
    client: Client = request.getfixturevalue(who)

    shown = text(client.get(page(CHANGE, make_phone_system().pk), headers={"Accept-Language": language}))

    assert said in shown
    assert not_said not in shown


def test_explain_on_a_record_asks_the_phone_system(viewer_client: Client, pbx: MikoPbx) -> None:
    pbx.box.add("Anna Orlova", number="201")
    phones = make_phone_system(url=pbx.url, key=FULL_KEY, fingerprint=pbx.fingerprint)
    anna = next(iter(pbx.box.employees.values()))
    record = make_record(endpoint=phones, anchor=str(anna.id), employee=make_employee(name="Anna Orlova"))

    shown = viewer_client.get(page("syncapp_explain", query=f"record={record.pk}"), headers={"HX-Request": "true"})

    assert f"{phones.name}: Anna Orlova (row {anna.id})" in text(shown)
    heads = re.findall(r'<th scope="col">(.*?)</th>', text(shown))
    assert heads[1:3] == ["Here", "In the phone system"]
