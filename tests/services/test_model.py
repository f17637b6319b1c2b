"""A model test: random edits on both sides, runs, and everything that can come in between.

After each run the promises of the design are held against what stands on both
sides (`model_laws`). `MODEL_EXAMPLES=5000` plays as many games as that, each
time others; without it the same few are played every time (docs/testing.md).
"""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from syncapp.choices import RunStatus
from syncapp.core.vocabulary import Resolution
from syncapp.exceptions import SyncError
from syncapp.models import Conflict, Employee, FieldMapping, RunItem, SyncRecord
from syncapp.services import conflicts, disputes, edits, matches
from syncapp.services.photos import take_in
from syncapp.store import turns, writer
from tests.fakes.directory import FakeDirectory
from tests.services import model_laws as laws
from tests.services.company import Company
from tests.services.model_world import MAPPING, Event, FakeRemote, Hub, Ran, RealRemote, Remote, everything_stored
from tests.services.test_photos import NOW
from tests.services.test_pictures import drawn

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
# Looking for the shortest game that fails takes minutes.
SHRINK = bool(os.environ.get("MODEL_SHRINK"))

PEOPLE = ("Anna Petrova", "Boris Sidorov", "Clara Ivanova", "Dmitri Orlov", "Eva Smirnova")
PICTURES = [drawn(size=(16, 16)), drawn(size=(24, 20)), drawn(size=(12, 30)), drawn("PNG", size=(9, 9)), b"no picture"]

_text = str.encode
RAWS: dict[str, list[bytes]] = {
    "telephonenumber": [b"215", b"216", b"301", b"302", b"ext 217", b"+7 495 1234567", b"30155"],
    "mobile": [b"+79161234567", b"8 (916) 123-45-67", b"+7 926 000-00-00", b"+79260000000", b"none", b"+79031112233"],
    "title": [b"Boss", b"boss", b"Chief  of all", b"Clerk", b"\xff\xfe", b"Head"],
    "departmentnumber": [b"Sales", b"Law", b"IT", _text("Склад")],
    "mail": [b"anna@example.test", b"ANNA@example.test", b"b@example.test", b"c@example.test", b"nonsense"],
    "displayname": [_text(name) for name in (*PEOPLE, "Petrova Anna", "Anna Petrova-Orlova")],
    "jpegphoto": PICTURES,
    "employeetype": [b"Boss", b"Robot"],
}
SINGLE = {"displayname"}
TEXTS: dict[str, list[str]] = {
    "extension": ["", "215", "216", "303", "304", "401"],
    "mobile": ["", "+79161234567", "+79260000000", "+79037778899"],
    "title": ["", "Boss", "BOSS", "Chief of all", "Janitor", "Director"],
    "department": ["", "Sales", "Law", "Canteen"],
    "email": ["", "anna@example.test", "b@example.test", "x@example.test"],
    "name": ["Anna Petrova", "Boris Sidorov", "Olga Belova", "Petrova Anna"],
}

MAPPING_CHANGES: list[dict[str, str]] = [
    *({"policy": policy} for policy in ("ask", "remote_wins", "local_wins")),
    *({"direction": direction} for direction in ("both", "both", "pull", "push")),
    *({"on_empty": on_empty} for on_empty in ("keep", "clear")),
]
REMAPPINGS: list[tuple[str, dict[str, str]]] = [
    ("title", {"attribute": "employeeType"}),
    ("title", {"attribute": "title"}),
    ("extension", {"pattern": r"^(?:ext )?(\d{2,5})$"}),
    ("extension", {"pattern": r"^(\d{2,5})$"}),
]

_index = st.integers(0, 4)
_attribute = st.sampled_from(sorted(RAWS))
_some_raws = st.lists(st.integers(0, 6), max_size=2, unique=True)
_ticks = st.integers(0, 90)


