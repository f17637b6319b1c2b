"""Fixtures of all tests: the real servers, started on demand."""

import os
import shutil
from collections.abc import Iterator
from itertools import count
from typing import NoReturn

import pytest
from django.core.management.color import no_style
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation
from pytest_django import Settings

from fixtures import ds389 as ds389_server
from fixtures import samba
from fixtures.ds389 import Ds389
from fixtures.openldap import OpenLdap
from fixtures.samba import SambaAd
from tests.postgresql import PostgreSql, find_binaries


def require_program(name: str, package: str) -> None:
    """Skip the test where a program of the system is missing; fail it where CI says that all are there."""
    if shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return
    skip_or_fail(f"{name} is not installed (Debian package {package})")


def skip_or_fail(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


# Migrations fill them, and nothing that a test does changes them.
_KEPT = frozenset({"django_content_type", "auth_permission"})


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Empty the tables after each test that commits, and keep what every database has.

    Django's own way makes content types and permissions anew each time, which takes
    longer than many of these tests.
    """

    def empty(_case: TransactionTestCase) -> None:
        tables = [name for name in connection.introspection.django_table_names(only_existing=True) if name not in _KEPT]
        connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


_photo_folders = count(1)


@pytest.fixture(autouse=True)
def default_language() -> None:
    """Not the language in which an earlier test of this process looked at a page: the site leaves it behind."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def photo_folder(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder of each test's own, which is made when the first photo comes."""
    settings.PHOTO_DIR = tmp_path_factory.getbasetemp() / f"photos-{next(_photo_folders)}"


@pytest.fixture(scope="session")
def openldap() -> Iterator[OpenLdap]:
    """One OpenLDAP server for every test process, with TLS.

    Modules keep apart by `branch`; whoever counts operations or needs another
    configuration starts a server of his own.
    """
    require_program("slapd", "slapd")
    with OpenLdap(tls=True) as server:
        yield server


@pytest.fixture(scope="session")
def samba_ad() -> Iterator[SambaAd]:
    """One Active Directory. Tests that use it have the mark `xdist_group("samba_ad")`, so that one process starts it."""
    reason = samba.missing()
    if reason:
        skip_or_fail(reason)
    with SambaAd() as server:
        yield server


@pytest.fixture(scope="session")
def ds389() -> Iterator[Ds389]:
    """One 389 Directory Server; the mark is `xdist_group("ds389")`."""
    yield from _ds389(freeipa=False)


@pytest.fixture(scope="session")
def freeipa() -> Iterator[Ds389]:
    """One 389 Directory Server with what of FreeIPA `Ds389` imitates; the mark is `xdist_group("freeipa")`."""
    yield from _ds389(freeipa=True)


def _ds389(*, freeipa: bool) -> Iterator[Ds389]:
    reason = ds389_server.missing()
    if reason:
        skip_or_fail(reason)
    with Ds389(freeipa=freeipa) as server:
        yield server


@pytest.fixture(scope="module")
def branch(openldap: OpenLdap, request: pytest.FixtureRequest) -> str:
    """DN of an empty organisational unit of the module's own."""
    name = request.module.__name__.rpartition(".")[2]
    dn = f"ou={name},{openldap.suffix}"
    connection = openldap.connect()
    connection.add_s(dn, [("objectClass", [b"organizationalUnit"]), ("ou", [name.encode()])])
    connection.unbind_s()
    return dn


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """One PostgreSQL cluster for every test process that asks for it; each test makes a database of its own."""
    binaries = find_binaries()
    if binaries is None:
        skip_or_fail("PostgreSQL is not installed (Debian package postgresql)")
    with PostgreSql(binaries) as cluster:
        yield cluster
