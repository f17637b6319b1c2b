"""Servers: names, the password that belongs to one address, what may be deleted."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from syncapp.exceptions import ConfigurationError
from syncapp.models import DirectoryServer, Endpoint, EndpointPool, FieldMapping
from tests.factories import make_pool, make_record, make_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> DirectoryServer:
    server = make_server(bind_dn="cn=sync", uris=["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"])
    server.set_secret("hunter2")
    server.save()
    return DirectoryServer.objects.get()


def test_stored_password_is_revealed_for_its_address(server: DirectoryServer) -> None:
    assert server.reveal_secret() == "hunter2"


CHANGES_THAT_LOSE_THE_PASSWORD: dict[str, dict[str, object]] = {
    "another_address": {"uris": ["ldaps://dc1.corp.example", "ldaps://evil.example"]},
    "one_address_more": {"uris": ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example", "ldaps://evil.example"]},
    "another_port": {"uris": ["ldaps://dc1.corp.example:1636", "ldaps://dc2.corp.example"]},
    "weaker_security": {"security": "none"},
    "another_account": {"bind_dn": "cn=other"},
}


@pytest.mark.promise(9)
@pytest.mark.parametrize("values", CHANGES_THAT_LOSE_THE_PASSWORD.values(), ids=CHANGES_THAT_LOSE_THE_PASSWORD.keys())
def test_stored_password_is_refused_after(server: DirectoryServer, values: dict[str, object]) -> None:
    DirectoryServer.objects.update(**values)

    with pytest.raises(ConfigurationError, match="password_for_another_address"):
        DirectoryServer.objects.get().reveal_secret()


CHANGES_THAT_KEEP_THE_PASSWORD: dict[str, dict[str, object]] = {
    "order_of_addresses": {"uris": ["ldaps://dc2.corp.example", "ldaps://dc1.corp.example"]},
    "spelling_of_an_address": {"uris": ["LDAPS://DC1.corp.example/", "ldaps://dc2.corp.example"]},
    "base_dn": {"base_dn": "DC=other"},
    "name": {"name": "Renamed"},
}


@pytest.mark.parametrize("values", CHANGES_THAT_KEEP_THE_PASSWORD.values(), ids=CHANGES_THAT_KEEP_THE_PASSWORD.keys())
def test_stored_password_survives_a_change_of(server: DirectoryServer, values: dict[str, object]) -> None:
    for name, value in values.items():
        setattr(server, name, value)

    assert server.reveal_secret() == "hunter2"


def test_no_password_fits_every_address() -> None:
    server = make_server()

    server.uris = ["ldaps://elsewhere.example"]

    assert server.secret_fits


def test_taking_the_password_away_leaves_nothing(server: DirectoryServer) -> None:
    server.set_secret("")

    assert (server.reveal_secret(), server.bind_password_scope) == ("", "")


def test_name_is_unique_over_all_kinds_of_servers() -> None:
    Endpoint.objects.create(name="Head office")

    with pytest.raises(IntegrityError), transaction.atomic():
        make_server(name="Head office")


@pytest.mark.promise(3)
def test_server_with_records_cannot_be_deleted(server: DirectoryServer) -> None:
    make_record(endpoint=server)

    with pytest.raises(ProtectedError):
        server.delete()


ROWS_OF_A_SERVER: dict[str, Callable[[DirectoryServer], object]] = {
    "mapping": lambda server: FieldMapping.objects.create(endpoint=server, field="name", attribute="cn"),
    "pool": lambda server: EndpointPool.objects.create(endpoint=server, pool=make_pool()),
}


@pytest.mark.promise(3)
@pytest.mark.parametrize("add", ROWS_OF_A_SERVER.values(), ids=ROWS_OF_A_SERVER.keys())
def test_server_that_was_set_up_cannot_be_deleted(
    server: DirectoryServer, add: Callable[[DirectoryServer], object]
) -> None:
    add(server)

    with pytest.raises(ProtectedError):
        server.delete()


def test_pool_of_a_server_cannot_be_deleted(server: DirectoryServer) -> None:
    pool = make_pool()
    EndpointPool.objects.create(endpoint=server, pool=pool)

    with pytest.raises(ProtectedError):
        pool.delete()


def test_field_has_one_mapping_per_server(server: DirectoryServer) -> None:
    FieldMapping.objects.create(endpoint=server, field="name", attribute="cn")

    with pytest.raises(IntegrityError), transaction.atomic():
        FieldMapping.objects.create(endpoint=server, field="name", attribute="displayName")


def test_servers_come_by_rank() -> None:
    names = [make_server(name=name, rank=rank).name for name, rank in (("A", 2), ("B", 1), ("C", 2))]

    assert (names, [server.name for server in DirectoryServer.objects.all()]) == (["A", "B", "C"], ["B", "A", "C"])


def with_letters() -> None:
    make_pool(first="20a").full_clean()


def with_an_empty_end() -> None:
    make_pool(last="").full_clean()


@pytest.mark.parametrize("make", [with_letters, with_an_empty_end], ids=lambda make: make.__name__)
def test_pool_is_refused(make: Callable[[], None]) -> None:
    with pytest.raises(ValidationError):
        make()