@st.composite
def _edits(draw: Callable[..., Any]) -> tuple[Any, ...]:
    """An edit on one of the sides, as a value: whose, of what, and what it becomes."""
    if draw(st.booleans()):
        return ("there", draw(_index), draw(_attribute), draw(_some_raws))
    name = draw(st.sampled_from([*TEXTS, "photo"]))
    return ("here", draw(_index), name, draw(st.integers(0, 6)), draw(st.sampled_from(["service", "bulk", "save"])))


_several_edits = st.lists(_edits(), min_size=1, max_size=3)
_what_goes_out = st.tuples(
    st.just("here"),
    _index,
    st.sampled_from(["extension", "mobile", "title", "photo"]),
    st.integers(0, 6),
    st.just("bulk"),
)
_several_that_go_out = st.lists(_what_goes_out, min_size=2, max_size=4)


class Model(RuleBasedStateMachine):
    """One game. Subclasses say what the directory is."""

    def __init__(self) -> None:
        super().__init__()
        self.remote = self.make_remote()
        self.hub = Hub(self.remote)
        self.number = 0
        # Since both sides were last quiet: what was edited on which side, and in which round.
        self.agreed: dict[tuple[int, str], tuple[str, str, list[bytes]]] = {}
        self.here: dict[tuple[int, str], str] = {}
        self.there: dict[tuple[str, str], list[bytes]] = {}
        self.shouted = False  # since then the directory made other values of ours
        self.calm = True  # every run since then ended as it should, and the directory kept what it was sent

    def make_remote(self) -> Remote:
        raise NotImplementedError

    @property
    def anchors(self) -> list[str]:
        return sorted(self.remote.snapshot())

    # --- edits --------------------------------------------------------------------------------------------------------

    @initialize(people=st.lists(st.tuples(*[_index] * 3), min_size=1, max_size=3, unique_by=lambda each: each[0]))
    def begin(self, people: list[tuple[int, ...]]) -> None:
        for person, number, mobile in people:
            self._hire(person, {"telephonenumber": [number], "mobile": [mobile]})

    @rule(person=_index, values=st.dictionaries(_attribute, _some_raws, max_size=3))
    def hire(self, person: int, values: dict[str, list[int]]) -> None:
        if len(self.anchors) < 5:
            self._hire(person, values)

    def _hire(self, person: int, values: dict[str, list[int]]) -> None:
        self.number += 1
        mail = f"{'abcde'[person]}@example.test".encode()
        attributes = {"displayname": [PEOPLE[person].encode()], "mail": [mail]}
        attributes |= {name: _raws(name, indices) for name, indices in values.items()}
        self.remote.add(f"u{self.number}", {name: raws for name, raws in attributes.items() if raws})

    @rule(several=_several_edits)
    def edit(self, several: list[tuple[Any, ...]]) -> None:
        self._edit_all(several)

    def _edit_all(self, several: list[tuple[Any, ...]]) -> None:
        for edit in several:
            self._edit(edit)

    def _edit(self, edit: tuple[Any, ...]) -> None:
        side, who, what, value, *how = edit
        if side == "there":
            self._edit_there(who, what, value)
        else:
            self._edit_here(who, what, value, *how)

    def _edit_there(self, who: int, attribute: str, indices: list[int]) -> None:
        anchors = self.anchors
        if anchors:
            anchor = anchors[who % len(anchors)]
            present = self.remote.snapshot()[anchor].get(attribute, [])
            # Another value than stands there, or the edit would be none.
            if _raws(attribute, indices) == present:
                indices = [index + 1 for index in indices]
            raws = _raws(attribute, indices)
            self.remote.put(anchor, attribute, raws)
            self.there[anchor, attribute] = sorted(raws)

    def _edit_here(self, who: int, name: str, index: int, how: str) -> None:
        employees = list(Employee.objects.order_by("id"))
        if not employees:
            return
        employee = employees[who % len(employees)]
        if name == "photo":
            usable = PICTURES[:4]
            value = take_in(usable[index % 4], now=NOW) if index < 4 else ""
        else:
            others = [text for text in TEXTS[name] if text != getattr(employee, name)]
            value = others[index % len(others)]
        try:
            with transaction.atomic():
                if how == "service":
                    edits.change_employee(employee.pk, {name: value}, version=employee.version, user=None)
                elif how == "bulk":
                    Employee.objects.filter(pk=employee.pk).update(**{name: value})
                else:
                    setattr(employee, name, value)
                    employee.save()
        except IntegrityError:  # somebody else's extension
            return
        self.here[employee.pk, name] = value

    @rule(person=_index, with_number=st.booleans())
    def employ_here(self, person: int, with_number: bool) -> None:
        if Employee.objects.count() < 6:
            self.number += 1
            number = f"35{self.number % 10}" if with_number else ""
            if not Employee.objects.filter(extension=number).exclude(extension="").exists():
                mail = f"{'abcde'[person]}@example.test" if person % 2 else ""
                edits.create_employee({"name": PEOPLE[person], "email": mail, "extension": number}, user=None)

    @rule(who=_index, name=st.sampled_from(sorted(MAPPING)), raws=_some_raws, index=st.integers(0, 6))
    def edit_both_sides(self, who: int, name: str, raws: list[int], index: int) -> None:
        """The same field of the same person."""
        employees = list(Employee.objects.order_by("id"))
        if not employees:
            return
        employee = employees[who % len(employees)]
        anchor = SyncRecord.objects.filter(employee=employee).values_list("anchor", flat=True).first()
        self._edit_here(who, name, index, "bulk")
        if anchor in self.anchors:
            self._edit_there(self.anchors.index(anchor), MAPPING[name][0].lower(), raws)

    @rule(who=_index, how=st.sampled_from(["inner", "base", "outside", "renamed", "deleted"]))
    def move(self, who: int, how: str) -> None:
        """The first entry stays: a read that brings nobody is held, and says nothing of the rest."""
        others = self.anchors[1:]
        if not others:
            return
        anchor = others[who % len(others)]
        if how == "deleted":
            self.remote.delete(anchor)
        elif how == "renamed":
            self.number += 1
            self.remote.rename(anchor, f"u{self.number}")
        else:
            self.remote.move(anchor, unit=how)

    @rule(who=_index, take=st.sampled_from([Resolution.LOCAL, Resolution.REMOTE]))
    def decide(self, who: int, take: Resolution) -> None:
        """What a person decided is what counts from then on, as if only that side had been edited."""
        waiting = list(conflicts.undecided().select_related("record"))
        if not waiting:
            return
        conflict = waiting[who % len(waiting)]
        try:
            conflicts.decide(conflict.pk, disputes.seen_of(conflict), conflicts.Choice(take), user="model")
        except SyncError:  # it cannot be decided so, and says why
            return
        attribute = FieldMapping.objects.get(field=conflict.field).attribute.lower()
        here, there = (conflict.record.employee_id, conflict.field), (conflict.record.anchor, attribute)
        if take is Resolution.LOCAL:
            self.here[here] = conflict.local
            self.there.pop(there, None)
        else:
            self.here.pop(here, None)
            self.there[there] = sorted(self.remote.snapshot().get(there[0], {}).get(attribute, []))

    @rule(who=_index)
    def hand_over(self, who: int) -> None:
        """A number passes from somebody who has left to whom the directory gives it."""
        waiting = list(Conflict.objects.filter(kind="number_taken", closed_at=None).order_by("id"))
        if not waiting:
            return
        conflict = waiting[who % len(waiting)]
        choice = conflicts.Choice(Resolution.HAND_OVER)
        with suppress(SyncError):  # the owner is there, or another one claims the number, too
            conflicts.decide(conflict.pk, disputes.seen_of(conflict), choice, user="model")
            self._forget_number(conflict.owner_id)
            self._forget_number(conflict.record.employee_id)

    @rule(who=_index, confirm=st.booleans())
    def answer(self, who: int, confirm: bool) -> None:
        """Who an entry is: one of those proposed, or a new person."""
        asked = list(Conflict.objects.filter(kind__in=matches.MATCH_KINDS, closed_at=None).order_by("id"))
        if not asked:
            return
        conflict = asked[who % len(asked)]
        candidates = matches.candidate_ids(conflict)
        try:
            if not confirm:
                matches.create_new(conflict_id=conflict.pk, user="model")
                return
            employee_id = candidates[who % len(candidates)]
            matches.join(conflict_id=conflict.pk, employee_id=employee_id, user="model")
        except SyncError:
            return
        self.agreed = {key: values for key, values in self.agreed.items() if key[0] != employee_id}

    def _forget_number(self, employee_id: int | None) -> None:
        """Somebody decided about this number: nothing is said any more of what it was."""
        if employee_id is not None:
            self.agreed.pop((employee_id, "extension"), None)
            self.here.pop((employee_id, "extension"), None)

    # --- settings -----------------------------------------------------------------------------------------------------

    @rule(name=st.sampled_from([*TEXTS, "photo"]), change=st.sampled_from(MAPPING_CHANGES))
    def map_otherwise(self, name: str, change: dict[str, str]) -> None:
        FieldMapping.objects.filter(field=name).update(**change)

    @rule(who=_index, what=st.sampled_from(["archive", "lock", "write_back"]))
    def switch(self, who: int, what: str) -> None:
        """Something that stops the traffic, and lets it go on the next time."""
        if what == "write_back":
            self.hub.server.write_back = not self.hub.server.write_back
            self.hub.server.save(update_fields=["write_back"])
        elif what == "lock" and self.anchors:
            self._lock(self.anchors[who % len(self.anchors)])
        elif employees := list(Employee.objects.order_by("id")):
            employee = employees[who % len(employees)]
            with suppress(SyncError):  # of somebody missing only a second look tells that he may be archived
                edits.set_archived(employee.pk, archived=employee.archived_at is None, user=None)
                self._forget_number(employee.pk)

    def _lock(self, anchor: str) -> None:
        """Switch an account off, or on again, where the directory lets us."""

    @rule(change=st.sampled_from(REMAPPINGS))
    def remap(self, change: tuple[str, dict[str, str]]) -> None:
        name, values = change
        FieldMapping.objects.filter(field=name).update(**values)
        self._forget(name)

    def _forget(self, name: str) -> None:
        """A field that is read in another way has no agreed value any more (rule B8)."""
        self.agreed = {key: values for key, values in self.agreed.items() if key[1] != name}

    # --- runs ---------------------------------------------------------------------------------------------------------

    def _run(self, **how: Any) -> Ran:
        ran = self.hub.run(**how)
        note(f"run {ran.run.pk}: {ran.run.mode} {ran.run.status} {ran.run.error_code} {ran.run.counts} {ran.seen}")
        self._hold_laws(ran)
        self.calm = self.calm and ran.normal and not ran.disturbed and "between" not in how
        return ran

    def _hold_laws(self, ran: Ran) -> None:
        laws.check_audit(ran)
        if not self.shouted:  # what is written there may be what stands there already
            laws.check_counts(self.hub, ran)
        laws.check_statuses(ran)
        laws.check_people(ran)

    @rule(edits_before=_several_edits, force=st.booleans())
    def run(self, edits_before: list[tuple[Any, ...]], force: bool) -> None:
        self._edit_all(edits_before)
        clean = self._is_well_behaved()
        ran = self._run(force=force)
        # A number that was given up may be what another person's conflict was about: the next run says so.
        numbers = ran.seen.moves("extension", "telephonenumber")
        due = SyncRecord.objects.filter(due=True).exists()
        if clean and ran.normal and not (ran.first or due or numbers):
            self._check_quiet(self._run())

    @rule(edits_before=_several_edits, force=st.booleans())
    def run_by_changes(self, edits_before: list[tuple[Any, ...]], force: bool) -> None:
        """Reading no more than what has changed holds the same laws, from wherever the last run left off."""
        self._edit_all(edits_before)
        self._run(force=force, incremental=True)

    @rule(edits_before=_several_edits, edit=_edits(), tick=_ticks, force=st.booleans(), incremental=st.booleans())
    def run_while_somebody_edits(
        self, edits_before: list[tuple[Any, ...]], edit: tuple[Any, ...], tick: int, force: bool, incremental: bool
    ) -> None:
        self._edit_all(edits_before)
        self._run(force=force, incremental=incremental, event=Event("edit", tick, lambda: self._edit(edit)))

    @rule(edits_before=_several_edits, edits_between=_several_edits, incremental=st.booleans())
    def run_with_edits_between_read_and_write(
        self, edits_before: list[tuple[Any, ...]], edits_between: list[tuple[Any, ...]], incremental: bool
    ) -> None:
        self._edit_all(edits_before)
        left = list(edits_between)

        def between(anchor: str) -> None:
            if left:
                side, _who, *rest = left.pop()
                # Of the very person who is being written: nothing else could be run over.
                who = self._position_of(anchor, side)
                self._edit((side, who, *rest))

        self._run(between=between, incremental=incremental)

    def _position_of(self, anchor: str, side: str) -> int:
        if side == "there":
            return self.anchors.index(anchor) if anchor in self.anchors else 0
        employee = SyncRecord.objects.filter(anchor=anchor).values_list("employee_id", flat=True).first()
        ids = list(Employee.objects.order_by("id").values_list("id", flat=True))
        return ids.index(employee) if employee in ids else 0

    @rule(
        edits_before=_several_edits,
        kind=st.sampled_from(["kill", "kill", "exit", "locked", "cancel"]),
        tick=_ticks,
        force=st.booleans(),
        incremental=st.booleans(),
    )
    def run_and_break_off(
        self, edits_before: list[tuple[Any, ...]], kind: str, tick: int, force: bool, incremental: bool
    ) -> None:
        self._edit_all(edits_before)
        ran = self._run(force=force, incremental=incremental, event=Event(kind, tick))
        if kind == "kill" and ran.disturbed:
            assert ran.run.status in (RunStatus.RUNNING, RunStatus.COMPLETED, RunStatus.PARTIAL, RunStatus.HELD)

    @rule(who=_index)
    def run_one(self, who: int) -> None:
        anchors = sorted(self.remote.in_scope())
        if anchors:
            self._run(anchors=[anchors[who % len(anchors)]])

    @rule(force=st.booleans())
    def preview(self, force: bool) -> None:
        before = everything_stored()
        self._run(preview=True, force=force)
        assert everything_stored() == before

    @rule(force=st.booleans())
    def preview_and_apply(self, force: bool) -> None:
        """Promise 6: what was shown is what happens."""
        before = everything_stored()
        shown = self._run(preview=True, force=force)
        assert everything_stored() == before
        plan = laws.plan_of(shown)
        applied = self._run(force=force)
        assert laws.plan_of(applied)[: len(plan)] == plan
        assert (shown.run.status == "held") == (applied.run.status == "held")
        # A picture is looked into only when it comes in: it may turn out to be the one that is here, or none.
        pictures = any(each["field"] == "photo" for item in plan for each in item["changes"])
        if self._is_well_behaved() and not pictures:
            assert len(laws.plan_of(applied)) == len(plan)
            same = [name for name in shown.run.counts if name != "waiting"]
            assert [shown.run.counts[name] for name in same] == [applied.run.counts[name] for name in same]
            assert shown.run.status == applied.run.status

    @rule()
    def settle(self) -> None:
        """With everything in order on the other side, a few runs lead to rest (promise 2)."""
        self._behave()
        for _ in range(5):
            ran = self._run(force=True)
            assert ran.normal, ran.run.error_code
            if not ran.first and ran.seen.nothing and not RunItem.objects.filter(run=ran.run).exists():
                break
        else:
            raise AssertionError(f"no rest after five runs: {laws.plan_of(ran)}")
        self._check_quiet(self._run())
        self.hub.server.refresh_from_db()
        laws.check_agreement(self.hub, writes=self.hub.server.write_back)
        self._check_nobody_was_run_over()

    def _check_quiet(self, ran: Ran) -> None:
        assert ran.normal, ran.run.error_code
        assert ran.seen.nothing, f"a run without edits changed something: {ran.seen}"
        assert laws.plan_of(ran) == []
        assert not SyncRecord.objects.filter(status__in=["created", "updated"]).exists()
        counts = ran.run.counts
        assert [counts[name] for name in ("created", "updated", "written_back", "new_matters")] == [0] * 4

    def _check_nobody_was_run_over(self) -> None:
        """Promise 5: what was edited on one side alone still stands there, and what nobody edited as well."""
        now = laws.values_now(self.hub)
        attribute_of = {row.field: row.attribute.lower() for row in FieldMapping.objects.all()}
        for key, (anchor, value, raws) in self.agreed.items():
            if key not in now:
                continue
            value_now, raws_now = now[key]
            here, there = key in self.here, (anchor, attribute_of[key[1]]) in self.there
            if self.calm and not (here and there):
                asked = Conflict.objects.filter(record__anchor=anchor, kind="field", field=key[1], closed_at=None)
                assert not asked.exists(), f"{key} was edited on one side alone, and somebody is asked"
            if here and not there:
                # What such a directory makes of a value is its own change: it comes back once, and no more.
                loud = self.here[key].upper() if self.shouted and key[1] == "title" else self.here[key]
                assert value_now in (self.here[key], loud), (
                    f"{key} was edited here alone: {self.here[key]!r}, now {value_now!r}"
                )
            if not here and not there:
                assert value_now == value, f"{key} was edited by nobody: {value!r}, now {value_now!r}"
                assert raws_now == raws, f"{key} was edited by nobody: {raws!r}, now {raws_now!r}"
            if there and not here:
                edited = self.there[anchor, attribute_of[key[1]]]
                assert raws_now == edited, f"{key} was edited there alone: {edited}, now {raws_now}"
        self.agreed, self.here, self.there = laws.agreed_values(self.hub), {}, {}
        self.calm = self._keeps_what_is_sent()
        self.shouted = not self.calm

    # --- how the directory behaves ------------------------------------------------------------------------------------

    def _is_well_behaved(self) -> bool:
        return True

    def _keeps_what_is_sent(self) -> bool:
        return True

    def _behave(self) -> None:
        """Put the directory in order."""

    def teardown(self) -> None:
        self.settle()


