"""The client against the simulator on its bad days."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from fixtures.certificates import make_certificate
from fixtures.mikopbx import MikoPbx, routes
from fixtures.mikopbx import secrets as strength
from fixtures.mikopbx.answers import Answer
from fixtures.mikopbx.box import Other
from syncapp.core.vocabulary import Field, NumberKind
from syncapp.exceptions import (
    ConfigurationError,
    SyncError,
    TelephonyAnswerError,
    TelephonyCertificateError,
    TelephonyLoginError,
    TelephonyUnavailableError,
)
from syncapp.telephony.config import PhoneConfig, address_of
from syncapp.telephony.mikopbx import MikoPbxSession, open_mikopbx
from syncapp.telephony.protocol import NewPerson, changed_since
from syncapp.telephony.steps import PhoneStepOutcome, examine_phone_system
from syncapp.telephony.tls import normalised_fingerprint
from tests.telephony.conftest import FULL_KEY
from tests.telephony.contract import person

Opened = Callable[..., AbstractContextManager[MikoPbxSession]]


class Time:
    """A clock that goes on only when somebody sleeps or asks."""

    def __init__(self) -> None:
        self.now = 1000.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds)


@pytest.fixture
def time() -> Time:
    return Time()


def config(pbx: MikoPbx, **changes: Any) -> PhoneConfig:
    values = {"name": "PBX", "url": pbx.url, "api_key": FULL_KEY, "fingerprint": pbx.fingerprint, **changes}
    return PhoneConfig(**values)


@pytest.fixture
def opened(pbx: MikoPbx, time: Time) -> Opened:
    """Open a session whose waiting takes no time."""
    return lambda **changes: open_mikopbx(config(pbx, **changes), clock=time.clock, sleep=time.sleep)


def requests(pbx: MikoPbx, *verbs: str) -> int:
    return sum(seen.verb in verbs for seen in pbx.requests)


def test_a_thousand_without_changes_take_two_requests(pbx: MikoPbx, opened: Opened) -> None:
    for count in range(1000):
        pbx.box.add(f"Person {count}", number=str(20000 + count))
    with opened() as session:
        known = {each.anchor: each for each in session.summaries()}
        pbx.requests.clear()

        changed = session.people(changed_since(known, session.summaries()))
        session.occupied()

    assert (len(known), changed, len(pbx.requests)) == (1000, {}, 2)


def test_only_who_changed_is_asked_for(pbx: MikoPbx, opened: Opened) -> None:
    anna = pbx.box.add("Anna Orlova", number="201")
    pbx.box.add("Bert Probe", number="202")
    with opened() as session:
        known = {each.anchor: each for each in session.summaries()}
        anna.user_email = "anna@corp.example"

        changed = session.people(changed_since(known, session.summaries()))

    assert [person and person.email for person in changed.values()] == ["anna@corp.example"]
    assert FULL_KEY not in repr(config(pbx))


def test_numbers_of_queues_and_conferences_count(pbx: MikoPbx, opened: Opened) -> None:
    pbx.box.others |= {"2001": Other("QUEUE", "Sales"), "3001": Other("CONFERENCE", "Monday")}
    pbx.box.others |= {"800": Other("PARKING", ""), "9000": Other("MODULES", "Callback")}

    with opened() as session:
        occupied = session.occupied()
        numbers = session.numbers()
        refused = session.create(NewPerson("Vera Lind", "2001"))

    assert (occupied["2001"], occupied["3001"]) == ("QUEUE", "CONFERENCE")
    assert numbers == [
        ("000063", NumberKind.APPLICATION, "Reads back the extension"),
        ("2001", NumberKind.QUEUE, "Sales"),
        ("3001", NumberKind.CONFERENCE, "Monday"),
        ("800", NumberKind.PARKING, ""),
        ("9000", NumberKind.OTHER, "Callback"),
    ]
    assert refused.refusal is not None
    assert refused.refusal.message.params == {"number": "2001", "kind": "QUEUE"}


def test_people_without_a_number_are_read_and_never_changed(pbx: MikoPbx, opened: Opened) -> None:
    """Their detail shows a number and a secret that were made up."""
    pbx.box.add("No Phone")
    with opened() as session:
        [seen] = session.people(session.summaries()).values()
        assert seen is not None
        changed = session.change(seen, {Field.EMAIL: "np@corp.example"})

    assert seen.number == ""
    assert changed.refusal is not None
    assert changed.refusal.message.code == "phone_person_without_number"
    assert requests(pbx, "PATCH") == 0


def test_first_fill_of_500_is_never_shut_out(pbx: MikoPbx, time: Time, opened: Opened) -> None:
    pbx.limit.clock = time.clock

    with opened() as session:
        for count in range(500):
            assert session.create(NewPerson(f"Person {count}", str(20000 + count))).person

    assert pbx.limit.refused == 0
    assert (len(pbx.box.employees), requests(pbx, "POST")) == (500, 500)
    assert len(pbx.requests) == 501  # the defaults once


def test_new_people_have_strong_secrets_of_their_own(pbx: MikoPbx, opened: Opened) -> None:
    with opened() as session:
        for count in range(3):
            session.create(NewPerson(f"Person {count}", str(20000 + count)))

    made = [person.sip_secret for person in pbx.box.employees.values()]
    assert len(set(made)) == 3
    assert all(strength.score(secret) >= 80 for secret in made)


@pytest.mark.parametrize("late", [0.0, 0.2], ids=["at_once", "later"])
def test_create_that_timed_out_is_found_and_not_repeated(pbx: MikoPbx, late: float) -> None:
    pbx.box.fail("timeout", late=late)

    with open_mikopbx(config(pbx, stale_after=2.0, pause=0.1)) as session:
        made = session.create(NewPerson("Late One", "231"))

    assert made.person is not None
    assert (made.person.number, requests(pbx, "POST")) == ("231", 1)


def test_create_that_never_came_is_repeated_once_it_cannot_come_any_more(
    pbx: MikoPbx, time: Time, opened: Opened
) -> None:
    pbx.box.fail("timeout")
    begun = time.now

    with opened() as session:
        made = session.create(NewPerson("Late One", "231"))

    assert made.person is not None
    assert requests(pbx, "POST") == 2
    assert time.now - begun >= config(pbx).stale_after


def test_lost_answer_to_a_change_is_looked_up(pbx: MikoPbx, opened: Opened) -> None:
    anna = str(pbx.box.add("Anna Orlova", number="201").id)
    with opened() as session:
        before = person(session, anna)
        pbx.box.fail("hang_up", late=0.0)

        changed = session.change(before, {Field.EMAIL: "anna@corp.example"}, picture=b"\xff\xd8\xff" + bytes(2000))

    assert changed.person is not None
    assert (changed.person.email, requests(pbx, "PATCH")) == ("anna@corp.example", 1)


def test_locked_database_and_overload_are_waited_for(pbx: MikoPbx, opened: Opened) -> None:
    with opened() as session:
        pbx.box.fail("locked", times=2)
        assert session.create(NewPerson("Lock One", "231")).person
        pbx.box.fail("overload", times=2, writes_only=False)
        assert len(session.summaries()) == 1
        pbx.box.fail("locked", times=3)
        with pytest.raises(TelephonyUnavailableError) as caught:
            session.create(NewPerson("Lock Two", "232"))

    assert caught.value.code == "phone_locked"
    assert [each.number for each in pbx.box.employees.values()] == ["231"]


def test_shut_out_means_silence(pbx: MikoPbx, time: Time, opened: Opened) -> None:
    """Asking again while shut out would make it longer."""
    pbx.limit.clock, pbx.limit.per_window = time.clock, 1
    with opened() as session:
        session.occupied()
        for _again in range(2):
            with pytest.raises(TelephonyUnavailableError) as caught:
                session.occupied()
            assert caught.value.code == "phone_rate_limited"
        assert len(pbx.requests) == 2
        time.sleep(301)

        assert session.occupied()


def test_filtered_name_is_one_persons_trouble(pbx: MikoPbx, opened: Opened) -> None:
    with opened() as session:
        refused = session.create(NewPerson("Chef d' or Paris", "231"))
        made = session.create(NewPerson("Dr..é O'Brien", "232"))

    assert refused.refusal is not None
    assert refused.refusal.message.code == "phone_filtered"
    assert made.person is not None
    assert made.person.name == "Dr..é O'Brien"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_weak_stored_secret_is_named_and_never_replaced(pbx: MikoPbx, opened: Opened, language: str) -> None:
    pbx.box.language = language
    anna = pbx.box.add("Anna Orlova", number="215", sip_secret="12345")
    with opened() as session:
        changed = session.change(person(session, str(anna.id)), {Field.EMAIL: "anna@corp.example"})

    assert changed.refusal is not None
    assert (changed.refusal.message.code, dict(changed.refusal.message.params)) == (
        "phone_secret_weak",
        {"number": "215"},
    )
    assert anna.sip_secret == "12345"
    assert "12345" not in repr(changed)


def test_short_list_is_no_list(pbx: MikoPbx, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    pbx.box.add("Anna Orlova", number="201")
    monkeypatch.setattr("fixtures.mikopbx.reading._page", lambda _rows, _query: [])

    with opened() as session, pytest.raises(TelephonyAnswerError) as caught:
        session.summaries()

    assert caught.value.code == "phone_list_incomplete"


@pytest.mark.parametrize(
    ("prepare", "kind", "code"),
    [
        (lambda pbx: setattr(pbx.box, "has_v3", False), TelephonyAnswerError, "phone_no_api"),
        (lambda pbx: pbx.box.keys.keys.clear(), TelephonyLoginError, "phone_key_refused"),
        (lambda pbx: pbx.box.fail("gateway", times=9, writes_only=False), TelephonyUnavailableError, "phone_overloaded"),
        (lambda pbx: pbx.box.fail("hang_up", times=9, writes_only=False), TelephonyUnavailableError, "phone_broken_off"),
        (lambda pbx: pbx.box.fail("timeout", times=9, writes_only=False), TelephonyUnavailableError, "phone_worker_silent"),
        (lambda pbx: pbx.stop(), TelephonyUnavailableError, "phone_unreachable"),
    ],
)  # fmt: skip
def test_what_ends_a_run(
    opened: Opened, pbx: MikoPbx, prepare: Callable[[MikoPbx], None], kind: type[SyncError], code: str
) -> None:
    with opened() as session:
        prepare(pbx)
        with pytest.raises(kind) as caught:
            session.summaries()

    assert caught.value.code == code


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[MikoPbx]:
    with MikoPbx() as server:
        yield server


@pytest.mark.promise(9)
def test_key_goes_to_the_pinned_certificate_alone(pbx: MikoPbx, impostor: MikoPbx) -> None:
    """Somebody else listens at the address: he does not hear the key."""
    with open_mikopbx(config(impostor, fingerprint=pbx.fingerprint)) as session, pytest.raises(SyncError) as caught:
        session.summaries()

    assert (caught.value.code, caught.value.params["fingerprint"]) == (
        "phone_certificate_changed",
        impostor.fingerprint,
    )
    assert not impostor.requests


@pytest.mark.promise(9)
def test_key_follows_no_redirect(pbx: MikoPbx, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "answer", lambda _box, _request: Answer(301, location="https://elsewhere.example/"))
    with opened() as session, pytest.raises(TelephonyAnswerError) as caught:
        session.summaries()

    assert (caught.value.code, len(pbx.requests)) == ("phone_redirected", 1)


def test_pictures_are_asked_for_without_the_key(pbx: MikoPbx, opened: Opened) -> None:
    anna = pbx.box.add("Anna Orlova", number="201", picture=b"\xff\xd8\xff" + bytes(2000))

    with opened() as session:
        assert session.picture(str(anna.id)) == anna.picture

    assert [seen.key for seen in pbx.requests if seen.path.startswith("/avatars/")] == [""]


def test_certificate_is_checked_with_an_authority_of_our_own(pbx: MikoPbx, tmp_path: Path) -> None:
    other = make_certificate(tmp_path, name="other", issuer=None)
    trusted = config(pbx, fingerprint="", ca_certificate=pbx.certificate_file)
    with open_mikopbx(trusted) as session:
        assert session.summaries() == []

    for settings in (
        config(pbx, fingerprint=""),
        config(pbx, fingerprint="", ca_certificate=str(other.certificate_file)),
    ):
        with open_mikopbx(settings) as session, pytest.raises(TelephonyCertificateError) as caught:
            session.summaries()
        assert caught.value.code == "phone_certificate_untrusted"
    with pytest.raises(ConfigurationError), open_mikopbx(config(pbx, fingerprint="", ca_certificate="/nowhere.pem")):
        pass


def test_plain_http_is_refused_before_anything_is_sent(pbx: MikoPbx) -> None:
    with pytest.raises(ConfigurationError) as caught, open_mikopbx(config(pbx, url=pbx.plain_url)):
        pass

    assert caught.value.code == "phone_url_plain"


@pytest.mark.parametrize(
    "url",
    ["pbx.corp.example", "ftp://pbx.corp.example", "https://", "https://pbx:port", "https://pbx/admin-cabinet", "https://a:b@pbx"],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        address_of(url)


def test_fingerprints_are_read_as_people_write_them(pbx: MikoPbx) -> None:
    assert normalised_fingerprint(pbx.fingerprint.lower().replace(":", " ")) == pbx.fingerprint
    for wrong in ("AB:CD", "Z" * 64):
        with pytest.raises(ConfigurationError):
            normalised_fingerprint(wrong)


def test_connection_test_tells_all_that_matters(pbx: MikoPbx) -> None:
    pbx.box.add("Anna Orlova", number="201")
    pbx.box.add("No Phone", disabled=True)

    steps = list(examine_phone_system(config(pbx)))

    assert {step.outcome for step in steps} == {PhoneStepOutcome.OK}
    said = {step.message.code: step for step in steps}
    assert said["phone_test_version"].message.params == {"version": "2026.1.223"}
    assert [remark.code for remark in said["phone_test_employees"].remarks] == [
        "phone_test_without_number",
        "phone_test_disabled",
        "phone_test_cannot_disable",
    ]
    assert said["phone_test_numbers"].message.params == {"occupied": 2, "others": 1}
    assert len(pbx.box.employees) == 2


def test_connection_test_names_the_rights_that_are_missing(pbx: MikoPbx) -> None:
    """The smallest key that will do is tried, and one that only reads."""
    pbx.box.keys.add("small", employees="write", extensions="read")
    pbx.box.keys.add("reader", employees="read")

    small = list(examine_phone_system(config(pbx, api_key="small")))
    reader = list(examine_phone_system(config(pbx, api_key="reader")))

    assert [step.message.code for step in small if step.outcome is not PhoneStepOutcome.OK] == [
        "phone_test_version_unknown"
    ]
    assert reader[-1].outcome is PhoneStepOutcome.FAILED
    assert reader[-1].message.params == {"paths": ["/api/v3/employees", "/api/v3/extensions"]}


def test_connection_test_shows_the_fingerprint_at_first_contact(pbx: MikoPbx) -> None:
    steps = list(examine_phone_system(config(pbx, fingerprint="")))

    assert (steps[-1].outcome, steps[-1].fingerprint) == (PhoneStepOutcome.FAILED, pbx.fingerprint)
    assert not pbx.requests
