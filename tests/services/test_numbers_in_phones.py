"""Numbers that are taken in a phone system are never given out (rules C2, C5, C6, C8)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fixtures.mikopbx import MikoPbx
from fixtures.mikopbx.box import Other
from syncapp.choices import MatterKind, Status
from syncapp.exceptions import SyncError
from syncapp.models import (
    Conflict,
    CoolingNumber,
    DirectoryServer,
    Employee,
    PhoneNumber,
    PhoneReading,
    PhoneSystem,
    SyncRecord,
)
from syncapp.services.conflicts import Choice, decide
from syncapp.services.disputes import seen_of
from syncapp.services.edits import set_archived
from syncapp.services.numbers import nearly_empty, pool_usage
from tests.factories import make_employee, make_pool
from tests.services.company import Company, apply, changes_of
from tests.services.corners import asked, phones_of, sync
from tests.services.disputes import REMOTE
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = ("QUEUE", "IVR MENU", "CONFERENCE", "DIALPLAN APPLICATION", "PARKING", "SYSTEM", "MODULES")


@pytest.fixture
def phones(pbx: MikoPbx) -> PhoneSystem:
    """A box whose queues and the like have 200 to 206, a person 207, and a mobile 208."""
    pbx.box.others |= {f"20{at}": Other(kind, f"Thing {at}") for at, kind in enumerate(KINDS)}
    pbx.box.add("Stranger", number="207", mobile_number="208")
    return phones_of(pbx, name="Head office")


def number_of(name: str) -> str:
    return Employee.objects.get(name=name).extension


def test_pool_gives_out_nothing_that_is_taken_there_whatever_has_it(
    company: Company, pbx: MikoPbx, phones: PhoneSystem
) -> None:
    company.add("anna", "Anna Orlova")

    sync(company.server())

    assert number_of("Anna Orlova") == "209"
    assert asked(pbx) == ["GET /extensions"]


@pytest.mark.promise(2)
def test_phone_system_is_not_asked_while_nobody_needs_a_number(
    company: Company, pbx: MikoPbx, phones: PhoneSystem
) -> None:
    company.add("anna", "Anna Orlova")
    server = company.server()
    sync(server)
    asked(pbx)
    company.change("anna", title="Head of sales")

    sync(server)

    assert asked(pbx) == []


@pytest.mark.promise(6)
def test_preview_asks_and_keeps_nothing(company: Company, phones: PhoneSystem) -> None:
    company.add("anna", "Anna Orlova")

    run = sync(company.server(), preview=True)

    assert changes_of(run.items.get())["extension"] == ("", "209")
    assert not PhoneNumber.objects.exists()
    assert not PhoneReading.objects.exists()


def test_another_number_plan_has_numbers_of_its_own(company: Company, phones: PhoneSystem) -> None:
    PhoneSystem.objects.update(number_plan="branch")
    company.add("anna", "Anna Orlova")

    sync(company.server())

    assert number_of("Anna Orlova") == "200"


def away(phones: PhoneSystem, *, read_before: timedelta | None) -> None:
    """Let nobody answer at the address any more."""
    if read_before is not None:
        PhoneReading.objects.create(endpoint=phones, read_at=timezone.now() - read_before)
        PhoneNumber.objects.create(endpoint=phones, number="200", kind="queue", name="Sales")
    phones.url = "https://127.0.0.1:1"
    phones.set_secret("key")
    phones.save()


def test_phone_system_that_is_away_counts_as_it_was_within_a_day(company: Company, phones: PhoneSystem) -> None:
    away(phones, read_before=timedelta(hours=23))
    company.add("anna", "Anna Orlova")

    sync(company.server())

    assert number_of("Anna Orlova") == "201"


UNKNOWN = {"never_read": None, "read_too_long_ago": timedelta(hours=25)}


@pytest.mark.parametrize("read_before", UNKNOWN.values(), ids=UNKNOWN)
def test_no_number_is_given_out_while_it_is_not_known_what_is_free(
    company: Company, phones: PhoneSystem, read_before: timedelta | None
) -> None:
    address, key = phones.url, phones.reveal_secret()
    away(phones, read_before=read_before)
    company.add("anna", "Anna Orlova")
    company.add("boris", "Boris Titov", telephoneNumber="250")
    server = company.server()

    run = sync(server)

    record = SyncRecord.objects.get(name="Anna Orlova")
    assert (record.status, record.message_code) == (Status.FAILED, "number_phones_unread")
    assert record.message_params == {"systems": ["Head office"]}
    assert (run.counts["created"], number_of("Anna Orlova"), number_of("Boris Titov")) == (2, "", "250")

    phones.url = address
    phones.set_secret(key)
    phones.save()
    sync(server)

    assert number_of("Anna Orlova") == "209"


def test_phone_system_that_is_switched_off_keeps_its_numbers_and_need_not_answer(
    company: Company, phones: PhoneSystem
) -> None:
    away(phones, read_before=timedelta(days=30))
    PhoneSystem.objects.update(enabled=False)
    company.add("anna", "Anna Orlova")

    sync(company.server())

    assert number_of("Anna Orlova") == "201"


@pytest.fixture
def claimed(company: Company, phones: PhoneSystem) -> DirectoryServer:
    """The directory says 200 of Anna, which is a queue."""
    company.add("anna", "Anna Orlova", telephoneNumber="200")
    server = company.server()
    sync(server)
    return server


def test_number_of_a_queue_that_the_directory_claims_is_nobody_s(claimed: DirectoryServer) -> None:
    conflict = Conflict.objects.get()

    assert number_of("Anna Orlova") == "209"
    assert (conflict.kind, conflict.remote, conflict.owner) == (MatterKind.NUMBER_TAKEN, "200", None)
    record = SyncRecord.objects.get()
    assert record.message_code == "number_held_in_phones"
    assert record.message_params == {"number": "200", "use": ["queue", "Thing 0", "Head office"], "got": "209"}
    sync(claimed)
    assert Conflict.objects.get().pk == conflict.pk
    assert Conflict.objects.get().closed_at is None


def test_decision_does_not_give_the_number_of_a_queue(claimed: DirectoryServer) -> None:
    conflict = Conflict.objects.get()

    with pytest.raises(SyncError) as refused:
        decide(conflict.pk, seen_of(conflict), Choice(REMOTE), user="test")

    assert refused.value.code == "typed_number_in_phones"


def test_number_that_the_queue_gave_up_is_for_a_person_to_choose(claimed: DirectoryServer, pbx: MikoPbx) -> None:
    del pbx.box.others["200"]
    PhoneNumber.objects.filter(number="200").delete()

    sync(claimed)

    assert Conflict.objects.filter(closed_at__isnull=True).get().kind == MatterKind.FIELD


def test_person_s_number_there_may_be_claimed_by_his_entry(company: Company, phones: PhoneSystem) -> None:
    company.add("stranger", "Stranger", telephoneNumber="207")

    sync(company.server())

    assert number_of("Stranger") == "207"


def test_sealed_plan_gives_no_number_that_was_taken_since(company: Company, pbx: MikoPbx, phones: PhoneSystem) -> None:
    company.add("anna", "Anna Orlova")
    plan = sync(company.server(), preview=True)
    pbx.box.others["209"] = Other("QUEUE", "Brand new")

    run = apply(plan)

    assert not Employee.objects.exists()
    assert list(run.items.values_list("message_code", flat=True)) == ["drifted_number_in_phones"]


def hour_later() -> None:
    """As if the last reading had been an hour ago: before that a phone system's own runs do not ask."""
    PhoneReading.objects.update(read_at=timezone.now() - timedelta(minutes=61))


