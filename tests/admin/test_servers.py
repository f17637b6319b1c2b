"""The list and the form of directory servers."""

import re
from typing import Any

import pytest
from django.test import Client

from syncapp.core.limits import DEFAULTS
from syncapp.models import DirectoryServer, FieldMapping, SyncRun
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

    assert reread(bound_server).write_back is True


def test_save_leaves_alone_what_somebody_else_changed_meanwhile(
    admin_client: Client, bound_server: DirectoryServer
) -> None:
    """Only the columns that were changed are written, or the other administrator's edit would be run over."""
    address = page(CHANGE, bound_server.pk)
    data = posted(admin_client.get(address))
    DirectoryServer.objects.filter(pk=bound_server.pk).update(write_back=False)

    admin_client.post(address, {**data, "name": "Renamed"})

    assert reread(bound_server).write_back is False


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


def test_limits_are_typed_by_kind_and_what_is_empty_keeps_its_default(
    admin_client: Client, bound_server: DirectoryServer
) -> None:
    save(
        admin_client, CHANGE, bound_server.pk,
        limits_created_number="7", limits_created_percent="0", limits_lost_ceiling="30",
    )  # fmt: skip

    assert reread(bound_server).limits == {"created": [7, 0, 1000], "lost": [5, 10, 30]}


def test_emptied_limits_are_the_defaults_again(admin_client: Client, bound_server: DirectoryServer) -> None:
    DirectoryServer.objects.filter(pk=bound_server.pk).update(limits={"created": [7, 8, 9], "lost": [1, 2, 3]})

    cleared = {f"limits_created_{figure}": "" for figure in ("number", "percent", "ceiling")}
    save(admin_client, CHANGE, bound_server.pk, **cleared)

    assert reread(bound_server).limits == {"lost": [1, 2, 3]}


def test_defaults_of_the_limits_are_on_the_page(admin_client: Client, bound_server: DirectoryServer) -> None:
    shown = text(admin_client.get(page(CHANGE, bound_server.pk)))

    for kind, default in DEFAULTS.items():
        for figure, usual in default._asdict().items():
            found = re.search(rf'<input[^>]*name="limits_{kind}_{figure}"[^>]*>', shown)
            assert found is not None
            assert f'placeholder="{usual}"' in found[0]


SCHEDULES = {
    "off": ({"schedule_mode": "off"}, {}),
    "minutes": ({"schedule_mode": "every_minutes", "schedule_minutes": " 15 "}, {"every_minutes": 15}),
    "faster": (
        {"schedule_mode": "every_minutes", "schedule_minutes": "60", "schedule_faster": "5"},
        {"every_minutes": 60, "faster_after_change": 5},
    ),
    "cron": ({"schedule_mode": "cron", "schedule_cron": " */5  8-19 * * 1-5"}, {"cron": "*/5 8-19 * * 1-5"}),
}


@pytest.mark.parametrize(("changes", "stored"), SCHEDULES.values(), ids=SCHEDULES)
def test_schedule_is_stored_as_configuration_files_store_it(
    admin_client: Client, bound_server: DirectoryServer, changes: dict[str, str], stored: dict[str, Any]
) -> None:
    save(admin_client, CHANGE, bound_server.pk, **changes)

    assert reread(bound_server).schedule == stored


@pytest.mark.parametrize("stored", [{}, {"every_minutes": 60}, {"cron": "0 3 * * *"}], ids=str)
def test_stored_schedule_is_what_the_page_shows(
    admin_client: Client, bound_server: DirectoryServer, stored: dict[str, Any]
) -> None:
    DirectoryServer.objects.filter(pk=bound_server.pk).update(schedule=stored)

    save(admin_client, CHANGE, bound_server.pk, name="Renamed")

    assert reread(bound_server).schedule == stored


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
    "limit_of_words": ({"limits_created_number": "many"}, "Employees created: whole numbers"),
    "limit_below_nothing": ({"limits_lost_ceiling": "-1"}, "People missing: whole numbers"),
    "limit_above_everybody": ({"limits_lost_percent": "101"}, "People missing: whole numbers"),
    "schedule_without_minutes": ({"schedule_mode": "every_minutes", "schedule_minutes": ""}, "from 1 to 10080"),
    "schedule_of_words": ({"schedule_mode": "every_minutes", "schedule_minutes": "often"}, "from 1 to 10080"),
    "schedule_slower_after_a_change": (
        {"schedule_mode": "every_minutes", "schedule_minutes": "60", "schedule_faster": "60"},
        "below 60",
    ),
    "schedule_of_seconds": ({"schedule_mode": "cron", "schedule_cron": "* * * * * *"}, "is not a cron expression"),
    "schedule_that_never_comes": ({"schedule_mode": "cron", "schedule_cron": "0 0 31 2 *"}, "not a cron expression"),
    "password_without_account": ({"bind_dn": "", "password": "x"}, "needs an account"),
}


@pytest.mark.parametrize(("changes", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_form_names_the_mistake(
    admin_client: Client, bound_server: DirectoryServer, changes: dict[str, str], expected: str
) -> None:
    response = save(admin_client, CHANGE, bound_server.pk, **changes)

    assert expected in errors(response)


# What is wrong, and the tab that it stands in.
TABS = {
    "connection": {"uris": ""},
    "scope": {"base_dn": "corp.example"},
    "mapping": {"mappings-0-pattern": "("},
    "rules": {"limits_lost_number": "x"},
    "schedule": {"schedule_mode": "cron", "schedule_cron": "x"},
}


@pytest.mark.parametrize("tab", TABS)
def test_tab_with_the_mistake_says_so_and_is_the_open_one(
    admin_client: Client, bound_server: DirectoryServer, tab: str
) -> None:
    FieldMapping.objects.create(endpoint=bound_server, field="extension", attribute="telephoneNumber")

    response = save(admin_client, CHANGE, bound_server.pk, **TABS[tab])

    assert {each.slug: each.mistakes for each in response.context["tabs"]} == {
        **dict.fromkeys(("connection", "scope", "mapping", "rules", "schedule"), 0),
        tab: 1,
    }
    assert response.context["opened"] == tab
    assert text(response).count("1 to correct") == 1


def test_every_input_stands_in_a_tab(admin_client: Client, bound_server: DirectoryServer) -> None:
    response = admin_client.get(page(CHANGE, bound_server.pk))

    shown = [
        field.field.name
        for tab in response.context["tabs"]
        for each in tab.fieldsets
        for line in each
        for field in line
    ]
    assert sorted(shown) == sorted(response.context["adminform"].form.fields)
    assert [len(tab.formsets) for tab in response.context["tabs"]] == [0, 0, 1, 1, 0]
    assert 'id="mappings-group"' in text(response)


def test_mapping_is_no_tab_for_who_may_not_see_it(viewer_client: Client, bound_server: DirectoryServer) -> None:
    response = viewer_client.get(page(CHANGE, bound_server.pk))

    assert [tab.slug for tab in response.context["tabs"]] == ["connection", "scope", "rules", "schedule"]


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
