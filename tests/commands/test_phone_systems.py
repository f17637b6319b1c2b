"""Phone systems on the command line: tested, and not synchronised yet."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from fixtures.mikopbx import MikoPbx
from fixtures.openldap import OpenLdap
from syncapp.models import PhoneSystem, SyncRun
from tests.commands.calls import completed
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


def test_synchronising_one_is_refused_in_words() -> None:
    phones = make_phone_system(name="MikoPBX")

    with pytest.raises(CommandError, match="“MikoPBX” is a phone system"):
        call_command("sync_ldap", phones.name)

    assert not SyncRun.objects.exists()


@pytest.mark.parametrize("enabled", [True, False])
def test_all_enabled_leaves_phone_systems_out(openldap: OpenLdap, enabled: bool) -> None:
    completed(Company(openldap))
    make_phone_system(name="MikoPBX", enabled=enabled)
    aside = StringIO()

    with pytest.raises(SystemExit) as caught, translation.override("en"):
        call_command("sync_ldap", "--json", stdout=StringIO(), stderr=aside)

    assert caught.value.code == 0
    assert SyncRun.objects.count() == 1
    assert ("“MikoPBX” is a phone system" in aside.getvalue()) is enabled
