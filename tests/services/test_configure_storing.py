"""A configuration file without mistakes: what it creates, changes and leaves alone."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncapp.models import DirectoryServer, EndpointPool, FieldMapping, NumberPool
from syncapp.services.configure import Change, SectionReport
from tests.configuration_files import POOL, SERVER, SERVER_WITH_ACCOUNT, apply, mistakes_in
from tests.factories import make_pool, make_record, make_server

pytestmark = pytest.mark.django_db

HEAD = "[[directory]]\nname = 'Head office'\n"
FULL = """
[[number_pool]]
name = "Office"
first = "0200"
last = "0299"
reserved = ["0250"]
cool_down_days = 30
number_plan = "branch"

[[directory]]
name = "Head office"
kind = "openldap"
uris = ["ldap://dc1.corp.example", "ldap://dc2.corp.example"]
security = "starttls"
ca_certificate = "/etc/ssl/corp-ca.pem"
bind_dn = "cn=sync,dc=corp"
bind_password = "hunter2"
base_dn = "DC=corp"
search_bases = ["OU=Sales,DC=corp"]
department_attribute = "department"
departments = ["Sales"]
user_filter = "(!(employeeType=robot))"
disabled_attribute = "employeeType"
disabled_value = "former"
region = "DE"
write_back = true
enabled = false
rank = 3
create = "with_number"
taken_number = "pool"
match_keys = ["extension", "email"]
number_plan = "branch"
number_pools = [{ name = "Office", ou = "OU=Sales,DC=corp" }, { name = "Office", department = "Service" }]
schedule = { cron = "0 8 * * 1-5" }
limits = { lost = [1, 2, 3] }

