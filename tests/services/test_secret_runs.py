"""SIP secrets as a mapped field: only on request, out only when asked for twice, never seen (rule B15, promise 9)."""

import io
import json
import logging
from contextlib import redirect_stdout
from typing import Any

import ldap
import pytest
from django.core.management import call_command
from django.db import connection

from syncapp.core.vocabulary import Field
from syncapp.fields import Secret
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, SyncRecord, SyncRun
from tests.commands.calls import report
from tests.services.company import Company, counted, sync

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(9)]

NAME, FIRST, SECOND = "Anna Petrova", "Geheim-8731-lang", "Anders-4412-lang"


def company_server(company: Company, **mapping: Any) -> DirectoryServer:
    server = company.server(write_back=True, bind_dn=company.directory.writer_dn, pool=None)
    FieldMapping.objects.create(endpoint=server, field="name", attribute="displayName")
    FieldMapping.objects.create(endpoint=server, field="sip_secret", attribute="pager", **mapping)
    return server


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """Anna with a secret that has come in."""
    company.add("anna", NAME, pager=FIRST)
    server = company_server(company)
    sync(server)
    return server


def there(company: Company) -> list[bytes]:
    ((_dn, found),) = company.ldap.search_s(f"uid=anna,{company.base}", ldap.SCOPE_BASE, attrlist=["pager"])
    return list(found.get("pager", []))


def give(secret: str) -> None:
    """Another secret in the hub, as a phone system would bring it."""
    from syncapp import crypto

    Employee.objects.update(sip_secret=Secret.seal(secret), sip_secret_mark=crypto.keyed_hash(secret.encode()))
    SyncRecord.objects.update(due=True)


def everything_stored() -> str:
    """The text of every table."""
    with connection.cursor() as cursor:
        content = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name of the database's own
            content.append(str(cursor.fetchall()))
    return "\n".join(content)


def test_without_a_mapping_nothing_is_read(company: Company) -> None:
    company.add("anna", NAME, pager=FIRST)

    sync(company.server())

    assert not Employee.objects.get().sip_secret


def test_comes_in_encrypted_and_is_nowhere_in_clear(company: Company, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    company.add("anna", NAME, pager=FIRST)

    run = sync(company_server(company))

    assert counted(run) == {"read": 1, "created": 1}
    assert Employee.objects.get().sip_secret.reveal() == FIRST
    assert FIRST not in everything_stored()
    assert FIRST not in caplog.text


def test_change_comes_in_too_and_then_nothing_happens(company: Company, server: DirectoryServer) -> None:
    company.change("anna", pager=SECOND)

    assert counted(sync(server)) == {"read": 1, "updated": 1}
    assert Employee.objects.get().sip_secret.reveal() == SECOND
    assert counted(sync(server)) == {"read": 1, "skipped": 1}
    stored = everything_stored()
    assert FIRST not in stored
    assert SECOND not in stored


def test_report_and_dump_hide_it(company: Company, server: DirectoryServer) -> None:
    company.change("anna", pager=SECOND)

    _code, [run] = report()
    out = io.StringIO()
    with redirect_stdout(out):
        call_command("dumpdata", "syncapp")

    assert run["people"][0]["changes"] == [{"field": "sip_secret", "side": "pbx", "before": "***", "after": "***"}]
    assert SECOND not in json.dumps(run)
    assert SECOND not in out.getvalue()


ONCE = {"both": "both", "push": "push"}


@pytest.mark.parametrize("direction", ONCE.values(), ids=ONCE.keys())
def test_asked_for_once_it_does_not_go_out(company: Company, direction: str) -> None:
    company.add("anna", NAME, pager=FIRST)
    server = company_server(company, direction=direction)
    sync(server)
    give(SECOND)

    sync(server)

    assert there(company) == [FIRST.encode()]


def test_asked_for_twice_it_goes_out(company: Company) -> None:
    company.add("anna", NAME, pager=FIRST)
    server = company_server(company, direction="both", push_secret=True)
    sync(server)
    give(SECOND)

    run = sync(server)

    assert counted(run) == {"read": 1, "written_back": 1}
    assert there(company) == [SECOND.encode()]
    assert SECOND not in everything_stored()
    assert counted(sync(server)) == {"read": 1, "skipped": 1}


def test_directory_that_gets_a_secret_cuts_no_phone_off(company: Company) -> None:
    test_asked_for_twice_it_goes_out(company)

    assert not any(note["code"].startswith("phone_secrets") for run in SyncRun.objects.all() for note in run.notes)


def test_both_changed_is_a_conflict_that_shows_neither(company: Company) -> None:
    company.add("anna", NAME, pager=FIRST)
    server = company_server(company, direction="both", push_secret=True)
    sync(server)
    give(SECOND)
    company.change("anna", pager="Drittes-9911-lang")

    sync(server)

    conflict = Conflict.objects.get()
    assert conflict.field == Field.SIP_SECRET
    assert "Drittes" not in everything_stored()
    assert SECOND not in everything_stored()


def test_what_is_no_text_is_left_alone(company: Company) -> None:
    company.add("anna", NAME, jpegPhoto=b"\xff\xfe\x00secret")
    server = company_server(company)
    FieldMapping.objects.filter(field="sip_secret").update(attribute="jpegPhoto")

    run = sync(server)

    assert counted(run) == {"read": 1, "created": 1}
    assert not Employee.objects.get().sip_secret
    assert [remark["code"] for remark in SyncRecord.objects.get().remarks] == ["secret_not_text"]
    assert counted(sync(server)) == {"read": 1, "skipped": 1}
    assert [remark["code"] for remark in SyncRecord.objects.get().remarks] == ["secret_not_text"]


def test_mapping_that_goes_takes_the_secrets_along(company: Company, server: DirectoryServer) -> None:
    """Without a mapping the hub keeps none."""
    FieldMapping.objects.filter(field="sip_secret").delete()

    sync(server)

    employee = Employee.objects.get()
    assert (employee.sip_secret.reveal(), employee.sip_secret_mark) == ("", "")
