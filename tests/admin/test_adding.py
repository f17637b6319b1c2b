"""Adding a directory server: address and account, what was found, confirmed. Against a real OpenLDAP."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from fixtures.openldap import OpenLdap
from syncapp.choices import Kind
from syncapp.models import DirectoryServer
from syncapp.views import adding as adding_views
from tests.admin.pages import errors, page, posted, text
from tests.factories import make_server
from tests.services.company import Company

ADD = "syncapp_directoryserver_add"
CHANGE = "syncapp_directoryserver_change"
FOUND = "syncapp_directoryserver_found"
SCOPE = "syncapp_directoryserver_scope"
FIELDS = ("name", "email", "mobile", "extension", "department", "title", "photo")


@pytest.fixture
def company(openldap: OpenLdap) -> Company:
    company = Company(openldap)
    for number, name in enumerate(("Anna Petrova", "Boris Sidorov", "Clara Schumann")):
        company.add(
            f"p{number}",
            name,
            mail=f"p{number}@example.test",
            telephoneNumber="+7 495 123-45-67",
            pager=str(300 + number),
            employeeNumber=str(1000 + number),
            employeeType="former" if number == 2 else "clerk",
        )
    return company


def first_step(company: Company, **changes: str) -> dict[str, str]:
    return {
        "name": "Head office",
        "uris": company.directory.uri,
        "security": "none",
        "ca_certificate": "",
        "bind_dn": company.directory.service_dn,
        "password": company.directory.service_password,
        **changes,
    }


@pytest.fixture
def added(admin_client: Client, company: Company) -> DirectoryServer:
    """A server after the first step."""
    admin_client.post(page(ADD), first_step(company))
    return DirectoryServer.objects.get()


def reread(server: DirectoryServer) -> DirectoryServer:
    return DirectoryServer.objects.get(pk=server.pk)


def asked(client: Client, server: DirectoryServer) -> Any:
    """What the page asks the directory for, below the company's base."""
    return client.get(page(FOUND, server.pk), headers={"HX-Request": "true"})


def typed(response: Any, **changes: Any) -> dict[str, Any]:
    """What a browser sends back of the second step; a change to None takes an input away."""
    data: dict[str, Any] = {}
    for form in (response.context["form"], *(row.form for row in response.context["rows"])):
        for field in form:
            value = field.value()
            if value is True:
                data[field.html_name] = "on"
            elif value is not False:
                data[field.html_name] = "" if value is None else str(value)
    return {name: value for name, value in {**data, **changes}.items() if value is not None}


@pytest.fixture
def looked_at(admin_client: Client, added: DirectoryServer, company: Company) -> dict[str, Any]:
    """The second step as typed, for the company's own branch."""
    response = admin_client.post(
        page(FOUND, added.pk), {**typed(asked(admin_client, added)), "base_dn": company.base, "again": ""}
    )
    return typed(response)


# Address and account


def test_first_step_asks_for_address_and_account_alone(admin_client: Client) -> None:
    response = admin_client.get(page(ADD))

    asked_for = ["name", "uris", "security", "ca_certificate", "bind_dn", "password"]
    assert list(response.context["adminform"].form.fields) == asked_for
    assert response.context["inline_admin_formsets"] == []


def test_first_step_stores_the_server_switched_off_and_leads_on(admin_client: Client, company: Company) -> None:
    response = admin_client.post(page(ADD), first_step(company))

    server = DirectoryServer.objects.get()
    assert response["Location"] == page(FOUND, server.pk)
    assert (server.enabled, server.being_added, server.kind) == (False, True, Kind.AUTO)
    assert server.reveal_secret() == company.directory.service_password


@pytest.mark.promise(9)
def test_password_is_on_no_page_on_the_way(admin_client: Client, added: DirectoryServer, company: Company) -> None:
    shown = text(admin_client.get(page(CHANGE, added.pk))) + text(asked(admin_client, added))

    assert company.directory.service_password not in shown
    assert added.bind_password.token not in shown


MISTAKES = {
    "no_password": ({"password": ""}, "has no password"),
    "no_account": ({"bind_dn": ""}, "needs an account"),
    "no_address": ({"uris": ""}, "required"),
    "address_without_scheme": ({"uris": "dc1"}, "is not an address"),
    "clear_text_by_mistake": ({"security": "ldaps"}, "does not go with security"),
}


