"""Every combination of base, both values, direction, policy and emptiness, with writing back on and off.

The table is read by people: a row for each state of the two sides, a column for
each mapping. `=` unchanged, A agreed, L pulled, S sent, C conflict, D shown as a
difference, K kept although the other side emptied it.
"""

from collections.abc import Iterator

import pytest

from syncapp.core import plan as rules
from syncapp.core.matters import EntryKeys
from syncapp.core.merge import Decision, merge_field
from syncapp.core.numbers import Numbers
from syncapp.core.options import FieldRule, SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.planned import PlanItem
from syncapp.core.records import Base, KnownRecord, LocalPerson, Reading, RemotePerson
from syncapp.core.sides import Sides
from syncapp.core.vocabulary import (
    ALL_FIELDS,
    Direction,
    Field,
    MatchKey,
    OnEmpty,
    Outcome,
    Policy,
    Side,
    State,
)

COLUMNS = tuple((policy, direction) for policy in (Policy.ASK, Policy.REMOTE_WINS, Policy.LOCAL_WINS) for direction in (
    Direction.PULL, Direction.PUSH, Direction.BOTH,
))  # fmt: skip

KEEP = """
base local remote | ask: pull push both | remote wins     | local wins
none -     -      | A    A    A         | A    A    A     | A    A    A
none -     r      | L    D    L         | L    D    L     | L    D    L
none l     -      | D    S    S         | D    S    S     | D    S    S
none l     l      | A    A    A         | A    A    A     | A    A    A
none l     r      | L    D    L         | L    D    L     | D    S    S
b    b     b      | =    =    =         | =    =    =     | =    =    =
b    b     r      | L    D    L         | L    D    L     | L    D    L
b    b     -      | K    D    K         | K    D    K     | K    D    K
b    l     b      | D    S    S         | D    S    S     | D    S    S
b    -     b      | D    K    K         | D    K    K     | D    K    K
b    l     l      | A    A    A         | A    A    A     | A    A    A
b    -     -      | A    A    A         | A    A    A     | A    A    A
b    l     r      | C    C    C         | L    D    L     | D    S    S
b    l     -      | C    C    C         | K    D    K     | D    S    S
b    -     r      | C    C    C         | L    D    L     | D    K    K
-    -     -      | =    =    =         | =    =    =     | =    =    =
-    -     r      | L    D    L         | L    D    L     | L    D    L
-    l     -      | D    S    S         | D    S    S     | D    S    S
-    l     r      | C    C    C         | L    D    L     | D    S    S
"""
CLEAR = """
base local remote | ask: pull push both | remote wins     | local wins
none -     r      | L    D    L         | L    D    L     | L    D    L
none l     -      | D    S    S         | D    S    S     | D    S    S
b    b     -      | L    D    L         | L    D    L     | L    D    L
b    -     b      | D    S    S         | D    S    S     | D    S    S
b    l     -      | C    C    C         | L    D    L     | D    S    S
b    -     r      | C    C    C         | L    D    L     | D    S    S
b    -     -      | A    A    A         | A    A    A     | A    A    A
"""
ABROAD = """
base local remote | ask: pull push both | remote wins     | local wins
none -     -      | A    A    A         | A    A    A     | A    A    A
none -     r      | D    D    D         | D    D    D     | D    D    D
none l     -      | D    S    S         | D    S    S     | D    S    S
none l     l      | A    A    A         | A    A    A     | A    A    A
none l     r      | D    D    D         | D    D    D     | D    S    S
b    b     b      | =    =    =         | =    =    =     | =    =    =
b    b     r      | D    D    D         | D    D    D     | D    D    D
b    b     -      | D    D    D         | D    D    D     | D    D    D
b    l     b      | D    S    S         | D    S    S     | D    S    S
b    -     b      | D    K    K         | D    K    K     | D    K    K
b    l     l      | A    A    A         | A    A    A     | A    A    A
b    l     r      | D    C    C         | D    D    D     | D    S    S
b    l     -      | D    C    C         | D    D    D     | D    S    S
b    -     r      | D    C    C         | D    D    D     | D    K    K
"""
LETTERS = {
    "=": Decision.UNCHANGED,
    "A": Decision.AGREED,
    "L": Decision.PULL,
    "S": Decision.PUSH,
    "C": Decision.CONFLICT,
    "D": Decision.DIFFERENCE,
    "K": Decision.KEPT,
}


