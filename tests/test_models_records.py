"""Constraints that decide who was first: records, runs, matters."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Model

from syncapp.choices import MatterKind, RunStatus
from syncapp.models import Conflict, DirectoryServer, SyncRecord, SyncRun
from tests.factories import make_employee, make_record, make_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> DirectoryServer:
    return make_server()


def refused(model: type[Model], **values: Any) -> bool:
    try:
        with transaction.atomic():
            model._default_manager.create(**values)
    except IntegrityError:
        return True
    return False


@pytest.mark.promise(8)
def test_entry_has_one_record_per_server(server: DirectoryServer) -> None:
    make_record(endpoint=server, anchor="a")

    assert refused(SyncRecord, endpoint=server, anchor="a")


def test_same_anchor_on_another_server_is_another_record(server: DirectoryServer) -> None:
    make_record(endpoint=server, anchor="a")

    assert not refused(SyncRecord, endpoint=make_server(), anchor="a")


def test_employee_has_one_record_per_server(server: DirectoryServer) -> None:
    employee = make_employee()
    make_record(endpoint=server, employee=employee)

    assert refused(SyncRecord, endpoint=server, anchor="b", employee=employee)


def test_any_number_of_records_may_be_tied_to_nobody(server: DirectoryServer) -> None:
    make_record(endpoint=server)

    assert not refused(SyncRecord, endpoint=server, anchor="b")


@pytest.mark.promise(8)
def test_server_has_one_running_run(server: DirectoryServer) -> None:
    SyncRun.objects.create(endpoint=server, status=RunStatus.RUNNING)

    assert refused(SyncRun, endpoint=server, status=RunStatus.RUNNING)


@pytest.mark.parametrize("status", [status for status in RunStatus if status is not RunStatus.RUNNING])
def test_run_claims_nothing_when_it_is(server: DirectoryServer, status: RunStatus) -> None:
    SyncRun.objects.create(endpoint=server, status=status)

    assert not refused(SyncRun, endpoint=server, status=RunStatus.RUNNING)


def test_servers_do_not_wait_for_each_other(server: DirectoryServer) -> None:
    SyncRun.objects.create(endpoint=server, status=RunStatus.RUNNING)

    assert not refused(SyncRun, endpoint=make_server(), status=RunStatus.RUNNING)


def test_matter_is_open_once(server: DirectoryServer) -> None:
    record = make_record(endpoint=server)
    Conflict.objects.create(endpoint=server, record=record, kind=MatterKind.MATCH_AMBIGUOUS)

    assert refused(Conflict, endpoint=server, record=record, kind=MatterKind.MATCH_AMBIGUOUS)


def test_closed_matter_may_be_opened_again(server: DirectoryServer) -> None:
    record = make_record(endpoint=server)
    closed = Conflict.objects.create(endpoint=server, record=record, kind=MatterKind.MATCH_AMBIGUOUS)
    Conflict.objects.update(closed_at=closed.opened_at)

    assert not refused(Conflict, endpoint=server, record=record, kind=MatterKind.MATCH_AMBIGUOUS)
