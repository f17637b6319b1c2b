"""Values that go out to a real directory, and everything that can come in between (rules B2, B10, E2)."""

from collections.abc import Iterator
from typing import Any

import ldap
import pytest

from fixtures.openldap import OpenLdap
from syncapp.choices import RunStatus
from syncapp.core.records import RemoteRecord
from syncapp.core.writes import AttributeWrite
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, RunItem, SyncRecord, SyncRun
from syncapp.services import sending
from syncapp.services.drafts import Draft
from syncapp.store.selectors import people_of_run
from tests.directory import servers
from tests.services.company import Company, changes_of, counted, item_of, port_of, sync

pytestmark = pytest.mark.django_db(transaction=True)


def writing(company: Company, *, mappings: dict[str, dict[str, Any]] | None = None, **values: Any) -> DirectoryServer:
    """A server that may be written to, by an account that has the right."""
    server = company.server(write_back=True, bind_dn=company.directory.writer_dn, **values)
    for name, mapping in (mappings or {}).items():
        FieldMapping.objects.create(endpoint=server, field=name, **{"direction": "both", **mapping})
    return server


def there(company: Company, uid: str, attribute: str) -> list[str]:
    ((_dn, found),) = company.ldap.search_s(f"uid={uid},{company.base}", ldap.SCOPE_BASE, attrlist=[attribute])
    return sorted(value.decode() for value in found.get(attribute, []))


def edit(name: str, **values: str) -> None:
    assert Employee.objects.filter(name=name).update(**values) == 1


def record_of(name: str) -> SyncRecord:
    return SyncRecord.objects.get(employee__name=name)


@pytest.fixture
def anna(company: Company) -> DirectoryServer:
    """Anna, who is settled after the first run, and a server that may be written to from the second on."""
    company.add(
        "anna", "Anna Petrova", mail="anna@example.test", mobile="+79161234567", telephoneNumber="215", title="Boss"
    )
    server = writing(company)
    sync(server)
    return server


def test_first_run_only_brings_in(company: Company) -> None:
    """Rule E2: what only the hub has waits for the second run."""
    Employee.objects.create(name="Anna Petrova", email="anna@example.test", mobile="+79161234567")
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215")
    server = writing(company)

    first = sync(server)
    assert counted(first) == {"read": 1, "updated": 1, "waiting": 1}
    assert there(company, "anna", "mobile") == []
    assert record_of("Anna Petrova").waits == {"mobile": ""}

    second = sync(server)
    assert counted(second) == {"read": 1, "written_back": 1}
    assert there(company, "anna", "mobile") == ["+79161234567"]


def test_edit_here_goes_out_and_everybody_is_skipped_after_it(company: Company, anna: DirectoryServer) -> None:
    edit("Anna Petrova", extension="301", mobile="+79260000000")
    assert record_of("Anna Petrova").due

    run = sync(anna)

    assert run.status == RunStatus.COMPLETED
    assert counted(run) == {"read": 1, "written_back": 1}
    assert there(company, "anna", "telephoneNumber") == ["301"]
    assert there(company, "anna", "mobile") == ["+79260000000"]
    item = item_of(run, "Anna Petrova")
    assert (item.outcome, item.unwritten) == ("updated", [])
    assert [(each["field"], each["side"], each["before"], each["after"]) for each in item.changes] == [
        ("mobile", "domain", "+79161234567", "+79260000000"),
        ("extension", "domain", "215", "301"),
    ]
    record = record_of("Anna Petrova")
    assert (record.status, record.updated_side, record.waits, record.due) == ("updated", "domain", {}, False)

    before = company.directory.modifications()
    for _ in range(2):
        again = sync(anna)
        assert counted(again) == {"read": 1, "skipped": 1}
    assert company.directory.modifications() == before
    assert RunItem.objects.filter(run=again).count() == 0


