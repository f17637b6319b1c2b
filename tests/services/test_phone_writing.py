"""What the hub has for a phone system goes there: the smallest change, over nobody's edit, within the budget."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from fixtures.mikopbx import MikoPbx
from fixtures.mikopbx.box import Other
from syncapp.choices import RunStatus, Status
from syncapp.models import Conflict, Employee, PhoneEntry, PhoneReading, PhoneSystem, RunItem, SyncRecord
from syncapp.services.photos import take_in
from syncapp.services.pictures import look_at
from syncapp.telephony.config import PhoneConfig
from tests.factories import make_pool
from tests.services.company import changes_of, counted, item_of
from tests.services.corners import asked, phones_of, sync, there
from tests.services.test_pictures import drawn
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)

ANNA = {"number": "201", "user_email": "a.orlova@corp.example", "mobile_number": "79161234567"}


@pytest.fixture
def phones(pbx: MikoPbx) -> PhoneSystem:
    """A box with Anna, who has been met."""
    pbx.box.add("Anna Orlova", mobile_dialstring="79161234567", **ANNA)
    phones = phones_of(pbx)
    sync(phones)
    asked(pbx)
    return phones


def edit(**values: Any) -> None:
    anna = Employee.objects.get(extension="201")
    for name, value in values.items():
        setattr(anna, name, value)
    anna.save()


def test_name_goes_out_by_one_request_and_nothing_else_with_it(pbx: MikoPbx, phones: PhoneSystem) -> None:
    edit(name="Anna Nova")
    before = there(pbx, "Anna Orlova")
    secret = before.sip_secret

    run = sync(phones)

    assert counted(run) == {"read": 1, "written_back": 1}
    assert [each for each in asked(pbx) if not each.startswith("GET /employees:")] == [
        "GET /employees",
        "GET /employees",
        f"PATCH /employees/{before.id}",
    ]
    assert (before.user_username, before.sip_secret, before.mobile_number) == ("Anna Nova", secret, "79161234567")
    assert changes_of(item_of(run, "Anna Orlova")) == {"name": ("Anna Orlova", "Anna Nova")}


@pytest.mark.promise(2)
def test_what_was_written_is_settled_without_another_detail(pbx: MikoPbx, phones: PhoneSystem) -> None:
    edit(name="Anna Nova", mobile="+79167654321", extension="205")
    sync(phones)
    asked(pbx)

    run = sync(phones)

    assert asked(pbx) == ["GET /employees"]
    assert counted(run) == {"read": 1, "skipped": 1}


@pytest.mark.parametrize("field", ["email", "mobile"])
def test_hundred_changes_take_a_hundred_writes_and_ten_requests(pbx: MikoPbx, field: str) -> None:
    for number in range(100):
        mobile = f"7916000{number:04}"
        pbx.box.add(
            f"Пётр Number{number:04}", number=f"2{number:03}", mobile_number=mobile, mobile_dialstring=f"9{mobile}"
        )
    make_pool(first="3000", last="3099")  # where a pool gives out numbers, those in use are read, too
    phones = phones_of(pbx, limits={"written_back": [1000, 100, 1000]})
    sync(phones)
    PhoneReading.objects.update(read_at=timezone.now() - timedelta(hours=2))
    for employee in Employee.objects.all():
        new = {"email": f"{employee.extension}@corp.example", "mobile": f"+7917000{employee.extension}"}[field]
        setattr(employee, field, new)
        employee.title = "Manager"
        employee.save()
    asked(pbx)

    run = sync(phones)

    requests = asked(pbx)
    assert run.counts["written_back"] == 100
    assert sum(each.startswith("PATCH") for each in requests) == 100
    assert len(requests) <= 110


def moved(pbx: MikoPbx, mobile: str) -> None:
    """Somebody gives Anna another mobile and leaves what is dialled, so that the list shows no change."""
    there(pbx, "Anna Orlova").mobile_number = mobile


@pytest.mark.promise(5)
def test_mobile_edited_there_behind_its_dial_string_is_not_run_over(pbx: MikoPbx, phones: PhoneSystem) -> None:
    edit(mobile="+79167654321")
    moved(pbx, "79169999999")

    run = sync(phones)

    assert there(pbx, "Anna Orlova").mobile_number == "79169999999"
    assert (run.counts["written_back"], run.counts["conflicts"]) == (0, 1)


@pytest.mark.promise(5)
@pytest.mark.parametrize("name", ["Boris Titov", "Anna Orlova"], ids=["somebody_else", "a_namesake"])
def test_mobile_that_went_to_another_person_is_not_taken_for_the_old_one(
    pbx: MikoPbx, phones: PhoneSystem, name: str
) -> None:
    anna = there(pbx, "Anna Orlova")
    other = pbx.box.add(name, number="202", user_email="other@corp.example")
    sync(phones)
    edit(mobile="+79167654321")
    anna.mobile_number, other.mobile_number, other.mobile_dialstring = "79169999999", "79161234567", "79161234567"

    sync(phones)

    assert anna.mobile_number == "79169999999"
    assert Conflict.objects.filter(field="mobile", remote="+79169999999").exists()


def test_key_that_may_not_read_numbers_asks_for_the_details_of_a_mobile(pbx: MikoPbx, phones: PhoneSystem) -> None:
    pbx.box.keys.add("a-narrow-key", employees="write")
    phones.set_secret("a-narrow-key")
    phones.save()
    edit(mobile="+79167654321")

    sync(phones)

    anna = there(pbx, "Anna Orlova")
    assert f"GET /employees/{anna.id}" in asked(pbx)
    assert anna.mobile_number == "79167654321"


def test_forward_to_the_old_mobile_that_was_set_since_follows_too(pbx: MikoPbx, phones: PhoneSystem) -> None:
    anna = there(pbx, "Anna Orlova")
    anna.fwd_forwarding, anna.fwd_ringlength = "79161234567", 20
    edit(mobile="+79167654321")

    run = sync(phones)

    assert (anna.mobile_number, anna.fwd_forwarding, anna.fwd_ringlength) == ("79167654321", "79167654321", 20)
    assert counted(run) == {"read": 1, "written_back": 1}
    sync(phones)
    asked(pbx)
    edit(mobile="+79160000000")
    sync(phones)
    assert (anna.fwd_forwarding, anna.fwd_ringlength) == ("79160000000", 20)
    assert sum(each.startswith("PATCH") for each in asked(pbx)) == 1


@pytest.mark.promise(5)
@pytest.mark.parametrize(
    ("field", "column", "there_now"),
    [("email", "user_email", "desk@corp.example"), ("mobile", "mobile_number", "79169999999")],
)
def test_of_few_people_everybody_is_looked_at_just_before(
    pbx: MikoPbx, phones: PhoneSystem, monkeypatch: pytest.MonkeyPatch, field: str, column: str, there_now: str
) -> None:
    boris = pbx.box.add("Boris Titov", number="202", mobile_number="79162222222", mobile_dialstring="12")
    sync(phones)
    for employee in Employee.objects.all():
        new = {"email": f"{employee.extension}@corp.example", "mobile": f"+79170000{employee.extension}"}[field]
        setattr(employee, field, new)
        employee.save()
    answer = pbx.answer

    def edited(request: Any) -> Any:
        if request.verb == "PATCH":
            setattr(boris, column, there_now)
        return answer(request)

    monkeypatch.setattr(pbx, "answer", edited)
    run = sync(phones)

    assert getattr(boris, column) == there_now
    assert (run.counts["written_back"], run.counts["conflicts"]) == (1, 1)


@pytest.mark.promise(1)
def test_other_field_edited_after_the_look_comes_in_with_the_next_run(
    pbx: MikoPbx, phones: PhoneSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to our write shows it, and is remembered; it is somebody's change all the same."""
    edit(name="Anna Nova")
    anna, answer = there(pbx, "Anna Orlova"), pbx.answer

    def edited(request: Any) -> Any:
        if request.verb == "PATCH":
            anna.user_email = "desk@corp.example"
        return answer(request)

    monkeypatch.setattr(pbx, "answer", edited)
    sync(phones)
    monkeypatch.undo()

    sync(phones)

    assert (anna.user_username, Employee.objects.get().email) == ("Anna Nova", "desk@corp.example")


