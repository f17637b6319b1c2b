"""Laws that every plan keeps, tried on small companies that overlap in every key and number."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncapp.core.options import FieldRule, PoolSpec
from syncapp.core.records import RemotePerson
from syncapp.core.vocabulary import (
    TEXT_FIELDS,
    Action,
    CreateRule,
    Direction,
    Field,
    OnEmpty,
    Policy,
    State,
)
from tests.core.hub import OPTIONS, RULES, Hub, items, person

NAMES = ["", "Anna Petrova", "Petrova Anna", "Anna Ivanovna Petrova", "Boris Sidorov", "Boris", "A. Petrova"]
MAILS = ["", "anna@example.test", "boris@example.test", "anna@example.test,boris@example.test"]
MOBILES = ["", "+79161234567", "+79161234568"]
NUMBERS = ["", "201", "202", "203", "201,202", "?city"]
TITLES = ["", "Clerk", "Boss"]


def any_values(*, single: bool) -> st.SearchStrategy[dict[str, str]]:
    def of(values: list[str]) -> st.SearchStrategy[str]:
        return st.sampled_from([each for each in values if not (single and ("," in each or "?" in each))])

    return st.fixed_dictionaries(
        {"name": of(NAMES), "email": of(MAILS), "mobile": of(MOBILES), "extension": of(NUMBERS), "title": of(TITLES)}
    )


STATES = st.sampled_from([State.ACTIVE, State.ACTIVE, State.ACTIVE, State.DISABLED])
ENTRIES = st.lists(st.tuples(STATES, any_values(single=False)), min_size=2, max_size=6).map(
    lambda entries: [person(f"e{index}", state=state, **values) for index, (state, values) in enumerate(entries)]
)
ANY_RULES = st.tuples(
    *(
        st.builds(
            FieldRule,
            st.just(name),
            st.just(name.value),
            st.sampled_from(Direction),
            st.sampled_from(Policy),
            st.sampled_from(OnEmpty),
        )
        for name in TEXT_FIELDS
    )
)
ANY_OPTIONS = st.builds(
    lambda rules, create, pools: replace(OPTIONS, rules=rules, create=create, pools=pools),
    st.just(RULES) | ANY_RULES,
    st.sampled_from(CreateRule),
    st.sampled_from([(), (PoolSpec("Tiny", "200", "201"),), (PoolSpec("Office", "200", "299"),)]),
)


@st.composite
def hubs(draw: st.DrawFn) -> Hub:
    """A hub before its first run or, with edits on both sides since, after it."""
    hub = Hub(options=draw(ANY_OPTIONS))
    for values in draw(st.lists(any_values(single=True), max_size=6)):
        hub.employ(**with_a_free_number(hub, values))
    if draw(st.booleans()):
        hub.run(draw(ENTRIES))
        for id_ in sorted(hub.employees):
            if draw(st.booleans()):
                hub.edit(id_, **with_a_free_number(hub, draw(any_values(single=True)), but=id_))
    return hub


def with_a_free_number(hub: Hub, values: dict[str, str], *, but: int = 0) -> dict[str, str]:
    used = {row.values[Field.EXTENSION] for id_, row in hub.employees.items() if id_ != but}
    return {**values, "extension": ""} if values["extension"] in used else values


law = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@law
@given(hubs(), ENTRIES)
def test_law_two_entries_are_never_joined_to_one_employee(hub: Hub, people: list[RemotePerson]) -> None:
    hub.run(people)

    tied = [record.employee_id for record in hub.records.values() if record.employee_id is not None]
    assert len(tied) == len(set(tied))


@law
@given(hubs(), ENTRIES)
def test_law_one_number_belongs_to_one_person_in_the_end(hub: Hub, people: list[RemotePerson]) -> None:
    hub.run(people)

    numbers = [row.values[Field.EXTENSION] for row in hub.employees.values() if row.values[Field.EXTENSION]]
    assert len(numbers) == len(set(numbers))


@law
@given(hubs(), ENTRIES)
def test_law_an_empty_value_wipes_only_where_the_mapping_clears_and_never_a_number(
    hub: Hub, people: list[RemotePerson]
) -> None:
    clears = {rule.field for rule in hub.options.rules if rule.on_empty is OnEmpty.CLEAR} - {Field.EXTENSION}

    emptied = {change.field for item in items(hub.plan(people)).values() for change in item.changes if not change.after}

    assert emptied <= clears


@law
@given(hubs(), ENTRIES, st.randoms(use_true_random=False))
def test_law_the_plan_does_not_depend_on_the_order_of_reading(
    hub: Hub, people: list[RemotePerson], chance: Random
) -> None:
    shuffled = chance.sample(people, len(people))

    assert hub.plan(shuffled) == hub.plan(people)


@law
@given(hubs(), ENTRIES)
def test_law_numbers_are_disputed_or_issued_but_never_taken_from_their_owner(
    hub: Hub, people: list[RemotePerson]
) -> None:
    """Whoever is in no entry of this read keeps his number, whatever the entries claim."""
    planned = hub.plan(people)
    named = {item.employee_id for item in items(planned).values()}
    before = {id_: row.values[Field.EXTENSION] for id_, row in hub.employees.items() if id_ not in named}

    hub.apply(planned)

    assert {id_: hub.employees[id_].values[Field.EXTENSION] for id_ in before} == before


@pytest.mark.promise(2)
@law
@given(hubs(), ENTRIES)
def test_law_runs_come_to_rest(hub: Hub, people: list[RemotePerson]) -> None:
    """A second plan changes nothing, but for what the first one itself has made possible.

    A match that was open may be clear once the others have their new names, and
    who found the pool empty gets a number that was given up. Each such run
    settles somebody, so there is an end.
    """
    hub.run(people)
    for _entry in people:
        if not _may_go_on(hub):
            break
        hub.run(people)

    news = items(hub.plan(people)).values()

    assert [item for item in news if item.changes or item.action in (Action.CREATE, Action.JOIN)] == []
    assert [item for item in news if set(item.matters) != set(hub.records[item.anchor].open_matters)] == []
    hub.run(people)  # it may have to say a name that has changed
    assert hub.plan(people) == []


def _may_go_on(hub: Hub) -> bool:
    return any(
        (record.employee_id is None and record.open_matters)
        or (record.message is not None and record.message.code == "number_pool_exhausted")
        for record in hub.records.values()
    )
