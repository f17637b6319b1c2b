"""SIP secrets that a directory has for phones: sent with the person, and when they change; never told (rule B15)."""

import logging
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from fixtures.mikopbx import MikoPbx
from fixtures.mikopbx.answers import refusal
from syncapp import crypto
from syncapp.choices import RunStatus, Status
from syncapp.fields import Secret
from syncapp.models import DirectoryServer, Employee, FieldMapping, PhoneSystem, SyncRecord, SyncRun
from syncapp.services.explain import explain_employee
from tests.factories import make_employee, make_server
from tests.services.company import apply, changes_of, counted, item_of
from tests.services.corners import asked, phones_of, sync, there
from tests.services.test_secret_runs import everything_stored
from tests.telephony.conftest import FULL_KEY
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)

OLD, FIRST, SECOND = "Aw7mWq3ZxB9nLc5KpD2f", "Kp4vTz8RmQ2wYs6BnH3d", "Rt7mWq3ZxB9nLc5KpD2g"


@pytest.fixture
def directory() -> DirectoryServer:
    server = make_server(name="HQ")
    FieldMapping.objects.create(endpoint=server, field="sip_secret", attribute="pager", direction="pull")
    return server


@pytest.fixture
def phones(pbx: MikoPbx, directory: DirectoryServer) -> PhoneSystem:
    """A box with Anna, who has been met, and whose phone has a secret of its own."""
    pbx.box.add("Anna Orlova", number="201", sip_secret=OLD)
    phones = phones_of(pbx)
    sync(phones)
    asked(pbx)
    return phones


def give(secret: str, **whom: str) -> None:
    """Another secret in the hub, as a directory brings it."""
    for employee in Employee.objects.filter(**whom):
        employee.sip_secret = Secret.seal(secret)
        employee.sip_secret_mark = crypto.keyed_hash(secret.encode()) if secret else ""
        employee.save()
        SyncRecord.objects.filter(employee=employee).update(due=True)


def notes(run: SyncRun, code: str) -> list[object]:
    return [note["params"] for note in run.notes if note["code"] == code]


def test_who_is_made_gets_the_secret_of_the_directory(pbx: MikoPbx, phones: PhoneSystem) -> None:
    make_employee(name="Boris Titov", extension="202")
    give(FIRST, name="Boris Titov")

    run = sync(phones)

    assert there(pbx, "Boris Titov").sip_secret == FIRST
    assert changes_of(item_of(run, "Boris Titov")).keys() >= {"name", "extension", "sip_secret"}
    assert notes(run, "phone_secrets_sent") == []  # nobody is cut off
    assert counted(sync(phones)) == {"read": 2, "skipped": 2}


def test_first_secret_of_a_phone_that_is_there_is_not_sent(pbx: MikoPbx, phones: PhoneSystem) -> None:
    give(FIRST)

    run = sync(phones)

    assert there(pbx, "Anna Orlova").sip_secret == OLD
    assert counted(run) == {"read": 1, "skipped": 1}
    assert notes(run, "phone_secrets_left") == [{"count": 1}]
    assert notes(sync(phones), "phone_secrets_left") == []


def test_who_is_met_with_a_secret_of_the_directory_keeps_that_of_the_phone(
    pbx: MikoPbx, directory: DirectoryServer
) -> None:
    make_employee(name="Anna Orlova", extension="201")
    give(FIRST)
    pbx.box.add("Anna Orlova", number="201", sip_secret=OLD)

    runs = [sync(phones) for phones in [phones_of(pbx)] * 3]

    assert there(pbx, "Anna Orlova").sip_secret == OLD
    assert [notes(run, "phone_secrets_left") for run in runs] == [[{"count": 1}], [], []]


def test_other_keys_of_the_installation_cut_no_phone_off(pbx: MikoPbx, phones: PhoneSystem, settings: Settings) -> None:
    """With the oldest key goes what marks are made with: every mark is another one, and no secret."""
    give(FIRST)
    sync(phones)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    phones.set_secret(FULL_KEY)
    phones.save()
    give(FIRST)

    run = sync(phones)

    assert there(pbx, "Anna Orlova").sip_secret == OLD
    assert [notes(run, code) for code in ("phone_secrets_left", "phone_secrets_sent")] == [[], []]


