"""Whoever turns out to be as the record says is set aside before everybody is known."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.options import PoolSpec, SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.plan import look_again
from syncapp.core.planned import RecordTouch, Refresh
from syncapp.core.records import Message, Refused, RemotePerson, Written
from syncapp.core.sides import Sides
from syncapp.core.vocabulary import Field, RefusalKind, State
from tests.core.hub import OPTIONS, Hub, Planned, person
from tests.core.test_plan_laws import ANY_OPTIONS, ENTRIES, hubs, law

ANNA = person("anna", name="Anna Petrova", email="anna@example.test", title="Clerk", extension="215")


def alone(hub: Hub, each: RemotePerson, *, remapped: frozenset[Field] = frozenset()) -> RecordTouch | Refresh | None:
    """What is said of a person of whom alone the record and the employee are known."""
    known = {each.anchor: hub.records[each.anchor]} if each.anchor in hub.records else {}
    sides = Sides(
        options=hub.options, people=[each], known=known, outward=Outward(), locals=hub.employees, remapped=remapped
    )
    return look_again(each, sides)


def news_of(hub: Hub, planned: list[Planned]) -> dict[str, Planned]:
    anchors = {record.id: record.anchor for record in hub.records.values()}
    return {anchors[each.record_id] if isinstance(each, RecordTouch) else each.anchor: each for each in planned}


@law
@given(hubs(), ENTRIES, ENTRIES, ANY_OPTIONS, st.booleans())
def test_law_a_person_set_aside_is_no_news_among_all_and_changes_nothing_for_the_others(
    hub: Hub, people: list[RemotePerson], later: list[RemotePerson], options: SyncOptions, as_before: bool
) -> None:
    hub.run(people)
    hub.options = options
    later = [
        each._replace(fingerprint=f"{each.fingerprint}, new settings") for each in (people if as_before else later)
    ]

    aside = {each.anchor: found for each in later if (found := alone(hub, each)) is not None}

    among_all = news_of(hub, hub.plan(later))
    for anchor, found in aside.items():
        record, news = hub.records[anchor], among_all.pop(anchor, None)
        if isinstance(found, RecordTouch):
            assert (news, found.keys) == (found, record.keys)
            continue
        assert news is None or isinstance(news, RecordTouch)
        kept = (record.dn, record.name, record.base, record.keys, record.waits, record.remarks, record.abroad)
        if news is not None:
            assert (news.dn, news.name, news.base, news.keys, news.waits, news.remarks, news.abroad) == kept
        assert found.fingerprint == (news.fingerprint if news is not None else record.fingerprint)
    assert news_of(hub, hub.plan([each for each in later if each.anchor not in aside])) == among_all


@pytest.fixture
def hub() -> Hub:
    """Anna, settled."""
    hub = Hub(OPTIONS)
    hub.run([ANNA])
    return hub


def test_settled_person_is_set_aside_with_the_new_fingerprint(hub: Hub) -> None:
    found = alone(hub, ANNA._replace(fingerprint="new"))

    assert found == Refresh(hub.records["anna"].id, hub.employee("anna").version, "new")


CHANGED = {
    "another value": ANNA._replace(
        readings=person("anna", name="Anna Petrova", title="Boss", extension="215").readings
    ),
    "another number": person("anna", name="Anna Petrova", email="anna@example.test", title="Clerk", extension="216"),
    "disabled": ANNA._replace(state=State.DISABLED),
    "not known": ANNA._replace(anchor="boris"),
}


def test_nobody_is_who_has_other_keys(hub: Hub) -> None:
    """By these others are matched."""
    hub.options = replace(OPTIONS, rules=tuple(rule for rule in OPTIONS.rules if rule.field is not Field.NAME))

    assert alone(hub, person("anna", email="anna@example.test", title="Clerk", extension="215")) is None


@pytest.mark.parametrize("entry", CHANGED.values(), ids=CHANGED.keys())
def test_nobody_is_of_whom_there_is_news(hub: Hub, entry: RemotePerson) -> None:
    assert alone(hub, entry) is None


def test_whoever_moved_is_brought_up_to_date(hub: Hub) -> None:
    found = alone(hub, ANNA._replace(dn="uid=anna,ou=sales,dc=example"))

    assert isinstance(found, RecordTouch)
    assert found.dn == "uid=anna,ou=sales,dc=example"


def test_whoever_was_edited_here_waits_to_be_written(hub: Hub) -> None:
    hub.edit(1, title="Boss")

    found = alone(hub, ANNA)

    assert isinstance(found, RecordTouch)
    assert found.waits == {Field.TITLE: "Clerk"}


def test_nobody_is_about_whom_a_number_or_a_tie_is_to_be_decided() -> None:
    hub = Hub(replace(OPTIONS, pools=(PoolSpec("Tiny", "200", "200"),)))
    people = [person("boris", name="Boris Sidorov"), person("clara", name="Clara Dale")]
    hub.run(people)
    assert [hub.employee(each.anchor).values[Field.EXTENSION] for each in people] == ["200", ""]
    hub.records["clara"] = replace(hub.records["clara"], message=Message("number_waits"))

    assert [alone(hub, each) is None for each in people] == [False, True]


def test_nobody_is_for_whom_a_broken_off_run_wrote(hub: Hub) -> None:
    """The run that finds it says so (promise 1)."""
    hub.records["anna"] = replace(hub.records["anna"], waits={Field.TITLE: "Boss"})

    assert alone(hub, ANNA) is None


MORE_TO_SAY = {
    "due": {"due": True},
    "written lately": {"written": {Field.TITLE: Written(("Boss",), None, ())}},
    "refused": {
        "refusals": {
            Field.TITLE: Refused(
                value="Boss", standing="", attribute="title", pattern="", kind=RefusalKind.RIGHT, message=Message("x")
            )
        }
    },
}


@pytest.mark.parametrize("more", MORE_TO_SAY.values(), ids=MORE_TO_SAY.keys())
def test_nobody_is_about_whom_something_is_remembered(hub: Hub, more: dict[str, object]) -> None:
    hub.records["anna"] = replace(hub.records["anna"], **more)

    assert alone(hub, ANNA) is None


def test_nobody_is_where_numbers_are_read_in_another_way(hub: Hub) -> None:
    assert isinstance(alone(hub, ANNA, remapped=frozenset({Field.TITLE})), RecordTouch)  # agreed anew
    assert alone(hub, ANNA, remapped=frozenset({Field.EXTENSION})) is None
