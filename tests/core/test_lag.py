"""What a controller shows that has not got our write yet (rule B12)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.converters import entry_keys
from syncapp.core.lag import LAG, allow_for_lag, still_remembered
from syncapp.core.number_choice import choose_numbers
from syncapp.core.options import FieldRule, SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.plan import decide_person
from syncapp.core.planned import PlanItem, RecordTouch
from syncapp.core.records import Base, KnownRecord, LocalPerson, Reading, RemotePerson, Written
from syncapp.core.sides import Sides
from syncapp.core.vocabulary import ALL_FIELDS, Direction, Field, MatchKey, OnEmpty, Outcome, Policy, State

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE, THERE, THIRD = "ldaps://dc1", "ldaps://dc2", "ldaps://dc3"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAME = Field.TITLE


def person(*values: str, foreign: tuple[str, ...] = ()) -> RemotePerson:
    return RemotePerson("a", "uid=a", State.ACTIVE, {NAME: Reading(values, foreign)}, fingerprint="mark")


def record(*, before: str, ours: str, ago: timedelta = HOUR, uris: tuple[str, ...] = (HERE,)) -> KnownRecord:
    """A person whose title we have written, here, in the place of `before`."""
    return KnownRecord(
        1,
        "a",
        1,
        State.ACTIVE,
        Outcome.SKIPPED,
        dn="uid=a",
        base={NAME: Base(ours, ours)},
        written={NAME: Written((before,), NOW - ago, uris)},
    )


CASES = {
    # id: before, ours, controller, how long ago, values read, values counted, behind?
    "old_value_elsewhere": ("Boss", "Chief", THERE, HOUR, ["Boss"], ["Chief"], True),
    "old_value_at_the_last_moment": ("Boss", "Chief", THERE, DAY, ["Boss"], ["Chief"], True),
    "old_value_after_a_day": ("Boss", "Chief", THERE, DAY + timedelta(seconds=1), ["Boss"], ["Boss"], False),
    "old_value_where_we_wrote": ("Boss", "Chief", HERE, HOUR, ["Boss"], ["Boss"], False),
    "our_value_elsewhere": ("Boss", "Chief", THERE, HOUR, ["Chief"], ["Chief"], False),
    "another_value_elsewhere": ("Boss", "Chief", THERE, HOUR, ["Queen"], ["Queen"], False),
    "emptied_elsewhere": ("Boss", "Chief", THERE, HOUR, [], [], False),
    "was_empty_elsewhere": ("", "Chief", THERE, HOUR, [], ["Chief"], True),
    "was_empty_where_we_wrote": ("", "Chief", HERE, HOUR, [], [], False),
    "was_empty_and_is_another": ("", "Chief", THERE, HOUR, ["Queen"], ["Queen"], False),
    "we_emptied_it": ("Boss", "", THERE, HOUR, ["Boss"], [], True),
    "we_emptied_it_and_it_is": ("Boss", "", THERE, HOUR, [], [], False),
    "old_value_among_others": ("Boss", "Chief", THERE, HOUR, ["Boss", "Queen"], ["Chief", "Queen"], True),
    "both_values": ("Boss", "Chief", THERE, HOUR, ["Boss", "Chief"], ["Boss", "Chief"], False),
    "old_value_in_capitals": ("Boss", "Chief", THERE, HOUR, ["BOSS"], ["BOSS"], False),
}


@pytest.mark.promise(5)
@pytest.mark.parametrize(
    ("before", "ours", "uri", "ago", "read", "counted", "behind"), CASES.values(), ids=CASES.keys()
)
def test_allow_for_lag(
    before: str, ours: str, uri: str, ago: timedelta, read: list[str], counted: list[str], behind: bool
) -> None:
    allowed = allow_for_lag(person(*read), record(before=before, ours=ours, ago=ago), uri=uri, now=NOW)

    assert list(allowed.readings[NAME].values) == counted
    assert (NAME in allowed.behind) is behind
    assert allowed.fingerprint == ("" if behind else "mark")


WRITTEN_TWICE = {
    # id: replaced, ours, values read, values counted, behind?
    "two_writes_behind": (("Boss", "Chief"), "Queen", ["Boss"], ["Queen"], True),
    "one_write_behind": (("Boss", "Chief"), "Queen", ["Chief"], ["Queen"], True),
    "caught_up": (("Boss", "Chief"), "Queen", ["Queen"], ["Queen"], False),
    "there_and_back": (("Boss", "Chief"), "Boss", ["Chief"], ["Boss"], True),
    "there_and_back_and_there": (("Boss", "Chief"), "Boss", ["Boss"], ["Boss"], False),
    "filled_and_changed": (("", "Chief"), "Queen", [], ["Queen"], True),
    "emptied_and_filled": (("Boss", ""), "Queen", [], ["Queen"], True),
    "filled_and_emptied": (("", "Boss"), "", ["Boss"], [], True),
}


@pytest.mark.parametrize(
    ("replaced", "ours", "read", "counted", "behind"), WRITTEN_TWICE.values(), ids=WRITTEN_TWICE.keys()
)
def test_controller_may_be_several_writes_behind(
    replaced: tuple[str, ...], ours: str, read: list[str], counted: list[str], behind: bool
) -> None:
    known = record(before="", ours=ours)
    known = replace(known, written={NAME: known.written[NAME]._replace(replaced=replaced)})

    allowed = allow_for_lag(person(*read), known, uri=THERE, now=NOW)

    assert (list(allowed.readings[NAME].values), NAME in allowed.behind) == (counted, behind)


def test_foreign_value_elsewhere_is_a_change() -> None:
    """Somebody put a switchboard's number where nothing stood."""
    read = person(foreign=("+7 495 1234567",))

    allowed = allow_for_lag(read, record(before="", ours="215"), uri=THERE, now=NOW)

    assert (allowed.readings, dict(allowed.behind)) == (read.readings, {})