@pytest.mark.parametrize(("changes", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_first_step_names_the_mistake(
    admin_client: Client, company: Company, changes: dict[str, str], expected: str
) -> None:
    response = admin_client.post(page(ADD), first_step(company, **changes))

    assert expected in errors(response)
    assert not DirectoryServer.objects.exists()


def test_first_step_can_be_done_anonymously(admin_client: Client, company: Company) -> None:
    response = admin_client.post(page(ADD), first_step(company, bind_dn="", password=""))

    assert response.status_code == 302


def test_wrong_password_is_said_and_can_be_corrected(admin_client: Client, company: Company) -> None:
    admin_client.post(page(ADD), first_step(company, password="wrong"))
    server = DirectoryServer.objects.get()

    refused = asked(admin_client, server)
    address = page(CHANGE, server.pk)
    again = admin_client.post(
        address, {**posted(admin_client.get(address)), "password": company.directory.service_password}
    )

    assert "refused the account" in text(refused)
    assert page(CHANGE, server.pk) in text(refused)
    assert again["Location"] == page(FOUND, server.pk)
    assert "This is OpenLDAP" in text(asked(admin_client, server))


def test_list_leads_back_to_a_server_that_is_being_added(admin_client: Client, added: DirectoryServer) -> None:
    assert page(FOUND, added.pk) in text(admin_client.get(page("syncapp_directoryserver_changelist")))


# What was found


def test_page_comes_at_once_and_asks_later(admin_client: Client, added: DirectoryServer) -> None:
    response = admin_client.get(page(FOUND, added.pk))

    assert f'hx-get="{page(FOUND, added.pk)}"' in text(response)
    assert "This is OpenLDAP" not in text(response)


def test_kind_base_and_features_are_shown(admin_client: Client, added: DirectoryServer, company: Company) -> None:
    response = asked(admin_client, added)

    assert "This is OpenLDAP" in text(response)
    assert "Gives people page by page." in text(response)
    assert (response.context["form"]["kind"].value(), response.context["form"]["base_dn"].value()) == (
        "openldap",
        company.directory.suffix,
    )


def test_nothing_is_stored_by_looking(admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any]) -> None:
    server = reread(added)

    assert (server.kind, server.base_dn, server.mappings.count(), server.enabled) == (Kind.AUTO, "", 0, False)


def test_proposal_is_shown_with_figures_and_examples(
    admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any], company: Company
) -> None:
    DirectoryServer.objects.filter(pk=added.pk).update(base_dn=company.base)

    response = asked(admin_client, added)

    (row,) = [row for row in response.context["rows"] if row.form.field == "extension"]
    assert row.form["attribute"].value() == "pager"
    assert (row.filled, row.readable, row.examples) == ("100 %", "3 of 3", "300, 301, 302")
    assert row.reasons == ["pager: 3 of 3 are extensions; the usual telephoneNumber: 0 of 3."]


def test_looking_again_judges_what_was_typed(
    admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any]
) -> None:
    changed = {**looked_at, "extension-attribute": "employeeNumber", "title-attribute": "titel", "title-use": "on"}

    response = admin_client.post(page(FOUND, added.pk), {**changed, "again": ""})

    rows = {row.form.field: row for row in response.context["rows"]}
    assert rows["extension"].examples == "1000, 1001, 1002"
    assert "does not know: titel" in rows["title"].reasons[0]
    assert reread(added).being_added


def test_looking_again_counts_whom_the_rule_disables(
    admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any]
) -> None:
    changed = {**looked_at, "disabled_attribute": "employeeType", "disabled_value": "former", "again": ""}

    assert "People in scope: 3; switched off: 1." in text(admin_client.post(page(FOUND, added.pk), changed))


def test_another_server_is_asked_what_tells_people_apart(
    admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any]
) -> None:
    response = admin_client.post(page(FOUND, added.pk), {**looked_at, "kind": "generic", "again": ""})

    assert "“employeeNumber”: everybody has one of his own, such as “1000”." in text(response)


def test_directory_that_is_gone_meanwhile_keeps_what_was_typed(
    admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any]
) -> None:
    added.uris = ["ldap://127.0.0.1:9"]
    added.set_secret("x")
    added.save()

    response = admin_client.post(page(FOUND, added.pk), {**looked_at, "name-attribute": "cn", "again": ""})

    assert "refused the connection" in text(response)
    assert 'value="cn"' in text(response)


# Confirmed


def test_confirming_stores_settings_and_mappings_and_leads_on(
    admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any], company: Company
) -> None:
    changed = {**looked_at, "extension-attribute": "pager", "region": "de", "photo-use": None}
    data = {name: value for name, value in changed.items() if value is not None}

    response = admin_client.post(page(FOUND, added.pk), data)

    server = reread(added)
    assert response["Location"] == page(SCOPE, server.pk)
    assert (server.enabled, server.being_added, server.kind) == (False, True, Kind.OPENLDAP)
    assert (server.base_dn, server.region) == (company.base, "DE")
    assert {row.field: (row.attribute, row.direction) for row in server.mappings.all()} == {
        "name": ("displayName|cn", "pull"),
        "email": ("mail", "pull"),
        "mobile": ("mobile", "both"),
        "extension": ("pager", "both"),
        "department": ("departmentNumber|ou", "pull"),
        "title": ("title", "pull"),
    }


