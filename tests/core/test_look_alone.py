"""What happens to most people is said before everybody is known."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.converters import entry_keys
from syncapp.core.options import PoolSpec, SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.plan import look_alone, plan_people
from syncapp.core.planned import PlanItem, RecordTouch, Refresh
from syncapp.core.records import Message, Refused, RemotePerson, Written
from syncapp.core.sides import Sides
from syncapp.core.vocabulary import Field, Outcome, RefusalKind, State
from tests.core.hub import OPTIONS, Hub, Planned, person
from tests.core.test_plan_laws import ANY_OPTIONS, ENTRIES, any_values, hubs, law, with_a_free_number

Alone = PlanItem | RecordTouch | Refresh | None
ANNA = person("anna", name="Anna Petrova", email="anna@example.test", title="Clerk", extension="215")


def alone(hub: Hub, each: RemotePerson, *, remapped: frozenset[Field] = frozenset(), allowed: bool = False) -> Alone:
    """What is said of a person of whom alone the record and the employee are known."""
    known = {each.anchor: hub.records[each.anchor]} if each.anchor in hub.records else {}
    sides = Sides(
        options=hub.options,
        people=[each],
        known=known,
        outward=Outward(allowed=allowed),
        locals=hub.employees,
        remapped=remapped,
    )
    return look_alone(each, sides)


def plan(hub: Hub, people: list[RemotePerson], *, allowed: bool) -> list[Planned]:
    """What is said of them among all."""
    return list(plan_people(*hub.decided(people, Outward(allowed=allowed)), entry_keys))


WRITTEN = {Field.TITLE: Written(("Boss",), None, ())}  # type: ignore[arg-type]  # of no time


def refusals_of(hub: Hub, anchor: str) -> dict[Field, Refused]:
    """What is remembered where the present title was refused in the place of the agreed one."""
    record = hub.records[anchor]
    if record.employee_id is None or Field.TITLE not in record.base:
        return {}
    title, standing = hub.employees[record.employee_id].values[Field.TITLE], record.base[Field.TITLE].remote
    message = Message("write_refused")
    return {Field.TITLE: Refused(title, standing, "title", "", RefusalKind.VALUE, message)}


def news_of(hub: Hub, planned: list[Planned]) -> dict[str, Planned]:
    anchors = {record.id: record.anchor for record in hub.records.values()}
    return {anchors[each.record_id] if isinstance(each, RecordTouch) else each.anchor: each for each in planned}


@law
@given(hubs(), ENTRIES, ENTRIES, ANY_OPTIONS, st.booleans(), st.data())
def test_law_what_is_said_of_a_person_alone_is_said_among_all_and_changes_nothing_for_the_others(
    hub: Hub,
    people: list[RemotePerson],
    later: list[RemotePerson],
    options: SyncOptions,
    as_before: bool,
    data: st.DataObject,
) -> None:
    hub.run(people)
    hub.options = options
    for id_ in data.draw(st.sets(st.sampled_from(sorted(hub.employees)))) if hub.employees else ():
        hub.edit(id_, **with_a_free_number(hub, data.draw(any_values(single=True)), but=id_))
    for anchor in data.draw(st.sets(st.sampled_from(sorted(hub.records)))) if hub.records else ():
        hub.records[anchor] = replace(hub.records[anchor], due=True)
    for anchor in data.draw(st.sets(st.sampled_from(sorted(hub.records)))) if hub.records else ():
        hub.records[anchor] = replace(hub.records[anchor], refusals=refusals_of(hub, anchor), written=WRITTEN)
    allowed = data.draw(st.booleans())
    later = [
        each._replace(fingerprint=f"{each.fingerprint}, new settings") for each in (people if as_before else later)
    ]

    aside = {each.anchor: found for each in later if (found := alone(hub, each, allowed=allowed)) is not None}

    among_all = news_of(hub, plan(hub, later, allowed=allowed))
    for anchor, found in aside.items():
        record, news = hub.records[anchor], among_all.pop(anchor, None)
        if not isinstance(found, Refresh):
            assert news == found
            hub.records[anchor] = replace(record, keys=found.keys)  # by these the others are matched
            continue
        assert news is None or isinstance(news, RecordTouch)
        kept = (record.dn, record.name, record.base, record.keys, record.waits, record.remarks, record.abroad)
        if news is not None:
            assert (news.dn, news.name, news.base, news.keys, news.waits, news.remarks, news.abroad) == kept
        assert found.fingerprint == (news.fingerprint if news is not None else record.fingerprint)
    left = [each for each in later if each.anchor not in aside]
    assert news_of(hub, plan(hub, left, allowed=allowed)) == among_all


@pytest.fixture
def hub() -> Hub:
    """Anna, settled."""
    hub = Hub(OPTIONS)
    hub.run([ANNA])
    return hub


def test_settled_person_is_set_aside_with_the_new_fingerprint(hub: Hub) -> None:
    found = alone(hub, ANNA._replace(fingerprint="new"))

    assert found == Refresh(hub.records["anna"].id, hub.employee("anna").version, "new")


NEITHER = {
    "another number": person("anna", name="Anna Petrova", email="anna@example.test", title="Clerk", extension="216"),
    "disabled": ANNA._replace(state=State.DISABLED),
    "not known": ANNA._replace(anchor="boris"),
}


@pytest.mark.parametrize("entry", NEITHER.values(), ids=NEITHER.keys())
def test_nobody_is_looked_at_alone_who_matters_to_others(hub: Hub, entry: RemotePerson) -> None:
    assert alone(hub, entry) is None


def test_change_is_planned(hub: Hub) -> None:
    found = alone(hub, person("anna", name="Anna Petrova", email="new@example.test", title="Clerk", extension="215"))

    assert isinstance(found, PlanItem)
    assert [(change.field, change.after) for change in found.changes] == [(Field.EMAIL, "new@example.test")]
    assert found.keys.emails == ("new@example.test",)


def test_change_of_both_sides_is_a_conflict(hub: Hub) -> None:
    hub.edit(1, title="Boss")

    found = alone(hub, person("anna", name="Anna Petrova", email="anna@example.test", title="Chief", extension="215"))

    assert isinstance(found, PlanItem)
    assert (found.outcome, [matter.field for matter in found.matters]) == (Outcome.CONFLICT, [Field.TITLE])


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


def test_nobody_is_where_numbers_are_read_in_another_way(hub: Hub) -> None:
    assert isinstance(alone(hub, ANNA, remapped=frozenset({Field.TITLE})), RecordTouch)  # agreed anew
    assert alone(hub, ANNA, remapped=frozenset({Field.EXTENSION})) is None
