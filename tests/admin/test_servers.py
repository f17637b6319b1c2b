"""The list and the form of directory servers."""

from typing import Any

import pytest
from django.test import Client

from syncapp.models import DirectoryServer, SyncRun
from tests.admin.pages import errors, page, posted, save, text
from tests.factories import make_record, make_server

CHANGE = "syncapp_directoryserver_change"


def reread(server: DirectoryServer) -> DirectoryServer:
    return DirectoryServer.objects.get(pk=server.pk)


def test_untouched_form_saves_and_changes_nothing(admin_client: Client, bound_server: DirectoryServer) -> None:
    before = DirectoryServer.objects.values().get(pk=bound_server.pk)

    response = save(admin_client, CHANGE, bound_server.pk)

    assert response.status_code == 302
    assert DirectoryServer.objects.values().get(pk=bound_server.pk) == before


def test_settings_that_the_form_does_not_show_stay(admin_client: Client, bound_server: DirectoryServer) -> None:
    save(admin_client, CHANGE, bound_server.pk, name="Renamed")

    assert reread(bound_server).schedule == {"every_minutes": 60}
    assert reread(bound_server).write_back is True


def test_save_leaves_alone_what_somebody_else_changed_meanwhile(
    admin_client: Client, bound_server: DirectoryServer
) -> None:
    """Only the columns that were changed are written, or the other administrator's edit would be run over."""
    address = page(CHANGE, bound_server.pk)
    data = posted(admin_client.get(address))
    DirectoryServer.objects.filter(pk=bound_server.pk).update(schedule={"every_minutes": 5})

    admin_client.post(address, {**data, "name": "Renamed"})

    assert reread(bound_server).schedule == {"every_minutes": 5}


def test_lists_are_typed_one_per_line(admin_client: Client, bound_server: DirectoryServer) -> None:
    save(
        admin_client,
        CHANGE,
        bound_server.pk,
        search_bases="  ou=Sales,DC=corp,DC=example\n\nou=IT,DC=corp,DC=example\nou=Sales,DC=corp,DC=example",
        department_attribute="department",
        departments="Sales\nБухгалтерия",
    )

    assert reread(bound_server).search_bases == ["ou=Sales,DC=corp,DC=example", "ou=IT,DC=corp,DC=example"]
    assert reread(bound_server).departments == ["Sales", "Бухгалтерия"]


def test_match_keys_are_chosen_in_their_order(admin_client: Client, bound_server: DirectoryServer) -> None:
    save(
        admin_client,
        CHANGE,
        bound_server.pk,
        **{"match_keys_0": "extension", "match_keys_1": "email", "match_keys_2": "", "match_keys_3": ""},
    )

    assert reread(bound_server).match_keys == ["extension", "email"]


def test_limits_are_typed_as_lines(admin_client: Client, bound_server: DirectoryServer) -> None:
    save(admin_client, CHANGE, bound_server.pk, limits="created = 20, 10, 1000\nlost: [5,10,1000]")

    assert reread(bound_server).limits == {"created": [20, 10, 1000], "lost": [5, 10, 1000]}


MISTAKES = {
    "no_address": ({"uris": ""}, "required"),
    "address_without_scheme": ({"uris": "dc1.corp.example"}, "is not an address"),
    "address_of_a_global_catalogue": ({"uris": "ldaps://dc1.corp.example:3269"}, "the port of a global catalogue"),
    "address_of_another_security": ({"uris": "ldap://dc1.corp.example"}, "does not go with security"),
    "base_is_no_dn": ({"base_dn": "corp.example"}, "is not a DN"),
    "search_base_outside": ({"search_bases": "ou=Sales,DC=other"}, "is not below the base DN"),
    "filter_without_bracket": ({"user_filter": "(a=b"}, "filter"),
    "departments_without_attribute": ({"departments": "Sales"}, "not the attribute"),
    "unknown_region": ({"region": "ZZ"}, "is not a country"),
    "no_match_key": (
        {"match_keys_0": "", "match_keys_1": "", "match_keys_2": "", "match_keys_3": ""},
        "required",
    ),
    "match_key_twice": ({"match_keys_0": "email", "match_keys_1": "email"}, "each of them once"),
    "limit_of_words": ({"limits": "created = many"}, "Line 1"),
    "limit_unknown": ({"limits": "exploded = 1, 2, 3"}, "is not a kind of change"),
    "limit_twice": ({"limits": "lost = 1, 2, 3\nlost = 1, 2, 3"}, "given twice"),
    "password_without_account": ({"bind_dn": "", "password": "x"}, "needs an account"),
}


@pytest.mark.parametrize(("changes", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_form_names_the_mistake(
    admin_client: Client, bound_server: DirectoryServer, changes: dict[str, str], expected: str
) -> None:
    response = save(admin_client, CHANGE, bound_server.pk, **changes)

    assert expected in errors(response)


IDS = {
    "another_id": {"kind": "generic", "anchor_attribute": "employeeNumber"},
    "a_kind_with_another_id": {"kind": "389ds"},
}


@pytest.mark.parametrize("changes", IDS.values(), ids=IDS)
def test_id_by_which_people_are_known_stays(
    admin_client: Client, bound_server: DirectoryServer, changes: dict[str, str]
) -> None:
    DirectoryServer.objects.filter(pk=bound_server.pk).update(kind="openldap")
    make_record(endpoint=bound_server)

    response = save(admin_client, CHANGE, bound_server.pk, **changes)

    assert "all of them would be strangers" in errors(response)


def test_id_may_change_as_long_as_nobody_is_known(admin_client: Client, bound_server: DirectoryServer) -> None:
    response = save(admin_client, CHANGE, bound_server.pk, kind="generic", anchor_attribute="mail")

    assert response.status_code == 302
    assert "“mail” tells people apart here" in text(admin_client.get(page(CHANGE, bound_server.pk)))


def test_account_that_the_kind_cannot_know_is_refused(admin_client: Client, bound_server: DirectoryServer) -> None:
    response = save(
        admin_client, CHANGE, bound_server.pk, kind="openldap", bind_dn="CORP\\sync", password="correct horse"
    )

    assert "knows its accounts by their DN, such as uid=sync,ou=system" in errors(response)


def test_list_shows_the_last_run_of_each_server(admin_client: Client, bound_server: DirectoryServer) -> None:
    SyncRun.objects.create(endpoint=bound_server, status="completed")
    run = SyncRun.objects.create(endpoint=bound_server, status="held")

    shown = text(admin_client.get(page("syncapp_directoryserver_changelist")))

    assert page("syncapp_syncrun_change", run.pk) in shown
    assert "held" in shown
    assert "completed" not in shown


@pytest.mark.parametrize("number", [1, 12])
def test_list_takes_the_same_number_of_queries(
    admin_client: Client, django_assert_num_queries: Any, number: int
) -> None:
    for _server in range(number):
        make_server()

    with django_assert_num_queries(5):
        admin_client.get(page("syncapp_directoryserver_changelist"))


def test_who_may_only_look_sees_the_settings_without_inputs(
    viewer_client: Client, bound_server: DirectoryServer
) -> None:
    shown = text(viewer_client.get(page(CHANGE, bound_server.pk)))

    assert "Head office" in shown
    assert 'name="uris"' not in shown
    assert 'name="password"' not in shown