def test_preview_shows_what_would_go_out_and_writes_nothing(company: Company, anna: DirectoryServer) -> None:
    edit("Anna Petrova", extension="301")
    before = company.directory.modifications()

    run = sync(anna, preview=True)

    assert counted(run) == {"read": 1, "written_back": 1}
    assert changes_of(item_of(run, "Anna Petrova")) == {"extension": ("215", "301")}
    assert company.directory.modifications() == before
    assert record_of("Anna Petrova").due


def test_both_sides_in_one_run(company: Company, anna: DirectoryServer) -> None:
    edit("Anna Petrova", extension="301")
    company.change("anna", title="Director")

    run = sync(anna)

    assert counted(run) == {"read": 1, "updated": 1, "written_back": 1}
    assert Employee.objects.get().title == "Director"
    assert there(company, "anna", "telephoneNumber") == ["301"]
    assert record_of("Anna Petrova").updated_side == "both"


def test_return_of_a_person_counts_as_a_change_here(company: Company, anna: DirectoryServer) -> None:
    """Rule E1: a changed state is one too."""
    company.change("anna", pwdAccountLockedTime="000001010000Z")
    sync(anna)
    edit("Anna Petrova", extension="301")
    company.change("anna", pwdAccountLockedTime=None)

    run = sync(anna)

    assert counted(run) == {"read": 1, "updated": 1, "written_back": 1, "returned": 1}
    assert record_of("Anna Petrova").updated_side == "both"


def test_new_person_s_number_of_the_pool_goes_out(company: Company, anna: DirectoryServer) -> None:
    company.add("boris", "Boris Sidorov", mail="boris@example.test")

    run = sync(anna)

    assert counted(run) == {"read": 2, "created": 1, "written_back": 1, "skipped": 1}
    assert there(company, "boris", "telephoneNumber") == ["200"]
    assert counted(sync(anna)) == {"read": 2, "skipped": 2}


def test_without_write_back_it_waits(company: Company, anna: DirectoryServer) -> None:
    DirectoryServer.objects.update(write_back=False)
    anna.refresh_from_db()
    edit("Anna Petrova", extension="301")

    assert counted(sync(anna)) == {"read": 1, "skipped": 1, "waiting": 1}
    assert record_of("Anna Petrova").waits == {"extension": "215"}
    assert there(company, "anna", "telephoneNumber") == ["215"]

    DirectoryServer.objects.update(write_back=True)
    anna.refresh_from_db()
    assert counted(sync(anna)) == {"read": 1, "written_back": 1}
    assert record_of("Anna Petrova").waits == {}


def test_part_of_a_value_is_replaced(company: Company) -> None:
    """Rule B5; the pattern is the design's own."""
    company.add("anna", "Anna Petrova", mail="anna@example.test", description="call 1234567 ext. 215 (desk)")
    server = writing(company, mappings={
        "name": {"attribute": "displayName", "direction": "pull"},
        "extension": {"attribute": "description", "pattern": r"ext\. (\d{3})"},
    })  # fmt: skip
    sync(server)
    edit("Anna Petrova", extension="301")

    sync(server)

    assert there(company, "anna", "description") == ["call 1234567 ext. 301 (desk)"]
    assert counted(sync(server)) == {"read": 1, "skipped": 1}


def test_other_values_of_the_attribute_stay(company: Company) -> None:
    """Rule B6."""
    company.add("anna", "Anna Petrova", telephoneNumber=[b"215", b"+7 495 1234567"])
    server = writing(company)
    sync(server)
    edit("Anna Petrova", extension="301")

    sync(server)

    assert there(company, "anna", "telephoneNumber") == ["+7 495 1234567", "301"]
    assert counted(sync(server)) == {"read": 1, "skipped": 1}