def test_message_names_both_controllers() -> None:
    allowed = allow_for_lag(person("Boss"), record(before="Boss", ours="Chief"), uri=THERE, now=NOW)

    assert allowed.behind[NAME].code == "write_behind"
    assert allowed.behind[NAME].params == {"field": "title", "uri": THERE, "has": HERE}


def test_controller_that_has_shown_our_value_is_not_behind_later() -> None:
    """Somebody sets the old value back on the controller that we use now."""
    known = record(before="Boss", ours="Chief")
    caught_up = allow_for_lag(person("Chief"), known, uri=THERE, now=NOW)
    known = replace(known, written=caught_up.written)

    assert caught_up.written[NAME].uris == (HERE, THERE)
    assert not allow_for_lag(person("Boss"), known, uri=THERE, now=NOW).behind
    assert allow_for_lag(person("Boss"), known, uri=THIRD, now=NOW).behind


FORGOTTEN = {
    "after_a_day": ({"ago": DAY + HOUR}, {}),
    "with_a_changed_mapping": ({}, {"remapped": {NAME}}),
}


@pytest.mark.parametrize(("written", "asked"), FORGOTTEN.values(), ids=FORGOTTEN.keys())
def test_write_is_forgotten(written: dict[str, timedelta], asked: dict[str, set[Field]]) -> None:
    known = record(before="Boss", ours="Chief", **written)  # type: ignore[arg-type]  # values by name

    allowed = allow_for_lag(person("Boss"), known, uri=THERE, now=NOW, **asked)

    assert (dict(allowed.written), dict(allowed.behind)) == ({}, {})


def test_field_that_is_agreed_no_more_is_forgotten() -> None:
    known = replace(record(before="Boss", ours="Chief"), base={})

    assert not allow_for_lag(person("Boss"), known, uri=THERE, now=NOW).behind


def test_field_that_is_not_mapped_now_unsettles_nobody() -> None:
    read = RemotePerson("a", "uid=a", State.ACTIVE, {}, fingerprint="mark")

    assert allow_for_lag(read, record(before="", ours="Chief"), uri=THERE, now=NOW).fingerprint == "mark"


def test_still_remembered_forgets_after_a_day() -> None:
    new, old = Written(("a",), NOW, ("x",)), Written(("b",), NOW - LAG - HOUR, ("x",))

    assert still_remembered({Field.TITLE: new, Field.MOBILE: old}, NOW) == {Field.TITLE: new}


