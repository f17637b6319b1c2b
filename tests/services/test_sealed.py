"""What was shown is what is applied, and nothing else (promise 6, rule E5)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from syncapp.choices import Kind, RunStatus
from syncapp.exceptions import PlanStaleError, SyncError
from syncapp.messages import render
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, RunItem, SyncRecord, SyncRun
from syncapp.services import sealed
from syncapp.services.seals import discard_plan
from tests.factories import make_employee
from tests.services.company import Company, apply, changes_of, counted, item_of, sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """Anna and Boris, who are settled, on a server that may be written to."""
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215", title="Boss")
    company.add("boris", "Boris Sidorov", mail="boris@example.test", telephoneNumber="216", title="Clerk")
    server = company.server(write_back=True, bind_dn=company.directory.writer_dn, kind=Kind.AUTO)
    sync(server)  # which stores kind and usual mapping
    server.refresh_from_db()
    sync(server)
    return server


def record_of(name: str) -> SyncRecord:
    return SyncRecord.objects.get(employee__name=name)


def edit(name: str, **values: str) -> None:
    assert Employee.objects.filter(name=name).update(**values) == 1


def planned(run: SyncRun) -> list[tuple[Any, ...]]:
    return list(RunItem.objects.filter(run=run).order_by("position").values_list("anchor", "position", "changes"))


@pytest.mark.promise(6)
def test_plan_of_a_first_run_is_applied_as_it_was_shown(company: Company) -> None:
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215")
    company.add("boris", "Boris Sidorov", mail="boris@example.test")
    server = company.server()
    preview = sync(server, preview=True)

    run = apply(preview)

    assert (run.mode, run.status, run.applies, run.read) == ("apply", "completed", preview, "")
    assert counted(run) == counted(preview) == {"read": 2, "created": 2, "waiting": 1}
    assert planned(run) == planned(preview)
    assert set(RunItem.objects.filter(run=preview).values_list("outcome", flat=True)) == {"planned"}
    assert Employee.objects.get(name="Boris Sidorov").extension == "200"
    assert counted(sync(server)) == {"read": 2, "skipped": 2, "waiting": 1}


@pytest.mark.promise(6)
def test_both_sides_are_written_as_shown(company: Company, server: DirectoryServer) -> None:
    company.change("anna", title="Director")
    edit("Boris Sidorov", extension="301")
    preview = sync(server, preview=True)

    run = apply(preview)

    assert counted(run) == counted(preview) == {"read": 2, "updated": 1, "written_back": 1}
    assert Employee.objects.get(name="Anna Petrova").title == "Director"
    assert company.value("boris", "telephoneNumber") == ["301"]
    before = company.directory.modifications()
    assert counted(sync(server)) == {"read": 2, "skipped": 2}
    assert company.directory.modifications() == before


@pytest.mark.promise(6)
def test_who_comes_after_the_plan_is_left_to_the_next_run(company: Company, server: DirectoryServer) -> None:
    company.change("anna", title="Director")
    preview = sync(server, preview=True)
    company.add("vera", "Vera Orlova", mail="vera@example.test")
    company.change("boris", title="Manager")

    run = apply(preview)

    assert [item.name for item in RunItem.objects.filter(run=run)] == ["Anna Petrova"]
    assert Employee.objects.get(name="Boris Sidorov").title == "Clerk"
    assert counted(sync(server)) == {"read": 3, "created": 1, "updated": 1, "written_back": 1, "skipped": 1}


def drift_there(company: Company) -> None:
    company.change("anna", title="President")


def drift_there_elsewhere(company: Company) -> None:
    company.change("anna", mobile="+79161234567")


def drift_here(company: Company) -> None:
    edit("Anna Petrova", title="Chief")


def drift_by_another_run(company: Company) -> None:
    for _ in range(2):
        sync(DirectoryServer.objects.get())


def drift_of_state(company: Company) -> None:
    SyncRecord.objects.filter(employee__name="Anna Petrova").update(refused=[7])


DRIFTS: dict[str, tuple[Callable[[Company], None], str]] = {
    "in_the_domain": (drift_there, "Job title “Boss”; in the domain: Job title “President”"),
    "in_the_domain_in_another_field": (drift_there_elsewhere, "Mobile “+79161234567”"),
    "here": (drift_here, "Job title “Chief”; in the domain: Job title “Director”"),
    "by_another_run": (drift_by_another_run, "Job title “Director”; in the domain: Job title “Director”"),
    "by_a_decision": (drift_of_state, "Job title “Boss”; in the domain: Job title “Director”"),
}


@pytest.mark.promise(5, 6)
@pytest.mark.parametrize(("drift", "said"), DRIFTS.values(), ids=DRIFTS.keys())
def test_row_that_drifted_is_refused_with_the_newest_values(
    company: Company, server: DirectoryServer, drift: Callable[[Company], None], said: str
) -> None:
    company.change("anna", title="Director")
    preview = sync(server, preview=True)
    drift(company)
    before = Employee.objects.get(name="Anna Petrova")
    status = record_of("Anna Petrova").status

    run = apply(preview)

    item = item_of(run, "Anna Petrova")
    assert (run.status, item.outcome, item.message_code) == (RunStatus.PARTIAL, "skipped", "drifted")
    assert said.lower() in render(item.message_code, item.message_params).lower()
    assert item.unwritten == ["pbx:title"]
    assert [note["code"] for note in run.notes] == ["plan_rows_refused"]
    assert Employee.objects.get(name="Anna Petrova").version == before.version
    record = record_of("Anna Petrova")
    assert (record.due, record.status) == (True, status)
    assert sync(server).status in (RunStatus.COMPLETED, RunStatus.PARTIAL)
    assert not record_of("Anna Petrova").due


@pytest.mark.promise(5, 6)
def test_write_of_a_row_that_drifted_is_refused(company: Company, server: DirectoryServer) -> None:
    edit("Anna Petrova", extension="301")
    preview = sync(server, preview=True)
    company.change("anna", telephoneNumber="444")
    before = company.directory.modifications()

    run = apply(preview)

    assert (run.status, company.value("anna", "telephoneNumber")) == (RunStatus.PARTIAL, ["444"])
    assert company.directory.modifications() == before
    assert Conflict.objects.count() == 0
    sync(server)
    assert Conflict.objects.get().remote == "444"


@pytest.mark.promise(6)
def test_who_left_the_scope_is_refused(company: Company, server: DirectoryServer) -> None:
    company.change("anna", title="Director")
    preview = sync(server, preview=True)
    company.delete("anna")

    run = apply(preview)

    assert item_of(run, "Anna Petrova").message_code == "drifted_gone"
    assert Employee.objects.get(name="Anna Petrova").title == "Boss"


@pytest.mark.promise(6)
def test_newcomer_who_was_entered_by_hand_meanwhile_is_refused(company: Company, server: DirectoryServer) -> None:
    company.add("vera", "Vera Orlova", mail="vera@example.test")
    older = make_employee(name="Somebody")
    preview = sync(server, preview=True)
    Employee.objects.filter(pk=older.pk).update(name="V. Orlova", email="vera@example.test")

    run = apply(preview)

    assert item_of(run, "Vera Orlova").message_code == "came_meanwhile"
    assert Employee.objects.filter(email="vera@example.test").count() == 1


@pytest.mark.promise(6)
def test_number_that_was_given_to_somebody_meanwhile_is_refused(company: Company, server: DirectoryServer) -> None:
    company.add("vera", "Vera Orlova", mail="vera@example.test", telephoneNumber="250")
    preview = sync(server, preview=True)
    make_employee(name="Pavel", extension="250")

    run = apply(preview)

    item = item_of(run, "Vera Orlova")
    assert (item.message_code, item.message_params) == ("drifted_number", {"number": "250", "owner": "Pavel"})
    assert not Employee.objects.filter(name="Vera Orlova").exists()


@pytest.mark.promise(6)
def test_who_waits_for_the_number_of_a_refused_row_is_refused_too(company: Company, server: DirectoryServer) -> None:
    FieldMapping.objects.filter(endpoint=server, field="extension").update(policy="remote_wins")
    company.change("anna", telephoneNumber="216")
    company.change("boris", telephoneNumber="217")
    preview = sync(server, preview=True)
    company.change("boris", title="Manager")

    run = apply(preview)

    assert item_of(run, "Boris Sidorov").message_code == "drifted"
    assert item_of(run, "Anna Petrova").message_params == {"number": "216", "owner": "Boris Sidorov"}
    assert dict(Employee.objects.values_list("name", "extension")) == {"Anna Petrova": "215", "Boris Sidorov": "216"}


@pytest.mark.promise(6)
def test_numbers_that_change_hands_are_applied_together(company: Company, server: DirectoryServer) -> None:
    company.change("anna", telephoneNumber="216")
    company.change("boris", telephoneNumber="215")
    preview = sync(server, preview=True)

    run = apply(preview)

    assert run.status == RunStatus.COMPLETED
    assert dict(Employee.objects.values_list("name", "extension")) == {"Anna Petrova": "216", "Boris Sidorov": "215"}


def used(run: SyncRun, server: DirectoryServer) -> None:
    apply(run)


def expired(run: SyncRun, server: DirectoryServer) -> None:
    planned_at = timezone.now() - timedelta(days=7, minutes=1)
    SyncRun.objects.filter(pk=run.pk).update(seal={**run.seal, "planned_at": planned_at.isoformat()})


def discarded(run: SyncRun, server: DirectoryServer) -> None:
    discard_plan(run.pk, who="olga")


def failed(run: SyncRun, server: DirectoryServer) -> None:
    SyncRun.objects.filter(pk=run.pk).update(status=RunStatus.FAILED)


def switched_off(run: SyncRun, server: DirectoryServer) -> None:
    DirectoryServer.objects.update(enabled=False)


REFUSALS: dict[str, tuple[Callable[[SyncRun, DirectoryServer], None], str]] = {
    "applied_already": (used, "plan_applied"),
    "expired": (expired, "plan_expired"),
    "discarded": (discarded, "plan_discarded"),
    "not_a_plan": (failed, "plan_missing"),
    "server_switched_off": (switched_off, "server_switched_off"),
}


@pytest.mark.parametrize(("spoil", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_plan_that_cannot_be_applied_is_refused_before_a_run_starts(
    company: Company, server: DirectoryServer, spoil: Callable[[SyncRun, DirectoryServer], None], code: str
) -> None:
    company.change("anna", title="Director")
    preview = sync(server, preview=True)
    spoil(preview, server)
    runs = SyncRun.objects.count()

    with pytest.raises(PlanStaleError) as caught:
        apply(preview)

    assert caught.value.code == code
    assert render(code, caught.value.params)
    assert SyncRun.objects.count() == runs


def narrower(server: DirectoryServer) -> None:
    DirectoryServer.objects.update(user_filter="(uid=anna)")


def without_writing(server: DirectoryServer) -> None:
    DirectoryServer.objects.update(write_back=False)


def another_attribute(server: DirectoryServer) -> None:
    FieldMapping.objects.filter(endpoint=server, field="title").update(attribute="description")


@pytest.mark.promise(6)
@pytest.mark.parametrize("change", [narrower, without_writing, another_attribute])
def test_plan_of_other_settings_is_refused(
    company: Company, server: DirectoryServer, change: Callable[[DirectoryServer], None]
) -> None:
    company.change("anna", title="Director")
    preview = sync(server, preview=True)
    change(server)

    run = apply(preview)

    assert (run.status, run.error_code) == (RunStatus.FAILED, "plan_settings_changed")
    assert Employee.objects.get(name="Anna Petrova").title == "Boss"


def test_plan_lives_on_through_changes_that_decide_nothing(company: Company, server: DirectoryServer) -> None:
    company.change("anna", title="Director")
    preview = sync(server, preview=True)
    DirectoryServer.objects.update(rank=3, limits={"lost": [1, 1, 1]}, name="Renamed")

    assert apply(preview).status == RunStatus.COMPLETED


def test_preview_of_a_changed_mapping_may_be_applied_without_force(company: Company, server: DirectoryServer) -> None:
    """Rule B8: the run is held for a look unless a preview of it is what gets applied."""
    company.change("anna", description="Director")
    company.change("boris", description="Clerk")
    FieldMapping.objects.filter(endpoint=server, field="title").update(attribute="description", direction="both")
    edit("Anna Petrova", title="")
    assert sync(server).error_code == "mapping_changed"
    preview = sync(server, preview=True)
    assert (preview.status, preview.error_code) == (RunStatus.HELD, "mapping_changed")

    run = apply(preview)

    assert (run.status, run.forced) == (RunStatus.COMPLETED, False)
    assert Employee.objects.get(name="Anna Petrova").title == "Director"
    assert counted(sync(server)) == {"read": 2, "skipped": 2}
    assert counted(sync(server)) == {"read": 2, "skipped": 2}


@pytest.mark.promise(8)
def test_plan_is_carried_on_where_a_run_was_ended(
    company: Company, server: DirectoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.change("anna", title="Director")
    edit("Boris Sidorov", extension="301")
    preview = sync(server, preview=True)

    def fail(*arguments: object, **values: object) -> None:
        raise SyncError("directory_unreachable", uri="", text="")

    with monkeypatch.context() as patch:
        patch.setattr(sealed, "find_drift", fail)
        assert apply(preview).status == RunStatus.FAILED

    run = apply(preview)

    assert run.status == RunStatus.COMPLETED
    assert Employee.objects.get(name="Anna Petrova").title == "Director"
    assert changes_of(item_of(run, "Boris Sidorov")) == {"extension": ("216", "301")}
    assert company.value("boris", "telephoneNumber") == ["301"]


@pytest.mark.promise(6)
def test_leaver_who_was_shown_becomes_missing(company: Company, server: DirectoryServer) -> None:
    company.delete("boris")
    preview = sync(server, preview=True)

    run = apply(preview)

    assert counted(run) == counted(preview) == {"read": 1, "updated": 1, "missing": 1, "skipped": 1}
    assert (record_of("Boris Sidorov").state, Employee.objects.get(name="Boris Sidorov").extension) == (
        "missing",
        "216",
    )


@pytest.mark.promise(6)
def test_leaver_who_is_back_since_is_refused(company: Company, server: DirectoryServer) -> None:
    company.change("boris", employeeType="robot")
    server.user_filter = "(!(employeeType=robot))"
    server.save()
    sync(server, force=True)
    server.user_filter = ""
    server.save()
    sync(server, force=True)
    assert record_of("Boris Sidorov").state == "active"
    inner = f"ou=away-{company.base.partition(',')[0][3:]},{company.directory.suffix}"
    company.ldap.add_s(inner, [("objectClass", [b"organizationalUnit"])])
    company.ldap.rename_s(f"uid=boris,{company.base}", "uid=boris", newsuperior=inner)
    preview = sync(server, preview=True)
    company.ldap.rename_s(f"uid=boris,{inner}", "uid=boris", newsuperior=company.base)

    run = apply(preview)

    assert run.status == RunStatus.PARTIAL
    assert item_of(run, "Boris Sidorov").message_code == "drifted"
    assert record_of("Boris Sidorov").state == "active"
