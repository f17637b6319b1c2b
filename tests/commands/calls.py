"""`sync_ldap` called in this process, and companies whose run ends in each of the ways."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone, translation

from syncapp.models import DirectoryServer, SyncRun
from tests.factories import make_employee
from tests.services.company import Company


def call(*arguments: str) -> int:
    """Call the command in this process and return its exit code."""
    with pytest.raises(SystemExit) as caught, translation.override("en"):
        call_command("sync_ldap", *arguments)
    assert isinstance(caught.value.code, int)
    return caught.value.code


def report(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Call the command for a script; return exit code and runs."""
    out = StringIO()
    with pytest.raises(SystemExit) as caught, translation.override("ru"):
        call_command("sync_ldap", "--json", *arguments, stdout=out)
    assert isinstance(caught.value.code, int)
    said = json.loads(out.getvalue())
    assert list(said) == ["runs"]
    return caught.value.code, said["runs"]


def completed(company: Company) -> DirectoryServer:
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215")
    return company.server()


def partial(company: Company) -> DirectoryServer:
    make_employee(name="Boris Sidorov", email="other@example.test")
    company.add("boris", "Boris Sidorov", mail="boris@example.test")
    return company.server()


def held(company: Company) -> DirectoryServer:
    return company.server()


def failed(company: Company) -> DirectoryServer:
    return company.server(user_filter="(unbalanced")


def refused(company: Company) -> DirectoryServer:
    server = completed(company)
    SyncRun.objects.create(endpoint=server, status="running", heartbeat_at=timezone.now())
    return server