def test_mobiles_are_written_as_the_others_are(company: Company) -> None:
    """Rule B14."""
    for number in range(3):
        company.add(f"p{number}", f"Person Number{number}", mobile=f"8 (916) 123-45-6{number}")
    server = writing(company)
    sync(server)
    edit("Person Number0", mobile="+79261112233")

    sync(server)

    assert there(company, "p0", "mobile") == ["8 (926) 111-22-33"]
    assert counted(sync(server)) == {"read": 3, "skipped": 3}


def test_emptied_here_travels_where_the_mapping_says_so(company: Company) -> None:
    """Rule B3."""
    company.add("anna", "Anna Petrova", title="Boss", mobile="+79161234567")
    server = writing(company, mappings={
        "name": {"attribute": "displayName", "direction": "pull"},
        "title": {"attribute": "title", "on_empty": "clear"},
        "mobile": {"attribute": "mobile"},
    })  # fmt: skip
    sync(server)
    edit("Anna Petrova", title="", mobile="")

    run = sync(server)

    assert there(company, "anna", "title") == []
    assert there(company, "anna", "mobile") == ["+79161234567"]
    assert counted(run) == {"read": 1, "written_back": 1}
    assert counted(sync(server)) == {"read": 1, "skipped": 1}


class Meddler:
    """Does something between our read of an entry and our write of it, once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
        prepare = Draft.prepare

        def and_meddle(draft: Draft, record: RemoteRecord) -> list[AttributeWrite]:
            writes = prepare(draft, record)
            if not self.done:
                self.done = True
                act()
            return writes

        self.done = False
        monkeypatch.setattr(Draft, "prepare", and_meddle)


@pytest.mark.promise(5)
def test_edit_by_somebody_else_between_read_and_write_survives(
    company: Company, anna: DirectoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit("Anna Petrova", extension="301", mobile="+79260000000")
    Meddler(monkeypatch, lambda: company.change("anna", telephoneNumber="999"))

    run = sync(anna)

    assert there(company, "anna", "telephoneNumber") == ["999"]
    assert there(company, "anna", "mobile") == ["+79260000000"]
    assert run.status == RunStatus.PARTIAL
    assert counted(run) == {"read": 1, "written_back": 1, "conflicts": 1, "new_matters": 1}
    conflict = Conflict.objects.get(closed_at__isnull=True)
    assert (conflict.field, conflict.base, conflict.local, conflict.remote) == ("extension", "215", "301", "999")
    assert item_of(run, "Anna Petrova").unwritten == ["domain:extension"]
    again = sync(anna)
    assert counted(again) == {"read": 1, "conflicts": 1}
    assert Conflict.objects.get().pk == conflict.pk


def test_policy_decides_about_an_edit_in_between_in_the_next_run(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.add("anna", "Anna Petrova", title="Boss")
    server = writing(company, mappings={
        "name": {"attribute": "displayName", "direction": "pull"},
        "title": {"attribute": "title", "policy": "remote_wins"},
    })  # fmt: skip
    sync(server)
    edit("Anna Petrova", title="Chief")
    Meddler(monkeypatch, lambda: company.change("anna", title="Director"))

    assert counted(sync(server)) == {"read": 1, "skipped": 1, "waiting": 1}
    assert counted(sync(server)) == {"read": 1, "updated": 1}
    assert Employee.objects.get().title == "Director"
    assert there(company, "anna", "title") == ["Director"]


def test_somebody_else_writes_the_same_in_between(
    company: Company, anna: DirectoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit("Anna Petrova", extension="301")
    Meddler(monkeypatch, lambda: company.change("anna", telephoneNumber="301"))

    run = sync(anna)

    assert run.status == RunStatus.COMPLETED
    assert there(company, "anna", "telephoneNumber") == ["301"]
    assert counted(sync(anna)) == {"read": 1, "skipped": 1}


def test_employee_edited_between_plan_and_write_is_left_to_the_next_run(
    company: Company, anna: DirectoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit("Anna Petrova", extension="301")
    send_batch = sending.Sending._send_batch

    def edited_first(*arguments: Any) -> None:
        edit("Anna Petrova", extension="302")
        send_batch(*arguments)

    monkeypatch.setattr(sending.Sending, "_send_batch", edited_first)
    company.change("anna", title="Director")
    run = sync(anna)
    monkeypatch.undo()

    assert there(company, "anna", "telephoneNumber") == ["215"]
    item = item_of(run, "Anna Petrova")
    assert (item.unwritten, item.message_code) == (["domain:extension"], "write_edited_meanwhile")
    # What came in before is told all the same (promise 1).
    [anna_told] = list(people_of_run(run))
    assert {"field": "title", "side": "pbx", "before": "Boss", "after": "Director"} in anna_told.changes
    sync(anna)
    assert there(company, "anna", "telephoneNumber") == ["302"]


def test_entry_that_is_deleted_between_read_and_write(
    company: Company, anna: DirectoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit("Anna Petrova", extension="301")
    Meddler(monkeypatch, lambda: company.delete("anna"))

    run = sync(anna)

    assert run.status == RunStatus.PARTIAL
    item = item_of(run, "Anna Petrova")
    assert (item.outcome, item.message_code) == ("failed", "write_entry_gone")
    assert Employee.objects.get().extension == "301"


def test_entry_that_moves_between_read_and_write(
    company: Company, anna: DirectoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = f"ou=inner,{company.base}"
    company.ldap.add_s(inner, [("objectClass", [b"organizationalUnit"]), ("ou", [b"inner"])])
    edit("Anna Petrova", extension="301")
    Meddler(monkeypatch, lambda: company.ldap.rename_s(f"uid=anna,{company.base}", "uid=anna", newsuperior=inner))

    run = sync(anna)

    assert counted(run) == {"read": 1, "written_back": 1}
    ((_dn, found),) = company.ldap.search_s(f"uid=anna,{inner}", ldap.SCOPE_BASE, attrlist=["telephoneNumber"])
    assert found == {"telephoneNumber": [b"301"]}
    assert counted(sync(anna)) == {"read": 1, "skipped": 1}


def test_refused_value_is_one_person_s_trouble_and_costs_no_second_request(company: Company) -> None:
    """Rule B10: sent again only when the value, the mapping or what stands there has changed, or someone asks."""
    for uid, name in (("anna", "Anna Petrova"), ("boris", "Boris Sidorov")):
        company.add(uid, name, mail=f"{uid}@example.test", telephoneNumber="215" if uid == "anna" else "216")
    server = writing(company, mappings={
        "name": {"attribute": "displayName", "direction": "pull"},
        "extension": {"attribute": "telephoneNumber"},
        "title": {"attribute": "pager"},
    })  # fmt: skip
    sync(server)
    edit("Anna Petrova", title="Начальник", extension="301")
    edit("Boris Sidorov", title="Clerk")

    run = sync(server)

    assert counted(run) == {"read": 2, "written_back": 2, "failed": 1, "new_matters": 1}
    assert there(company, "boris", "pager") == ["Clerk"]
    assert there(company, "anna", "telephoneNumber") == ["301"]
    record = record_of("Anna Petrova")
    assert (record.status, record.message_code) == ("failed", "write_syntax")
    assert record.message_params["attribute"] == "pager"
    assert record.refusals["title"]["value"] == "Начальник"

    before = company.directory.operations()["Modify"]
    again = sync(server)
    assert counted(again) == {"read": 2, "skipped": 1, "failed": 1}
    assert RunItem.objects.filter(run=again).count() == 0
    assert company.directory.operations()["Modify"] == before

    edit("Anna Petrova", title="Chief")
    assert counted(sync(server)) == {"read": 2, "skipped": 1, "written_back": 1}
    assert there(company, "anna", "pager") == ["Chief"]
    assert record_of("Anna Petrova").refusals == {}


def test_value_that_would_not_be_read_back_is_not_sent(company: Company) -> None:
    company.add("anna", "Anna Petrova", employeeNumber="215")
    server = writing(company, mappings={
        "name": {"attribute": "displayName", "direction": "pull"},
        "extension": {"attribute": "employeeNumber", "pattern": r"^(\d{3})$"},
    })  # fmt: skip
    sync(server)
    edit("Anna Petrova", extension="30155")

    run = sync(server)

    assert counted(run) == {"read": 1, "failed": 1, "new_matters": 1}
    assert record_of("Anna Petrova").message_code == "write_unfit"
    assert there(company, "anna", "employeeNumber") == ["215"]


def test_attribute_that_only_the_server_writes(company: Company) -> None:
    company.add("anna", "Anna Petrova")
    server = writing(company, mappings={
        "name": {"attribute": "displayName", "direction": "pull"},
        "title": {"attribute": "modifiersName"},
    })  # fmt: skip
    sync(server)
    edit("Anna Petrova", title="Chief")
    before = company.directory.operations()["Modify"]

    run = sync(server)

    assert [note["code"] for note in run.notes] == ["write_read_only"]
    assert counted(run) == {"read": 1, "skipped": 1, "waiting": 1}
    assert company.directory.operations()["Modify"] == before


# --- rights -------------------------------------------------------------------------------------------------------

RIGHTS = 'access to attrs=telephoneNumber by set="user & [cn=allowed,dc=example,dc=test]/member" write by users read\n'


@pytest.fixture(scope="module")
def strict() -> Iterator[OpenLdap]:
    """A server on which extensions may be written by members of a group alone."""
    with OpenLdap(database_config=RIGHTS) as server:
        connection = server.connect()
        connection.add_s(
            "cn=allowed,dc=example,dc=test",
            [("objectClass", [b"groupOfNames"]), ("member", [server.root_dn.encode()])],
        )
        yield server


def _grant(strict: OpenLdap, *, granted: bool) -> None:
    change = ldap.MOD_ADD if granted else ldap.MOD_DELETE
    strict.connect().modify_s("cn=allowed,dc=example,dc=test", [(change, "member", [strict.writer_dn.encode()])])


def test_missing_right_is_tried_for_20_people_and_reported_once_then_goes_out_for_all(strict: OpenLdap) -> None:
    company = Company(strict)
    company.add_many(50, telephoneNumber="1{:03}", title="a")
    server = writing(company)
    sync(server)
    for employee in Employee.objects.all():
        Employee.objects.filter(pk=employee.pk).update(extension=f"7{employee.extension}")
    before = strict.operations()["Modify"]

    run = sync(server)

    assert strict.operations()["Modify"] - before == 20
    assert [note["code"] for note in run.notes] == ["write_dropped"]
    assert counted(run) == {"read": 50, "failed": 20, "skipped": 30, "waiting": 30, "new_matters": 20}
    assert run.status == RunStatus.PARTIAL
    failed = SyncRecord.objects.filter(status="failed").first()
    assert failed is not None
    assert failed.message_code == "write_no_right"

    before = strict.operations()["Modify"]
    again = sync(server)
    assert strict.operations()["Modify"] - before == 3  # people who try whether the right is there by now
    assert counted(again) == {"read": 50, "failed": 20, "skipped": 30, "waiting": 30}

    _grant(strict, granted=True)
    granted = sync(server)
    _grant(strict, granted=False)
    assert counted(granted) == {"read": 50, "written_back": 50}
    assert granted.status == RunStatus.COMPLETED
    assert SyncRecord.objects.exclude(refusals={}).count() == 0
    assert counted(sync(server)) == {"read": 50, "skipped": 50}


def test_account_without_rights_syncs_inward_and_reports_outward(company: Company, anna: DirectoryServer) -> None:
    DirectoryServer.objects.update(bind_dn=company.directory.service_dn)
    anna.refresh_from_db()
    anna.set_secret(company.directory.service_password)
    anna.save()
    edit("Anna Petrova", extension="301")
    company.change("anna", title="Director")

    run = sync(anna)

    assert Employee.objects.get().title == "Director"
    assert counted(run) == {"read": 1, "updated": 1, "failed": 1, "new_matters": 1}
    assert item_of(run, "Anna Petrova").message_code == "write_no_right"
    assert item_of(run, "Anna Petrova").unwritten == ["domain:extension"]


# --- bad days -----------------------------------------------------------------------------------------------------


def _at(company: Company, server: DirectoryServer, port: int) -> DirectoryServer:
    """The same server at another port; its password is entered for that address."""
    server.uris = [f"ldap://127.0.0.1:{port}"]
    server.set_secret(company.directory.service_password)
    server.save()
    return server


def test_connection_lost_in_the_middle_of_1000_writes(company: Company) -> None:
    company.add_many(300, mobile="+7916{:07}")
    server = writing(company, pool=None)
    sync(server)
    for employee in Employee.objects.all():
        Employee.objects.filter(pk=employee.pk).update(mobile=employee.mobile.replace("+7916", "+7917"))
    passed = 0

    def count(data: bytes) -> bytes:
        nonlocal passed
        passed += len(data)
        return data

    with servers.proxy(port_of(company.directory), forward=count) as port:
        sync(_at(company, server, port), preview=True)
    with servers.proxy(port_of(company.directory), lose_after=passed + 50_000) as port:
        run = sync(_at(company, server, port))
    _at(company, server, port_of(company.directory))

    really = sum(there(company, f"p{number:04}", "mobile")[0].startswith("+7917") for number in range(300))
    said = RunItem.objects.filter(run=run, outcome="updated").count()
    unknown = RunItem.objects.filter(run=run, outcome="writing").count()
    unsent = RunItem.objects.filter(run=run, message_code="write_not_sent").count()
    assert run.status == RunStatus.FAILED
    assert run.error_code == "connection_lost"
    assert 0 < said <= really <= said + unknown < 300
    assert said + unknown + unsent == 300
    assert run.counts["written_back"] == said

    after = sync(server)
    assert after.status == RunStatus.COMPLETED
    found = [note["params"]["count"] for note in after.notes if note["code"] == "write_found"]
    assert sum(found) == really - said
    assert after.counts["written_back"] == 300 - really
    assert counted(sync(server)) == {"read": 300, "skipped": 300}


def test_cancelled_while_writing_says_who_was_written(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.add_many(6, mobile="+7916{:07}")
    server = writing(company)
    sync(server)
    for employee in Employee.objects.all():
        Employee.objects.filter(pk=employee.pk).update(mobile=employee.mobile.replace("+7916", "+7917"))
    monkeypatch.setattr(sending, "BATCH", 2)
    Meddler(monkeypatch, lambda: SyncRun.objects.filter(status="running").update(cancel_requested=True))

    run = sync(server)

    assert run.status == RunStatus.CANCELLED
    assert run.counts["written_back"] == 2
    assert RunItem.objects.filter(run=run, message_code="write_not_sent").count() == 4
    assert counted(sync(server)) == {"read": 6, "written_back": 4, "skipped": 2}


def test_claim_lost_while_writing_stops_before_the_next_write(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.add_many(6, mobile="+7916{:07}")
    server = writing(company)
    sync(server)
    for employee in Employee.objects.all():
        Employee.objects.filter(pk=employee.pk).update(mobile=employee.mobile.replace("+7916", "+7917"))
    monkeypatch.setattr(sending, "BATCH", 2)
    Meddler(
        monkeypatch, lambda: SyncRun.objects.filter(status="running").update(status="crashed", error_code="run_died")
    )
    before = company.directory.operations()["Modify"]

    run = sync(server)

    assert run.status == RunStatus.CRASHED
    assert company.directory.operations()["Modify"] - before == 2
    after = sync(server)
    assert [note["params"]["count"] for note in after.notes if note["code"] == "write_found"] == [2]
    assert counted(sync(server)) == {"read": 6, "skipped": 6}


def test_changed_mapping_is_held_and_then_asks(company: Company) -> None:
    """Rule B8: what the other attribute says is nobody's change."""
    company.add("anna", "Anna Petrova", title="Boss", description="Director")
    company.add("boris", "Boris Sidorov", title="Clerk")
    server = writing(company, mappings={
        "name": {"attribute": "displayName", "direction": "pull"},
        "title": {"attribute": "title"},
    })  # fmt: skip
    sync(server)
    FieldMapping.objects.filter(field="title").update(attribute="description")

    held = sync(server)
    assert (held.status, held.error_code) == (RunStatus.HELD, "mapping_changed")
    assert held.error_params == {"fields": ["title"], "count": 2}
    assert Employee.objects.get(name="Anna Petrova").title == "Boss"

    forced = sync(server, force=True)
    assert counted(forced) == {"read": 2, "conflicts": 1, "new_matters": 1, "written_back": 1}
    assert there(company, "boris", "description") == ["Clerk"]
    assert there(company, "anna", "description") == ["Director"]
    conflict = Conflict.objects.get()
    assert (conflict.base, conflict.local, conflict.remote) == (None, "Boss", "Director")
    assert counted(sync(server)) == {"read": 2, "conflicts": 1, "skipped": 1}