def _raws(attribute: str, indices: list[int]) -> list[bytes]:
    values = RAWS[attribute]
    chosen = [values[index % len(values)] for index in indices][: 1 if attribute in SINGLE else 2]
    unique: dict[bytes, bytes] = {}
    for raw in chosen:
        unique.setdefault(raw.lower().replace(b" ", b"").replace(b"-", b""), raw)
    return list(unique.values())


def _spaced(attribute: str, value: bytes) -> bytes:
    """As servers that write telephone numbers in their own way, and lower the case of mail."""
    if attribute == "mobile" and value.startswith(b"+7") and len(value) == 12:
        return b"+7 %s %s-%s-%s" % (value[2:5], value[5:8], value[8:10], value[10:])
    return value.lower() if attribute == "mail" else value


def _shouting(attribute: str, value: bytes) -> bytes:
    """A server that makes another value of ours: it must never travel back and forth."""
    return value.upper() if attribute == "title" else value


FORMS: dict[str, Callable[[str, bytes], bytes]] = {
    "as_sent": lambda _attribute, value: value,
    "spaced": _spaced,
    "shouting": _shouting,
}


class FakeModel(Model):
    """Over the directory in memory, which misbehaves as well."""

    def make_remote(self) -> FakeRemote:
        return FakeRemote()

    @property
    def directory(self) -> FakeDirectory:
        assert isinstance(self.remote, FakeRemote)
        return self.remote.directory

    @rule(
        trouble=st.sampled_from(["right", "rights", "value", "busy", "form"]),
        attribute=st.sampled_from(["title", "mobile", "telephonenumber", "jpegphoto"]),
        raw=st.sampled_from([b"Janitor", b"Director", b"303", b"+79037778899", b"Canteen"]),
        who=_index,
        form=st.sampled_from(sorted(FORMS)),
    )
    def misbehave(self, trouble: str, attribute: str, raw: bytes, who: int, form: str) -> None:
        directory = self.directory
        if trouble == "right":
            directory.forbids.add(attribute)
        elif trouble == "rights":
            directory.forbids.clear()
        elif trouble == "value":
            directory.rejects ^= {raw}
        elif trouble == "form":
            directory.stores = FORMS[form]
            self.shouted = self.shouted or form == "shouting"
            self.calm = self.calm and not self.shouted
        else:
            directory.busy ^= {self.anchors[who % len(self.anchors)]}

    def _lock(self, anchor: str) -> None:
        locked = self.directory.values(anchor, "pwdAccountLockedTime")
        self.remote.put(anchor, "pwdAccountLockedTime", [] if locked else [b"000001010000Z"])

    @rule(edits_before=_several_edits, after=st.integers(0, 4), done=st.booleans())
    def run_and_lose_connection(self, edits_before: list[tuple[Any, ...]], after: int, done: bool) -> None:
        self._edit_all(edits_before)
        self.directory.lose_after, self.directory.lost_but_done = after, done
        self._run()
        self.directory.lose_after = None

    @rule(edits_before=_several_that_go_out, edits_after=_several_that_go_out)
    def run_where_our_writes_have_not_come(
        self, edits_before: list[tuple[Any, ...]], edits_after: list[tuple[Any, ...]]
    ) -> None:
        """Rule B12: another controller answers, which shows what stood there before the last run; then it catches up."""
        directory = self.directory
        self._run(force=True)  # the first one writes nothing (E2)
        self._edit_all(edits_before)
        start = len(directory.written)
        self._run(force=True)
        ours = [each for each in directory.written[start:] if directory.of(each.anchor) is not None]
        behind = [each for each in ours if sorted(directory.values(each.anchor, each.attribute)) == sorted(each.after)]
        self.number += 1
        directory.uri = f"ldap://controller-{self.number}.example.test"
        for each in behind:
            directory.put(each.anchor, each.attribute, *each.before)
        self._edit_all(edits_after)
        ran = self._run(force=True)
        laws.check_nothing_travelled(ran, {(each.anchor, each.attribute) for each in behind})
        for each in behind:
            if directory.of(each.anchor) is not None:
                directory.put(each.anchor, each.attribute, *each.after)

    def _is_well_behaved(self) -> bool:
        directory = self.directory
        return not (directory.forbids or directory.rejects or directory.busy)

    def _keeps_what_is_sent(self) -> bool:
        return self.directory.stores is not _shouting

    def _behave(self) -> None:
        directory = self.directory
        directory.forbids.clear()
        directory.busy.clear()


def _settings(*, examples: int, steps: int) -> settings:
    return settings(
        max_examples=EXAMPLES or examples,
        stateful_step_count=steps,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        print_blob=True,
        report_multiple_bugs=False,
        phases=[Phase.generate, *([Phase.shrink] if SHRINK else [])],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else wants the lock of this database, and a second try need not wait."""
    monkeypatch.setattr(turns, "PAUSE", 0)
    monkeypatch.setattr(writer.time, "sleep", lambda _seconds: None)


@pytest.mark.timeout(0 if EXAMPLES else 240)
def test_model() -> None:
    run_state_machine_as_test(FakeModel, settings=_settings(examples=25, steps=20))


@pytest.mark.timeout(0 if EXAMPLES else 240)
def test_model_over_a_real_directory(company: Company) -> None:
    """Fewer games, and no server that misbehaves."""
    remote = RealRemote(company)

    class RealModel(Model):
        def make_remote(self) -> RealRemote:
            remote.begin()
            return remote

    run_state_machine_as_test(RealModel, settings=_settings(examples=6, steps=12))
