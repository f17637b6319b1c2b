"""What the groups may do: every address of the site, and the buttons that lead there."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.utils import timezone

from syncapp.choices import MatterKind, RunMode, RunStatus
from syncapp.models import Conflict, DirectoryServer, EndpointPool, FieldMapping, NotificationChannel, RunItem, SyncRun
from syncapp.services.disputes import seen_of
from tests.admin.pages import page, text
from tests.admin.test_plans import make_held, make_plan
from tests.factories import make_employee, make_phone_system, make_pool, make_record, make_server

ACCOUNT, ATTRIBUTE = "cn=sync,dc=corp,dc=example", "ipPhoneOfOurs"

LOOKERS = (200, 200, 200)
OPERATORS = (403, 302, 302)
ASKERS = (403, 200, 200)
MANAGERS = (403, 403, 302)
MANAGERS_LOOK = (403, 403, 200)
OF_USERS = (200, 403, 200)  # whoever may view everything views these, too; operators have no use for them
NOBODY = (403, 403, 403)

# Address, which row, and what viewers, operators and administrators are answered.
GET: dict[tuple[str, str], tuple[int, int, int]] = {
    ("syncapp_directoryserver_changelist", ""): LOOKERS,
    ("syncapp_directoryserver_change", "server"): LOOKERS,
    ("syncapp_directoryserver_change", "being_added"): LOOKERS,
    ("syncapp_directoryserver_history", "server"): MANAGERS_LOOK,
    ("syncapp_directoryserver_add", ""): MANAGERS_LOOK,
    ("syncapp_directoryserver_found", "being_added"): MANAGERS_LOOK,
    ("syncapp_directoryserver_scope", "being_added"): (403, 403, 302),  # nothing was confirmed yet: the step before
    ("syncapp_directoryserver_write_back", "server"): MANAGERS_LOOK,
    ("syncapp_directoryserver_mapping", "server"): MANAGERS_LOOK,
    ("syncapp_directoryserver_health", "server"): ASKERS,
    ("syncapp_directoryserver_health_csv", "server"): ASKERS,
    ("syncapp_phonesystem_changelist", ""): LOOKERS,
    ("syncapp_phonesystem_change", "phones"): LOOKERS,
    ("syncapp_phonesystem_history", "phones"): MANAGERS_LOOK,
    ("syncapp_phonesystem_add", ""): MANAGERS_LOOK,
    ("syncapp_employee_changelist", ""): LOOKERS,
    ("syncapp_employee_change", "employee"): LOOKERS,
    ("syncapp_employee_history", "employee"): LOOKERS,
    ("syncapp_employee_add", ""): ASKERS,
    ("syncapp_employee_import", ""): ASKERS,
    ("syncapp_employee_export", "format"): LOOKERS,
    ("syncapp_syncrecord_export", "format"): LOOKERS,
    ("syncapp_syncrun_export", "format"): LOOKERS,
    ("syncapp_photo", "digest"): LOOKERS,
    ("syncapp_photo_small", "digest"): LOOKERS,
    ("syncapp_explain", ""): LOOKERS,
    ("syncapp_leaver_changelist", ""): LOOKERS,
    ("syncapp_leaver_history", "employee"): LOOKERS,
    ("syncapp_leaver_add", ""): NOBODY,
    ("syncapp_phone_tasks", ""): LOOKERS,
    ("syncapp_syncrecord_changelist", ""): LOOKERS,
    ("syncapp_syncrecord_change", "record"): LOOKERS,
    ("syncapp_syncrecord_history", "record"): LOOKERS,
    ("syncapp_syncrecord_add", ""): NOBODY,
    ("syncapp_syncrecord_untie", "joined"): ASKERS,
    ("syncapp_conflict_changelist", ""): LOOKERS,
    ("syncapp_conflict_change", "match"): LOOKERS,
    ("syncapp_conflict_change", "dispute"): LOOKERS,
    ("syncapp_conflict_history", "match"): LOOKERS,
    ("syncapp_conflict_add", ""): NOBODY,
    ("syncapp_syncrun_changelist", ""): LOOKERS,
    ("syncapp_syncrun_change", "run"): LOOKERS,
    ("syncapp_syncrun_history", "run"): LOOKERS,
    ("syncapp_syncrun_progress", "run"): LOOKERS,
    ("syncapp_syncrun_csv", "run"): LOOKERS,
    ("syncapp_syncrun_apply", "held"): MANAGERS_LOOK,
    ("syncapp_syncrun_apply", "plan"): MANAGERS_LOOK,
    ("syncapp_syncrun_add", ""): NOBODY,
    ("syncapp_runitem_changelist", ""): LOOKERS,
    ("syncapp_runitem_change", "item"): LOOKERS,
    ("syncapp_runitem_history", "item"): LOOKERS,
    ("syncapp_runitem_add", ""): NOBODY,
    ("syncapp_numberpool_changelist", ""): LOOKERS,
    ("syncapp_numberpool_change", "pool"): LOOKERS,
    ("syncapp_numberpool_history", "pool"): LOOKERS,
    ("syncapp_numberpool_add", ""): MANAGERS_LOOK,
    ("syncapp_notificationchannel_changelist", ""): MANAGERS_LOOK,
    ("syncapp_notificationchannel_change", "channel"): MANAGERS_LOOK,
    ("syncapp_notificationchannel_history", "channel"): MANAGERS_LOOK,
    ("syncapp_notificationchannel_delete", "channel"): MANAGERS_LOOK,
    ("syncapp_notificationchannel_add", ""): MANAGERS_LOOK,
    ("auth_user_changelist", ""): OF_USERS,
    ("auth_user_change", "user"): OF_USERS,
    ("auth_user_history", "user"): OF_USERS,
    ("auth_user_add", ""): MANAGERS_LOOK,
    ("auth_user_password_change", "user"): MANAGERS_LOOK,
    ("auth_user_delete", "user"): NOBODY,
    ("auth_group_changelist", ""): OF_USERS,
    ("auth_group_change", "group"): OF_USERS,
    ("auth_group_history", "group"): OF_USERS,
    ("auth_group_add", ""): MANAGERS_LOOK,
    ("auth_group_delete", "group"): MANAGERS_LOOK,
}
POST: dict[tuple[str, str], tuple[int, int, int]] = {
    ("syncapp_phonesystem_test", "phones"): ASKERS,
    ("syncapp_phonesystem_preview", "phones"): OPERATORS,
    ("syncapp_phonesystem_synchronise", "phones"): OPERATORS,
    ("syncapp_phonesystem_confirm", "phones"): MANAGERS,
    ("syncapp_phonesystem_change", "phones"): MANAGERS_LOOK,
    ("syncapp_phonesystem_add", ""): MANAGERS_LOOK,
    ("syncapp_phonesystem_delete", "phones"): NOBODY,
    ("syncapp_directoryserver_test", "server"): ASKERS,
    ("syncapp_directoryserver_query", "server"): ASKERS,
    ("syncapp_directoryserver_preview", "server"): OPERATORS,
    ("syncapp_directoryserver_synchronise", "server"): OPERATORS,
    ("syncapp_directoryserver_write_back", "server"): MANAGERS,
    ("syncapp_directoryserver_found", "being_added"): MANAGERS_LOOK,
    ("syncapp_directoryserver_scope", "being_added"): MANAGERS,
    ("syncapp_directoryserver_change", "server"): MANAGERS_LOOK,
    ("syncapp_directoryserver_add", ""): MANAGERS_LOOK,
    ("syncapp_directoryserver_delete", "server"): NOBODY,
    ("syncapp_employee_synchronise", "employee"): OPERATORS,
    ("syncapp_employee_archive", "employee"): OPERATORS,
    ("syncapp_employee_take_back", "archived"): OPERATORS,
    ("syncapp_employee_change", "employee"): ASKERS,
    ("syncapp_employee_add", ""): ASKERS,
    ("syncapp_employee_import", ""): ASKERS,
    ("syncapp_employee_import_apply", ""): OPERATORS,
    ("syncapp_employee_delete", "employee"): NOBODY,
    ("syncapp_phone_task_done", "left"): OPERATORS,
    ("syncapp_leaver_change", "employee"): NOBODY,
    ("syncapp_leaver_delete", "employee"): NOBODY,
    ("syncapp_syncrecord_untie", "joined"): OPERATORS,
    ("syncapp_syncrecord_make_again", "gone"): OPERATORS,
    ("syncapp_syncrecord_change", "record"): NOBODY,
    ("syncapp_syncrecord_delete", "record"): NOBODY,
    ("syncapp_conflict_decide", "dispute"): OPERATORS,
    ("syncapp_conflict_join", "match"): OPERATORS,
    ("syncapp_conflict_create_new", "match"): OPERATORS,
    ("syncapp_conflict_change", "match"): NOBODY,
    ("syncapp_conflict_delete", "match"): NOBODY,
    ("syncapp_syncrun_cancel", "run"): OPERATORS,
    ("syncapp_syncrun_cancel", "preview"): OPERATORS,
    ("syncapp_syncrun_apply", "plan"): OPERATORS,
    ("syncapp_syncrun_apply", "held"): MANAGERS,
    ("syncapp_syncrun_discard", "plan"): OPERATORS,
    ("syncapp_syncrun_discard", "held"): OPERATORS,
    ("syncapp_syncrun_accept", "found_another"): MANAGERS,
    ("syncapp_syncrun_take_over", "renamed"): MANAGERS,
    ("syncapp_syncrun_change", "run"): NOBODY,
    ("syncapp_syncrun_delete", "run"): NOBODY,
    ("syncapp_runitem_change", "item"): NOBODY,
    ("syncapp_runitem_delete", "item"): NOBODY,
    ("syncapp_numberpool_change", "pool"): MANAGERS_LOOK,
    ("syncapp_numberpool_add", ""): MANAGERS_LOOK,
    ("syncapp_numberpool_delete", "pool"): NOBODY,
    ("syncapp_notificationchannel_test", "channel"): MANAGERS,
    ("syncapp_notificationchannel_change", "channel"): MANAGERS_LOOK,
    ("syncapp_notificationchannel_add", ""): MANAGERS_LOOK,
    ("auth_user_change", "user"): MANAGERS_LOOK,
    ("auth_group_change", "group"): MANAGERS_LOOK,
}
# Where the buttons stand: page, its row, and addresses of the tables above for that row.
BUTTONS: dict[tuple[str, str], list[str]] = {
    ("syncapp_phonesystem_change", "phones"): [
        *("syncapp_phonesystem_test", "syncapp_phonesystem_preview", "syncapp_phonesystem_synchronise"),
        "syncapp_phonesystem_history",
    ],
    ("syncapp_directoryserver_change", "server"): [
        *("syncapp_directoryserver_test", "syncapp_directoryserver_query", "syncapp_directoryserver_health"),
        *("syncapp_directoryserver_preview", "syncapp_directoryserver_synchronise"),
        *("syncapp_directoryserver_write_back", "syncapp_directoryserver_history"),
    ],
    ("syncapp_employee_changelist", ""): ["syncapp_employee_import"],
    ("syncapp_employee_change", "employee"): ["syncapp_employee_synchronise", "syncapp_employee_archive"],
    ("syncapp_employee_change", "archived"): ["syncapp_employee_take_back"],
    ("syncapp_syncrecord_change", "joined"): ["syncapp_syncrecord_untie"],
    ("syncapp_syncrecord_change", "gone"): ["syncapp_syncrecord_make_again"],
    ("syncapp_conflict_change", "dispute"): ["syncapp_conflict_decide"],
    ("syncapp_conflict_change", "match"): ["syncapp_conflict_join", "syncapp_conflict_create_new"],
    ("syncapp_syncrun_change", "run"): ["syncapp_syncrun_cancel"],
    ("syncapp_syncrun_change", "preview"): ["syncapp_syncrun_cancel"],
    ("syncapp_syncrun_change", "plan"): ["syncapp_syncrun_apply", "syncapp_syncrun_discard"],
    ("syncapp_syncrun_change", "held"): ["syncapp_syncrun_apply", "syncapp_syncrun_discard"],
    ("syncapp_syncrun_change", "found_another"): ["syncapp_syncrun_accept"],
    ("syncapp_syncrun_change", "renamed"): ["syncapp_syncrun_take_over"],
    ("syncapp_notificationchannel_change", "channel"): ["syncapp_notificationchannel_test"],
}
SENT = {
    "syncapp_conflict_decide": {"take": "local"},
    "syncapp_directoryserver_write_back": {"on": ""},
}

# What stands in an address without being the key of a row.
TEXTS = {"digest": "0" * 64, "format": "csv"}

Rows = Mapping[str, Any]


@pytest.fixture
def rows(db: None, groups: None) -> Rows:
    server = make_server(name="Head office", bind_dn=ACCOUNT)
    FieldMapping.objects.create(endpoint=server, field="extension", attribute=ATTRIBUTE)
    pool = make_pool()
    EndpointPool.objects.create(endpoint=server, pool=pool)
    employee = make_employee()
    record = make_record(endpoint=server, employee=employee)
    match = Conflict.objects.create(
        endpoint=server,
        record=make_record(endpoint=server),
        kind=MatterKind.MATCH_SIMILAR,
        candidates=[{"employee": make_employee().pk, "agrees": ["name"], "disagrees": []}],
    )
    dispute = Conflict.objects.create(
        endpoint=server, record=record, kind=MatterKind.FIELD, field="title", base="a", local="", remote="c"
    )
    run = SyncRun.objects.create(endpoint=server, mode=RunMode.APPLY)
    joined = make_record(endpoint=make_server(), employee=make_employee())
    RunItem.objects.create(
        run=SyncRun.objects.create(endpoint=joined.endpoint, mode=RunMode.APPLY, status=RunStatus.COMPLETED),
        record=joined, employee=joined.employee, message_code="matched", message_params={"key": "name"},
        outcome="skipped", plan={"action": "join"},
    )  # fmt: skip
    another = make_server()
    SyncRun.objects.create(endpoint=another, mode=RunMode.APPLY, status=RunStatus.COMPLETED, identity={"dc=a": "1"})
    return {
        "server": server,
        "being_added": make_server(bind_dn=ACCOUNT, enabled=False, being_added=True),
        "phones": make_phone_system(key="a-key"),
        "employee": employee,
        "archived": make_employee(archived_at=timezone.now()),
        "record": record,
        "joined": joined,
        "gone": make_record(endpoint=make_phone_system(), employee=make_employee(), state="missing"),
        "left": make_record(employee=make_employee(archived_at=timezone.now()), endpoint=make_phone_system()),
        "match": match,
        "dispute": dispute,
        "run": run,
        "item": RunItem.objects.create(run=run, position=1, name="Anna"),
        "preview": SyncRun.objects.create(endpoint=make_server(), mode=RunMode.PREVIEW),
        "plan": make_plan(),
        "held": make_held(),
        "found_another": SyncRun.objects.create(
            endpoint=another,
            mode=RunMode.APPLY,
            status=RunStatus.FAILED,
            error_code="another_directory",
            error_params={"uri": "ldap://x", "expected": "dc=a (1)", "found": "dc=b (2)"},
            identity={"dc=b": "2"},
        ),
        "renamed": SyncRun.objects.create(
            endpoint=make_server(base_dn="DC=x", search_bases=["OU=Sales,DC=x"]),
            mode=RunMode.APPLY,
            status=RunStatus.FAILED,
            error_code="base_renamed",
            error_params={"base": "OU=Sales,DC=x", "now": "OU=Sold,DC=x"},
        ),
        "pool": pool,
        "channel": NotificationChannel.objects.create(addresses=["it@corp.example"]),
        "user": User.objects.create_user("somebody"),
        "group": Group.objects.create(name="Some"),
    }


def address(rows: Rows, name: str, row: str) -> str:
    if row in TEXTS:
        return page(name, TEXTS[row])
    return page(name, *([rows[row].pk] if row else []))


def cases(table: Mapping[tuple[str, str], tuple[int, int, int]]) -> list[Any]:
    return [pytest.param(*case, expected, id="-".join(filter(None, case))) for case, expected in table.items()]


@pytest.fixture
def clients(viewer_client: Client, operator_client: Client, administrator_client: Client) -> dict[str, Client]:
    return {"viewer": viewer_client, "operator": operator_client, "administrator": administrator_client}


@pytest.mark.parametrize(("name", "row", "expected"), cases(GET))
def test_who_may_open_what(
    clients: dict[str, Client], rows: Rows, name: str, row: str, expected: tuple[int, int, int]
) -> None:
    answers = [client.get(address(rows, name, row)).status_code for client in clients.values()]

    assert answers == list(expected)


@pytest.mark.parametrize(("name", "row", "expected"), cases(POST))
def test_who_may_do_what(
    clients: dict[str, Client], rows: Rows, queue: list[int], name: str, row: str, expected: tuple[int, int, int]
) -> None:
    data = dict(SENT.get(name, {}))
    if name == "syncapp_conflict_decide":
        data["seen"] = seen_of(rows[row])
    if name == "syncapp_conflict_join":
        data["employee"] = str(rows["employee"].pk)
    if (name, row) == ("syncapp_syncrun_apply", "held"):
        data["force"] = "1"

    answers = [client.post(address(rows, name, row), data).status_code for client in clients.values()]

    assert answers == list(expected)


def test_tables_name_every_address() -> None:
    """But for what Django has for everybody: logging in and out, the search field, its lists of choices."""
    of_everybody = {
        *("index", "login", "logout", "password_change", "password_change_done", "search", "autocomplete", "jsi18n"),
        *("view_on_site", "app_list"),
    }

    named = {name for name, _row in (*GET, *POST)}

    assert set(_names(admin.site.urls[0])) - of_everybody == named


def _names(patterns: Any) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name is not None:
            yield pattern.name


@pytest.mark.parametrize(("name", "row"), BUTTONS, ids=[f"{name}-{row}" for name, row in BUTTONS])
def test_buttons_are_there_for_whom_their_address_answers(
    clients: dict[str, Client], rows: Rows, name: str, row: str
) -> None:
    # Where one address shows a question, what counts is who may answer it.
    table = {**GET, **POST}
    for number, client in enumerate(clients.values()):
        shown = text(client.get(address(rows, name, row)))

        offered = {button: f'"{address(rows, button, row)}"' in shown for button in BUTTONS[name, row]}

        assert offered == {button: table[button, row][number] != 403 for button in BUTTONS[name, row]}


PAGES = sorted(
    {
        *((name, row) for name, row in GET if name.endswith(("changelist", "change"))),
        *BUTTONS,
        ("index", ""),
    }
)


@pytest.mark.parametrize(("name", "row"), PAGES, ids=[f"{name}-{row}" for name, row in PAGES])
def test_no_page_leads_to_where_one_may_not_go(
    clients: dict[str, Client], rows: Rows, queue: list[int], name: str, row: str
) -> None:
    """Every link and every button of the page is tried; in which state that leaves the rows does not matter."""
    for who, client in clients.items():
        response = client.get(address(rows, name, row))
        if response.status_code != 403:
            assert list(_refused(who, client, text(response))) == []


# Pages have most of their links in common, and the rows of each test the same numbers or others.
_led_somewhere: set[tuple[str, str, str]] = set()


def _refused(who: str, client: Client, shown: str) -> Iterator[str]:
    links = re.findall(r'href="([^"]+)"', shown)
    forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', shown)
    ours = (page("app_list", "syncapp"), page("app_list", "auth"))
    for targets, ask in ((links, client.get), (forms, client.post)):
        for target in sorted({unescape(each) for each in targets if each.startswith(ours)}):
            case = (who, ask.__name__, target)
            if case in _led_somewhere:
                continue
            if ask(target).status_code == 403:
                yield target
            _led_somewhere.add(case)


@pytest.mark.parametrize("row", ["server", "being_added"])
def test_account_and_mappings_are_for_who_manages_servers(clients: dict[str, Client], rows: Rows, row: str) -> None:
    shown = {
        who: text(client.get(address(rows, "syncapp_directoryserver_change", row))) for who, client in clients.items()
    }

    assert [who for who in shown if ACCOUNT in shown[who]] == ["administrator"]
    assert [who for who in shown if 'name="password"' in shown[who]] == ["administrator"]
    assert [who for who in shown if ATTRIBUTE in shown[who]] == (["administrator"] if row == "server" else [])


def test_other_rights_to_mappings_do_not_show_them(viewer: User, viewer_client: Client, rows: Rows) -> None:
    viewer.user_permissions.add(*Permission.objects.filter(codename__endswith="_fieldmapping"))

    assert ATTRIBUTE not in text(viewer_client.get(page("syncapp_directoryserver_change", rows["server"].pk)))


def test_nobody_changes_pools_of_a_server_that_he_does_not_manage(
    viewer: User, viewer_client: Client, rows: Rows
) -> None:
    viewer.user_permissions.add(*Permission.objects.filter(codename__endswith="_endpointpool"))

    shown = text(viewer_client.get(page("syncapp_directoryserver_change", rows["server"].pk)))

    assert str(rows["pool"]) in shown
    assert 'name="pools-0-pool"' not in shown


def test_list_offers_to_finish_adding_to_who_may(
    operator_client: Client, administrator_client: Client, rows: Rows
) -> None:
    found = page("syncapp_directoryserver_found", rows["being_added"].pk)

    shown = [
        text(client.get(page("syncapp_directoryserver_changelist")))
        for client in (operator_client, administrator_client)
    ]

    assert [found in each for each in shown] == [False, True]


def test_administrator_changes_a_server_with_its_rows(administrator_client: Client, rows: Rows) -> None:
    shown = text(administrator_client.get(page("syncapp_directoryserver_change", rows["server"].pk)))

    assert 'name="mappings-0-attribute"' in shown
    assert 'name="pools-0-pool"' in shown


# Brakes


def test_operator_is_told_why_a_held_plan_has_no_button(operator_client: Client, rows: Rows) -> None:
    assert "only whoever may override brakes" in text(
        operator_client.get(page("syncapp_syncrun_change", rows["held"].pk))
    )


@pytest.mark.parametrize("data", [{}, {"force": "1"}], ids=["as it is", "by force"])
@pytest.mark.parametrize("row", ["held", "previewed"])
def test_operator_applies_no_plan_that_a_brake_holds(
    operator_client: Client, rows: Rows, queue: list[int], row: str, data: dict[str, str]
) -> None:
    plan = rows["held"] if row == "held" else make_plan(brakes=["limit_disabled"])

    assert operator_client.post(page("syncapp_syncrun_apply", plan.pk), data).status_code == 403
    assert not SyncRun.objects.filter(applies=plan).exists()


def test_operator_overrides_no_brake_beforehand(operator_client: Client, rows: Rows) -> None:
    """The plan meets the brakes again when it is carried out."""
    assert operator_client.post(page("syncapp_syncrun_apply", rows["plan"].pk), {"force": "1"}).status_code == 403
    assert not SyncRun.objects.filter(applies=rows["plan"]).exists()


def test_right_to_override_alone_starts_nothing(viewer: User, viewer_client: Client, rows: Rows) -> None:
    viewer.user_permissions.add(Permission.objects.get(codename="override_directoryserver"))

    for row in ("plan", "held"):
        assert viewer_client.post(page("syncapp_syncrun_apply", rows[row].pk), {"force": "1"}).status_code == 403


# Single rights


@pytest.mark.parametrize(
    ("right", "stops"),
    [("query_directoryserver", {"preview", "plan"}), ("synchronise_directoryserver", {"run", "held"})],
    ids=["who previews", "who synchronises"],
)
def test_who_may_start_a_kind_of_run_may_stop_it(
    viewer: User, viewer_client: Client, rows: Rows, right: str, stops: set[str]
) -> None:
    viewer.user_permissions.add(Permission.objects.get(codename=right))

    answers = {
        row: viewer_client.post(page(f"syncapp_syncrun_{what}", rows[row].pk)).status_code
        for row, what in {"run": "cancel", "preview": "cancel", "plan": "discard", "held": "discard"}.items()
    }

    assert {row for row, status in answers.items() if status != 403} == stops


def test_who_may_change_servers_alone_starts_nothing(viewer: User, viewer_client: Client, rows: Rows) -> None:
    viewer.user_permissions.add(Permission.objects.get(codename="change_directoryserver"))

    for name in ("test", "query", "preview", "synchronise"):
        assert viewer_client.post(page(f"syncapp_directoryserver_{name}", rows["server"].pk)).status_code == 403


def test_history_of_a_server_is_for_who_manages_it(
    operator_client: Client, administrator_client: Client, rows: Rows
) -> None:
    server: DirectoryServer = rows["server"]
    user = User.objects.get(username="administrators")
    LogEntry.objects.log_actions(user.pk, [server], CHANGE, change_message=f"Changed mapping {ATTRIBUTE}.")
    history = page("syncapp_directoryserver_history", server.pk)

    assert operator_client.get(history).status_code == 403
    assert ATTRIBUTE in text(administrator_client.get(history))


@pytest.mark.parametrize(
    ("model", "action"),
    [
        ("syncrecord", "synchronise_people"),
        ("conflict", "take_local"),
        ("conflict", "take_local_now"),
        ("leaver", "archive"),
    ],
)
def test_actions_of_lists_are_offered_to_who_may(
    clients: dict[str, Client], rows: Rows, model: str, action: str
) -> None:
    shown = {who: text(client.get(page(f"syncapp_{model}_changelist"))) for who, client in clients.items()}

    assert [who for who in shown if f'value="{action}"' in shown[who]] == ["operator", "administrator"]