def test_who_comes_back_finds_what_was_confirmed(
    admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any]
) -> None:
    kept = {**looked_at, "extension-attribute": "employeeNumber", "photo-use": None}
    admin_client.post(page(FOUND, added.pk), {name: value for name, value in kept.items() if value is not None})

    rows = {row.form.field: row for row in asked(admin_client, added).context["rows"]}

    assert rows["extension"].form["attribute"].value() == "employeeNumber"
    assert rows["extension"].examples == "1000, 1001, 1002"
    assert (rows["photo"].form["use"].value(), rows["name"].form["use"].value()) == (False, True)
    assert rows["photo"].form["attribute"].value() == "jpegPhoto"


def test_second_step_of_a_server_that_is_set_up_leads_to_its_page(admin_client: Client, company: Company) -> None:
    server = make_server()

    assert admin_client.get(page(FOUND, server.pk))["Location"] == page(CHANGE, server.pk)
    assert admin_client.post(page(FOUND, server.pk), {"kind": "generic"})["Location"] == page(CHANGE, server.pk)
    assert reread(server).kind == Kind.AUTO


def test_second_confirmation_from_another_window_changes_nothing(
    admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real_form = adding_views.FoundForm

    def slowly(*args: Any, **kwargs: Any) -> Any:
        """Somebody else confirms while this one is being read."""
        DirectoryServer.objects.filter(pk=added.pk).update(being_added=False, enabled=True, kind="389ds")
        return real_form(*args, **kwargs)

    monkeypatch.setattr(adding_views, "FoundForm", slowly)

    response = admin_client.post(page(FOUND, added.pk), looked_at, follow=True)

    assert "set up already" in text(response)
    assert (reread(added).kind, added.mappings.count()) == (Kind.DS389, 0)


def test_confirming_is_in_the_history(admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any]) -> None:
    admin_client.post(page(FOUND, added.pk), looked_at)

    assert LogEntry.objects.filter(object_id=str(added.pk)).count() == 2  # begun, and what was found


def test_id_that_changes_is_warned_of(admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any]) -> None:
    changed = {**looked_at, "kind": "generic", "anchor_attribute": "mail"}

    shown = text(admin_client.post(page(FOUND, added.pk), changed, follow=True))

    assert "“mail” tells people apart here" in shown


WRONG = {
    "pattern_without_group": ({"extension-pattern": "x"}, "has no group"),
    "two_attributes_both_ways": ({"name-direction": "both"}, "Nothing can be written"),
    "no_attribute": ({"email-attribute": ""}, "Name an attribute"),
    "attribute_that_is_none": ({"email-attribute": "a b"}, "is no attribute"),
    "base_that_is_none": ({"base_dn": "corp"}, "is not a DN"),
    "region_that_is_none": ({"region": "XX"}, "is not a country"),
    "id_of_a_known_kind": ({"anchor_attribute": "uid"}, "for another LDAPv3 server alone"),
    "rule_without_a_value": ({"disabled_attribute": "employeeType"}, "by which value"),
    "nothing_mapped": ({f"{field}-use": None for field in FIELDS}, "at least one field"),
}


@pytest.mark.parametrize(("changes", "expected"), WRONG.values(), ids=WRONG)
def test_mistake_is_named_and_nothing_is_stored(
    admin_client: Client, added: DirectoryServer, looked_at: dict[str, Any], changes: dict[str, Any], expected: str
) -> None:
    data = {name: value for name, value in {**looked_at, **changes}.items() if value is not None}

    response = admin_client.post(page(FOUND, added.pk), data)

    assert expected in text(response)
    assert reread(added).being_added
    assert not added.mappings.exists()


# Who may


@pytest.mark.parametrize("rights", [[], ["view_directoryserver"], ["add_directoryserver"]], ids=str)
def test_nobody_adds_a_server_without_both_rights(staff: User, company: Company, rights: list[str]) -> None:
    staff.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(staff)

    assert client.get(page(ADD)).status_code == 403
    assert client.post(page(ADD), first_step(company)).status_code == 403


def test_second_step_needs_the_right_to_change(viewer_client: Client, added: DirectoryServer) -> None:
    assert viewer_client.get(page(FOUND, added.pk)).status_code == 403
    assert viewer_client.post(page(FOUND, added.pk), {}).status_code == 403
    assert asked(viewer_client, added).status_code == 403


def test_who_may_only_look_sees_a_server_that_is_being_added(viewer_client: Client, added: DirectoryServer) -> None:
    shown = text(viewer_client.get(page(CHANGE, added.pk)))

    assert "Head office" in shown
    assert "Look at it" not in shown
