"""Runs that are broken off while they write: what the audit trail says of each person is true (promises 1 and 8)."""

import contextlib
from collections.abc import Callable
from typing import Any

import ldap
import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from syncapp.choices import RunStatus
from syncapp.core.writes import WriteResult
from syncapp.models import DirectoryServer, Employee, RunItem, SyncRun
from syncapp.services import sending
from syncapp.services.drafts import Draft
from syncapp.store.sent import unknown_writes
from tests.services.company import Company, counted, sync

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 30


def titles(company: Company) -> dict[str, str]:
    rows = company.ldap.search_s(company.base, ldap.SCOPE_ONELEVEL, attrlist=["displayName", "title"])
    return {row["displayName"][0].decode(): row["title"][0].decode() for _dn, row in rows}


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """People whose new titles are to go out."""
    company.add_many(PEOPLE, title="Clerk")
    server = company.server(write_back=True, bind_dn=company.directory.writer_dn, pool=None)
    server.mappings.create(field="name", attribute="displayName")
    server.mappings.create(field="title", attribute="title", direction="both")
    sync(server)
    Employee.objects.update(title="Chief")
    return server


def _killed_when_the_first_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def conclude(_draft: Draft, _result: WriteResult) -> None:
        raise SystemExit(1)

    monkeypatch.setattr(Draft, "conclude", conclude)


def _database_refuses_to_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(sending, "store_sent", refuse)


BROKEN_OFF: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "killed_when_the_first_is_known": _killed_when_the_first_is_known,
    "database_refuses_to_store": _database_refuses_to_store,
}


@pytest.mark.promise(1)
@pytest.mark.parametrize("break_off", BROKEN_OFF.values(), ids=BROKEN_OFF.keys())
def test_nobody_who_was_written_is_said_not_to_be(
    company: Company, server: DirectoryServer, monkeypatch: pytest.MonkeyPatch, break_off: Any
) -> None:
    """They were: the directory had answered, and only the answer was never stored."""
    break_off(monkeypatch)
    with contextlib.suppress(SystemExit):
        sync(server)
    monkeypatch.undo()

    run = SyncRun.objects.latest("id")
    said_unwritten = set(RunItem.objects.filter(run=run).exclude(outcome="writing").values_list("name", flat=True))
    written = {name for name, title in titles(company).items() if title == "Chief"}
    assert run.status in (RunStatus.CRASHED, RunStatus.FAILED)
    assert written
    assert not written & said_unwritten

    again = sync(server)
    assert set(titles(company).values()) == {"Chief"}
    assert counted(again)["read"] == PEOPLE
    assert "write_found" in {note["code"] for note in again.notes}


def test_any_number_of_broken_off_runs_is_asked_about_at_once(
    server: DirectoryServer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _run in range(3):
        SyncRun.objects.create(endpoint=server, status=RunStatus.FAILED)

    with django_assert_num_queries(2):
        assert not unknown_writes(server.pk)
