"""Whole runs: a real OpenLDAP on one side, a real database on the other."""

import re

import ldap
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fixtures.openldap import OpenLdap
from syncapp.choices import RunPhase
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, RunItem, SyncRecord, SyncRun
from syncapp.services.edits import set_archived
from syncapp.store.selectors import people_of_run
from tests.factories import make_employee
from tests.services.company import Company, changes_of, counted, item_of, sync

pytestmark = pytest.mark.django_db(transaction=True)

ANNA = {"mail": "anna@example.test", "mobile": "8 (916) 123-45-67", "telephoneNumber": "215", "title": "Director"}


def test_first_run_creates_people_with_their_values(company: Company) -> None:
    company.add("anna", "Анна  Петрова", departmentNumber="Продажи", **ANNA)

    run = sync(company.server())

    assert (run.status, counted(run)) == ("completed", {"read": 1, "created": 1})
    anna = Employee.objects.get()
    assert (anna.name, anna.email, anna.mobile, anna.extension) == (
        "Анна Петрова", "anna@example.test", "+79161234567", "215",
    )  # fmt: skip
    assert (anna.department, anna.title, anna.number_issued) == ("Продажи", "Director", False)


def test_new_person_without_number_gets_the_lowest_free_one_which_waits_for_the_domain(company: Company) -> None:
    make_employee(extension="200")
    company.add("anna", "Anna Petrova", telephoneNumber="201")
    company.add("boris", "Boris Sidorov")

    run = sync(company.server())

    boris = Employee.objects.get(name="Boris Sidorov")
    assert (boris.extension, boris.number_issued) == ("202", True)
    assert run.counts["waiting"] == 1
    assert SyncRecord.objects.get(employee=boris).waiting


