"""Who is to be made in a phone system (rules A9, C6, D5): nobody is ever made in a directory."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from syncapp.core.fingerprint import record_mark
from syncapp.core.normalise import fold, name_key
from syncapp.core.options import FieldRule
from syncapp.core.phones import anchor_before
from syncapp.core.planned import FieldChange, PlanItem
from syncapp.core.records import KnownRecord, LocalPerson, Message, RemotePerson
from syncapp.core.vocabulary import ALL_FIELDS, MATTERS, Action, Field, Outcome, Side, State

# The box keeps so much of a name.
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An employee who has a number and no phone there. `record`: of somebody whom it was tried to make before."""

    local: LocalPerson
    record: KnownRecord | None = None


def plan_making(
    unplaced: Iterable[Unplaced], rules: Collection[FieldRule], *, occupied: Mapping[str, str]
) -> Iterator[PlanItem]:
    """Yield an item for everybody who is to be made, sorted by name; and for who cannot be, where that is news.

    `occupied` maps numbers that are in use there to their kind. What was refused once
    is not sent again, unless one of the values has changed or the number was freed.
    """
    for each in sorted(unplaced, key=lambda each: (fold(each.local.values[Field.NAME]), each.local.id)):
        values = _outgoing(each.local, rules)
        number = each.local.values[Field.EXTENSION]
        if number in occupied:
            refusal: Message | None = Message("phone_number_taken", {"number": number, "kind": occupied[number]})
        else:
            refusal = _remembered(each.record, values)
        if refusal is None:
            yield _item(each, tuple(FieldChange(rule.field, Side.REMOTE, "", value) for rule, value in values))
        elif each.record is None or (each.record.status, each.record.message) != (Outcome.FAILED, refusal):
            yield _item(each, (), refusal)


def plan_withdrawn(withdrawn: Iterable[Unplaced]) -> Iterator[PlanItem]:
    """Yield an item for everybody who was to be made and is not any more: what was refused is no open matter then."""
    for each in sorted(withdrawn, key=lambda each: each.local.id):
        if each.record is not None and each.record.status in MATTERS:
            yield _item(each, (), Message("not_to_be_made"))._replace(outcome=Outcome.IGNORED)


def _outgoing(local: LocalPerson, rules: Iterable[FieldRule]) -> list[tuple[FieldRule, str]]:
    carried = {rule.field: rule for rule in rules if rule.pushes}
    found = [(carried[name], local.values[name]) for name in ALL_FIELDS if name in carried]
    return [(rule, value) for rule, value in found if value]


def _remembered(record: KnownRecord | None, values: Iterable[tuple[FieldRule, str]]) -> Message | None:
    """Return why the same person was refused before; None for who was not, or is another one by now."""
    if record is None:
        return None
    refused = [record.refusals.get(rule.field) for rule, _value in values]
    fits = [
        each is not None and each.fits(rule, value=value, standing="")
        for each, (rule, value) in zip(refused, values, strict=True)
    ]
    first = refused[0] if refused else None
    if first is None or not all(fits) or first.message.code == "phone_number_taken":
        return None
    return first.message


def _item(each: Unplaced, changes: tuple[FieldChange, ...], failure: Message | None = None) -> PlanItem:
    local, record = each.local, each.record
    return PlanItem(
        anchor=anchor_before(local.id),
        dn="",
        name=local.values[Field.NAME],
        action=Action.MAKE,
        outcome=Outcome.FAILED if failure is not None else Outcome.UPDATED,
        state=State.ACTIVE,
        record_id=record.id if record is not None else None,
        employee_id=local.id,
        employee_version=local.version,
        changes=changes,
        message=failure,
        state_before=record.state if record is not None else None,
        record_seen=record_mark(record) if record is not None else "",
    )


def made_before(people: Iterable[RemotePerson], tried: Iterable[LocalPerson]) -> dict[str, int]:
    """Recognise those whom a run made that ended before it could say so: by number and name, both of them ours.

    Maps their anchors to the employees.
    """
    wanted = {local.values[Field.EXTENSION]: local for local in tried if local.values[Field.EXTENSION]}
    found = {}
    for person in people:
        names = person.readings[Field.NAME].values if Field.NAME in person.readings else ()
        numbers = person.readings[Field.EXTENSION].values if Field.EXTENSION in person.readings else ()
        local = wanted.get(numbers[0]) if len(numbers) == 1 else None
        if local is not None and [name_key(name) for name in names] == [_kept(local.values[Field.NAME])]:
            found[person.anchor] = local.id
    return found


def _kept(name: str) -> str:
    return name_key(name[:LONGEST_NAME])