def _cases(table: str, on_empty: OnEmpty, *, abroad: bool = False) -> Iterator[object]:
    for line in table.strip().splitlines()[1:]:
        (base, local, remote), *blocks = (block.split() for block in line.split("|"))
        letters = [letter for block in blocks for letter in block]
        for (policy, direction), letter in zip(COLUMNS, letters, strict=True):
            rule = FieldRule(Field.TITLE, "title", direction, policy, on_empty, abroad=abroad)
            values = [None if value == "none" else value.replace("-", "") for value in (base, local, remote)]
            name = f"{base}_{local}_{remote}-{policy}-{direction}-{on_empty}"
            yield pytest.param(rule, *values, LETTERS[letter], id=name)


CASES = [*_cases(KEEP, OnEmpty.KEEP), *_cases(CLEAR, OnEmpty.CLEAR)]


@pytest.mark.parametrize("remapped", [False, True], ids=["as_before", "remapped"])
@pytest.mark.parametrize(("rule", "base", "local", "remote", "expected"), [*_cases(ABROAD, OnEmpty.KEEP, abroad=True)])
def test_decision_where_another_server_is_home(
    rule: FieldRule, base: str | None, local: str, remote: str, expected: Decision, remapped: bool
) -> None:
    """Rule B11: compared, and written where the mapping pushes; nothing is brought in."""
    agreed = Base(base, base) if base is not None else None

    merged = merge_field(rule=rule, base=agreed, local=local, reading=_reading(remote), remapped=remapped)

    assert merged.decision is expected


def _reading(value: str) -> Reading:
    return Reading((value,)) if value else Reading()


@pytest.mark.parametrize(("rule", "base", "local", "remote", "expected"), CASES)
def test_decision(rule: FieldRule, base: str | None, local: str, remote: str, expected: Decision) -> None:
    agreed = Base(base, base) if base is not None else None

    assert merge_field(rule=rule, base=agreed, local=local, reading=_reading(remote)).decision is expected


@pytest.mark.parametrize("allowed", [True, False], ids=["write_back", "no_write_back"])
@pytest.mark.parametrize(("rule", "base", "local", "remote", "expected"), CASES)
def test_what_a_run_makes_of_it(
    rule: FieldRule, base: str | None, local: str, remote: str, expected: Decision, allowed: bool
) -> None:
    """What is written where, what waits, and that no base moves before its value has gone through."""
    agreed = {Field.TITLE: Base(base, base)} if base is not None else {}
    changes, waits, new_base, matters = _plan(rule, agreed, local, remote, allowed=allowed)

    assert changes == {
        Decision.PULL: [(Side.LOCAL, local, remote)],
        Decision.PUSH: [(Side.REMOTE, remote, local)] if allowed else [],
    }.get(expected, [])
    assert waits == ({Field.TITLE: remote} if expected is Decision.PUSH and not allowed else {})
    assert new_base == {
        Decision.PULL: {Field.TITLE: Base(remote, remote, pulled=True)},
        Decision.AGREED: {Field.TITLE: Base(local, remote)},
    }.get(expected, agreed)
    assert matters == (expected is Decision.CONFLICT)


def _plan(
    rule: FieldRule, base: dict[Field, Base], local: str, remote: str, *, allowed: bool
) -> tuple[list[tuple[Side, str, str]], dict[Field, str], dict[Field, Base], bool]:
    """Plan one tied person with one mapping."""
    person = RemotePerson("a", "uid=a", State.ACTIVE, {Field.TITLE: _reading(remote)}, fingerprint="f")
    record = KnownRecord(1, "a", 1, State.ACTIVE, Outcome.SKIPPED, dn="uid=a", base=base, due=True)
    employee = LocalPerson(1, 1, {**dict.fromkeys(ALL_FIELDS, ""), Field.TITLE: local})
    sides = Sides(
        options=SyncOptions(rules=(rule,), match_keys=(MatchKey.NAME,), region="RU"),
        people=[person],
        known={"a": record},
        locals={1: employee},
        outward=Outward(allowed=allowed),
        today="2026-11-23",
    )
    [news] = rules.plan_people(sides, Numbers(), lambda _person: EntryKeys())
    if isinstance(news, PlanItem):
        changes = [(change.side, change.before, change.after) for change in news.changes]
        return changes, dict(news.waits), dict(news.base), bool(news.matters)
    return [], dict(news.waits), dict(news.base), False