def test_new_mobile_is_dialled_with_the_prefix_of_the_old_one(pbx: MikoPbx, phones: PhoneSystem) -> None:
    anna, boris = there(pbx, "Anna Orlova"), pbx.box.add("Boris Titov", number="202")
    anna.mobile_dialstring, anna.fwd_forwardingonbusy = "9779161234567", "79161234567"
    boris.fwd_forwarding = "79161234567"
    sync(phones)
    edit(mobile="+79167654321")

    run = sync(phones)

    assert (anna.mobile_number, anna.mobile_dialstring) == ("79167654321", "9779167654321")
    assert anna.fwd_forwardingonbusy == "79167654321"
    item = item_of(run, "Anna Orlova")
    assert (item.message_code, item.message_params["people"]) == ("phone_forwards_of_others", ["Boris Titov"])


def test_dial_string_of_somebodys_own_stays_and_is_said(pbx: MikoPbx, phones: PhoneSystem) -> None:
    anna = there(pbx, "Anna Orlova")
    anna.mobile_dialstring = "12"
    edit(mobile="+79167654321")

    run = sync(phones)

    assert (anna.mobile_number, anna.mobile_dialstring) == ("79167654321", "12")
    assert item_of(run, "Anna Orlova").message_code == "phone_dial_string_kept"


