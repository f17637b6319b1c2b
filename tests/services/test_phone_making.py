"""People are made in a phone system: whom it serves, once, and nobody who was removed there."""

from functools import partial
from typing import Any

import pytest

from fixtures.mikopbx import MikoPbx
from fixtures.mikopbx.box import Other
from syncapp.choices import RunStatus, State, Status
from syncapp.exceptions import SyncError
from syncapp.models import Employee, PhoneSystem, RunItem, SyncRecord, SyncRun
from syncapp.services.made_again import make_again
from syncapp.telephony.config import PhoneConfig
from tests.factories import make_employee, make_phone_system, make_pool, make_record, make_server
from tests.services.company import apply, changes_of, counted, item_of
from tests.services.corners import asked, phones_of, sync, there
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phones(pbx: MikoPbx) -> PhoneSystem:
    """A box that has been met, with one person."""
    pbx.box.add("Boris Titov", number="299")
    phones = phones_of(pbx)
    sync(phones)
    asked(pbx)
    return phones


def names(pbx: MikoPbx) -> list[str]:
    return sorted(each.user_username for each in pbx.box.employees.values())


def hire(name: str = "Anna Orlova", **values: Any) -> Employee:
    return make_employee(
        **{"name": name, "extension": "201", "email": "a.orlova@corp.example", "mobile": "+79161234567", **values}
    )


def test_first_run_only_brings_in_and_says_who_waits(pbx: MikoPbx) -> None:
    hire()

    run = sync(phones_of(pbx), force=True)

    assert names(pbx) == []
    assert [note["params"] for note in run.notes if note["code"] == "phone_newcomers_wait"] == [{"count": 1}]


def test_newcomer_is_made_with_the_server_s_defaults_and_a_strong_secret(pbx: MikoPbx, phones: PhoneSystem) -> None:
    anna = hire()

    run = sync(phones)

    made = there(pbx, "Anna Orlova")
    assert (made.number, made.user_email, made.mobile_number) == ("201", "a.orlova@corp.example", "79161234567")
    assert (made.mobile_dialstring, made.sip_transport, len(made.sip_secret)) == ("79161234567", "udp,tcp", 24)
    assert (run.status, counted(run)) == (RunStatus.COMPLETED, {"read": 1, "written_back": 1, "skipped": 1})
    record = SyncRecord.objects.get(employee=anna)
    assert (record.anchor, record.dn, record.status) == (str(made.id), str(made.id), Status.UPDATED)
    assert changes_of(item_of(run, "Anna Orlova"))["extension"] == ("", "201")


@pytest.mark.promise(2)
def test_who_was_made_is_settled(pbx: MikoPbx, phones: PhoneSystem) -> None:
    hire()
    sync(phones)
    asked(pbx)

    run = sync(phones)

    assert asked(pbx) == ["GET /employees"]
    assert counted(run) == {"read": 2, "skipped": 2}


@pytest.mark.promise(6)
def test_preview_shows_who_would_be_made_and_that_is_what_is_applied(pbx: MikoPbx, phones: PhoneSystem) -> None:
    hire()

    plan = sync(phones, preview=True)

    assert names(pbx) == ["Boris Titov"]
    assert plan.counts["written_back"] == 1
    applied = apply(plan)
    assert (applied.status, applied.counts["written_back"]) == (RunStatus.COMPLETED, 1)
    assert names(pbx) == ["Anna Orlova", "Boris Titov"]


@pytest.mark.promise(6)
def test_who_was_edited_since_the_preview_is_not_made(pbx: MikoPbx, phones: PhoneSystem) -> None:
    anna = hire()
    plan = sync(phones, preview=True)
    anna.extension = "202"
    anna.save()

    applied = apply(plan)

    assert (applied.counts["written_back"], names(pbx)) == (0, ["Boris Titov"])


@pytest.mark.promise(8)
@pytest.mark.parametrize("same", ["name", "email"])
def test_who_came_there_since_the_preview_is_not_made_twice(pbx: MikoPbx, phones: PhoneSystem, same: str) -> None:
    hire()
    plan = sync(phones, preview=True)
    named = {"name": ("Orlova Anna", ""), "email": ("Anna Nova", "A.Orlova@corp.example")}[same]
    pbx.box.add(named[0], number="240", user_email=named[1])

    apply(plan)

    assert names(pbx) == sorted(["Boris Titov", named[0]])
    assert SyncRecord.objects.get(anchor__startswith="new:").waiting


@pytest.mark.parametrize(
    "values", [{"extension": ""}, {"archived_at": "2026-01-01T00:00Z"}, {"number_plan": "branch"}], ids=lambda v: next(iter(v))
)  # fmt: skip
def test_not_made_are(pbx: MikoPbx, phones: PhoneSystem, values: dict[str, Any]) -> None:
    hire(**values)

    sync(phones)

    assert names(pbx) == ["Boris Titov"]