[[directory.mapping]]
field = "extension"
attribute = "telephoneNumber"
direction = "both"
policy = "remote_wins"
on_empty = "clear"
pattern = '(\\d{2,5})$'
relay = true
"""
STORED: dict[str, Any] = {
    "kind": "openldap",
    "uris": ["ldap://dc1.corp.example", "ldap://dc2.corp.example"],
    "security": "starttls",
    "ca_certificate": "/etc/ssl/corp-ca.pem",
    "bind_dn": "cn=sync,dc=corp",
    "base_dn": "DC=corp",
    "search_bases": ["OU=Sales,DC=corp"],
    "department_attribute": "department",
    "departments": ["Sales"],
    "user_filter": "(!(employeeType=robot))",
    "disabled_attribute": "employeeType",
    "disabled_value": "former",
    "region": "DE",
    "write_back": True,
    "enabled": False,
    "rank": 3,
    "create": "with_number",
    "taken_number": "pool",
    "match_keys": ["extension", "email"],
    "number_plan": "branch",
    "schedule": {"cron": "0 8 * * 1-5"},
    "limits": {"lost": [1, 2, 3]},
}


def changes_of(report: SectionReport) -> dict[str, tuple[Any, Any]]:
    return {change.key: (change.before, change.after) for change in report.changes}


@pytest.mark.parametrize("key", STORED)
def test_every_key_of_a_server_is_stored(tmp_path: Path, key: str) -> None:
    apply(tmp_path, FULL)

    assert getattr(DirectoryServer.objects.get(), key) == STORED[key]


def test_password_is_stored_for_the_address_of_the_file(tmp_path: Path) -> None:
    apply(tmp_path, FULL)

    assert DirectoryServer.objects.get().reveal_secret() == "hunter2"


def test_every_key_of_a_pool_is_stored(tmp_path: Path) -> None:
    apply(tmp_path, FULL)

    assert list(
        NumberPool.objects.values_list("name", "first", "last", "reserved", "cool_down_days", "number_plan")
    ) == [("Office", "0200", "0299", ["0250"], 30, "branch")]


def test_every_key_of_a_mapping_is_stored(tmp_path: Path) -> None:
    apply(tmp_path, FULL)

    assert list(
        FieldMapping.objects.values_list("field", "attribute", "direction", "policy", "on_empty", "pattern", "relay")
    ) == [("extension", "telephoneNumber", "both", "remote_wins", "clear", r"(\d{2,5})$", True)]


def test_pools_of_a_server_are_stored_in_their_order(tmp_path: Path) -> None:
    apply(tmp_path, FULL)

    assert list(EndpointPool.objects.values_list("pool__name", "position", "ou", "department")) == [
        ("Office", 0, "OU=Sales,DC=corp", ""),
        ("Office", 1, "", "Service"),
    ]


def test_new_server_gets_the_defaults_for_what_is_left_out(tmp_path: Path) -> None:
    apply(tmp_path, SERVER)

    server = DirectoryServer.objects.get()
    assert (server.kind, server.security, server.enabled, server.write_back) == ("auto", "ldaps", True, False)


def test_second_time_nothing_is_changed(tmp_path: Path) -> None:
    apply(tmp_path, FULL)

    reports = apply(tmp_path, FULL)

    assert [(report.created, report.changes) for report in reports] == [(False, ()), (False, ())]


def writes_of(folder: Path, content: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        apply(folder, content)
    return [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_second_time_no_row_is_written(tmp_path: Path) -> None:
    apply(tmp_path, FULL)

    assert writes_of(tmp_path, FULL) == []


def test_pools_are_reported_before_servers(tmp_path: Path) -> None:
    reports = apply(tmp_path, SERVER + POOL)

    assert [(report.kind, report.name, report.created) for report in reports] == [
        ("number_pool", "Office", True),
        ("directory", "Head office", True),
    ]


def test_report_of_a_new_server_has_the_keys_of_the_file_alone(tmp_path: Path) -> None:
    (report,) = apply(tmp_path, f"{SERVER}rank = 1")

    assert changes_of(report) == {"uris": (None, ["ldaps://dc1.corp.example"]), "rank": (None, 1)}


def test_report_of_a_changed_server_has_before_and_after(tmp_path: Path) -> None:
    apply(tmp_path, SERVER)

    (report,) = apply(tmp_path, f"{SERVER}rank = 2\nregion = 'RU'")

    assert (report.created, report.changes) == (False, (Change("rank", 1, 2),))


def test_key_that_is_left_out_keeps_its_stored_value(tmp_path: Path) -> None:
    apply(tmp_path, FULL)

    apply(tmp_path, f"{HEAD}rank = 4")

    server = DirectoryServer.objects.get()
    assert {key: getattr(server, key) for key in STORED} == {**STORED, "rank": 4}


def test_key_that_is_left_out_keeps_mappings_and_pools(tmp_path: Path) -> None:
    apply(tmp_path, FULL)

    apply(tmp_path, f"{HEAD}rank = 4")

    assert (FieldMapping.objects.count(), EndpointPool.objects.count()) == (1, 2)


def test_servers_and_pools_that_the_file_does_not_name_stay(tmp_path: Path) -> None:
    make_server(name="Branch")
    make_pool(name="Attic")

    apply(tmp_path, FULL)

    assert (DirectoryServer.objects.count(), NumberPool.objects.count()) == (2, 2)


def test_pool_that_is_stored_already_can_be_named(tmp_path: Path) -> None:
    make_pool(name="Attic")

    apply(tmp_path, f"{SERVER}number_pool = 'Attic'")

    assert EndpointPool.objects.get().pool.name == "Attic"


def test_pools_are_replaced_as_a_whole(tmp_path: Path) -> None:
    apply(tmp_path, FULL)

    (report,) = apply(tmp_path, f"{HEAD}number_pool = 'Office'")

    assert (EndpointPool.objects.count(), changes_of(report)["number_pools"][1]) == (1, [{"name": "Office"}])


def test_empty_list_of_pools_takes_them_away(tmp_path: Path) -> None:
    apply(tmp_path, FULL)

    (report,) = apply(tmp_path, f"{HEAD}number_pools = []")

    assert (EndpointPool.objects.count(), changes_of(report)["number_pools"][1]) == (0, None)


def test_pool_is_changed_by_name(tmp_path: Path) -> None:
    make_pool(name="Office", first="200", last="299")

    (report,) = apply(tmp_path, "[[number_pool]]\nname = 'Office'\nlast = '349'")

    assert (NumberPool.objects.get().last, changes_of(report)) == ("349", {"last": ("299", "349")})


def test_schedule_can_be_switched_off(tmp_path: Path) -> None:
    apply(tmp_path, FULL)

    apply(tmp_path, f"{HEAD}schedule = {{ off = true }}")

    assert DirectoryServer.objects.get().schedule == {"off": True}


MAIL, TITLE = (
    "[[directory.mapping]]\nfield = 'email'\nattribute = 'mail'\n",
    "[[directory.mapping]]\nfield = 'title'\nattribute = 'title'\npolicy = 'local_wins'\n",
)


def test_mappings_are_replaced_as_a_whole(tmp_path: Path) -> None:
    apply(tmp_path, HEAD + SERVER.partition("name")[2].partition("\n")[2] + MAIL)

    (report,) = apply(tmp_path, HEAD + TITLE)

    assert (list(FieldMapping.objects.values_list("field", flat=True)), changes_of(report)) == (
        ["title"],
        {
            "mapping (email)": ({"attribute": "mail"}, None),
            "mapping (title)": (None, {"attribute": "title", "policy": "local_wins"}),
        },
    )


def test_key_that_is_left_out_of_a_mapping_gets_its_default(tmp_path: Path) -> None:
    apply(tmp_path, SERVER + TITLE)

    (report,) = apply(tmp_path, HEAD + TITLE.replace("policy = 'local_wins'", ""))

    assert changes_of(report) == {"mapping (title), policy": ("local_wins", "ask")}


def test_mappings_in_another_order_are_the_same(tmp_path: Path) -> None:
    apply(tmp_path, SERVER + MAIL + TITLE)

    (report,) = apply(tmp_path, HEAD + TITLE + MAIL)

    assert report.changes == ()


def test_mapping_that_stays_keeps_its_row(tmp_path: Path) -> None:
    apply(tmp_path, SERVER + MAIL)
    row = FieldMapping.objects.get()

    apply(tmp_path, HEAD + MAIL + TITLE)

    assert FieldMapping.objects.get(field="email").pk == row.pk


def test_empty_list_of_mappings_takes_them_away(tmp_path: Path) -> None:
    apply(tmp_path, SERVER + MAIL)

    apply(tmp_path, f"{HEAD}mapping = []")

    assert FieldMapping.objects.count() == 0


def test_mappings_of_other_servers_stay(tmp_path: Path) -> None:
    FieldMapping.objects.create(endpoint=make_server(name="Branch"), field="email", attribute="mail")

    apply(tmp_path, SERVER + TITLE)

    assert FieldMapping.objects.count() == 2


def test_kind_that_a_run_found_out_outlasts_auto(tmp_path: Path) -> None:
    apply(tmp_path, f"{SERVER}kind = 'auto'")
    DirectoryServer.objects.update(kind="freeipa")

    (report,) = apply(tmp_path, f"{SERVER}kind = 'auto'")

    assert (DirectoryServer.objects.get().kind, report.changes) == ("freeipa", ())


@pytest.mark.parametrize("line", ["uris = ['ldaps://other']", "base_dn = 'DC=other'"], ids=["address", "base_dn"])
def test_kind_is_found_out_anew_where_the_directory_may_be_another(tmp_path: Path, line: str) -> None:
    apply(tmp_path, SERVER)
    DirectoryServer.objects.update(kind="freeipa")

    apply(tmp_path, f"{HEAD}kind = 'auto'\n{line}")

    assert DirectoryServer.objects.get().kind == "auto"


def test_name_is_stored_without_blanks_around_it(tmp_path: Path) -> None:
    apply(tmp_path, SERVER.replace("Head office", "  Head office "))

    assert DirectoryServer.objects.get().name == "Head office"


def test_certificate_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    apply(tmp_path, f"{SERVER}ca_certificate = 'corp-ca.pem'")

    assert DirectoryServer.objects.get().ca_certificate == str(tmp_path / "corp-ca.pem")


def test_only_changed_columns_are_written(tmp_path: Path) -> None:
    """An administrator may be saving the same server in the admin meanwhile."""
    apply(tmp_path, SERVER)

    (update,) = writes_of(tmp_path, f"{SERVER}rank = 2")

    assert update.partition(" SET ")[2].partition(" WHERE ")[0] == '"rank" = 2'


MOVES: dict[str, str] = {
    "another_address": "uris = ['ldaps://evil.example']",
    "weaker_security": "security = 'none'\nuris = ['ldap://dc1.corp.example']",
    "another_account": "bind_dn = 'cn=other'",
}


@pytest.mark.promise(9)
@pytest.mark.parametrize("lines", MOVES.values(), ids=MOVES.keys())
def test_stored_password_is_not_taken_along(tmp_path: Path, lines: str) -> None:
    apply(tmp_path, SERVER_WITH_ACCOUNT)

    assert mistakes_in(tmp_path, f"{HEAD}{lines}") == [
        ('directory "Head office", bind_password', "password_needed_again")
    ]


@pytest.mark.parametrize("lines", MOVES.values(), ids=MOVES.keys())
def test_password_given_again_is_stored_for_the_new_address(tmp_path: Path, lines: str) -> None:
    apply(tmp_path, SERVER_WITH_ACCOUNT)

    apply(tmp_path, f"{HEAD}{lines}\nbind_password = 'hunter2'")

    assert DirectoryServer.objects.get().reveal_secret() == "hunter2"


def test_account_is_taken_away_together_with_its_password(tmp_path: Path) -> None:
    apply(tmp_path, SERVER_WITH_ACCOUNT)

    apply(tmp_path, f"{HEAD}bind_dn = ''\nbind_password = ''")

    assert not DirectoryServer.objects.get().bind_password


GENERIC = f"""{SERVER}
kind = "generic"
anchor_attribute = "employeeNumber"
"""


def test_file_takes_the_place_of_what_was_begun_on_the_page(tmp_path: Path) -> None:
    make_server(name="Head office", uris=["ldaps://dc1.corp.example"], base_dn="", enabled=False, being_added=True)

    (report,) = apply(tmp_path, SERVER)

    server = DirectoryServer.objects.get()
    assert (server.enabled, server.being_added) == (True, False)
    assert changes_of(report) == {"enabled": (False, True)}


def test_file_may_leave_what_was_begun_on_the_page_switched_off(tmp_path: Path) -> None:
    make_server(name="Head office", uris=["ldaps://dc1.corp.example"], base_dn="", enabled=False, being_added=True)

    (report,) = apply(tmp_path, f"{SERVER}enabled = false")

    server = DirectoryServer.objects.get()
    assert (server.enabled, server.being_added, report.changes) == (False, False, ())


def test_id_attribute_of_another_server_is_stored(tmp_path: Path) -> None:
    (report,) = apply(tmp_path, GENERIC)

    assert DirectoryServer.objects.get().anchor_attribute == "employeeNumber"
    assert report.cautions == ()


def test_id_attribute_that_changes_is_warned_of(tmp_path: Path) -> None:
    (report,) = apply(tmp_path, GENERIC.replace("employeeNumber", "uid"))

    assert [caution.code for caution in report.cautions] == ["anchor_changes"]


def test_id_attribute_of_a_server_with_people_stays(tmp_path: Path) -> None:
    apply(tmp_path, GENERIC)
    make_record(endpoint=DirectoryServer.objects.get())

    mistakes = mistakes_in(tmp_path, GENERIC.replace("employeeNumber", "employeeType"))

    assert mistakes == [('directory "Head office", anchor_attribute', "anchor_would_change")]


def test_kind_with_another_id_is_refused_for_a_server_with_people(tmp_path: Path) -> None:
    apply(tmp_path, f"{SERVER}kind = 'openldap'")
    make_record(endpoint=DirectoryServer.objects.get())

    mistakes = mistakes_in(tmp_path, f"{SERVER}kind = '389ds'")

    assert mistakes == [('directory "Head office", kind', "anchor_would_change")]