_values = st.sampled_from(["", "Boss", "Chief", "Queen"])


@given(before=_values, ours=_values, read=st.sets(_values), ago=st.sampled_from([HOUR, DAY + HOUR]))
def test_where_we_wrote_nothing_is_ever_a_delay(before: str, ours: str, read: set[str], ago: timedelta) -> None:
    shown = person(*sorted(read - {""}))

    allowed = allow_for_lag(shown, record(before=before, ours=ours, ago=ago), uri=HERE, now=NOW)

    assert (allowed.readings, dict(allowed.behind), allowed.fingerprint) == (shown.readings, {}, "mark")


def planned(
    read: RemotePerson, known: KnownRecord, local: str, field: Field = NAME, policy: Policy = Policy.ASK
) -> PlanItem | RecordTouch | None:
    """What a run on the other controller makes of it."""
    rule = FieldRule(field, field.value, Direction.BOTH, policy, OnEmpty.CLEAR)
    allowed = allow_for_lag(read, known, uri=THERE, now=NOW)
    sides = Sides(
        options=SyncOptions(rules=(rule,), match_keys=tuple(MatchKey), region="RU", write_back=True),
        people=[allowed],
        known={"a": known},
        locals={1: LocalPerson(1, 1, {**dict.fromkeys(ALL_FIELDS, ""), field: local})},
        outward=Outward(allowed=True),
    )
    numbers = choose_numbers(sides, lambda number: False)
    return decide_person(allowed, sides, numbers, entry_keys(allowed)).result()


LOCALS = {"nobody_changed": "Chief", "changed_here": "Queen", "set_back_here": "Boss", "emptied_here": ""}


@pytest.mark.promise(5)
@pytest.mark.parametrize("policy", list(Policy))
@pytest.mark.parametrize("local", LOCALS.values(), ids=LOCALS.keys())
def test_nothing_travels_while_the_controller_is_behind(local: str, policy: Policy) -> None:
    """Not our newer value either: what stands there is not what it would replace."""
    known = record(before="Boss", ours="Chief")

    news = planned(person("Boss"), known, local, policy=policy)

    assert isinstance(news, RecordTouch)
    assert (news.base, news.waits, news.written) == (known.base, {}, known.written)
    assert news.fingerprint == ""
    assert [remark.code for remark in news.remarks] == ["write_behind"]


def test_record_that_says_it_already_is_left_alone() -> None:
    known = record(before="Boss", ours="Chief")
    first = planned(person("Boss"), known, "Chief")
    assert isinstance(first, RecordTouch)
    known = replace(known, remarks=first.remarks, keys=first.keys)

    assert planned(person("Boss"), known, "Chief") is None


def test_old_number_on_another_controller_is_neither_taken_nor_claimed() -> None:
    known = replace(
        record(before="215", ours="301"),
        base={Field.EXTENSION: Base("301", "301")},
        written={Field.EXTENSION: Written(("215",), NOW - HOUR, (HERE,))},
    )
    read = RemotePerson("a", "uid=a", State.ACTIVE, {Field.EXTENSION: Reading(("215",))})

    allowed = allow_for_lag(read, known, uri=THERE, now=NOW)

    assert entry_keys(allowed).extensions == ("301",)
    assert isinstance(planned(read, known, "301", Field.EXTENSION), RecordTouch)


def test_what_others_changed_there_still_comes_in() -> None:
    known = replace(
        record(before="Boss", ours="Chief"),
        base={NAME: Base("Chief", "Chief"), Field.DEPARTMENT: Base("Sales", "Sales")},
        written={NAME: Written(("Boss",), NOW - HOUR, (HERE,)), Field.DEPARTMENT: Written(("",), NOW - HOUR, (HERE,))},
    )
    read = RemotePerson("a", "uid=a", State.ACTIVE, {NAME: Reading(("Boss",)), Field.DEPARTMENT: Reading(("Law",))})

    news = planned(read, known, "Sales", Field.DEPARTMENT)

    assert isinstance(news, PlanItem)
    assert [(change.field, change.after) for change in news.changes] == [(Field.DEPARTMENT, "Law")]
    assert news.fingerprint == ""