@pytest.mark.promise(1)
def test_mobile_that_the_list_does_not_show_is_known_after_a_run_that_broke_off(
    pbx: MikoPbx, phones: PhoneSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list shows what is dialled, which stayed: the mobile of an earlier look is not somebody's change."""
    there(pbx, "Anna Orlova").mobile_dialstring = "12"
    sync(phones)
    edit(mobile="+79167654321")
    monkeypatch.setattr("syncapp.services.steps.forget_settled", _gone)
    broken_off = sync(phones)
    monkeypatch.undo()

    run = sync(phones)

    assert broken_off.status == RunStatus.FAILED
    assert (there(pbx, "Anna Orlova").mobile_number, Employee.objects.get().mobile) == ("79167654321", "+79167654321")
    assert (run.status, counted(run)) == (RunStatus.COMPLETED, {"read": 1, "skipped": 1})


def _gone(*_args: object) -> None:
    raise OperationalError("the database has gone away")


@pytest.mark.promise(5)
def test_same_field_changed_on_both_sides_is_a_conflict(pbx: MikoPbx, phones: PhoneSystem) -> None:
    edit(email="nova@corp.example")
    there(pbx, "Anna Orlova").user_email = "orlova@elsewhere.example"

    run = sync(phones)

    assert counted(run) == {"read": 1, "conflicts": 1, "new_matters": 1}
    assert there(pbx, "Anna Orlova").user_email == "orlova@elsewhere.example"
    assert Employee.objects.get().email == "nova@corp.example"


@pytest.mark.promise(5)
def test_edit_between_reading_and_writing_is_not_run_over(
    pbx: MikoPbx, phones: PhoneSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(email="nova@corp.example")
    anna = there(pbx, "Anna Orlova")
    answer = pbx.answer

    def edited(request: Any) -> Any:
        if sum(seen.path.endswith("/employees") for seen in pbx.requests) == 2:  # when it is looked at before writing
            anna.user_email = "desk@corp.example"
        return answer(request)

    monkeypatch.setattr(pbx, "answer", edited)
    run = sync(phones)

    assert anna.user_email == "desk@corp.example"
    assert (run.counts["written_back"], run.counts["conflicts"]) == (0, 1)
    assert Conflict.objects.get().remote == "desk@corp.example"


def test_weak_secret_is_said_and_costs_no_request_again(pbx: MikoPbx, phones: PhoneSystem) -> None:
    there(pbx, "Anna Orlova").sip_secret = "12345"
    edit(name="Anna Nova")

    run = sync(phones)

    assert (run.status, run.counts["failed"]) == (RunStatus.PARTIAL, 1)
    assert SyncRecord.objects.get().message_code == "phone_secret_weak"
    asked(pbx)
    again = sync(phones)
    assert asked(pbx) == ["GET /employees"]
    assert again.counts["failed"] == 1


@pytest.mark.parametrize("done", [True, False], ids=["done", "not_done"])
def test_time_out_of_a_worker_is_resolved_by_reading(
    pbx: MikoPbx, phones: PhoneSystem, done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried = partial(PhoneConfig, stale_after=0.5, pause=0.05)
    monkeypatch.setattr("syncapp.services.phone_systems.PhoneConfig", hurried)
    edit(name="Anna Nova")
    pbx.box.fail("timeout", late=0.0 if done else None)

    run = sync(phones)

    assert run.counts["written_back"] == 1
    assert there(pbx, "Anna Nova").number == "201"
    patches = [each for each in asked(pbx) if each.startswith("PATCH")]
    assert len(patches) == (1 if done else 2)


def test_long_name_is_settled_in_the_form_that_the_box_keeps(pbx: MikoPbx, phones: PhoneSystem) -> None:
    edit(name="Anna " + "Orlova-Lebedeva-Nova " * 6)

    sync(phones)
    run = sync(phones)

    assert counted(run) == {"read": 1, "skipped": 1}
    assert len(there(pbx, Employee.objects.get().name[:100].strip()).user_username) <= 100


def test_number_that_it_would_cut_is_not_sent(pbx: MikoPbx, phones: PhoneSystem) -> None:
    edit(extension="123456789")

    run = sync(phones)

    assert there(pbx, "Anna Orlova").number == "201"
    assert run.counts["failed"] == 1
    assert SyncRecord.objects.get().message_code == "phone_number_unfit"


def test_number_of_a_queue_is_refused_by_name(pbx: MikoPbx, phones: PhoneSystem) -> None:
    pbx.box.others["300"] = Other("QUEUE", "Sales")
    edit(extension="300")

    sync(phones)

    record = SyncRecord.objects.get()
    assert (record.message_code, record.message_params["kind"]) == ("phone_number_taken", "QUEUE")
    assert there(pbx, "Anna Orlova").number == "201"


def test_who_has_no_number_there_is_never_patched(pbx: MikoPbx, phones: PhoneSystem) -> None:
    pbx.box.add("Vera Lind", user_email="v.lind@corp.example")
    sync(phones)
    vera = Employee.objects.get(name="Vera Lind")
    vera.name, vera.mobile, vera.extension = "Vera Lindholm", "+79160000001", "240"
    vera.save()
    asked(pbx)

    run = sync(phones)

    assert not any(each.startswith(("PATCH", "POST", "PUT")) for each in asked(pbx))
    assert run.counts["written_back"] == 0
    assert there(pbx, "Vera Lind").number == ""


@pytest.mark.parametrize("size", [(1200, 900), (48, 48)], ids=["usual", "smaller_than_the_box_takes"])
def test_photo_goes_out_and_is_not_sent_twice(pbx: MikoPbx, phones: PhoneSystem, size: tuple[int, int]) -> None:
    edit(photo=take_in(drawn(size=size), now=timezone.now()))

    sync(phones)

    picture = there(pbx, "Anna Orlova").picture
    assert picture.startswith(b"\xff\xd8\xff")
    assert look_at(picture).area
    edit(name="Anna Nova")
    run = sync(phones)
    assert there(pbx, "Anna Nova").picture == picture
    assert changes_of(item_of(run, "Anna Orlova")).keys() == {"name"}


@pytest.mark.promise(5)
def test_photo_of_somebody_s_own_is_looked_at_before_ours_would_replace_it(pbx: MikoPbx, phones: PhoneSystem) -> None:
    before = drawn(size=(300, 200))
    there(pbx, "Anna Orlova").picture = before
    edit(photo=take_in(drawn(size=(1200, 900)), now=timezone.now()))

    sync(phones)

    assert there(pbx, "Anna Orlova").picture == before
    assert Conflict.objects.get().field == "photo"


@pytest.mark.promise(9)
def test_no_secret_is_kept_anywhere(pbx: MikoPbx, phones: PhoneSystem) -> None:
    secret = there(pbx, "Anna Orlova").sip_secret
    edit(name="Anna Nova")

    sync(phones)

    kept = [str(list(model.objects.values())) for model in (SyncRecord, RunItem, Employee, PhoneEntry)]
    assert not any(secret in text for text in kept)
    assert SyncRecord.objects.get().status == Status.UPDATED