@pytest.mark.promise(2)
def test_second_run_changes_nothing_and_everybody_is_skipped(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    company.add("boris", "Boris Sidorov")
    server = company.server()
    sync(server)
    before = company.directory.modifications()
    employees = list(Employee.objects.order_by("id").values())

    run = sync(server)

    assert (run.status, counted(run)) == ("completed", {"read": 2, "skipped": 2, "waiting": 1})
    assert not RunItem.objects.filter(run=run).exists()
    assert list(Employee.objects.order_by("id").values()) == employees
    assert set(SyncRecord.objects.values_list("status", flat=True)) == {"skipped"}
    assert company.directory.modifications() == before


def test_updated_column_keeps_when_something_last_changed(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    server = company.server()
    sync(server)
    created = SyncRecord.objects.get()

    sync(server)

    record = SyncRecord.objects.get()
    assert (created.status, created.updated_side) == ("created", "pbx")
    assert (record.status, record.updated_at, record.updated_side) == ("skipped", created.updated_at, "pbx")


@pytest.mark.promise(6)
def test_preview_shows_the_plan_and_changes_nothing_but_runs_and_items(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    company.add("boris", "Boris Sidorov")
    server = company.server()
    tables = {model: list(model.objects.order_by("pk").values()) for model in _all_models()}
    before = company.directory.modifications()

    run = sync(server, preview=True)

    assert counted(run) == {"read": 2, "created": 2, "waiting": 1}
    assert set(RunItem.objects.filter(run=run).values_list("expected", "outcome")) == {("created", "planned")}
    assert {model: list(model.objects.order_by("pk").values()) for model in _all_models()} == tables
    assert company.directory.modifications() == before


def _all_models() -> list[type]:
    from django.apps import apps

    return [model for model in apps.get_models() if model not in (SyncRun, RunItem)]


@pytest.mark.promise(6)
def test_preview_says_what_applying_then_does(company: Company) -> None:
    make_employee(name="Anna Petrova", extension="300")
    company.add("anna", "Anna Petrova", **{**ANNA, "telephoneNumber": "216"})
    company.add("boris", "Boris Sidorov", telephoneNumber="217")
    company.add("carl", "Carl Moore", telephoneNumber="217")
    server = company.server()

    previewed, applied = sync(server, preview=True), sync(server)

    assert previewed.counts == applied.counts
    fields = ("name", "expected", "changes", "message_code", "message_params")
    assert list(RunItem.objects.filter(run=previewed).values(*fields)) == list(
        RunItem.objects.filter(run=applied).values(*fields)
    )


@pytest.mark.parametrize("key", ["email", "name", "mobile", "extension"])
def test_existing_employee_is_recognised_by_each_key(company: Company, key: str) -> None:
    known = {
        "email": {"name": "A.", "email": "ANNA@example.test"},
        "name": {"name": "Petrova Anna"},
        "mobile": {"name": "", "mobile": "+79161234567"},
        "extension": {"name": "Anna", "extension": "215"},
    }[key]
    anna = make_employee(**known)
    company.add("anna", "Anna Petrova", **ANNA)

    run = sync(company.server())

    record = SyncRecord.objects.get()
    assert (record.employee_id, record.message_code, record.message_params) == (anna.pk, "matched", {"key": key})
    assert counted(run) == {"read": 1, "updated": 1}
    assert Employee.objects.get().name == "Anna Petrova"


@pytest.mark.promise(1)
def test_every_change_has_its_row_with_before_after_and_side(company: Company) -> None:
    make_employee(name="Anna Petrova", email="anna@example.test", title="Assistant")
    company.add("anna", "Anna Petrova", **ANNA)

    run = sync(company.server())

    item = item_of(run, "Anna Petrova")
    assert (item.outcome, run.who) == ("updated", "test")
    assert changes_of(item) == {
        "mobile": ("", "+79161234567"),
        "extension": ("", "215"),
        "title": ("Assistant", "Director"),
    }
    assert {change["side"] for change in item.changes} == {"pbx"}


def test_change_in_the_directory_travels_and_is_shown_in_the_next_run(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    server = company.server()
    sync(server)
    company.change("anna", title="President", mobile="+7 926 765-43-21")

    run = sync(server)

    assert counted(run) == {"read": 1, "updated": 1}
    assert changes_of(item_of(run, "Anna Petrova")) == {
        "mobile": ("+79161234567", "+79267654321"),
        "title": ("Director", "President"),
    }


def test_another_spelling_of_the_same_value_is_no_change(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    server = company.server()
    sync(server)
    company.change("anna", mobile="+7 916 123 45 67", mail="ANNA@example.test")

    run = sync(server)

    assert counted(run) == {"read": 1, "skipped": 1}
    assert not RunItem.objects.filter(run=run).exists()


@pytest.mark.promise(5)
def test_both_sides_changed_differently_is_a_conflict_and_nothing_is_overwritten(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    server = company.server()
    sync(server)
    anna = Employee.objects.get()
    anna.title = "Chairwoman"
    anna.save()
    company.change("anna", title="President")

    run = sync(server)

    conflict = Conflict.objects.get()
    assert (conflict.kind, conflict.field, conflict.base, conflict.local, conflict.remote) == (
        "field", "title", "Director", "Chairwoman", "President",
    )  # fmt: skip
    assert (run.status, run.counts["conflicts"], run.counts["new_matters"]) == ("partial", 1, 1)
    assert Employee.objects.get().title == "Chairwoman"


def test_open_conflict_is_no_news_in_the_next_run_and_closes_when_it_dissolves(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    make_employee(name="Anna Petrova", email="anna@example.test", extension="300")
    server = company.server()
    first, second = sync(server), sync(server)
    company.change("anna", telephoneNumber="300")

    third = sync(server)

    assert [run.counts["new_matters"] for run in (first, second, third)] == [1, 0, 0]
    assert [run.counts["conflicts"] for run in (first, second, third)] == [1, 1, 0]
    assert Conflict.objects.get().closed_at is not None
    assert SyncRecord.objects.get().status == "skipped"


@pytest.mark.promise(3)
def test_nobody_is_deleted_when_people_vanish(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    company.add("boris", "Boris Sidorov")
    server = company.server()
    sync(server)
    company.delete("boris")

    run = sync(server)

    assert run.status == "completed"
    assert sorted(Employee.objects.values_list("name", flat=True)) == ["Anna Petrova", "Boris Sidorov"]
    assert SyncRecord.objects.count() == 2


@pytest.mark.promise(4)
def test_read_that_finds_nobody_is_held(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    server = company.server()
    sync(server)
    server.user_filter = "(title=nobody has this)"
    server.save()

    run = sync(server)

    assert (run.status, run.error_code) == ("held", "nobody_found")
    assert SyncRecord.objects.get().status == "created"


def test_renamed_and_moved_entry_stays_tied(company: Company) -> None:
    dn = company.add("anna", "Anna Petrova", **ANNA)
    server = company.server()
    sync(server)
    company.ldap.rename_s(dn, "uid=anna.sidorova", delold=1)

    run = sync(server)

    record = SyncRecord.objects.get()
    assert (run.counts["created"], run.counts["skipped"]) == (0, 1)
    assert record.dn == f"uid=anna.sidorova,{company.base}"


def test_first_meeting_that_would_bring_most_people_twice_is_held(company: Company) -> None:
    for number in range(12):
        make_employee(name=f"Somebody{number} Else{number}", extension=str(300 + number))
    company.add_many(8)
    server = company.server()

    held = sync(server)
    forced = sync(server, force=True)

    assert (held.status, held.error_code) == ("held", "first_meeting")
    assert held.error_params == {"employees": 12, "recognised": 0, "count": 12}
    assert (forced.status, forced.forced, forced.counts["created"]) == ("completed", True, 8)
    assert [note["code"] for note in forced.notes] == ["first_meeting"]


def test_pool_that_is_too_small_holds_and_with_force_fails_the_last_ones_only(company: Company) -> None:
    company.add_many(3)
    server = company.server(pool=("200", "201"))

    held = sync(server)
    forced = sync(server, force=True)
    again = sync(server)

    assert (held.status, held.error_code, held.error_params["count"]) == ("held", "pool_too_small", 1)
    assert (forced.status, forced.counts["created"], forced.counts["failed"]) == ("partial", 3, 1)
    assert item_of(forced, "Person Number0002").message_code == "number_pool_exhausted"
    assert (again.status, again.counts["failed"], again.counts["new_matters"]) == ("partial", 1, 0)


def test_person_left_without_number_is_served_when_the_pool_grows(company: Company) -> None:
    company.add_many(2)
    server = company.server(pool=("200", "200"))
    sync(server, force=True)
    pool = server.pools.get().pool
    pool.last = "205"
    pool.save()

    run = sync(server)

    assert (run.status, run.counts["updated"], run.counts["failed"]) == ("completed", 1, 0)
    assert set(Employee.objects.values_list("extension", flat=True)) == {"200", "201"}


def test_taken_number_is_a_conflict_of_that_person_and_he_gets_one_of_the_pool(company: Company) -> None:
    owner = make_employee(name="Zoe Owner", email="zoe@example.test", extension="215")
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215")
    company.add("zoe", "Zoe Owner", mail="zoe@example.test", telephoneNumber="215")
    company.add("boris", "Boris Sidorov")

    run = sync(company.server())

    anna = Employee.objects.get(name="Anna Petrova")
    conflict = Conflict.objects.get()
    assert (conflict.kind, conflict.owner, conflict.remote) == ("number_taken", owner, "215")
    assert (anna.extension, Employee.objects.get(pk=owner.pk).extension) == ("200", "215")
    assert item_of(run, "Anna Petrova").message_params == {"number": "215", "owner": "Zoe Owner", "got": "200"}
    assert (run.counts["created"], run.counts["conflicts"]) == (2, 1)


def test_two_entries_that_claim_one_number_both_get_one_of_the_pool_and_one_message(company: Company) -> None:
    company.add("anna", "Anna Petrova", telephoneNumber="222")
    company.add("boris", "Boris Sidorov", telephoneNumber="222")

    run = sync(company.server())

    assert [note["code"] for note in run.notes] == ["number_contested"]
    assert sorted(Employee.objects.values_list("extension", flat=True)) == ["200", "201"]
    assert set(Conflict.objects.values_list("kind", flat=True)) == {"number_claimed_twice"}


@pytest.mark.parametrize("value", ["+7 495 123-45-67", "201/202", "see Anna"])
def test_foreign_number_is_a_remark_and_nothing_is_pulled(company: Company, value: str) -> None:
    company.add("anna", "Anna Petrova", telephoneNumber=value)
    server = company.server(pool=None)

    run = sync(server)

    record = SyncRecord.objects.get()
    assert (run.status, counted(run)) == ("completed", {"read": 1, "created": 1})
    assert [remark["code"] for remark in record.remarks] == ["value_not_matched"]
    assert Employee.objects.get().extension == ""


BAD_VALUES = {
    "undecodable": ("title", b"caf\xe9", "value_undecodable"),
    "too_long": ("displayName", ("Anna " * 60 + "Petrova").encode(), "value_too_long"),
    "mail_without_at": ("mail", b"anna.example.test", "value_not_email"),
    "control_character": ("title", b"Dire\x07ctor", "value_control_characters"),
}


@pytest.mark.promise(7)
@pytest.mark.parametrize("case", BAD_VALUES)
def test_unreadable_value_is_a_remark_and_the_person_goes_on(company: Company, case: str) -> None:
    attribute, value, remark = BAD_VALUES[case]
    server = company.server()
    if case == "undecodable":  # an octet string: text attributes refuse such bytes
        attribute = "jpegPhoto"
        FieldMapping.objects.create(endpoint=server, field="name", attribute="cn")
        FieldMapping.objects.create(endpoint=server, field="title", attribute="jpegPhoto")
    company.add("anna", "Anna Petrova", **{"telephoneNumber": "215", attribute: value})
    company.add("boris", "Boris Sidorov")

    run = sync(server)

    assert (run.status, run.counts["created"]) == ("completed", 2)
    record = SyncRecord.objects.get(dn__startswith="uid=anna")
    assert [each["code"] for each in record.remarks] == [remark]


def test_entry_of_whom_nothing_can_be_read_is_not_created_and_says_so(company: Company) -> None:
    company.add("anna", "Я" * 300, cn="Я" * 300)
    company.add("boris", "", cn="One", sn="x")
    company.ldap.modify_s(f"uid=boris,{company.base}", [(ldap.MOD_ADD, "cn", [b"Two"])])

    run = sync(company.server())

    assert (run.status, run.counts["created"], run.counts["failed"]) == ("partial", 0, 2)
    assert set(SyncRecord.objects.values_list("message_code", flat=True)) == {"not_created_nameless"}


def test_number_of_the_pool_does_not_wait_where_a_foreign_value_stands(company: Company) -> None:
    company.add("anna", "Anna Petrova", telephoneNumber="see Boris")
    server = company.server()

    runs = [sync(server), sync(server)]

    assert [run.counts["waiting"] for run in runs] == [0, 0]
    assert Employee.objects.get().extension == "200"


def test_run_writes_nothing_for_somebody_who_is_ignored_as_before(company: Company) -> None:
    company.add("anna", "Anna Petrova")
    server = company.server(create="none")
    sync(server)

    statements = _statements(server)

    assert not [sql for sql in statements if "UPDATE" in sql and "syncrecord" in sql and "skipped" not in sql]


def test_similar_name_is_proposed_although_the_server_creates_nobody(company: Company) -> None:
    make_employee(name="Анна Иванова")
    company.add("anna", "Иванова Анна Петровна")

    run = sync(company.server(create="none"))

    assert (run.counts["proposed"], run.counts["ignored"]) == (1, 0)


def test_run_says_once_that_many_values_are_foreign(company: Company) -> None:
    company.add_many(5, telephoneNumber="+7 495 123-45-0{}")
    server = company.server()

    first, second = sync(server), sync(server)

    assert [(note["code"], note["params"]["field"], note["params"]["count"]) for note in first.notes] == [
        ("many_foreign_values", "extension", 5)
    ]
    assert second.notes == []


def test_remarks_are_in_the_report_of_preview_and_run_alike(company: Company) -> None:
    company.add("anna", "Anna Petrova", telephoneNumber="see Boris", pwdAccountLockedTime="000001010000Z")
    company.add("boris", "Boris Sidorov", telephoneNumber="201/202")
    server = company.server()

    reports = [
        [(person.name, person.extension, [each["code"] for each in person.messages]) for person in people_of_run(run)]
        for run in (sync(server, preview=True), sync(server))
    ]

    assert (
        reports[0]
        == reports[1]
        == [
            ("Anna Petrova", "", ["not_created_inactive", "value_not_matched"]),
            ("Boris Sidorov", "200", ["value_not_matched"]),
        ]
    )


def test_misspelt_attribute_of_a_field_that_is_not_read_yet_fails_the_run(company: Company) -> None:
    server = company.server()
    FieldMapping.objects.create(endpoint=server, field="name", attribute="cn")
    FieldMapping.objects.create(endpoint=server, field="photo", attribute="jpegFoto")
    company.add("anna", "Anna Petrova")

    run = sync(server)

    assert (run.status, run.error_code) == ("failed", "mapping_attribute_unknown")
    assert not Employee.objects.exists()


def test_several_values_are_a_remark_and_all_serve_as_keys(company: Company) -> None:
    known = make_employee(name="Anna Petrova", mobile="+79161234567")
    company.add("anna", "Anna Petrova", mobile=[b"+79261112233", b"+79161234567"])

    sync(company.server())

    record = SyncRecord.objects.get()
    assert (record.employee_id, [each["code"] for each in record.remarks]) == (known.pk, ["several_values"])
    assert Employee.objects.get().mobile == "+79161234567"


def test_disabled_account_is_not_created_and_a_known_one_is_marked_and_frozen(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    server = company.server()
    sync(server)
    company.change("anna", pwdAccountLockedTime="000001010000Z", title="gone")
    company.add("boris", "Boris Sidorov", pwdAccountLockedTime="000001010000Z")

    run = sync(server)

    assert (run.counts["disabled"], run.counts["updated"], run.counts["ignored"]) == (1, 1, 1)
    assert SyncRecord.objects.get(dn__startswith="uid=anna").state == "disabled"
    assert Employee.objects.get().title == "Director"


def test_returner_is_merged_as_usual(company: Company) -> None:
    company.add("anna", "Anna Petrova", pwdAccountLockedTime="000001010000Z", **ANNA)
    known = make_employee(name="Anna Petrova", email="anna@example.test")
    server = company.server()
    sync(server)
    assert Employee.objects.get().title == ""
    company.change("anna", pwdAccountLockedTime=None)

    run = sync(server)

    assert (run.counts["returned"], run.counts["updated"]) == (1, 1)
    known.refresh_from_db()
    assert (known.title, known.extension) == ("Director", "215")


def test_archived_employee_is_left_alone(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    server = company.server()
    sync(server)
    set_archived(Employee.objects.get().pk, archived=True, user=None)
    company.change("anna", title="President")

    run = sync(server)

    assert counted(run) == {"read": 1, "skipped": 1}
    assert Employee.objects.get().title == "Director"


@pytest.mark.parametrize(
    ("create", "created"), [("all", 2), ("with_number", 1), ("none", 0)], ids=["all", "with_number", "none"]
)
def test_create_says_who_becomes_an_employee(company: Company, create: str, created: int) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    company.add("boris", "Boris Sidorov")

    run = sync(company.server(create=create))

    assert (run.counts["created"], run.counts["ignored"]) == (created, 2 - created)


def test_swap_of_numbers_that_the_domain_wins_is_carried_out(company: Company) -> None:
    company.add("anna", "Anna Petrova", telephoneNumber="201")
    company.add("boris", "Boris Sidorov", telephoneNumber="202")
    server = company.server()
    sync(server)
    company.change("anna", telephoneNumber="202")
    company.change("boris", telephoneNumber="201")

    run = sync(server)

    assert dict(Employee.objects.values_list("name", "extension")) == {"Anna Petrova": "202", "Boris Sidorov": "201"}
    assert (run.counts["updated"], run.counts["renumbered"]) == (2, 2)


def test_edit_in_the_hub_waits_for_the_domain_and_is_not_overwritten(company: Company) -> None:
    company.add("anna", "Anna Petrova", **ANNA)
    server = company.server()
    sync(server)
    anna = Employee.objects.get()
    anna.mobile = "+79990001122"
    anna.save()

    run = sync(server)

    assert counted(run) == {"read": 1, "skipped": 1, "waiting": 1}
    assert Employee.objects.get().mobile == "+79990001122"


def test_two_servers_know_one_person_and_numbers_stay_unique(company: Company, openldap: OpenLdap) -> None:
    other = Company(openldap)
    company.add("anna", "Anna Petrova", **ANNA)
    other.add("anna", "Anna Petrova", **ANNA)
    first, second = company.server(), other.server()
    sync(first)

    run = sync(second)

    assert Employee.objects.count() == 1
    assert SyncRecord.objects.filter(employee=Employee.objects.get()).count() == 2
    assert run.counts["created"] == 0


def _statements(server: DirectoryServer) -> list[str]:
    """What a run of the server asks of the database: `executemany` counts once for a chunk.

    On PostgreSQL each cursor that reads in pieces has a name with a number of its own.
    """
    with CaptureQueriesContext(connection) as captured:
        sync(server)
    return [re.sub(r"^\d+ times: |(?<=_sync_)\d+", "", query["sql"])[:60] for query in captured]


def test_run_without_changes_needs_the_same_queries_and_round_trips_for_10_and_for_490_people(
    company: Company, openldap: OpenLdap
) -> None:
    small, large = company, Company(openldap)
    small.add_many(10, telephoneNumber="10{:03}", mail="a{}@example.test")
    large.add_many(490, "Other", telephoneNumber="20{:03}", mail="b{}@example.test")
    servers = small.server(), large.server()
    for server in servers:
        sync(server)

    statements, searches = [], []
    for server in servers:
        before = openldap.operations()["Search"]
        statements.append(_statements(server))
        searches.append(openldap.operations()["Search"] - before)

    assert statements[0] == statements[1]
    assert searches[0] == searches[1]


def test_first_run_needs_the_same_statements_for_10_and_for_490_people(company: Company, openldap: OpenLdap) -> None:
    small, large = company, Company(openldap)
    small.add_many(10, mail="a{}@example.test")
    large.add_many(490, "Other", mail="b{}@example.test")
    make_employee(name="Somebody Else", extension="500")  # with an empty hub there is nobody to compare with
    servers = small.server(pool=("10000", "10999")), large.server(pool=("20000", "20999"))

    assert _statements(servers[0]) == _statements(servers[1])


def test_reading_says_of_how_many_by_the_last_run(company: Company) -> None:
    company.add_many(3)
    server = company.server()
    told: list[tuple[int, int | None]] = []

    def progress(phase: RunPhase, done: int, total: int | None) -> None:
        if phase == RunPhase.READ:
            told.append((done, total))

    sync(server)
    sync(server, progress=progress)

    assert told[0] == (0, 3)
    assert told[-1] == (3, 3)
