"""A phone system is read, planned and previewed like every endpoint."""

import pytest

from fixtures.mikopbx import MikoPbx
from fixtures.mikopbx.answers import not_authenticated
from syncapp.choices import RunStatus, State
from syncapp.exceptions import ClaimLostError
from syncapp.models import Conflict, Employee, PhoneEntry, PhoneNumber, PhoneReading, RunItem, SyncRecord
from tests.factories import make_employee
from tests.services.company import counted
from tests.services.corners import asked, phones_of, sync
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)


def test_first_contact_brings_people_in_with_their_numbers(pbx: MikoPbx) -> None:
    pbx.box.add("Anna Orlova", number="201", user_email="a.orlova@corp.example", mobile_number="79161234567")
    pbx.box.add("Boris Titov", number="202")

    run = sync(phones_of(pbx))

    assert (run.status, counted(run)) == (RunStatus.COMPLETED, {"read": 2, "created": 2})
    anna = Employee.objects.get(name="Anna Orlova")
    assert (anna.extension, anna.email, anna.mobile) == ("201", "a.orlova@corp.example", "+79161234567")
    assert not anna.number_issued


@pytest.mark.promise(2)
def test_nothing_changed_takes_three_requests_and_writes_nothing(pbx: MikoPbx) -> None:
    for number in range(1000):
        pbx.box.add(f"Person Number{number:04}", number=str(2000 + number))
    phones = phones_of(pbx)
    PhoneEntry.objects.bulk_create(_seen(phones, pbx))
    first = sync(phones)
    asked(pbx)

    second = sync(phones)

    assert first.counts["created"] == 1000
    assert len(asked(pbx)) <= 3
    assert (second.status, counted(second)) == (RunStatus.COMPLETED, {"read": 1000, "skipped": 1000})
    assert not RunItem.objects.filter(run=second).exists()


def _seen(phones: object, pbx: MikoPbx) -> list[PhoneEntry]:
    """What an earlier run would have seen: a thousand details take as many requests, which need minutes."""
    return [
        PhoneEntry(
            endpoint=phones,
            anchor=str(each.id),
            seen={
                "row": [each.user_username, "", each.number, "", "", False],
                "person": [each.user_username, "", each.number, "", "", False],
                "forwards": {},
            },
        )
        for each in pbx.box.employees.values()
    ]


def test_details_are_asked_for_those_alone_who_changed(pbx: MikoPbx) -> None:
    anna = pbx.box.add("Anna Orlova", number="201")
    pbx.box.add("Boris Titov", number="202")
    phones = phones_of(pbx)
    sync(phones)
    anna.user_email = "orlova@corp.example"
    asked(pbx)

    run = sync(phones)

    assert [each for each in asked(pbx) if each.startswith("GET /employees/")] == [f"GET /employees/{anna.id}"]
    assert counted(run) == {"read": 2, "updated": 1, "skipped": 1}
    assert Employee.objects.get(extension="201").email == "orlova@corp.example"


@pytest.mark.promise(6)
def test_preview_stores_nothing_but_the_plan_and_what_the_box_said(pbx: MikoPbx) -> None:
    pbx.box.add("Anna Orlova", number="201")

    run = sync(phones_of(pbx), preview=True)

    assert run.counts["created"] == 1
    assert [item.name for item in RunItem.objects.filter(run=run)] == ["Anna Orlova"]
    assert not any(model.objects.exists() for model in (Employee, SyncRecord, PhoneNumber, PhoneReading))


