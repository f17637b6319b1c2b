"""The model test with three corners: directory, hub, MikoPBX; random edits in each, runs in any order, killed or not.

After each run of the phone system the promises are held against what stands there:
nobody goes, nobody comes twice, no secret changes, nothing changes without a row that
says so, and no value that somebody else has changed since it was agreed. After
some rounds without edits nothing is written anywhere any more.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from django.db import connection
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from fixtures.mikopbx import Box, MikoPbx
from fixtures.mikopbx.box import Employee as Person
from syncapp.choices import RunMode, RunStatus, RunTrigger
from syncapp.core.vocabulary import Resolution
from syncapp.exceptions import SyncError
from syncapp.models import Conflict, Employee, PhoneSystem, RunItem, SyncRecord, SyncRun
from syncapp.services import conflicts, disputes, matches
from syncapp.services.sync import run_sync
from syncapp.store import turns
from syncapp.telephony.mikopbx import MikoPbxSession
from tests.factories import make_phone_system
from tests.services.model_world import FakeRemote, Hub
from tests.services.test_model import EXAMPLES, _settings
from tests.telephony.conftest import FULL_KEY

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = ("Anna", "Boris", "Clara", "Dmitri", "Eva")
LAST = ("Petrova", "Sidorov", "Ivanova", "Orlov", "Smirnova")
NUMBERS = ("201", "202", "203", "204", "215", "401", "402")
MOBILES = ("79161234567", "79260000000", "79037778899", "79150000001", "")
SIDES = ("directory", "hub", "box")
COLUMN = {"name": "user_username", "email": "user_email", "extension": "number", "mobile": "mobile_number"}
FREE = [1000, 100, 1000]
LIMITS = dict.fromkeys(
    ("lost", "disabled", "created", "replaced", "emptied", "renumbered", "written_back", "conflicts"), FREE
)
_one = st.integers(0, 4)


class Killed(BaseException):
    """The process is dead."""


class Corners(RuleBasedStateMachine):
    """One game; the box is a simulator over HTTPS, the directory is in memory."""

    pbx: MikoPbx

    @initialize(known=st.sets(_one, max_size=3), there=st.sets(_one, max_size=3))
    def begin(self, known: set[int], there: set[int]) -> None:
        _empty_phone_tables()
        self.remote = FakeRemote()
        self.hub = Hub(self.remote)
        self.hub.server.limits = LIMITS
        self.hub.server.save()
        self.pbx.box.employees.clear()
        self.pbx.box.next_id += 100
        self.phones = make_phone_system(
            url=self.pbx.url, key=FULL_KEY, fingerprint=self.pbx.fingerprint, limits=LIMITS, requests_per_minute=180
        )
        self.made: set[int] = set()  # whom the program made there, by row
        for person in sorted(known):
            self._hire(person)
        for person in sorted(there):
            self._put_in(person)

    def _hire(self, person: int) -> None:
        name = f"{FIRST[person]} {LAST[person]}"
        values = {"displayName": name, "mail": f"{FIRST[person].lower()}@example.test"}
        uid = f"p{person}-{len(self.remote.snapshot())}"
        self.remote.add(uid, {key: [value.encode()] for key, value in {**values, "cn": name, "sn": "x"}.items()})

    def _put_in(self, person: int) -> None:
        number = next((each for each in NUMBERS if self.pbx.box.owner_of(each) is None), "")
        if number:
            email = f"{FIRST[person].lower()}@example.test" if person % 2 else ""
            self.pbx.box.add(f"{FIRST[person]} {LAST[person]}", number=number, user_email=email)

    @rule(person=_one)
    def somebody_is_hired(self, person: int) -> None:
        if not any(
            f"{FIRST[person]} {LAST[person]}".encode() in raws.get("displayname", []) for raws in self._entries()
        ):
            self._hire(person)

    def _entries(self) -> list[dict[str, list[bytes]]]:
        return list(self.remote.snapshot().values())

    @rule(side=st.sampled_from(SIDES), person=_one, mobile=st.sampled_from(MOBILES), number=st.sampled_from(NUMBERS))
    def somebody_edits(self, side: str, person: int, mobile: str, number: str) -> None:
        if side == "directory" and (anchors := sorted(self.remote.snapshot())):
            anchor = anchors[person % len(anchors)]
            self.remote.put(anchor, "mobile", [f"+{mobile}".encode()] if mobile else [])
        elif side == "hub" and (people := list(Employee.objects.order_by("id"))):
            employee = people[person % len(people)]
            employee.mobile = f"+{mobile}" if mobile else ""
            if not Employee.objects.exclude(pk=employee.pk).filter(extension=number).exists():
                employee.extension = number
            employee.save()
        elif side == "box" and (persons := list(self.pbx.box.employees.values())):
            edited = persons[person % len(persons)]
            if not mobile or self.pbx.box.owner_of(mobile, besides=edited.id) is None:
                edited.mobile_number = edited.mobile_dialstring = mobile
            if self.pbx.box.owner_of(number, besides=edited.id) is None:
                edited.number = number

    @rule(person=_one)
    def somebody_is_removed_there(self, person: int) -> None:
        if persons := list(self.pbx.box.employees):
            self.pbx.box.remove(persons[person % len(persons)])

    @rule(person=_one, side=st.sampled_from([Resolution.LOCAL, Resolution.REMOTE]))
    def somebody_decides(self, person: int, side: Resolution) -> None:
        if not (found := list(Conflict.objects.filter(closed_at=None).order_by("id"))):
            return
        conflict = found[person % len(found)]
        try:
            if conflict.kind in matches.MATCH_KINDS:
                matches.answer_many([conflict], confirm=side is Resolution.LOCAL, user="olga")
            else:
                conflicts.decide(conflict.pk, disputes.seen_of(conflict), conflicts.Choice(side), user="olga")
        except SyncError as error:
            note(f"refused: {error}")

    @rule()
    def directory_runs(self) -> None:
        self.hub.run(force=True)

    @rule(after=st.integers(0, 6), done=st.booleans())
    def phones_run_and_are_killed(self, after: int, done: bool) -> None:
        self._run_phones(after=after, done=done)

    @rule()
    def phones_run(self) -> None:
        self._run_phones()

    @rule()
    def all_is_quiet_in_the_end(self) -> None:
        """Whatever was left open or refused stays so, and nothing is written any more."""
        for _round in range(4):
            self.hub.run(force=True)
            self._run_phones()
        before = self._box(), self.remote.snapshot(), sorted(Employee.rows.values_list("id", "version"))
        directory, phones = self.hub.run(force=True).run, self._run_phones()

        assert (self._box(), self.remote.snapshot(), sorted(Employee.rows.values_list("id", "version"))) == before
        assert directory.counts["written_back"] == phones.counts["written_back"] == 0

    def _box(self) -> dict[int, dict[str, Any]]:
        return {row: asdict(person) for row, person in self.pbx.box.employees.items()}

    def _run_phones(self, *, after: int | None = None, done: bool = False) -> SyncRun:
        before, agreed = self._box(), self._agreed()
        newest = SyncRun.objects.order_by("-id").values_list("id", flat=True).first() or 0
        with _killed_at(after, done=done):
            try:
                run_sync(
                    server=PhoneSystem.objects.get(),
                    mode=RunMode.APPLY,
                    trigger=RunTrigger.COMMAND,
                    who="model",
                    force=True,
                )
            except Killed:
                assert not connection.in_atomic_block
        SyncRun.objects.filter(status=RunStatus.RUNNING).update(status=RunStatus.CRASHED)
        run = SyncRun.objects.filter(pk__gt=newest, endpoint=self.phones).latest("id")
        assert after is not None or run.status in (RunStatus.COMPLETED, RunStatus.PARTIAL), run.error_code
        self._check(run, before, self._box(), agreed)
        return run

    def _agreed(self) -> dict[int, dict[str, str]]:
        """What was agreed of each row, as it stands there."""
        rows = SyncRecord.objects.filter(endpoint__phonesystem__isnull=False).exclude(anchor__startswith="new:")
        return {
            int(anchor): {name: pair[1] for name, pair in base.items()}
            for anchor, base in rows.values_list("anchor", "base")
            if anchor.isdigit()
        }

    def _check(
        self,
        run: SyncRun,
        before: dict[int, dict[str, Any]],
        after: dict[int, dict[str, Any]],
        agreed: dict[int, dict[str, str]],
    ) -> None:
        assert set(before) <= set(after), "somebody was deleted there (promise 3)"
        items = {item.employee_id: item for item in RunItem.objects.filter(run=run)}
        told = {(item.employee_id, each["field"]) for item in items.values() for each in item.changes if each["side"] == "domain"}  # fmt: skip
        owners = dict(SyncRecord.objects.filter(endpoint=self.phones).values_list("anchor", "employee_id"))
        for row, values in after.items():
            if row not in before:
                self.made.add(row)
                continue
            assert values["sip_secret"] == before[row]["sip_secret"], "a phone was cut off"
            for name, column in COLUMN.items():
                if values[column] != before[row][column]:
                    assert (owners.get(str(row)), name) in told, f"no row says that {name} of {row} was changed"
                    self._assert_nobody_was_run_over(name, before[row], agreed.get(row, {}))
        people = [person for person in self.pbx.box.employees.values() if person.id in self.made]
        names = [person.user_username for person in people]
        assert len(set(names)) == len(names), f"somebody was made twice: {names}"
        numbers = [person.number for person in self.pbx.box.employees.values() if person.number]
        assert len(set(numbers)) == len(numbers)

    @staticmethod
    def _assert_nobody_was_run_over(name: str, before: dict[str, Any], agreed: dict[str, str]) -> None:
        stood = before[COLUMN[name]]
        if name == "mobile" and stood:
            stood = f"+{stood}"
        # A decision, or a first meeting, may replace what was never agreed.
        assert name not in agreed or stood == agreed[name] or stood.startswith("9999999"), (
            f"{name}: {stood} was run over"
        )


class _killed_at:
    """The process dies at the write of that number: before it is sent, or once it is `done` there."""

    def __init__(self, after: int | None, *, done: bool) -> None:
        self._left, self._done = after, done

    def __enter__(self) -> None:
        self._patch = pytest.MonkeyPatch()
        if self._left is None:
            return
        for verb in ("change", "create"):
            self._patch.setattr(MikoPbxSession, verb, self._dying(getattr(MikoPbxSession, verb)))

    def _dying(self, act: Any) -> Any:
        def acting(*arguments: Any, **more: Any) -> Any:
            assert self._left is not None
            self._left -= 1
            if self._left >= 0:
                return act(*arguments, **more)
            if self._done and self._left == -1:
                act(*arguments, **more)
            raise Killed

        return acting

    def __exit__(self, *_error: object) -> None:
        self._patch.undo()


def _empty_phone_tables() -> None:
    """Before the world empties its own: everything that belongs to phone systems."""
    with connection.cursor() as cursor:
        for relation in PhoneSystem._meta.related_objects:
            table = relation.related_model._meta.db_table
            if relation.related_model._meta.get_field(relation.field.name).related_model is PhoneSystem:
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        cursor.execute(f"DELETE FROM {PhoneSystem._meta.db_table}")  # noqa: S608 - names of ours


@pytest.fixture
def boxes(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Corners]]:
    """A box that every game begins anew with, and clients that need not wait for each other."""
    monkeypatch.setattr(turns, "PAUSE", 0)
    monkeypatch.setattr("syncapp.telephony.budget.RequestBudget.wait", lambda _budget: None)
    with MikoPbx(Box(guarded=False)) as pbx:
        pbx.box.keys.add(FULL_KEY, full=True)
        yield type("Game", (Corners,), {"pbx": pbx})


def test_person_is_a_person() -> None:
    """The table of columns names what there is."""
    assert set(COLUMN.values()) <= {*Person.__dataclass_fields__}


@pytest.mark.timeout(0 if EXAMPLES else 240)
@pytest.mark.promise(5)
def test_model_with_three_corners(boxes: type[Corners]) -> None:
    run_state_machine_as_test(boxes, settings=_settings(examples=4, steps=12))