def test_changed_mapping_that_changes_nothing_goes_on(company: Company) -> None:
    company.add("anna", "Anna Petrova", title="Boss", description="Boss")
    server = writing(company, mappings={
        "name": {"attribute": "displayName", "direction": "pull"},
        "title": {"attribute": "title"},
    })  # fmt: skip
    sync(server)
    FieldMapping.objects.filter(field="title").update(attribute="description")

    assert sync(server).status == RunStatus.COMPLETED
    company.change("anna", description="Director")
    assert counted(sync(server)) == {"read": 1, "updated": 1}


def test_attribute_that_is_empty_for_everybody_is_noted(company: Company, anna: DirectoryServer) -> None:
    company.change("anna", title=None)

    run = sync(anna)

    assert [note["code"] for note in run.notes] == ["attribute_empty_for_all"]
    assert Employee.objects.get().title == "Boss"
    [remark] = record_of("Anna Petrova").remarks
    assert remark["code"] == "emptied_kept_here"
    assert len(remark["params"]["on"]) == 10
    assert sync(anna).notes == []


def test_phones_to_set_up_anew_are_listed(company: Company, anna: DirectoryServer) -> None:
    """Rule C7."""
    company.change("anna", telephoneNumber="301")

    run = sync(anna)

    assert counted(run) == {"read": 1, "updated": 1, "renumbered": 1}
    [note] = run.notes
    assert (note["code"], note["params"]) == ("phones_anew", {"count": 1, "people": ["Anna Petrova: 215 → 301"]})


def test_values_of_another_directory_are_not_passed_on(company: Company, openldap: OpenLdap) -> None:
    """Rule B11: only with relay in the mapping that receives."""
    company.add("anna", "Anna Petrova", mail="anna@example.test", mobile="+79161234567", telephoneNumber="215")
    sync(company.server())
    other = Company(openldap)
    other.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215")
    server = writing(other, rank=2, mappings={
        "name": {"attribute": "displayName", "direction": "pull"},
        "email": {"attribute": "mail"},
        "mobile": {"attribute": "mobile"},
    })  # fmt: skip
    sync(server)

    run = sync(server)

    assert there(other, "anna", "mobile") == []
    assert record_of_server(server).remarks[0]["code"] == "not_relayed"
    assert "written_back" not in counted(run)
    FieldMapping.objects.filter(endpoint=server, field="mobile").update(relay=True)
    sync(server)
    assert there(other, "anna", "mobile") == ["+79161234567"]


def record_of_server(server: DirectoryServer) -> SyncRecord:
    return SyncRecord.objects.get(endpoint=server)