@pytest.mark.parametrize("ended", [RunStatus.COMPLETED, RunStatus.HELD, RunStatus.FAILED])
def test_first_contact_asks_for_nobody_twice_however_the_first_run_ended(
    pbx: MikoPbx, ended: RunStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        pbx.box.add(f"Person Number{number}", number=str(200 + number))
        if ended == RunStatus.HELD:  # people whom nobody there resembles hold a first meeting
            make_employee(name=f"Else Body{number}", email=f"{number}@corp.example")
    phones = phones_of(pbx)
    answer = pbx.answer
    if ended == RunStatus.FAILED:
        monkeypatch.setattr(pbx, "answer", lambda request: not_authenticated() if details(pbx) > 6 else answer(request))
    first = sync(phones, preview=ended == RunStatus.COMPLETED)
    monkeypatch.setattr(pbx, "answer", answer)
    seen = 6 if ended == RunStatus.FAILED else 10
    pbx.requests.clear()

    sync(phones, force=True)

    assert (first.status, details(pbx)) == (ended, 10 - seen)
    assert Employee.objects.filter(name__startswith="Person").count() == 10


def details(pbx: MikoPbx) -> int:
    return sum("/employees/" in seen.path for seen in pbx.requests)


def test_run_that_lost_its_claim_keeps_nothing_of_what_it_saw(pbx: MikoPbx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run may have written there since: what this one saw would come back as somebody's change."""
    pbx.box.add("Anna Orlova", number="201")
    phones = phones_of(pbx)
    monkeypatch.setattr("syncapp.services.steps._plan", _lose_claim)

    sync(phones)

    assert not PhoneEntry.objects.exists()


def _lose_claim(*_args: object) -> None:
    raise ClaimLostError("claim_lost")


def test_known_people_are_recognised(pbx: MikoPbx) -> None:
    anna = make_employee(name="Anna Orlova", email="a.orlova@corp.example")
    pbx.box.add("Anna Orlova", number="201", user_email="A.Orlova@corp.example")

    run = sync(phones_of(pbx))

    anna.refresh_from_db()
    assert counted(run) == {"read": 1, "updated": 1}
    assert anna.extension == "201"


def test_its_number_stands_where_ours_was_only_issued(pbx: MikoPbx) -> None:
    make_employee(name="Anna Orlova", email="a@corp.example", extension="250")
    Employee.rows.update(number_issued=True)
    pbx.box.add("Anna Orlova", number="201", user_email="a@corp.example")

    sync(phones_of(pbx))

    assert Employee.objects.get().extension == "201"
    assert not Employee.objects.get().number_issued


def test_number_that_somebody_gave_is_a_matter_for_a_person(pbx: MikoPbx) -> None:
    make_employee(name="Anna Orlova", email="a@corp.example", extension="250")
    pbx.box.add("Anna Orlova", number="201", user_email="a@corp.example")

    run = sync(phones_of(pbx))

    assert run.counts["conflicts"] == 1
    assert Employee.objects.get().extension == "250"
    assert Conflict.objects.get().field == "extension"


def test_hub_names_people_at_the_first_meeting(pbx: MikoPbx) -> None:
    make_employee(name="Anna Petrovna Orlova", email="a@corp.example", extension="201")
    pbx.box.add("Anna Orlova", number="201", user_email="a@corp.example")

    run = sync(phones_of(pbx))

    assert run.counts["conflicts"] == 0
    assert Employee.objects.get().name == "Anna Petrovna Orlova"
    assert SyncRecord.objects.get().waits == {"name": "Anna Orlova"}


def test_who_has_no_number_is_read_and_waits_for_nothing(pbx: MikoPbx) -> None:
    make_employee(name="Anna Orlova", email="a@corp.example", extension="201", mobile="+79161234567")
    pbx.box.add("Anna Orlova", user_email="a@corp.example")

    sync(phones_of(pbx))

    record = SyncRecord.objects.get()
    assert not record.waiting
    assert "phone_without_number" in [each["code"] for each in record.remarks]


def test_who_is_removed_there_is_missing_and_stays_here(pbx: MikoPbx) -> None:
    anna = pbx.box.add("Anna Orlova", number="201")
    pbx.box.add("Boris Titov", number="202")
    phones = phones_of(pbx)
    sync(phones)
    pbx.box.remove(anna.id)

    run = sync(phones)

    assert counted(run) == {"read": 1, "updated": 1, "missing": 1, "skipped": 1}
    record = SyncRecord.objects.get(anchor=str(anna.id))
    assert (record.state, record.message_code) == (State.MISSING, "missing_from_phones")
    assert Employee.objects.get(name="Anna Orlova").extension == "201"


def test_mobile_of_another_country_is_known_without_its_plus(pbx: MikoPbx) -> None:
    pbx.box.add("Anna Orlova", number="201", mobile_number="447911123456")

    sync(phones_of(pbx))

    assert Employee.objects.get().mobile == "+447911123456"
