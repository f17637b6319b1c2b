"""The page that explains a person, and who may see it."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from fixtures.openldap import OpenLdap
from syncapp.choices import MatterKind
from syncapp.models import Conflict, DirectoryServer, Employee, SyncRecord, SyncRun
from tests.admin.pages import page, text
from tests.factories import make_employee, make_record, make_server
from tests.services.company import Company, sync

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("openldap")]


@pytest.fixture
def server(openldap: OpenLdap) -> DirectoryServer:
    company = Company(openldap)
    company.add("anna", "Anna Pageworth", mail="anna.page@example.test", telephoneNumber="215", title="Boss")
    server = company.server(name="Head office")
    sync(server)
    company.change("anna", title="President <b>")
    return server


def answer(client: Client, query: str) -> str:
    """What the page asks for once it is shown."""
    response = client.get(page("syncapp_explain", query=query), headers={"HX-Request": "true"})
    assert response.status_code == 200
    return text(response)


def test_search_box_asks_nobody(viewer_client: Client) -> None:
    make_server(uris=["ldap://192.0.2.1"], security="none")

    shown = text(viewer_client.get(page("syncapp_explain")))

    assert 'name="q"' in shown
    assert f'hx-get="{page("syncapp_explain")}' not in shown


def test_page_comes_at_once_and_asks_for_the_answer(viewer_client: Client) -> None:
    """No directory is asked for it: this one would not answer."""
    make_server(uris=["ldap://192.0.2.1"], security="none")
    address = page("syncapp_explain", query="q=anna")

    shown = text(viewer_client.get(address))

    assert f'hx-get="{address}"' in shown
    assert 'value="anna"' in shown


def queries_of(server: DirectoryServer) -> list[str]:
    record = SyncRecord.objects.get(endpoint=server)
    return ["q=anna.page@example.test", f"employee={record.employee_id}", f"record={record.pk}"]


def test_steps_and_fields_are_shown(viewer_client: Client, server: DirectoryServer) -> None:
    for query in queries_of(server):
        shown = answer(viewer_client, query)

        for value in (
            "Head office",
            "It is in scope",
            "It is tied to Anna Pageworth since run #",
            "Only the domain changed it",
            "President &lt;b&gt;",
            page("syncapp_syncrecord_change", SyncRecord.objects.get().pk),
            page("syncapp_syncrun_change", SyncRun.objects.get().pk),
        ):
            assert value in shown, query


def test_obstacle_is_marked(viewer_client: Client, server: DirectoryServer) -> None:
    DirectoryServer.objects.update(user_filter="(uid=nobody)")

    shown = answer(viewer_client, "q=anna.page@example.test")

    assert shown.count('class="sync-obstacle"') == 2
    assert "does not pass the custom filter (uid=nobody)" in shown


def test_open_conflict_is_linked(viewer_client: Client, server: DirectoryServer) -> None:
    record = SyncRecord.objects.get()
    conflict = Conflict.objects.create(endpoint=server, record=record, kind=MatterKind.FIELD, field="title")

    assert page("syncapp_conflict_change", conflict.pk) in answer(viewer_client, f"record={record.pk}")


def test_several_are_a_choice_of_links(viewer_client: Client, server: DirectoryServer) -> None:
    make_employee(name="Vera Pageworth", email="vera@example.test")

    shown = answer(viewer_client, "q=Pageworth")

    assert "Several people could be meant" in shown
    assert f"{page('syncapp_explain')}?q=vera%40example.test" in shown
    assert f"{page('syncapp_explain')}?q=uid%3Danna" in shown


def test_nobody_is_said(viewer_client: Client, server: DirectoryServer) -> None:
    assert "Nobody was found by “nobody.page”." in answer(viewer_client, "q=nobody.page")


def test_server_that_fails_is_said_in_words(viewer_client: Client, server: DirectoryServer) -> None:
    server.set_secret("wrong password")
    server.save()

    shown = answer(viewer_client, "q=anna.page@example.test")

    assert 'role="alert"' in shown
    assert "wrong password" not in shown


@pytest.mark.parametrize("query", ["employee=999999", "record=999999"])
def test_unknown_row_is_not_found(viewer_client: Client, query: str) -> None:
    assert viewer_client.get(page("syncapp_explain", query=query)).status_code == 404


@pytest.mark.promise(6)
def test_nothing_is_stored(viewer_client: Client, server: DirectoryServer) -> None:
    models: list[Any] = [DirectoryServer, Employee, SyncRecord, SyncRun, Conflict]
    before = [list(model.objects.order_by("pk").values()) for model in models]

    answer(viewer_client, "q=anna.page@example.test")

    assert [list(model.objects.order_by("pk").values()) for model in models] == before


@pytest.mark.parametrize("missing", ["employee", "syncrecord"])
def test_page_and_buttons_need_both_rights(staff: User, missing: str) -> None:
    rights = Permission.objects.filter(codename__startswith="view_").exclude(codename=f"view_{missing}")
    staff.user_permissions.set(rights)
    client = Client()
    client.force_login(staff)
    record = make_record(employee=make_employee())

    assert client.get(page("syncapp_explain", query="q=a")).status_code == 403
    pages = {"employee": ("syncapp_syncrecord_change", record.pk), "syncrecord": ("syncapp_employee_change", 0)}
    name, pk = pages[missing]
    shown = text(client.get(page(name, pk or record.employee_id)))
    assert page("syncapp_explain") not in shown


def test_pages_of_a_person_link_to_the_explanation(viewer_client: Client) -> None:
    record = make_record(employee=make_employee())
    conflict = Conflict.objects.create(endpoint=record.endpoint, record=record, kind=MatterKind.FIELD, field="title")
    address = page("syncapp_explain")

    for name, pk, query in (
        ("syncapp_employee_change", record.employee_id, f"?employee={record.employee_id}"),
        ("syncapp_syncrecord_change", record.pk, f"?record={record.pk}"),
        ("syncapp_conflict_change", conflict.pk, f"?record={record.pk}"),
    ):
        shown = text(viewer_client.get(page(name, pk)))
        assert f'href="{address}{query}"' in shown
        assert f'href="{address}"' in shown  # the side bar


def test_side_bar_marks_one_page_alone(viewer_client: Client) -> None:
    shown = viewer_client.get(page("syncapp_explain"))

    items = [item for group in shown.context["sidebar_navigation"] for item in group["items"]]
    assert [str(item["link"]) for item in items if item.get("active")] == [page("syncapp_explain")]


def test_anonymous_visitor_is_sent_to_the_login(client: Client) -> None:
    assert client.get(page("syncapp_explain", query="q=a")).status_code == 302
