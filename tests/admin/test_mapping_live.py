"""What each line of a mapping brings in, on the page where it is typed. Against a real OpenLDAP."""

from typing import Any

import pytest
from django.test import Client

from fixtures.openldap import OpenLdap
from syncapp.models import DirectoryServer, FieldMapping
from tests.admin.pages import page, text
from tests.factories import make_server
from tests.services.company import Company

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("openldap")]


@pytest.fixture
def server(openldap: OpenLdap) -> DirectoryServer:
    company = Company(openldap)
    company.add(
        "anna", "Anna Petrova", telephoneNumber="+7 495 123-45-67 ext. 215", carLicense="the secret of a telephone"
    )
    company.add("boris", "Boris Sidorov", telephoneNumber="see Anna", userPassword="{CLEARTEXT}the password of Boris")
    return company.server()


def look(client: Client, server: DirectoryServer, *lines: dict[str, str]) -> Any:
    """Ask with the lines as a browser sends them."""
    sent = {"mappings-TOTAL_FORMS": str(len(lines))}
    for number, line in enumerate(lines):
        usual = {"direction": "pull", "policy": "ask", "on_empty": "keep", "pattern": ""}
        sent.update({f"mappings-{number}-{name}": value for name, value in {**usual, **line}.items()})
    return client.get(page("syncapp_directoryserver_mapping", server.pk), sent, headers={"HX-Request": "true"})


def rows(response: Any) -> dict[str, Any]:
    return {row.attribute: row for row in response.context["rows"]}


def test_page_of_the_server_waits_for_no_directory(admin_client: Client) -> None:
    """No directory is asked for it: this one would not answer."""
    server = make_server(uris=["ldap://192.0.2.1"], security="none")

    shown = text(admin_client.get(page("syncapp_directoryserver_change", server.pk)))

    assert f'hx-get="{page("syncapp_directoryserver_mapping", server.pk)}"' in shown
    assert 'hx-trigger="intersect once"' in shown


def test_line_shows_value_result_and_share(admin_client: Client, server: DirectoryServer) -> None:
    response = look(
        admin_client, server, {"field": "extension", "attribute": "telephoneNumber", "pattern": r"ext\. (\d{3})$"}
    )

    row = rows(response)["telephoneNumber"]
    assert (row.percent, row.readable) == (100, 1)
    assert [(each.stands, each.reads) for each in row.specimens] == [
        ("+7 495 123-45-67 ext. 215", "215"),
        ("see Anna", ""),
    ]
    assert "cannot be read" in text(response)


def test_lines_are_taken_as_typed_and_nothing_is_stored(admin_client: Client, server: DirectoryServer) -> None:
    FieldMapping.objects.create(endpoint=server, field="title", attribute="title")
    before = list(FieldMapping.objects.values())

    response = look(
        admin_client,
        server,
        {"field": "title", "attribute": "displayName"},
        {"field": "email", "attribute": "mail", "DELETE": "on"},
        {"field": "", "attribute": "half of a line"},
    )

    assert list(rows(response)) == ["displayName"]
    assert list(FieldMapping.objects.values()) == before


def test_without_lines_the_usual_mapping_is_looked_at(admin_client: Client, server: DirectoryServer) -> None:
    response = look(admin_client, server)

    assert {"displayName|cn", "telephoneNumber", "mail"} <= rows(response).keys()
    assert "it is the usual mapping" in text(response)


def test_mistake_in_a_line_is_said_beside_the_others(admin_client: Client, server: DirectoryServer) -> None:
    response = look(
        admin_client,
        server,
        {"field": "name", "attribute": "displayName"},
        {"field": "extension", "attribute": "telephoneNumber", "pattern": "("},
        {"field": "title", "attribute": "titel"},
    )

    found = rows(response)
    assert found["displayName"].readable == 2
    assert "pattern" in found["telephoneNumber"].trouble
    assert "does not know: titel" in found["titel"].trouble


def test_directory_that_does_not_answer_is_a_sentence(admin_client: Client, server: DirectoryServer) -> None:
    server.uris = ["ldap://127.0.0.1:9"]
    server.set_secret("x")
    server.save()

    response = look(admin_client, server)

    assert response.status_code == 200
    assert "refused the connection" in text(response)
    assert 'role="alert"' in text(response)


@pytest.mark.promise(9)
def test_password_of_another_address_is_not_sent(admin_client: Client, server: DirectoryServer) -> None:
    DirectoryServer.objects.filter(pk=server.pk).update(uris=["ldap://192.0.2.1"])

    assert "was entered for another address" in text(look(admin_client, server))


@pytest.mark.promise(9)
def test_secrets_are_counted_or_left_alone_and_never_shown(admin_client: Client, server: DirectoryServer) -> None:
    response = look(
        admin_client,
        server,
        {"field": "sip_secret", "attribute": "carLicense"},
        {"field": "department", "attribute": "carLicense"},
        {"field": "title", "attribute": "userPassword"},
    )

    shown = text(response)
    assert "the secret of a telephone" not in shown
    assert "the password of Boris" not in shown
    assert [row.readable for row in response.context["rows"]] == [1, None, None]