def test_of_many_phones_that_are_cut_off_some_are_named(
    pbx: MikoPbx, phones: PhoneSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncapp.services.afterwards.NAMED", 1)
    pbx.box.add("Boris Titov", number="202", sip_secret=OLD)
    give(FIRST)
    sync(phones)
    give(FIRST)
    sync(phones)
    give(SECOND)

    assert notes(sync(phones, preview=True), "phone_secrets_planned") == [{"count": 2, "people": ["Anna Orlova"]}]


@pytest.mark.promise(6)
def test_changed_secret_is_shown_before_it_is_sent(pbx: MikoPbx, phones: PhoneSystem) -> None:
    give(FIRST)
    sync(phones)
    give(SECOND)

    plan = sync(phones, preview=True)

    item = item_of(plan, "Anna Orlova")
    assert (item.message_code, item.message_params) == ("phone_secret_anew", {"number": "201"})
    assert notes(plan, "phone_secrets_planned") == [{"count": 1, "people": ["Anna Orlova"]}]
    assert there(pbx, "Anna Orlova").sip_secret == OLD
    asked(pbx)
    applied = apply(plan)
    assert (applied.status, applied.counts["written_back"]) == (RunStatus.COMPLETED, 1)
    assert there(pbx, "Anna Orlova").sip_secret == SECOND
    assert notes(applied, "phone_secrets_sent") == [{"count": 1, "people": ["Anna Orlova"]}]
    assert sum(each.startswith("PATCH") for each in asked(pbx)) == 1


@pytest.mark.promise(2)
def test_secret_that_was_sent_is_settled_whatever_is_set_there_by_hand(pbx: MikoPbx, phones: PhoneSystem) -> None:
    give(FIRST)
    sync(phones)
    give(SECOND)
    run = sync(phones)
    assert notes(run, "phone_secrets_sent") == [{"count": 1, "people": ["Anna Orlova"]}]
    assert notes(run, "phone_secrets_planned") == []
    there(pbx, "Anna Orlova").sip_secret = OLD
    asked(pbx)

    again = sync(phones)

    assert asked(pbx) == ["GET /employees"]
    assert counted(again) == {"read": 1, "skipped": 1}
    assert there(pbx, "Anna Orlova").sip_secret == OLD


def test_emptied_secret_is_no_change(pbx: MikoPbx, phones: PhoneSystem) -> None:
    give(FIRST)
    sync(phones)
    give("")

    emptied = sync(phones)
    give(FIRST)
    back = sync(phones)

    assert counted(emptied) == counted(back) == {"read": 1, "skipped": 1}
    assert there(pbx, "Anna Orlova").sip_secret == OLD


def test_other_changes_send_no_secret(pbx: MikoPbx, phones: PhoneSystem) -> None:
    give(FIRST)
    sync(phones)
    anna = Employee.objects.get()
    anna.name = "Anna Nova"
    anna.save()

    run = sync(phones)

    assert changes_of(item_of(run, "Anna Orlova")) == {"name": ("Anna Orlova", "Anna Nova")}
    assert there(pbx, "Anna Nova").sip_secret == OLD


UNMAPPED = {"none": "", "only_written": "push"}


@pytest.mark.parametrize("direction", UNMAPPED.values(), ids=UNMAPPED)
def test_without_a_directory_that_gives_secrets_none_is_sent(pbx: MikoPbx, phones: PhoneSystem, direction: str) -> None:
    FieldMapping.objects.filter(field="sip_secret").delete()
    if direction:
        server = DirectoryServer.objects.get()
        FieldMapping.objects.create(endpoint=server, field="sip_secret", attribute="pager", direction=direction)
    make_employee(name="Boris Titov", extension="202")
    give(FIRST)
    sync(phones)
    give(SECOND)
    sync(phones)

    made = there(pbx, "Boris Titov").sip_secret
    assert len(made) == 24
    assert there(pbx, "Anna Orlova").sip_secret == OLD


WEAK = {"weak": "12345", "another_one_is_kept": f" {FIRST}"}


@pytest.mark.parametrize("secret", WEAK.values(), ids=WEAK)
def test_secret_that_the_box_would_not_take_fails_the_person_once(
    pbx: MikoPbx, phones: PhoneSystem, secret: str
) -> None:
    make_employee(name="Boris Titov", extension="202")
    give(FIRST, name="Anna Orlova")
    sync(phones)
    give(secret)

    run = sync(phones)
    asked(pbx)
    again = sync(phones)

    said = {record.name: (record.status, record.message_code) for record in SyncRecord.objects.all()}
    assert said["Anna Orlova"] == (Status.FAILED, "phone_secret_unfit")
    assert run.status == again.status == RunStatus.PARTIAL
    assert asked(pbx) == ["GET /employees"]
    assert there(pbx, "Anna Orlova").sip_secret == OLD


def test_who_cannot_be_made_with_the_secret_is_not_made(pbx: MikoPbx, phones: PhoneSystem) -> None:
    boris = make_employee(name="Boris Titov", extension="202")
    give("12345", name="Boris Titov")

    sync(phones)
    assert SyncRecord.objects.get(employee=boris).message_code == "phone_secret_unfit"
    assert not any(each.startswith("POST") for each in asked(pbx))
    give(SECOND, name="Boris Titov")
    sync(phones)

    assert there(pbx, "Boris Titov").sip_secret == SECOND
    assert SyncRecord.objects.get(employee=boris).status == Status.UPDATED


@pytest.mark.promise(9)
def test_it_is_nowhere_in_clear(pbx: MikoPbx, phones: PhoneSystem, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    make_employee(name="Boris Titov", extension="202")
    give(FIRST)
    sync(phones)
    give(SECOND)
    sync(phones)

    stored = everything_stored()
    assert there(pbx, "Anna Orlova").sip_secret == SECOND
    assert [secret for secret in (OLD, FIRST, SECOND) if secret in stored or secret in caplog.text] == []


@pytest.mark.promise(9)
def test_refusal_that_quotes_the_secret_is_told_without_it(
    pbx: MikoPbx, phones: PhoneSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(FIRST)
    sync(phones)
    give(SECOND)
    answer = pbx.answer

    def quoting(request: Any) -> Any:
        return refusal("patch", [f"Not {SECOND}"], http_code=422) if SECOND in str(request.body()) else answer(request)

    monkeypatch.setattr(pbx, "answer", quoting)
    sync(phones)

    record = SyncRecord.objects.get()
    assert (record.message_code, record.message_params["texts"]) == ("phone_refused", ["Not ***"])
    assert SECOND not in everything_stored()


def test_explanation_says_why_it_goes_out_or_not_and_shows_nothing(pbx: MikoPbx, phones: PhoneSystem) -> None:
    def told() -> tuple[str, str, list[str]]:
        [server] = explain_employee(Employee.objects.get(), servers=[phones]).servers
        [field] = [each for each in server.fields if each.field == "sip_secret"]
        return field.why.code, field.local, [effect.code for effect in field.effects]

    assert told() == ("why_secret_kept", "", [])
    give(FIRST)
    assert told() == ("why_secret_left", "***", [])
    sync(phones)
    assert told() == ("why_secret_kept", "***", [])
    give(SECOND)
    assert told() == ("why_secret_changed", "***", ["effect_there_content"])