@pytest.mark.parametrize("state", [State.DISABLED, State.MISSING])
def test_leavers_are_not_made(pbx: MikoPbx, phones: PhoneSystem, state: State) -> None:
    make_record(employee=hire(), state=state)

    sync(phones)

    assert names(pbx) == ["Boris Titov"]


@pytest.mark.promise(3)
def test_who_was_removed_there_is_not_made_again(pbx: MikoPbx, phones: PhoneSystem) -> None:
    boris = there(pbx, "Boris Titov")
    pbx.box.remove(boris.id)
    hire()

    for _again in range(2):
        sync(phones, force=True)

    assert names(pbx) == ["Anna Orlova"]
    assert Employee.objects.filter(name="Boris Titov").exists()


def test_who_was_removed_is_made_again_when_somebody_says_so(pbx: MikoPbx, phones: PhoneSystem) -> None:
    pbx.box.remove(there(pbx, "Boris Titov").id)
    hire()
    sync(phones, force=True)
    record = SyncRecord.objects.get(employee__name="Boris Titov")

    make_again(record.pk, user="admin")
    sync(phones)

    assert names(pbx) == ["Anna Orlova", "Boris Titov"]
    record.refresh_from_db()
    assert (record.anchor, record.state) == (str(there(pbx, "Boris Titov").id), State.ACTIVE)


def test_only_who_is_gone_is_made_again(pbx: MikoPbx, phones: PhoneSystem) -> None:
    with pytest.raises(SyncError, match="not_gone_from_phones"):
        make_again(SyncRecord.objects.get().pk, user="admin")


def test_phone_of_somebody_who_left_is_a_task_by_hand(pbx: MikoPbx, phones: PhoneSystem) -> None:
    make_record(employee=Employee.objects.get(), state=State.DISABLED)
    SyncRecord.objects.update(due=True)

    run = sync(phones)

    assert {"code": "phones_of_leavers", "params": {"count": 1, "people": ["Boris Titov"]}} in run.notes
    remarks = SyncRecord.objects.get(endpoint=phones).remarks
    assert "phone_switch_off_by_hand" in [each["code"] for each in remarks]
    assert sync(phones).notes == []


def test_switched_off_nobody_is_made(pbx: MikoPbx, phones: PhoneSystem) -> None:
    hire()
    phones.create = False

    sync(phones)

    assert names(pbx) == ["Boris Titov"]


SERVED: dict[str, tuple[dict[str, list[str]], bool]] = {
    "directory": ({"directories": ["Head office"]}, True),
    "other_directory": ({"directories": ["Branch"]}, False),
    "department": ({"departments": ["sales"]}, True),
    "other_department": ({"departments": ["Service"]}, False),
    "pool": ({"pools": ["Office"]}, True),
    "other_pool": ({"pools": ["Store"]}, False),
}


@pytest.mark.parametrize(("serves", "made"), SERVED.values(), ids=SERVED)
def test_made_is_whom_the_box_serves(
    pbx: MikoPbx, phones: PhoneSystem, serves: dict[str, list[str]], made: bool
) -> None:
    make_record(employee=hire(department="Sales"), endpoint=make_server(name="Head office"))
    make_pool(name="Office", first="200", last="249")
    make_pool(name="Store", first="300", last="349")
    phones.serves = serves

    sync(phones)

    assert ("Anna Orlova" in names(pbx)) is made


@pytest.mark.parametrize("enabled", [True, False])
def test_of_several_boxes_one_without_a_rule_makes_nobody(pbx: MikoPbx, phones: PhoneSystem, enabled: bool) -> None:
    make_phone_system(enabled=enabled)
    hire()

    run = sync(phones)

    assert ("Anna Orlova" in names(pbx)) is not enabled
    assert ("phone_serves_unsaid" in [note["code"] for note in run.notes]) is enabled


def test_run_says_when_whom_it_serves_is_called_otherwise_by_now(pbx: MikoPbx, phones: PhoneSystem) -> None:
    make_server(name="Head office")
    phones.serves = {"directories": ["HQ"]}

    run = sync(phones)

    assert [note["params"] for note in run.notes if note["code"] == "phone_serves_gone"] == [{"name": "HQ"}]


def test_number_in_use_there_is_said_and_tried_again_once_it_is_free(pbx: MikoPbx, phones: PhoneSystem) -> None:
    pbx.box.others["201"] = Other("QUEUE", "Sales")
    hire()

    run = sync(phones)

    assert (run.status, run.counts["failed"]) == (RunStatus.PARTIAL, 1)
    record = SyncRecord.objects.get(status=Status.FAILED)
    assert record.message_code == "phone_number_taken"
    asked(pbx)
    again = sync(phones)
    assert not any(each.startswith("POST") for each in asked(pbx))
    assert again.counts["failed"] == 1
    del pbx.box.others["201"]
    sync(phones)
    assert there(pbx, "Anna Orlova").number == "201"
    record.refresh_from_db()
    assert (record.status, record.refusals) == (Status.UPDATED, {})


