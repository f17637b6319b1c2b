"""Whole plans over small companies: matching, numbers and values together (rules A3 to A8, B1 to B4, B9, C2 to C9)."""

from dataclasses import replace

import pytest

from syncapp.core.options import PoolSpec, SyncOptions
from syncapp.core.planned import FieldChange, PlanItem, RecordTouch
from syncapp.core.records import RemotePerson
from syncapp.core.sides import sort_key
from syncapp.core.vocabulary import (
    Action,
    CreateRule,
    Field,
    MatchKey,
    MatterKind,
    Outcome,
    Policy,
    Side,
    State,
    TakenNumber,
)
from tests.core.hub import DOMAIN_WINS, OPTIONS, RULES, Hub, items, person

ANNA = person("anna", name="Anna Petrova", email="anna@example.test")


def changes(item: PlanItem) -> dict[str, tuple[str, str]]:
    return {change.field.value: (change.before, change.after) for change in item.changes}


def number_change(before: str, after: str) -> FieldChange:
    return FieldChange(Field.EXTENSION, Side.LOCAL, before, after)


# What happens to one entry: who is here already, the entry, what the server creates; action, outcome, message.
ONE_ENTRY: dict[str, tuple[dict[str, str] | None, RemotePerson, CreateRule, tuple[Action, Outcome, str]]] = {
    "stranger": (None, ANNA, CreateRule.ALL, (Action.CREATE, Outcome.CREATED, "")),
    "stranger, nobody is created": (
        None, ANNA, CreateRule.NONE, (Action.WAIT, Outcome.IGNORED, "not_created_off"),
    ),
    "stranger without number": (
        None, ANNA, CreateRule.WITH_NUMBER, (Action.WAIT, Outcome.IGNORED, "not_created_no_number"),
    ),
    "stranger with a foreign number": (
        None, person("anna", name="Anna Petrova", extension="?city"), CreateRule.WITH_NUMBER,
        (Action.WAIT, Outcome.IGNORED, "not_created_no_number"),
    ),
    "stranger with number": (
        None, person("anna", name="Anna Petrova", extension="215"), CreateRule.WITH_NUMBER,
        (Action.CREATE, Outcome.CREATED, ""),
    ),
    "stranger, switched off": (
        None, person("anna", name="Anna Petrova", state=State.DISABLED), CreateRule.ALL,
        (Action.WAIT, Outcome.IGNORED, "not_created_inactive"),
    ),
    "stranger, expired": (
        None, person("anna", name="Anna Petrova", state=State.EXPIRED), CreateRule.ALL,
        (Action.WAIT, Outcome.IGNORED, "not_created_inactive"),
    ),
    "recognised": (
        {"name": "Anna Petrova", "email": "anna@example.test", "extension": "300"}, ANNA, CreateRule.ALL,
        (Action.JOIN, Outcome.SKIPPED, "matched"),
    ),
    "recognised with other values": (
        {"name": "A. Petrova", "email": "anna@example.test"}, ANNA, CreateRule.ALL,
        (Action.JOIN, Outcome.UPDATED, "matched"),
    ),
    "recognised, although nobody is created": (
        {"name": "Anna Petrova"}, ANNA, CreateRule.NONE, (Action.JOIN, Outcome.UPDATED, "matched"),
    ),
    "recognised, switched off": (
        {"name": "A. Petrova", "email": "anna@example.test"},
        person("anna", name="Anna Petrova", email="anna@example.test", state=State.DISABLED),
        CreateRule.ALL,
        (Action.JOIN, Outcome.SKIPPED, "matched"),
    ),
    "proposed": (
        {"name": "Anna Petrova", "email": "other@example.test"}, ANNA, CreateRule.ALL,
        (Action.WAIT, Outcome.PROPOSED, "match_proposed"),
    ),
    "similar": (
        {"name": "Anna Ivanovna Petrova"}, ANNA, CreateRule.ALL, (Action.WAIT, Outcome.PROPOSED, "match_similar"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("known", "entry", "create", "expected"), ONE_ENTRY.values(), ids=ONE_ENTRY.keys())
def test_entry_at_first_sight(
    known: dict[str, str] | None, entry: RemotePerson, create: CreateRule, expected: tuple[Action, Outcome, str]
) -> None:
    hub = Hub(options=replace(OPTIONS, create=create))
    if known is not None:
        hub.employ(**known)

    [item] = hub.plan([entry])

    assert isinstance(item, PlanItem)
    assert (item.action, item.outcome, item.message.code if item.message else "") == expected


def test_refused_candidate_is_not_proposed_again_and_the_entry_is_created() -> None:
    hub = Hub()
    hub.employ(name="Anna Ivanovna Petrova")
    hub.run([ANNA])
    hub.records["anna"] = replace(hub.records["anna"], refused=frozenset({1}), open_matters=())

    assert items(hub.plan([ANNA]))["anna"].action is Action.CREATE


def test_two_that_could_be_one_wait_both() -> None:
    hub = Hub()
    hub.employ(name="Anna Petrova")

    planned = items(hub.plan([person("a", name="Anna Petrova"), person("b", name="Petrova Anna")]))

    assert {anchor: (item.action, item.outcome) for anchor, item in planned.items()} == {
        "a": (Action.WAIT, Outcome.CONFLICT),
        "b": (Action.WAIT, Outcome.CONFLICT),
    }


def test_who_is_joined_is_nobody_else_s_in_the_same_plan() -> None:
    """The shared mobile is no key for either; once the first is joined it says nothing against the second."""
    hub = Hub()
    hub.employ(name="Anna Petrova", mobile="+79161234567")
    hub.employ(name="Anna Ivanovna Petrova")

    planned = items(
        hub.plan(
            [
                person("a", name="Anna Petrova", mobile="+79161234567"),
                person("b", name="Anna Ivanovna Petrova", mobile="+79161234567"),
            ]
        )
    )

    assert {anchor: (item.action, item.employee_id) for anchor, item in planned.items()} == {
        "a": (Action.JOIN, 1),
        "b": (Action.JOIN, 2),
    }


def test_conflict_of_values_leaves_the_rest_alone() -> None:
    hub = Hub()
    hub.run([person("anna", name="Anna Petrova", title="Clerk", mobile="+79161234567")])
    hub.edit(1, title="Boss")

    planned = items(hub.plan([person("anna", name="Anna Petrova", title="Chief", mobile="+79161234568")]))

    assert changes(planned["anna"]) == {"mobile": ("+79161234567", "+79161234568")}
    assert [(m.kind, m.field, m.base, m.local, m.remote) for m in planned["anna"].matters] == [
        (MatterKind.FIELD, Field.TITLE, "Clerk", "Boss", "Chief")
    ]


@pytest.mark.parametrize("state", [State.DISABLED, State.EXPIRED])
def test_who_is_switched_off_is_frozen(state: State) -> None:
    hub = Hub()
    hub.run([person("anna", name="Anna Petrova", title="Clerk", extension="215")])

    planned = items(hub.plan([person("anna", name="Left Anna", title="", extension="216", state=state)]))

    assert (planned["anna"].changes, planned["anna"].state_changed, planned["anna"].base) == (
        (), True, hub.records["anna"].base,
    )  # fmt: skip


def test_archived_employee_is_frozen() -> None:
    hub = Hub()
    hub.run([person("anna", name="Anna Petrova", title="Clerk")])
    hub.employees[1] = replace(hub.employees[1], archived=True)

    [touch] = hub.plan([person("anna", name="Anna Petrova", title="Boss")])

    assert isinstance(touch, RecordTouch)


def test_same_state_again_is_no_news() -> None:
    hub = Hub()
    gone = person("anna", name="Anna Petrova", state=State.DISABLED)
    hub.run([ANNA])
    hub.run([gone])

    assert items(hub.plan([gone])) == {}


# Where a number ties nobody, so that whoever has the claimed one is somebody else.
BY_MAIL = replace(OPTIONS, match_keys=(MatchKey.EMAIL,))
BY_MAIL_DOMAIN_WINS = replace(DOMAIN_WINS, match_keys=(MatchKey.EMAIL,))

# Numbers at first sight: what the entry says, who has what already; the number got, and the matter.
FIRST_NUMBERS: dict[str, tuple[SyncOptions, str, dict[str, str], str, MatterKind | None]] = {
    "free": (BY_MAIL, "215", {}, "215", None),
    "none": (BY_MAIL, "", {}, "200", None),
    "foreign": (BY_MAIL, "?city", {}, "200", None),
    "several": (BY_MAIL, "215,216", {}, "200", None),
    "taken": (BY_MAIL, "215", {"Boris Sidorov": "215"}, "200", MatterKind.NUMBER_TAKEN),
    "taken, the lowest used": (BY_MAIL, "215", {"Boris Sidorov": "215", "C": "200"}, "201", MatterKind.NUMBER_TAKEN),
    "taken, no pool": (
        replace(BY_MAIL, pools=()), "215", {"Boris Sidorov": "215"}, "", MatterKind.NUMBER_TAKEN,
    ),
    "recognised with the same": (BY_MAIL, "215", {"Anna Petrova": "215"}, "215", None),
    "recognised with another": (BY_MAIL, "215", {"Anna Petrova": "300"}, "300", MatterKind.FIELD),
    "recognised with another, the domain wins": (BY_MAIL_DOMAIN_WINS, "215", {"Anna Petrova": "300"}, "215", None),
    "recognised with another, taken": (
        BY_MAIL_DOMAIN_WINS, "215", {"Anna Petrova": "300", "Boris Sidorov": "215"}, "300", MatterKind.NUMBER_TAKEN,
    ),
    "recognised without": (BY_MAIL, "", {"Anna Petrova": "300"}, "300", None),
}  # fmt: skip


@pytest.mark.parametrize(("options", "says", "known", "got", "kind"), FIRST_NUMBERS.values(), ids=FIRST_NUMBERS.keys())
def test_number_at_first_sight(
    options: SyncOptions, says: str, known: dict[str, str], got: str, kind: MatterKind | None
) -> None:
    hub = Hub(options=options)
    for name, extension in known.items():
        hub.employ(name=name, email=f"{name}@example.test", extension=extension)

    hub.run([person("anna", name="Anna Petrova", email="Anna Petrova@example.test", extension=says)])

    assert hub.employee("anna").values[Field.EXTENSION] == got
    assert [matter.kind for matter in hub.records["anna"].open_matters] == ([kind] if kind else [])


def test_number_that_two_claim_is_nobody_s() -> None:
    hub = Hub()

    hub.run([person("a", name="Anna Petrova", extension="215"), person("b", name="Boris Sidorov", extension="215")])

    assert hub.extensions() == {"Anna Petrova": "200", "Boris Sidorov": "201"}
    assert {matter.kind for record in hub.records.values() for matter in record.open_matters} == {
        MatterKind.NUMBER_CLAIMED_TWICE
    }


def test_number_that_an_entry_claims_is_issued_to_nobody() -> None:
    hub = Hub()

    hub.run([person("a", name="Anna Petrova"), person("z", name="Zoe Moore", extension="200", state=State.DISABLED)])

    assert hub.extensions() == {"Anna Petrova": "201"}


def test_empty_pool_fails_the_last_one_who_is_created_all_the_same() -> None:
    hub = Hub(options=replace(OPTIONS, pools=(PoolSpec("Tiny", "200", "200"),)))

    planned = items(hub.run([person("a", name="Anna Petrova"), person("b", name="Boris Sidorov")]))

    assert (planned["b"].action, planned["b"].outcome, planned["b"].message.code if planned["b"].message else "") == (
        Action.CREATE, Outcome.FAILED, "number_pool_exhausted",
    )  # fmt: skip


def test_number_that_was_taken_away_here_does_not_come_back() -> None:
    hub = Hub()
    hub.run([ANNA])
    hub.edit(1, extension="")

    hub.run([ANNA])

    assert hub.extensions() == {}


def test_issued_number_waits_for_the_domain_and_agrees_when_it_says_the_same() -> None:
    hub = Hub()
    hub.run([ANNA])
    waited = dict(hub.records["anna"].waits)

    hub.run([person("anna", name="Anna Petrova", email="anna@example.test", extension="200")])

    assert (waited, hub.records["anna"].waits) == ({Field.EXTENSION: ""}, {})
    assert hub.extensions() == {"Anna Petrova": "200"}


@pytest.mark.parametrize("policy", Policy)
def test_disputed_number_stays_disputed_until_somebody_decides(policy: Policy) -> None:
    """The number of the pool that he got meanwhile is no answer, whoever wins elsewhere."""
    rules = tuple(replace(rule, policy=policy) if rule.field is Field.EXTENSION else rule for rule in RULES)
    hub = Hub(options=replace(BY_MAIL, rules=rules))
    hub.employ(name="Boris Sidorov", extension="215")
    newcomer = person("anna", name="Anna Petrova", extension="215")
    hub.run([newcomer])

    again = hub.run([newcomer])

    assert items(again) == {}
    assert [m.kind for m in hub.records["anna"].open_matters] == [MatterKind.NUMBER_TAKEN]


def test_dispute_ends_when_the_owner_gives_the_number_up() -> None:
    hub = Hub(options=BY_MAIL_DOMAIN_WINS)
    owner = hub.employ(name="Boris Sidorov", extension="215")
    newcomer = person("anna", name="Anna Petrova", extension="215")
    hub.run([newcomer])
    hub.edit(owner, extension="")

    hub.run([newcomer])

    assert (hub.extensions(), hub.records["anna"].open_matters) == ({"Anna Petrova": "215"}, ())


TIED = [person("a", name="Anna Petrova", extension="201"), person("b", name="Boris Sidorov", extension="202")]


WAITING = {
    # what the server says, whether the owner has left; number of the newcomer, message
    "owner is there": (TakenNumber.WAIT, False, "200", "number_taken"),
    "owner has left": (TakenNumber.WAIT, True, "", "number_waits"),
    "owner has left, and the pool serves": (TakenNumber.POOL, True, "200", "number_of_leaver"),
}


@pytest.mark.parametrize("case", WAITING)
def test_newcomer_waits_for_the_number_of_somebody_who_has_left(case: str) -> None:
    says, left, number, message = WAITING[case]
    hub = Hub(options=replace(OPTIONS, taken_number=says))
    owner = hub.employ(name="Zoe Owner", email="zoe@example.test", extension="215")
    hub.issued.add(owner)
    hub.may_give_up = {owner} if left else set()
    clara = person("clara", name="Clara Ivanova", email="clara@example.test", extension="215")

    item = items(hub.run([clara]))["clara"]

    assert (hub.employee("clara").values[Field.EXTENSION], item.outcome) == (number, Outcome.CONFLICT)
    assert item.message is not None
    assert item.message.code == message
    assert item.message.params == {"number": "215", "owner": "Zoe Owner", "got": number}
    assert not hub.run([clara])


def test_newcomer_who_waited_is_served_when_the_owner_returns() -> None:
    hub = Hub()
    owner = hub.employ(name="Zoe Owner", email="zoe@example.test", extension="215")
    hub.issued.add(owner)
    hub.may_give_up = {owner}
    clara = person("clara", name="Clara Ivanova", email="clara@example.test", extension="215")
    hub.run([clara])
    hub.may_give_up = set()

    hub.run([clara])

    assert hub.employee("clara").values[Field.EXTENSION] == "200"


def test_missing_person_is_asked_about_and_not_joined() -> None:
    hub = Hub()
    hub.run([ANNA])
    hub.records["anna"] = replace(hub.records["anna"], state=State.MISSING)

    item = items(hub.run([ANNA._replace(anchor="new")]))["new"]

    assert (item.action, item.outcome) == (Action.WAIT, Outcome.PROPOSED)
    assert [matter.kind for matter in item.matters] == [MatterKind.MATCH_RECREATED]
    assert len(hub.employees) == 1


def test_swap_moves_both_numbers() -> None:
    hub = Hub()
    hub.run(TIED)

    hub.run([person("a", name="Anna Petrova", extension="202"), person("b", name="Boris Sidorov", extension="201")])

    assert hub.extensions() == {"Anna Petrova": "202", "Boris Sidorov": "201"}


def test_newcomer_gets_the_number_that_somebody_gives_up_in_the_same_plan() -> None:
    hub = Hub()
    hub.run(TIED)

    hub.run([TIED[0], person("b", name="Boris Sidorov", extension="203"), person("c", name="Carl M", extension="202")])

    assert hub.extensions() == {"Anna Petrova": "201", "Boris Sidorov": "203", "Carl M": "202"}


def test_number_that_is_given_up_goes_to_neither_of_two_who_claim_it() -> None:
    hub = Hub()
    hub.run(TIED)
    heirs = [person("c", name="Carl Moore", extension="202"), person("d", name="Dora Moore", extension="202")]

    hub.run([TIED[0], person("b", name="Boris Sidorov", extension="203"), *heirs])

    assert hub.extensions()["Carl Moore"] != "202" != hub.extensions()["Dora Moore"]
    assert {m.kind for anchor in "cd" for m in hub.records[anchor].open_matters} == {MatterKind.NUMBER_CLAIMED_TWICE}


def test_whose_number_is_kept_after_all_keeps_others_waiting() -> None:
    """A wants B's number, B wants C's, C stays: nobody moves."""
    hub = Hub()
    hub.run([*TIED, person("c", name="Carl Moore", extension="203")])

    hub.run(
        [
            person("a", name="Anna Petrova", extension="202"),
            person("b", name="Boris Sidorov", extension="203"),
            person("c", name="Carl Moore", extension="203"),
        ]
    )

    assert hub.extensions() == {"Anna Petrova": "201", "Boris Sidorov": "202", "Carl Moore": "203"}


def test_those_whose_number_moves_come_first_and_say_so() -> None:
    hub = Hub()
    third = person("0", name="Aaron First", title="Clerk")
    hub.run([*TIED, third])

    planned = hub.plan(
        [
            person("a", name="Anna Petrova", extension="202"),
            person("b", name="Boris Sidorov", extension="201"),
            person("0", name="Aaron First", title="Boss"),
        ]
    )

    assert [(item.name, item.number_moves) for item in planned if isinstance(item, PlanItem)] == [
        ("Anna Petrova", True), ("Boris Sidorov", True), ("Aaron First", False),
    ]  # fmt: skip


def test_people_come_by_name_then_anchor() -> None:
    same = [person("z", name="anna petrova"), person("a", name="Anna Petrova"), person("b", name="Ёлкин Пётр")]

    planned = Hub().plan([*same, person("0")])

    assert [item.anchor for item in planned if isinstance(item, PlanItem)] == ["0", "a", "z", "b"]
    assert sort_key(same[0])[0] == sort_key(same[1])[0]


def test_without_a_mapping_of_the_extension_numbers_are_issued_and_wait_for_nobody() -> None:
    rules = tuple(rule for rule in RULES if rule.field is not Field.EXTENSION)
    hub = Hub(options=replace(OPTIONS, rules=rules))

    [item] = hub.run([person("anna", name="Anna Petrova", extension="215")])

    assert isinstance(item, PlanItem)
    assert (item.changes[-1], item.number_issued, item.waits) == (number_change("", "200"), True, {})