def test_own_run_of_a_phone_system_remembers_its_numbers(pbx: MikoPbx, phones: PhoneSystem) -> None:
    make_pool()
    sync(phones)
    kept = dict(PhoneNumber.objects.values_list("number", "kind"))
    del pbx.box.others["203"]
    pbx.box.others["200"] = Other("CONFERENCE", "Monday")
    hour_later()

    sync(phones)

    assert (kept["200"], kept["207"], kept["208"]) == ("queue", "person", "mobile")
    now = dict(PhoneNumber.objects.values_list("number", "kind"))
    assert ("203" in now, now["200"], len(now)) == (False, "conference", len(kept) - 1)
    asked(pbx)
    sync(phones)
    assert asked(pbx) == ["GET /employees"]


def test_key_that_may_not_read_numbers_fails_no_run(pbx: MikoPbx, phones: PhoneSystem) -> None:
    make_pool()
    pbx.box.keys.add("narrow-0123456789abcdef0123456789abcd", employees="write")
    phones.set_secret("narrow-0123456789abcdef0123456789abcd")
    phones.save()

    run = sync(phones)

    assert run.status == "completed"
    assert "phone_numbers_not_read" in [note["code"] for note in run.notes]
    assert not PhoneReading.objects.exists()


def test_given_up_number_rests_from_when_no_phone_has_it_any_more(pbx: MikoPbx, phones: PhoneSystem) -> None:
    make_pool(cool_down_days=90)
    anna = make_employee(extension="207")
    set_archived(anna.pk, archived=True, user=None)
    soon = timezone.now() + timedelta(days=1)
    CoolingNumber.objects.update(until=soon)

    sync(phones)

    assert CoolingNumber.objects.get().until > soon + timedelta(days=80)
    CoolingNumber.objects.update(until=soon)
    for each in list(pbx.box.employees.values()):
        pbx.box.remove(each.id)
    hour_later()
    sync(phones)
    assert CoolingNumber.objects.get().until == soon


def known(phones: PhoneSystem, **numbers: tuple[str, str]) -> None:
    PhoneReading.objects.create(endpoint=phones, read_at=timezone.now())
    for number, (kind, name) in numbers.items():
        PhoneNumber.objects.create(endpoint=phones, number=number.removeprefix("n"), kind=kind, name=name)


def test_who_is_taken_back_does_not_get_the_number_that_a_queue_has_by_now(phones: PhoneSystem) -> None:
    anna = make_employee(extension="201")
    set_archived(anna.pk, archived=True, user=None)
    known(phones, n201=("queue", "Sales"))

    set_archived(anna.pk, archived=False, user=None)

    anna.refresh_from_db()
    assert anna.extension == ""


def test_pool_says_what_is_taken_there_and_passes_it_over(phones: PhoneSystem) -> None:
    pool = make_pool(first="200", last="209")
    make_employee(extension="201")
    make_employee(extension="203")
    known(phones, n200=("queue", "Sales"), n201=("person", "Anna"), n203=("queue", "Support"), n0200=("queue", "Far"))

    usage = pool_usage([pool])[pool.pk]

    assert [(number, *use) for number, use in usage.in_phones] == [
        ("200", "queue", "Sales", "Head office"),
        ("203", "queue", "Support", "Head office"),
    ]
    assert (usage.used, usage.free, usage.next, usage.unread) == (2, 7, "202", ())


def test_pool_that_queues_fill_is_nearly_empty(phones: PhoneSystem) -> None:
    pool = make_pool(first="300", last="309")
    known(phones, **{f"n30{at}": ("queue", "Sales") for at in range(6)})  # type: ignore[arg-type]

    assert nearly_empty() == [(pool, 4)]