def test_who_is_refused_is_asked_for_again_only_when_something_changed(pbx: MikoPbx, phones: PhoneSystem) -> None:
    anna = hire(name="Anna select all from Orlova")
    run = sync(phones)
    assert run.counts["failed"] == 1
    asked(pbx)

    sync(phones)

    assert not any(each.startswith("POST") for each in asked(pbx))
    anna.name = "Anna Orlova"
    anna.save()
    sync(phones)
    assert there(pbx, "Anna Orlova").number == "201"


def test_refusal_is_no_open_matter_once_the_person_is_not_to_be_made(pbx: MikoPbx, phones: PhoneSystem) -> None:
    pbx.box.others["201"] = Other("QUEUE", "Sales")
    make_record(employee=hire(), state=State.ACTIVE)
    assert sync(phones).counts["failed"] == 1
    SyncRecord.objects.exclude(endpoint=phones).update(state=State.DISABLED)

    run = sync(phones)

    assert (run.status, run.counts["failed"], run.counts["ignored"]) == (RunStatus.COMPLETED, 0, 1)
    assert sync(phones).counts["ignored"] == 1
    SyncRecord.objects.exclude(endpoint=phones).update(state=State.ACTIVE)
    del pbx.box.others["201"]
    sync(phones)
    assert there(pbx, "Anna Orlova").number == "201"


def test_candidate_of_an_open_question_is_not_made(pbx: MikoPbx, phones: PhoneSystem) -> None:
    """He may be there already: his number there is another one, and the name is that of somebody else, too."""
    hire(name="Anna Orlova", email="")
    make_employee(name="Anna Orlova", extension="202")
    pbx.box.add("Anna Orlova", number="240")

    run = sync(phones)

    assert names(pbx) == ["Anna Orlova", "Boris Titov"]
    assert run.counts["conflicts"] == 1


@pytest.mark.promise(8)
@pytest.mark.parametrize("done", [True, False], ids=["done", "not_done"])
def test_worker_that_does_not_answer_leaves_one_person(
    pbx: MikoPbx, phones: PhoneSystem, done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried = partial(PhoneConfig, stale_after=0.5, pause=0.05)
    monkeypatch.setattr("syncapp.services.phone_systems.PhoneConfig", hurried)
    hire()
    pbx.box.fail("timeout", late=0.2 if done else None)

    run = sync(phones)

    assert run.counts["written_back"] == 1
    assert names(pbx) == ["Anna Orlova", "Boris Titov"]


@pytest.mark.promise(8)
@pytest.mark.parametrize("name", ["Anna Orlova", "Anna"])
def test_killed_between_making_and_storing_makes_nobody_twice(
    pbx: MikoPbx, phones: PhoneSystem, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number was issued and there is no e-mail: no key would tell that this is the same person."""
    anna = hire(name=name, email="", mobile="")
    Employee.rows.filter(pk=anna.pk).update(number_issued=True)

    def killed(*arguments: Any, **more: Any) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as patched:
        patched.setattr("syncapp.services.sending.store_sent", killed)
        with pytest.raises(SystemExit):
            sync(phones)
    assert there(pbx, name).number == "201"
    assert RunItem.objects.get(name=name).outcome == "writing"

    run = sync(phones)

    assert names(pbx) == sorted([name, "Boris Titov"])
    assert Employee.objects.count() == 2
    assert SyncRecord.objects.get(employee=anna).anchor == str(there(pbx, name).id)
    assert (run.status, run.counts["failed"]) == (RunStatus.COMPLETED, 0)
    assert counted(sync(phones)) == {"read": 2, "skipped": 2}


@pytest.mark.promise(8)
def test_who_is_put_in_by_hand_after_a_refusal_is_recognised(pbx: MikoPbx, phones: PhoneSystem) -> None:
    pbx.box.others["201"] = Other("QUEUE", "Sales")
    anna = hire()
    sync(phones)
    pbx.box.add("Anna Orlova", number="240", user_email="a.orlova@corp.example")

    sync(phones)

    [record] = SyncRecord.objects.filter(employee=anna)
    assert record.anchor == str(there(pbx, "Anna Orlova").id)
    assert names(pbx) == ["Anna Orlova", "Boris Titov"]


def test_first_fill_keeps_within_the_budget(pbx: MikoPbx, phones: PhoneSystem) -> None:
    for number in range(40):
        hire(name=f"Person Number{number:04}", extension=str(2000 + number), email="", mobile="")

    run = sync(phones)

    assert run.counts["written_back"] == 40
    assert (len(pbx.box.employees), pbx.limit.refused) == (41, 0)
    assert len(asked(pbx)) <= 40 + 10
    assert SyncRun.objects.get(pk=run.pk).progress_done == 40
