"""Phone systems on the command line: tested, and synchronised like every server."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation

from fixtures.mikopbx import MikoPbx
from fixtures.openldap import OpenLdap
from syncapp.models import PhoneSystem, SyncRecord
from tests.factories import make_phone_system
from tests.services.company import Company
from tests.telephony.conftest import FULL_KEY
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)


def checked(phones: PhoneSystem) -> tuple[int, str]:
    output = StringIO()
    with translation.override("en"):
        try:
            call_command("check_directory", phones.name, stdout=output)
        except SystemExit as exc:
            return int(str(exc.code)), output.getvalue()
    return 0, output.getvalue()


def test_check_tells_all_steps(pbx: MikoPbx) -> None:
    pbx.box.add("Anna Orlova", number="201")

    code, said = checked(make_phone_system(url=pbx.url, key=FULL_KEY, fingerprint=pbx.fingerprint))

    assert code == 0
    assert "✓ Employees: 1 employee." in said
    assert "✓ Version: MikoPBX 2026.1.223." in said
    assert "  ✓ /api/v3/employees: write" in said
    assert FULL_KEY not in said


def test_check_names_the_missing_right(pbx: MikoPbx) -> None:
    pbx.box.keys.add("reader", employees="read", extensions="read")

    code, said = checked(make_phone_system(url=pbx.url, key="reader", fingerprint=pbx.fingerprint))

    assert code == 1
    assert "  ✗ /api/v3/employees: write" in said
    assert "  ✓ /api/v3/extensions: read" in said


def test_check_prints_the_line_that_confirms_the_certificate(pbx: MikoPbx) -> None:
    code, said = checked(make_phone_system(url=pbx.url, key=FULL_KEY))

    assert code == 1
    assert f'  fingerprint = "{pbx.fingerprint}"' in said


def test_one_is_synchronised_by_name(pbx: MikoPbx) -> None:
    pbx.box.add("Anna Orlova", number="201")
    phones = make_phone_system(name="MikoPBX", url=pbx.url, key=FULL_KEY, fingerprint=pbx.fingerprint)

    run = synchronised("MikoPBX", "--json")["runs"][0]

    assert (run["server"], run["read"], run["status"]) == ("MikoPBX", "full", "completed")
    assert run["counts"]["created"] == 1
    assert [(person["name"], person["extension"], person["dn"]) for person in run["people"]] == [
        ("Anna Orlova", "201", SyncRecord.objects.get(endpoint=phones).anchor)
    ]


def test_all_enabled_takes_phone_systems_after_directories(openldap: OpenLdap, pbx: MikoPbx) -> None:
    how = {"url": pbx.url, "key": FULL_KEY, "fingerprint": pbx.fingerprint, "rank": 0}
    make_phone_system(name="MikoPBX", **how)
    make_phone_system(name="Switched off", enabled=False, **how)
    Company(openldap).server(name="Head office")

    runs = synchronised("--json", "--force")["runs"]

    assert [run["server"] for run in runs] == ["Head office", "MikoPBX"]


def test_one_person_is_found_there_by_number(pbx: MikoPbx) -> None:
    pbx.box.add("Anna Orlova", number="201")
    pbx.box.add("Boris Titov", number="202")
    make_phone_system(name="MikoPBX", url=pbx.url, key=FULL_KEY, fingerprint=pbx.fingerprint)

    [run] = synchronised("MikoPBX", "--json", "--person", "202")["runs"]

    assert (run["read"], run["counts"]["created"]) == ("person", 1)
    assert [person["name"] for person in run["people"]] == ["Boris Titov"]


def test_round_ends_where_a_new_number_is_in_all_corners(openldap: OpenLdap, pbx: MikoPbx) -> None:
    make_phone_system(name="MikoPBX", url=pbx.url, key=FULL_KEY, fingerprint=pbx.fingerprint)
    company = Company(openldap)
    company.add("anna", "Anna Orlova", mail="a.orlova@corp.example", telephoneNumber="250")
    company.server(name="Head office", write_back=True, bind_dn=openldap.writer_dn)
    synchronised("--json")
    company.add("boris", "Boris Titov", mail="b.titov@corp.example")

    runs = synchronised("--json")["runs"]

    assert [(run["server"], run["read"], run["status"]) for run in runs] == [
        ("Head office", "full", "completed"),
        ("MikoPBX", "full", "completed"),
        ("Head office", "person", "completed"),
    ]
    assert company.value("boris", "telephoneNumber") == ["200"]
    assert {each.user_username: each.number for each in pbx.box.employees.values()} == {
        "Anna Orlova": "250",
        "Boris Titov": "200",
    }
    assert len(synchronised("--json")["runs"]) == 2


def synchronised(*args: str) -> dict[str, Any]:
    output = StringIO()
    with translation.override("en"), pytest.raises(SystemExit):
        call_command("sync_ldap", *args, stdout=output, stderr=StringIO())
    return json.loads(output.getvalue())
