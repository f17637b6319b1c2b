"""Adding a directory server, third step: scope and rules, then it is switched on. Against a real OpenLDAP."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from fixtures.openldap import OpenLdap
from syncapp.models import DirectoryServer, EndpointPool, FieldMapping, NumberPool, SyncRun
from syncapp.services import adding
from tests.admin.pages import page, text
from tests.factories import make_pool
from tests.services.company import Company, sync

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("openldap")]

SCOPE = "syncapp_directoryserver_scope"
CHANGE = "syncapp_directoryserver_change"
USUAL = {"match_keys_0": "email", "match_keys_1": "name", "match_keys_2": "", "match_keys_3": "", "create": "all"}


@pytest.fixture
def company(openldap: OpenLdap) -> Company:
    """Two people at the base, two in Sales, one of them in its branch North; one is switched off."""
    company = Company(openldap)
    for branch in ("ou=Sales", "ou=North,ou=Sales", "ou=Empty"):
        company.ldap.add_s(f"{branch},{company.base}", [("objectClass", [b"organizationalUnit"])])
    company.add("anna", "Anna Petrova", mail="anna@example.test", departmentNumber="IT")
    company.add("boris", "Boris Sidorov", departmentNumber="IT", pwdAccountLockedTime="000001010000Z")
    company.add("clara,ou=Sales", "Clara Schumann", departmentNumber="Sales")
    company.add("dora,ou=North,ou=Sales", "Dora Maar", departmentNumber="Sales")
    return company


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """A server after the second step."""
    server = company.server(name="Head office", being_added=True, enabled=False, pool=None)
    FieldMapping.objects.create(endpoint=server, field="name", attribute="displayName")
    return server


def reread(server: DirectoryServer) -> DirectoryServer:
    return DirectoryServer.objects.get(pk=server.pk)


def ask(client: Client, server: DirectoryServer, what: str, **typed: Any) -> Any:
    return client.post(page(SCOPE, server.pk, query=f"ask={what}"), {**USUAL, **typed}, headers={"HX-Request": "true"})


def confirm(client: Client, server: DirectoryServer, **typed: Any) -> Any:
    return client.post(page(SCOPE, server.pk), {**USUAL, **typed})


def test_page_comes_at_once_and_asks_later(admin_client: Client, server: DirectoryServer) -> None:
    DirectoryServer.objects.filter(pk=server.pk).update(uris=["ldap://192.0.2.1"])

    shown = text(admin_client.get(page(SCOPE, server.pk)))

    assert f'hx-post="{page(SCOPE, server.pk)}?ask=branches"' in shown


def test_count_is_asked_for_by_the_answer_about_the_branches(admin_client: Client, server: DirectoryServer) -> None:
    shown = text(ask(admin_client, server, "branches"))

    assert f'hx-post="{page(SCOPE, server.pk)}?ask=count" hx-target="#count" hx-trigger="load, change' in shown


def test_branches_with_people_are_offered_with_their_number(
    admin_client: Client, server: DirectoryServer, company: Company
) -> None:
    response = ask(admin_client, server, "branches", search_bases=f"ou=sales,{company.base}\nou=Empty,{company.base}")

    found = [(branch.dn, branch.people, branch.depth, ticked) for branch, ticked in response.context["rows"]]
    assert found == [
        (f"ou=Sales,{company.base}", 2, 0, True),
        (f"ou=North,ou=Sales,{company.base}", 1, 1, False),
    ]
    assert f"ou=Empty,{company.base}</textarea>" in text(response)


COUNTS: dict[str, tuple[dict[str, Any], str]] = {
    "everybody": ({}, "People in scope: 4; switched off: 1."),
    "one_branch": ({"search_bases": ["ou=Sales,{base}"]}, "People in scope: 2; switched off: 0."),
    "one_inside_another": (
        {"search_bases": ["ou=Sales,{base}", "ou=North,ou=Sales,{base}"]},
        "People in scope: 2; switched off: 0.",
    ),
    "department": ({"department_attribute": "departmentNumber", "departments": "IT"}, "People in scope: 2"),
    "filter": ({"user_filter": "(mail=*)"}, "People in scope: 1"),
    "nobody": ({"user_filter": "(mail=nobody)"}, "Nobody would be read."),
    "filter_that_is_none": ({"user_filter": "(mail=*"}, "filter"),
    "branch_elsewhere": ({"search_bases": "ou=Sales,dc=other"}, "is not below the base DN"),
    "branch_that_is_not_there": ({"search_bases": "ou=Gone,{base}"}, "ou=Gone"),
}


@pytest.mark.parametrize(("typed", "expected"), COUNTS.values(), ids=COUNTS)
def test_people_of_the_scope_as_typed_are_counted(
    admin_client: Client, server: DirectoryServer, company: Company, typed: dict[str, Any], expected: str
) -> None:
    filled = {
        name: [each.format(base=company.base) for each in value]
        if isinstance(value, list)
        else value.replace("{base}", company.base)
        for name, value in typed.items()
    }

    response = ask(admin_client, server, "count", **filled)

    assert expected in text(response)
    assert (reread(server).search_bases, reread(server).user_filter) == ([], "")


def test_count_that_takes_too_long_says_at_least(
    admin_client: Client, server: DirectoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "SECONDS", 0.0)

    assert "at least 4" in text(ask(admin_client, server, "count"))


@pytest.mark.parametrize("what", ["branches", "count"])
def test_directory_that_does_not_answer_is_a_sentence(admin_client: Client, server: DirectoryServer, what: str) -> None:
    server.uris = ["ldap://127.0.0.1:9"]
    server.set_secret("x")
    server.save()

    response = ask(admin_client, server, what, user_filter="(mail=*)")

    assert response.status_code == 200
    assert "refused the connection" in text(response)


def test_confirming_stores_scope_and_rules_and_switches_on(
    admin_client: Client, server: DirectoryServer, company: Company
) -> None:
    pool = make_pool(name="Office")
    branch = f"ou=Sales,{company.base}"

    response = confirm(
        admin_client, server,
        search_bases=[branch, f"{branch}\nou=Empty,{company.base}"], user_filter="(mail=*)", create="with_number", pool=pool.pk,
    )  # fmt: skip

    stored = reread(server)
    assert response["Location"] == page(CHANGE, server.pk)
    assert (stored.enabled, stored.being_added, stored.write_back) == (True, False, False)
    assert stored.search_bases == [branch, f"ou=Empty,{company.base}"]
    assert (stored.user_filter, stored.create, stored.match_keys) == ("(mail=*)", "with_number", ["email", "name"])
    assert EndpointPool.objects.get().pool == pool


def test_preview_is_the_next_step(admin_client: Client, server: DirectoryServer, queue: list[int]) -> None:
    response = confirm(admin_client, server, preview="")

    run = SyncRun.objects.get()
    assert (run.endpoint_id, run.mode) == (server.pk, "preview")
    assert response["Location"] == page("syncapp_syncrun_change", run.pk)


def test_new_range_becomes_a_pool_of_the_name_of_the_server(admin_client: Client, server: DirectoryServer) -> None:
    confirm(admin_client, server, first="200", last="249")

    pool = NumberPool.objects.get()
    assert (pool.name, pool.first, pool.last) == ("Head office", "200", "249")
    assert EndpointPool.objects.get().endpoint_id == server.pk


@pytest.mark.django_db(transaction=True)
def test_server_that_was_added_synchronises(admin_client: Client, server: DirectoryServer) -> None:
    confirm(admin_client, server, first="200", last="249")

    run = sync(reread(server))

    assert (run.error_code, run.counts["created"]) == ("", 3)


def test_page_of_the_server_is_the_whole_form_from_then_on(admin_client: Client, server: DirectoryServer) -> None:
    confirm(admin_client, server)

    response = admin_client.get(page(CHANGE, server.pk))

    assert len(response.context["tabs"]) == 5
    assert "Preview sync" in text(response)


WRONG = {
    "half_a_range": ({"first": "200"}, "digits"),
    "range_upside_down": ({"first": "299", "last": "200"}, "299"),
    "pool_and_range": ({"first": "200", "last": "299", "pool": "1"}, "not both"),
    "pool_of_that_name": ({"first": "200", "last": "299"}, "of the name of this server already"),
    "no_match_key": ({"match_keys_0": "", "match_keys_1": ""}, "required"),
    "departments_without_attribute": ({"departments": "IT"}, "not the attribute"),
}


@pytest.mark.parametrize(("typed", "expected"), WRONG.values(), ids=WRONG)
def test_mistake_is_named_and_nothing_is_switched_on(
    admin_client: Client, server: DirectoryServer, typed: dict[str, str], expected: str
) -> None:
    pool = make_pool(name="Head office")
    typed = {**typed, "pool": str(pool.pk)} if "pool" in typed else typed

    response = confirm(admin_client, server, **typed)

    assert expected in text(response)
    assert reread(server).being_added
    assert not EndpointPool.objects.exists()


def test_step_before_comes_first(admin_client: Client, server: DirectoryServer) -> None:
    server.mappings.all().delete()

    assert admin_client.get(page(SCOPE, server.pk))["Location"] == page("syncapp_directoryserver_found", server.pk)


def test_server_that_is_set_up_is_not_switched_on_once_more(admin_client: Client, server: DirectoryServer) -> None:
    DirectoryServer.objects.filter(pk=server.pk).update(being_added=False, enabled=False)

    response = confirm(admin_client, server, first="200", last="249")

    assert response["Location"] == page(CHANGE, server.pk)
    assert not reread(server).enabled
    assert not NumberPool.objects.exists()


def test_who_may_not_add_pools_is_offered_none(staff: User, server: DirectoryServer) -> None:
    staff.user_permissions.set(Permission.objects.filter(codename="change_directoryserver"))
    client = Client()
    client.force_login(staff)

    shown = text(client.get(page(SCOPE, server.pk)))
    confirm(client, server, first="200", last="249")

    assert 'name="first"' not in shown
    assert 'name="preview"' not in shown
    assert not NumberPool.objects.exists()
    assert reread(server).enabled
