"""What a person goes through, run by run, on every directory that we can start: the same tests for all.

Where servers differ, `syncapp.directory.kinds` and `tests.directory.real` say so.
"""

from dataclasses import dataclass, field
from itertools import count

import pytest
from django.utils import timezone

from fixtures.portraits import portrait
from syncapp.choices import Kind, ReadMode, RunPhase, RunStatus, Security
from syncapp.core.vocabulary import State
from syncapp.models import DirectoryServer, Employee, EndpointPool, SyncRecord, SyncRun
from syncapp.services.execution import Progress, no_progress
from syncapp.services.photos import read_photo, take_in
from tests.directory.people import unit
from tests.directory.real import EVERY, STATES, RealServer, loaded
from tests.factories import make_pool, make_server
from tests.services import company
from tests.services.strategies import STRATEGIES, only

pytestmark = pytest.mark.django_db(transaction=True)

_stories = count(1)
NAME, MAIL, MOBILE = "Вера Каренина", "anna@example.test", "+79161234567"


@dataclass
class Story:
    """A branch of a real server for one test, and the settings that read it; Anna works in it."""

    real: RealServer
    base: str
    incremental: bool = False  # every run after the first reads what has changed
    dn: str = ""
    values: dict[str, str | bytes] = field(
        default_factory=lambda: {"mail": MAIL, "mobile": MOBILE, "telephoneNumber": "215", "title": "Главный бухгалтер"}
    )

    def begin(self) -> None:
        self.real.load(unit(self.base) + unit(self.inner) + unit(self.outside))
        self.dn = self.hire(NAME, **self.values)

    @property
    def inner(self) -> str:
        return f"OU=Inner,{self.base}"

    @property
    def outside(self) -> str:
        name, _comma, above = self.base.partition(",")
        return f"{name} outside,{above}"

    def hire(self, name: str, **values: str | bytes) -> str:
        self.real.load(self.real.person(name, unit=self.base, **values))
        return self.real.dn(name, unit=self.base)

    def server(self, *, account: str = "", password: str = "", **values: object) -> DirectoryServer:
        """Settings as an administrator enters them: an address and an account; the kind is found out."""
        real = self.real.server
        server = make_server(
            **{
                "kind": Kind.AUTO,
                "uris": [real.uri],
                "security": Security.NONE,
                "bind_dn": account or real.writer_dn,
                "base_dn": self.base,
                "write_back": True,
                **values,
            }
        )
        server.set_secret(password or real.service_password)
        server.save()
        EndpointPool.objects.create(endpoint=server, pool=make_pool(first="300", last="399"))
        return server

    def sync(self, server: DirectoryServer, *, preview: bool = False, progress: Progress = no_progress) -> SyncRun:
        return company.sync(server, preview=preview, progress=progress, incremental=self.incremental and not preview)

    def settled(self, server: DirectoryServer) -> None:
        """Nothing is left to do, and nothing is written: twice, for a run's own write must not come back as a change."""
        for _ in range(2):
            run = self.sync(server)
            assert (run.status, counted(run)) == (RunStatus.COMPLETED, {"skipped": 1})
        assert run.read == (ReadMode.INCREMENTAL if self.incremental else ReadMode.FULL)

    def here(self) -> Employee:
        return Employee.objects.get(email=MAIL)

    def there(self, attribute: str) -> list[bytes]:
        return self.real.values(self.dn, attribute)

    def change(self, attribute: str, *values: bytes) -> None:
        self.real.change(self.dn, attribute, *values)

    def switch_off(self) -> None:
        for attribute, value in self._locked:
            self.change(attribute, value.encode())

    def switch_on(self) -> None:
        on = {"userAccountControl": [b"512"]}
        for attribute, _value in self._locked:
            self.change(attribute, *on.get(attribute, []))

    @property
    def _locked(self) -> list[tuple[str, str]]:
        values, _state = STATES[self.real.kind]["disabled"]
        return [(name, value) for name, value in values.items() if isinstance(value, str)]

    def delete(self) -> None:
        connection = self.real.server.connect()
        connection.delete_s(self.dn)
        connection.unbind_s()


