"""Mappings and pools on the form of a directory server."""

from typing import Any

import pytest
from django.test import Client

from syncapp.models import DirectoryServer
from tests.admin.pages import errors, save
from tests.factories import make_pool

CHANGE = "syncapp_directoryserver_change"


def add_row(client: Client, bound_server: DirectoryServer, prefix: str, **values: str) -> Any:
    return save(
        client,
        CHANGE,
        bound_server.pk,
        **{f"{prefix}-TOTAL_FORMS": "1"},
        **{f"{prefix}-0-{name}": value for name, value in values.items()},
    )


MAPPING = {
    "field": "extension",
    "attribute": "telephoneNumber",
    "direction": "both",
    "policy": "ask",
    "on_empty": "keep",
}


def test_mapping_is_added(admin_client: Client, bound_server: DirectoryServer) -> None:
    response = add_row(admin_client, bound_server, "mappings", **MAPPING, pattern=r"^(\d{3})$")

    assert response.status_code == 302
    assert bound_server.mappings.get().attribute == "telephoneNumber"


WRONG_MAPPINGS = {
    "composition_that_is_pushed": ({"attribute": "{givenName} {sn}"}, "Nothing can be written to"),
    "impossible_attribute": ({"attribute": "telephone number"}, "is no attribute"),
}


@pytest.mark.parametrize(("values", "expected"), WRONG_MAPPINGS.values(), ids=WRONG_MAPPINGS)
def test_wrong_mapping_is_refused(
    admin_client: Client, bound_server: DirectoryServer, values: dict[str, str], expected: str
) -> None:
    response = add_row(admin_client, bound_server, "mappings", **{**MAPPING, **values})

    assert expected in errors(response)


def test_field_that_is_mapped_twice_is_refused(admin_client: Client, bound_server: DirectoryServer) -> None:
    rows = {f"mappings-{number}-{name}": value for number in (0, 1) for name, value in MAPPING.items()}

    response = save(admin_client, CHANGE, bound_server.pk, **{"mappings-TOTAL_FORMS": "2"}, **rows)

    assert "is mapped already" in errors(response)


def test_pool_is_added(admin_client: Client, bound_server: DirectoryServer) -> None:
    pool = make_pool()

    response = add_row(admin_client, bound_server, "pools", pool=str(pool.pk), position="0")

    assert response.status_code == 302
    assert bound_server.pools.get().pool == pool


PLACES = {
    "ou": ({"ou": r"OU=R\+D, dc=corp, dc=example"}, (r"OU=R\+D, dc=corp, dc=example", "")),
    "department": ({"department": "Law"}, ("", "Law")),
}


@pytest.mark.parametrize(("values", "stored"), PLACES.values(), ids=PLACES)
def test_pool_of_an_ou_or_department_is_added(
    admin_client: Client, bound_server: DirectoryServer, values: dict[str, str], stored: tuple[str, str]
) -> None:
    response = add_row(admin_client, bound_server, "pools", pool=str(make_pool().pk), position="0", **values)

    assert response.status_code == 302
    assert bound_server.pools.values_list("ou", "department").get() == stored


def test_pool_for_an_ou_outside_is_refused(admin_client: Client, bound_server: DirectoryServer) -> None:
    response = add_row(
        admin_client, bound_server, "pools", pool=str(make_pool().pk), position="0", ou="ou=Sales,dc=other"
    )

    assert "is not below the base DN" in errors(response)
