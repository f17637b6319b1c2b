"""Who sees and may do what."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from syncapp.choices import MatterKind
from syncapp.models import Conflict, SyncRun
from tests.admin.pages import page, text
from tests.factories import make_employee, make_pool, make_record, make_server

LISTS = ["directoryserver", "employee", "syncrecord", "conflict", "syncrun", "runitem", "numberpool"]


@pytest.mark.parametrize("model", LISTS)
def test_list_sends_an_anonymous_visitor_to_the_login(client: Client, db: None, model: str) -> None:
    response = client.get(page(f"syncapp_{model}_changelist"))

    assert response.status_code == 302
    assert response["Location"].startswith(page("login"))


@pytest.mark.parametrize("model", LISTS)
def test_list_refuses_who_has_no_right(staff_client: Client, model: str) -> None:
    assert staff_client.get(page(f"syncapp_{model}_changelist")).status_code == 403


@pytest.mark.parametrize("model", LISTS)
def test_list_opens_for_who_may_look(viewer_client: Client, model: str) -> None:
    assert viewer_client.get(page(f"syncapp_{model}_changelist")).status_code == 200


@pytest.mark.parametrize("model", LISTS)
def test_list_counts_what_its_filters_would_show(admin_client: Client, everything: dict[str, int], model: str) -> None:
    response = admin_client.get(page(f"syncapp_{model}_changelist", query="_facets=True"))

    assert response.status_code == 200


@pytest.fixture
def everything(admin_user: User) -> dict[str, int]:
    server = make_server()
    record = make_record(endpoint=server)
    conflict = Conflict.objects.create(endpoint=server, record=record, kind=MatterKind.MATCH_SIMILAR)
    return {
        "directoryserver": server.pk,
        "employee": make_employee().pk,
        "syncrecord": record.pk,
        "conflict": conflict.pk,
        "syncrun": SyncRun.objects.create(endpoint=server).pk,
        "numberpool": make_pool().pk,
    }


@pytest.mark.promise(3)
@pytest.mark.parametrize("model", ["directoryserver", "employee", "syncrecord", "conflict", "syncrun"])
def test_nothing_can_be_deleted(admin_client: Client, everything: dict[str, int], model: str) -> None:
    response = admin_client.post(page(f"syncapp_{model}_delete", everything[model]), {"post": "yes"})

    assert response.status_code == 403


@pytest.mark.promise(3)
@pytest.mark.parametrize("model", ["directoryserver", "employee", "syncrecord", "syncrun"])
def test_lists_offer_no_deletion(admin_client: Client, everything: dict[str, int], model: str) -> None:
    response = admin_client.post(
        page(f"syncapp_{model}_changelist"), {"action": "delete_selected", "_selected_action": [everything[model]]}
    )

    assert "delete_selected" not in text(admin_client.get(page(f"syncapp_{model}_changelist")))
    assert response.status_code in (200, 302, 403)
    assert admin_client.get(page(f"syncapp_{model}_change", everything[model])).status_code == 200


STARTERS = [
    ("syncapp_directoryserver_test", "directoryserver"),
    ("syncapp_directoryserver_query", "directoryserver"),
    ("syncapp_directoryserver_preview", "directoryserver"),
    ("syncapp_directoryserver_synchronise", "directoryserver"),
    ("syncapp_syncrun_cancel", "syncrun"),
    ("syncapp_conflict_join", "conflict"),
    ("syncapp_conflict_create_new", "conflict"),
    ("syncapp_employee_archive", "employee"),
    ("syncapp_employee_take_back", "employee"),
]


@pytest.mark.parametrize(("name", "model"), STARTERS, ids=[name for name, _model in STARTERS])
def test_what_starts_something_answers_to_post_only(
    admin_client: Client, everything: dict[str, int], name: str, model: str
) -> None:
    assert admin_client.get(page(name, everything[model])).status_code == 405


@pytest.mark.parametrize(("name", "model"), STARTERS, ids=[name for name, _model in STARTERS])
def test_what_starts_something_is_refused_to_who_may_only_look(
    viewer_client: Client, everything: dict[str, int], name: str, model: str
) -> None:
    assert viewer_client.post(page(name, everything[model])).status_code == 403


@pytest.mark.parametrize(("name", "model"), STARTERS, ids=[name for name, _model in STARTERS])
def test_what_starts_something_wants_the_token(
    admin_user: User, everything: dict[str, int], name: str, model: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    assert client.post(page(name, everything[model])).status_code == 403


@pytest.mark.parametrize(("name", "model"), STARTERS, ids=[name for name, _model in STARTERS])
def test_buttons_are_hidden_from_who_may_only_look(
    viewer_client: Client, everything: dict[str, int], name: str, model: str
) -> None:
    response = viewer_client.get(page(f"syncapp_{model}_change", everything[model]))

    assert response.status_code == 200
    assert page(name, everything[model]) not in text(response)


def test_home_shows_nothing_to_who_has_no_right(staff_client: Client, everything: dict[str, int]) -> None:
    response = staff_client.get(page("index"))

    assert "no rights here yet" in text(response)
    assert "Server" not in text(response)


def test_home_names_the_servers_and_their_last_runs(admin_client: Client, everything: dict[str, int]) -> None:
    response = admin_client.get(page("index"))

    assert page("syncapp_directoryserver_change", everything["directoryserver"]) in text(response)
    assert page("syncapp_syncrun_change", everything["syncrun"]) in text(response)