@pytest.fixture(params=[*EVERY, *STRATEGIES])
def story(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Story:
    """On every directory, with runs over everybody, and by every means of reading what has changed."""
    name, _comma, strategy = request.param.partition(" by ")
    real = loaded(name, request)
    only(strategy, monkeypatch)
    story = Story(real, f"OU=Story {next(_stories)},{real.stories}", incremental=bool(strategy))
    story.begin()
    return story


def counted(run: SyncRun) -> dict[str, int]:
    """The counts that are not 0, but for how many came: that depends on how is read."""
    return {name: number for name, number in company.counted(run).items() if name != "read"}


def record(name: str = NAME) -> SyncRecord:
    return SyncRecord.objects.get(employee__name=name)


def test_person_arrives_and_then_nothing_happens(story: Story) -> None:
    server = story.server()

    run = story.sync(server)

    assert (run.status, run.counts["read"], counted(run)) == (RunStatus.COMPLETED, 1, {"created": 1})
    anna = story.here()
    assert (anna.name, anna.mobile, anna.extension, anna.title) == (NAME, MOBILE, "215", "Главный бухгалтер")
    server.refresh_from_db()
    assert server.kind == story.real.kind
    story.settled(server)


def test_employee_who_is_here_is_recognised_and_keeps_the_number(story: Story) -> None:
    """By the address, whatever its case; a phone is not given another login by a first match (rule B1)."""
    Employee.objects.create(name="Каренина Вера Аркадьевна", email=MAIL.upper(), extension="250")

    run = story.sync(story.server())

    assert counted(run) == {"updated": 1, "conflicts": 1, "new_matters": 1}
    assert (Employee.objects.get().extension, Employee.objects.get().mobile) == ("250", MOBILE)
    assert record().message_params["field"] == "extension"


def test_newcomer_without_number_gets_one_and_the_directory_learns_it(story: Story) -> None:
    story.change("telephoneNumber")
    server = story.server()
    first = story.sync(server)
    assert (counted(first)["waiting"], story.here().extension) == (1, "300")

    run = story.sync(server)

    assert counted(run) == {"written_back": 1}
    assert story.there("telephoneNumber") == [b"300"]
    story.settled(server)


def test_changes_travel_both_ways_in_one_run(story: Story) -> None:
    server = story.server()
    story.sync(server)
    story.change("title", "Директор".encode())
    Employee.objects.update(mobile="+79260000000")

    run = story.sync(server)

    assert counted(run) == {"updated": 1, "written_back": 1}
    assert (story.here().title, story.there("mobile")) == ("Директор", [b"+79260000000"])
    assert record().updated_side == "both"
    story.settled(server)


def test_both_sides_changed_is_a_decision_and_nobody_is_run_over(story: Story) -> None:
    server = story.server()
    story.sync(server)
    story.change("mobile", b"+79031112233")
    Employee.objects.update(mobile="+79260000000")

    run = story.sync(server)

    assert (run.status, counted(run)) == (RunStatus.PARTIAL, {"conflicts": 1, "new_matters": 1})
    assert (story.here().mobile, story.there("mobile")) == ("+79260000000", [b"+79031112233"])


def test_photo_comes_in_and_another_goes_out(story: Story) -> None:
    attribute = story.real.profile.photo_attribute
    story.change(attribute, portrait("vera.karenina"))
    server = story.server()
    story.sync(server)
    assert read_photo(story.here().photo)
    story.settled(server)

    Employee.objects.update(photo=take_in(portrait("boris.drubetskoy"), now=timezone.now()))
    run = story.sync(server)

    assert counted(run) == {"written_back": 1}
    [stands] = story.there(attribute)
    assert stands.startswith(b"\xff\xd8\xff")
    assert stands != portrait("vera.karenina")
    story.settled(server)


def test_renamed_and_moved_within_the_scope_is_the_same_person(story: Story) -> None:
    server = story.server()
    story.sync(server)
    anchor = record().anchor
    story.dn = story.real.move(story.dn, "Вера Вронская", story.inner)
    story.change("displayName", "Вера Вронская".encode())

    run = story.sync(server)

    assert counted(run) == {"updated": 1}
    assert record("Вера Вронская").anchor == anchor
    assert "OU=Inner".lower() in record("Вера Вронская").dn.lower()
    story.settled(server)


def test_moved_out_of_the_scope_is_missing_and_comes_back_as_the_same_person(story: Story) -> None:
    story.hire("Борис Друбецкой", telephoneNumber="216")
    server = story.server()
    story.sync(server)
    before = story.here().pk
    story.dn = story.real.move(story.dn, NAME, story.outside)

    run = story.sync(server)
    assert counted(run) == {"updated": 1, "missing": 1, "skipped": 1}
    assert (record().state, record().message_code) == (State.MISSING, "missing_moved_to")
    assert story.here().extension == "215"

    story.dn = story.real.move(story.dn, NAME, story.base)
    run = story.sync(server)
    assert counted(run) == {"updated": 1, "returned": 1, "skipped": 1}
    assert (story.here().pk, record().state) == (before, State.ACTIVE)


def test_disabled_account_is_frozen_until_it_returns(story: Story) -> None:
    server = story.server()
    story.sync(server)
    story.switch_off()
    story.change("mobile")

    run = story.sync(server)
    assert (counted(run)["disabled"], record().state) == (1, State.DISABLED)
    assert story.here().mobile == MOBILE
    Employee.objects.update(mobile="+79260000000")
    story.sync(server)
    assert story.there("mobile") == []

    story.switch_on()
    run = story.sync(server)
    assert (counted(run)["returned"], record().state) == (1, State.ACTIVE)


def test_deleted_account_is_missing_and_the_employee_stays(story: Story) -> None:
    story.hire("Борис Друбецкой", telephoneNumber="216")
    server = story.server()
    story.sync(server)
    story.delete()

    run = story.sync(server)

    assert counted(run) == {"updated": 1, "missing": 1, "skipped": 1}
    assert record().message_code == "missing_deleted_or_unreadable"
    assert story.here().extension == "215"
    assert "updated" not in counted(story.sync(server))


def test_account_without_rights_reads_and_says_what_is_missing(story: Story) -> None:
    server = story.server(account=story.real.server.service_dn)
    story.sync(server)
    Employee.objects.update(mobile="+79260000000")
    story.change("title", "Директор".encode())

    run = story.sync(server)

    assert (run.status, counted(run)["failed"]) == (RunStatus.PARTIAL, 1)
    assert story.here().title == "Директор"
    assert (record().message_code, record().message_params["attribute"]) == ("write_no_right", "mobile")
    assert story.there("mobile") == [MOBILE.encode()]


def test_wrong_password_fails_the_run_and_changes_nothing(story: Story) -> None:
    story.sync(story.server(name="good"))
    server = story.server(name="bad", password="wrong")

    run = story.sync(server)

    assert (run.status, run.error_code) == (RunStatus.FAILED, "login_refused")
    assert not SyncRecord.objects.filter(endpoint=server).exists()


def test_directory_that_is_gone_fails_the_run_and_makes_nobody_missing(story: Story) -> None:
    server = story.server()
    story.sync(server)
    server.uris = ["ldap://127.0.0.1:9"]
    server.set_secret(story.real.server.service_password)
    server.save()

    run = story.sync(server)

    assert run.status == RunStatus.FAILED
    assert record().state == State.ACTIVE


def test_preview_writes_to_no_side(story: Story) -> None:
    server = story.server()
    story.sync(server)
    Employee.objects.update(mobile="+79260000000")
    story.change("title", "Директор".encode())
    before = Employee.objects.values().get(), SyncRecord.objects.values().get()

    run = story.sync(server, preview=True)

    assert counted(run) == {"updated": 1, "written_back": 1}
    assert (Employee.objects.values().get(), SyncRecord.objects.values().get()) == before
    assert story.there("mobile") == [MOBILE.encode()]


def test_edit_between_our_read_and_our_write_survives(story: Story) -> None:
    server = story.server()
    story.sync(server)
    Employee.objects.update(mobile="+79260000000")

    def edited(phase: RunPhase, done: int, total: int | None) -> None:
        if phase == RunPhase.WRITE_BACK and done == 0 and story.there("mobile") == [MOBILE.encode()]:
            story.change("mobile", b"+79031112233")

    run = story.sync(server, progress=edited)

    assert counted(run)["conflicts"] == 1
    assert story.there("mobile") == [b"+79031112233"]
