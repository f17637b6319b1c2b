"""Phone systems: stored, configured, tested."""

from pathlib import Path

import pytest

from fixtures.mikopbx import MikoPbx
from syncapp.exceptions import ConfigurationError
from syncapp.models import PhoneSystem
from syncapp.services.phone_systems import confirm_certificate, phone_config, probe_phone_system
from syncapp.telephony.steps import PhoneStepOutcome
from tests.configuration_files import SERVER, apply, mistakes_in
from tests.factories import make_phone_system, make_server
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db

SECTION = """
[[phone_system]]
name = "MikoPBX"
url = "https://pbx.corp.example"
api_key = "a-key"
"""


@pytest.mark.promise(9)
def test_key_is_for_the_address_that_it_was_entered_for() -> None:
    phones = make_phone_system(key="a-key")
    assert phone_config(phones).api_key == "a-key"
    assert "a-key" not in repr(phones.__dict__)

    phones.url = "https://elsewhere.example"
    with pytest.raises(ConfigurationError) as caught:
        phone_config(phones)

    assert caught.value.code == "phone_key_for_another_address"


@pytest.mark.promise(9)
def test_key_that_was_entered_for_a_checked_address_goes_to_no_unchecked_one() -> None:
    phones = make_phone_system(key="a-key")
    phones.verify_tls = False
    assert not phones.secret_fits

    phones.set_secret("a-key")
    phones.verify_tls = True

    assert phones.secret_fits


def test_configure_stores_a_phone_system(tmp_path: Path) -> None:
    content = f"""{SERVER}{SECTION}
serves = {{ directories = ["Head office"] }}
mobile_form = "8XXXXXXXXXX"
fingerprint = "{"ab" * 32}"
schedule = {{ every_minutes = 10 }}
requests_per_minute = 100
create = false
"""
    [_server, report] = apply(tmp_path, content)

    phones = PhoneSystem.objects.get()
    assert report.created
    assert phones.reveal_secret() == "a-key"
    assert (phones.url, phones.mobile_form, phones.create) == ("https://pbx.corp.example", "8XXXXXXXXXX", False)
    assert (phones.serves, phones.schedule) == ({"directories": ["Head office"]}, {"every_minutes": 10})
    assert phones.fingerprint == ":".join(["AB"] * 32)
    [_server, again] = apply(tmp_path, content)
    assert (again.created, again.changes) == (False, ())


def test_configure_keeps_what_is_left_out_and_changes_the_rest(tmp_path: Path) -> None:
    apply(tmp_path, SECTION)

    [report] = apply(tmp_path, "[[phone_system]]\nname = 'MikoPBX'\nrank = 2")

    assert [change.key for change in report.changes] == ["rank"]
    assert PhoneSystem.objects.get().reveal_secret() == "a-key"


MISTAKES = {
    "nothing_given": ("[[phone_system]]\nname = 'MikoPBX'", [("api_key", "key_missing"), ("url", "key_missing")]),
    "plain": (SECTION.replace("https:", "http:"), [("url", "phone_url_plain")]),
    "path": (SECTION.replace(".example", ".example/admin"), [("url", "phone_url_malformed")]),
    "key_of_another_alphabet": (SECTION.replace("a-key", "ключ"), [("api_key", "phone_key_of_several_lines")]),
    "fingerprint": (SECTION + "fingerprint = 'AB:CD'", [("fingerprint", "fingerprint_malformed")]),
    "too_many_requests": (SECTION + "requests_per_minute = 200", [("requests_per_minute", "phone_requests_out_of_range")]),
    "form_elsewhere": (SECTION + "region = 'DE'\nmobile_form = '7XXXXXXXXXX'", [("mobile_form", "phone_form_for_russia")]),
    "unknown_directory": (SECTION + "serves = { directories = ['X'] }", [("serves, directories", "directory_unknown")]),
    "unknown_pool": (SECTION + "serves = { pools = ['X'] }", [("serves, pools", "pool_unknown")]),
    "nobody": (SECTION + "serves = { departments = [] }", [("serves, departments", "phone_serves_empty")]),
    "two_ways": (SECTION + "serves = { departments = ['A'], pools = ['X'] }", [("serves", "phone_serves_several"), ("serves, pools", "pool_unknown")]),
    "other_kind": (SECTION + "kind = 'asterisk'", [("kind", "choice_unknown")]),
}  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_configure_refuses(tmp_path: Path, content: str, expected: list[tuple[str, str]]) -> None:
    found = mistakes_in(tmp_path, content)

    assert found == [(f'phone_system "MikoPBX", {place}', code) for place, code in expected]
    assert not PhoneSystem.objects.exists()


def test_configure_asks_for_the_key_again_at_another_address(tmp_path: Path) -> None:
    apply(tmp_path, SECTION)

    found = mistakes_in(tmp_path, "[[phone_system]]\nname = 'MikoPBX'\nurl = 'https://elsewhere.example'")

    assert found == [('phone_system "MikoPBX", api_key', "phone_key_needed_again")]


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "in_the_file"])
def test_names_are_those_of_all_servers(tmp_path: Path, stored: bool) -> None:
    name = "Head office"
    if stored:
        make_server(name=name)

    found = mistakes_in(tmp_path, ("" if stored else SERVER) + SECTION.replace("MikoPBX", name))

    assert [code for _place, code in found] == ["name_of_another_kind" if stored else "name_twice"]


def test_configure_warns_where_nothing_is_checked(tmp_path: Path) -> None:
    [report] = apply(tmp_path, SECTION + "verify_tls = false")

    assert [caution.code for caution in report.cautions] == ["phone_unverified"]


def test_first_contact_shows_the_certificate_and_confirming_it_is_enough(pbx: MikoPbx) -> None:
    phones = make_phone_system(url=pbx.url, key="full-0123456789abcdef0123456789abcdef")

    shown = list(probe_phone_system(phones))[-1].fingerprint
    confirm_certificate(phones, shown)
    steps = list(probe_phone_system(PhoneSystem.objects.get()))

    assert shown == pbx.fingerprint
    assert {step.outcome for step in steps} == {PhoneStepOutcome.OK}


def test_connection_test_without_a_key_says_so() -> None:
    [step] = probe_phone_system(make_phone_system())

    assert (step.outcome, step.message.code) == (PhoneStepOutcome.FAILED, "phone_key_missing")
