"""Phone systems on the site: entered, changed, tested, confirmed."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from fixtures.mikopbx import MikoPbx
from syncapp.models import PhoneSystem
from tests.admin.pages import errors, page, posted, save, text
from tests.factories import make_phone_system
from tests.telephony.conftest import FULL_KEY
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db


def add(client: Client, **values: str) -> object:
    address = page("syncapp_phonesystem_add")
    return client.post(address, {**posted(client.get(address)), "name": "MikoPBX", **values})


def result(client: Client, phones: PhoneSystem) -> str:
    return text(client.post(page("syncapp_phonesystem_test", phones.pk), headers={"hx-request": "true"}))


def test_phone_system_is_entered(admin_client: Client) -> None:
    add(admin_client, url="https://pbx.corp.example", key=FULL_KEY, fingerprint="ab" * 32)

    phones = PhoneSystem.objects.get()
    assert (phones.name, phones.reveal_api_key()) == ("MikoPBX", FULL_KEY)
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
    assert (phones.url, phones.reveal_api_key()) == ("https://elsewhere.example", "new")


def test_only_what_was_changed_is_written(admin_client: Client) -> None:
    phones = make_phone_system(key="old", serves={"departments": ["Sales"]}, schedule={"every_minutes": 5})

    save(admin_client, "syncapp_phonesystem_change", phones.pk, rank="3")

    phones.refresh_from_db()
    assert (phones.rank, phones.reveal_api_key(), phones.serves) == (3, "old", {"departments": ["Sales"]})
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
