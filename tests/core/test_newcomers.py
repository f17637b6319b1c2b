"""Newcomers are planned quickly, and as the long way would plan them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.converters import entry_keys
from syncapp.core.limits import kinds_of
from syncapp.core.newcomers import planner_of_newcomers
from syncapp.core.options import SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.plan import decide_person
from syncapp.core.planned import PlanItem
from syncapp.core.records import RemotePerson
from syncapp.core.vocabulary import CreateRule, Direction, Field, State
from tests.core.hub import OPTIONS, RULES, Hub, person
from tests.core.test_plan_laws import ENTRIES, hubs, law

ANNA = person("anna", name="Anna Petrova", email="anna@example.test", mobile="+79161234567", title="Clerk")
WITH_NUMBER = person("anna", name="Anna Petrova", extension="215")
PULL_ALONE = replace(OPTIONS, rules=tuple(replace(rule, direction=Direction.PULL) for rule in RULES))
PUSH_ALONE = replace(OPTIONS, rules=tuple(replace(rule, direction=Direction.PUSH) for rule in RULES))
WITHOUT_NUMBERS = replace(OPTIONS, rules=tuple(rule for rule in RULES if rule.field is not Field.EXTENSION))
SENDS, WITHHOLDS = Outward(allowed=True), Outward(withheld=True)


def both_ways(
    hub: Hub, people: list[RemotePerson], outward: Outward | None = None
) -> list[tuple[PlanItem | None, object]]:
    """What is said quickly of each person, beside what is said the long way."""
    sides, numbers = hub.decided(people, outward)
    quickly = planner_of_newcomers(sides, numbers)
    said = []
    for each in sides.people:
        keys, record = entry_keys(each), sides.known.get(each.anchor)
        slowly = decide_person(each, sides, numbers, keys).result()
        if isinstance(slowly, PlanItem):
            slowly = slowly._replace(kinds=kinds_of(slowly, record))
        said.append((quickly(each, keys, False), slowly))
    return said


@law
@given(hubs(), ENTRIES, st.sampled_from([Outward(), SENDS, WITHHOLDS]))
def test_law_what_is_said_quickly_is_what_the_long_way_says(
    hub: Hub, people: list[RemotePerson], outward: Outward
) -> None:
    for quick, slow in both_ways(hub, people, replace(outward)):
        assert quick is None or quick == slow


QUICK = {
    "number of the pool": (OPTIONS, None, ANNA),
    "number of the directory": (OPTIONS, None, WITH_NUMBER),
    "number of the directory, sending": (OPTIONS, SENDS, WITH_NUMBER),
    "number of the pool, in the next run": (OPTIONS, WITHHOLDS, ANNA),
    "number of the pool that is never written back": (PULL_ALONE, SENDS, ANNA),
    "no pool": (replace(OPTIONS, pools=()), SENDS, ANNA),
}


@pytest.mark.parametrize(("options", "outward", "entry"), QUICK.values(), ids=QUICK.keys())
def test_newcomer_without_doubts_is_planned_quickly(
    options: SyncOptions, outward: Outward | None, entry: RemotePerson
) -> None:
    [(quick, slow)] = both_ways(Hub(options), [entry], outward)

    assert quick is not None
    assert quick == slow


SLOW = {
    "foreign value": (OPTIONS, None, person("anna", name="Anna Petrova", extension="?city")),
    "several values": (OPTIONS, None, person("anna", name="Anna Petrova", mobile="+79161234567,+79161234568")),
    "number goes out at once": (OPTIONS, SENDS, ANNA),
    "mapping brings nothing in": (PUSH_ALONE, None, ANNA),
    "numbers are not mapped": (WITHOUT_NUMBERS, None, ANNA),
    "switched off": (OPTIONS, None, person("anna", name="Anna Petrova", state=State.DISABLED)),
    "nobody is created": (replace(OPTIONS, create=CreateRule.NONE), None, ANNA),
    "phone system": (replace(OPTIONS, phone=True), None, ANNA),
}


@pytest.mark.parametrize(("options", "outward", "entry"), SLOW.values(), ids=SLOW.keys())
def test_newcomer_with_a_doubt_is_left_to_the_long_way(
    options: SyncOptions, outward: Outward | None, entry: RemotePerson
) -> None:
    [(quick, _slow)] = both_ways(Hub(options), [entry], outward)

    assert quick is None


def test_newcomers_who_claim_one_number_are_left_to_the_long_way() -> None:
    rivals = [WITH_NUMBER, person("boris", name="Boris Sidorov", extension="215")]

    assert [quick for quick, _slow in both_ways(Hub(), rivals)] == [None, None]


def test_newcomer_whom_the_pool_cannot_serve_is_left_to_the_long_way() -> None:
    crowd = [person(f"e{number}", name=f"Anna Petrova {number:03}") for number in range(101)]

    assert [quick for quick, _slow in both_ways(Hub(), crowd) if quick is None] == [None]


def test_known_entry_is_left_to_the_long_way() -> None:
    hub = Hub()
    hub.run([ANNA])

    assert [quick for quick, _slow in both_ways(hub, [ANNA])] == [None]
