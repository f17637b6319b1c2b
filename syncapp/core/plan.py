"""What a run would do: one item for each person to whom something happens.

The plan is decided in two steps. `choose_numbers` looks at everybody at once, for
who gets which extension is judged on the end state; `plan_people` then goes
through the people one by one, so that no more than one item is in memory.
"""

from collections.abc import Callable, Iterator

from syncapp.core.converters import entry_keys
from syncapp.core.home import has_come_home
from syncapp.core.matters import EntryKeys
from syncapp.core.merge import Decision, FieldMerge, merge_field
from syncapp.core.newcomers import planner_of_newcomers
from syncapp.core.numbers import Numbers
from syncapp.core.options import FieldRule
from syncapp.core.person_plan import PersonPlan
from syncapp.core.phones import differs_at_first, has_phone, is_believed, merge_secret, rule_at_first, rules_for
from syncapp.core.planned import PlanItem, RecordTouch, Refresh
from syncapp.core.records import Message, RemotePerson
from syncapp.core.sides import (
    EMPTY,
    Sides,
    is_frozen,
    is_remapped,
    is_settled_who,
    refusal_to_create,
    will_be_created,
)
from syncapp.core.vocabulary import (
    INACTIVE_STATES,
    Action,
    Field,
    MatterKind,
    Outcome,
)

# Whom nothing is to be decided about gets none.
NO_NUMBERS = Numbers()
_EXTENSION, _PHOTO = Field.EXTENSION, Field.PHOTO
SETTLED = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.SKIPPED})


def plan_people(
    sides: Sides, numbers: Numbers, keys: Callable[[RemotePerson], EntryKeys]
) -> Iterator[PlanItem | RecordTouch]:
    """Yield what happens to each person who needs a look, in the order of applying.

    First those whose number moves to or from another employee, all together, for
    they must be written in one transaction; then everybody by name. Whose record
    says all of it already is left out.
    """
    movers = _movers(sides, numbers)
    quickly = planner_of_newcomers(sides, numbers)
    for person in sorted(sides.people, key=lambda person: person.anchor not in movers) if movers else sides.people:
        moves = person.anchor in movers
        news = quickly(person, keys(person), moves) or _plan_person(person, sides, numbers, keys(person), moves=moves)
        if news is not None:
            yield news


def _movers(sides: Sides, numbers: Numbers) -> set[str]:
    """Anchors whose number changes hands between two employees in this plan."""
    moving = {anchor for anchor, number in numbers.granted.items() if number in sides.owners}
    givers = {sides.owners[numbers.granted[anchor]] for anchor in moving}
    return moving | {anchor for anchor in numbers.granted if sides.employee_of(anchor) in givers}


def _plan_person(
    person: RemotePerson, sides: Sides, numbers: Numbers, keys: EntryKeys, *, moves: bool
) -> PlanItem | RecordTouch | None:
    return decide_person(person, sides, numbers, keys, moves=moves).result()


def look_alone(person: RemotePerson, sides: Sides) -> PlanItem | RecordTouch | Refresh | None:
    """Say what happens to somebody about whom neither tie nor number is to be decided; None for everybody else.

    What is said of such a person depends on nobody else, and says of them no more
    than the keys by which others are matched: it can be said before everybody is known.
    """
    record = sides.known.get(person.anchor)
    if record is None or person.state is not record.state or _EXTENSION in sides.remapped:
        return None
    if not is_settled_who(person, record):
        return None
    plan = decide_person(person, sides, NO_NUMBERS, entry_keys(person))
    news = plan.result()
    if plan.local is None:
        return None
    if news is None:
        return Refresh(record.id, plan.local.version, record.fingerprint)
    if isinstance(news, RecordTouch) and plan.says_no_more(news):
        return Refresh(record.id, plan.local.version, news.fingerprint)
    return news


def begin_person(person: RemotePerson, sides: Sides, keys: EntryKeys, *, moves: bool = False) -> PersonPlan:
    """Return the plan of a person of which nothing is decided yet."""
    return PersonPlan(
        person=person,
        keys=keys,
        record=sides.known.get(person.anchor),
        local=sides.local_of(person.anchor),
        number_plan=sides.options.number_plan,
        number_moves=moves,
        outward=sides.outward,
        today=sides.today,
        elsewhere=sides.residence_of(person.anchor),
    )


def decide_person(
    person: RemotePerson, sides: Sides, numbers: Numbers, keys: EntryKeys, *, moves: bool = False
) -> PersonPlan:
    """Decide everything about one person."""
    plan = begin_person(person, sides, keys, moves=moves)
    record, local = plan.record, plan.local
    if local is None and not will_be_created(person, sides):
        _wait(plan, sides)
        return plan
    if local is None:
        plan.action = Action.CREATE
    elif record is None or record.employee_id is None:
        plan.action = Action.JOIN
        plan.message = _recognised(person.anchor, sides)
    if local is not None and local.archived and person.state not in INACTIVE_STATES:
        plan.remarks.append(Message("archived_here_active_there"))
    if sides.options.phone and local is not None and record is not None and not is_believed(person, record):
        plan.strange(local)
        return plan
    if sides.options.phone and local is not None and local.id in sides.left and person.state not in INACTIVE_STATES:
        plan.remarks.append(Message("phone_switch_off_by_hand"))
    if sides.options.phone and not has_phone(person):
        plan.remarks.append(Message("phone_without_number"))
    if not is_frozen(person, local):
        for rule, merged in field_merges(plan, sides):
            if rule.field is _EXTENSION:
                _merge_extension(plan, rule, merged, sides, numbers)
            else:
                plan.take(rule, merged)
        if sides.options.phone and Field.SIP_SECRET in plan.pushes:
            plan.message = Message("phone_secret_anew", {"number": plan.value(_EXTENSION)})
        if sides.extension_rule is None:
            _issue(plan, numbers, sides, goes_out=None)
    return plan


def field_merges(plan: PersonPlan, sides: Sides) -> Iterator[tuple[FieldRule, FieldMerge]]:
    """Yield what becomes of each mapped field of a person whose values may travel.

    Where this server has become the person's home, every field is read in another way
    than before: it was only compared (rule B11).
    """
    person, record, local = plan.person, plan.record, plan.local
    came_home = has_come_home(person, record, plan.elsewhere)
    for name in list(plan.base) if came_home else sides.remapped:
        plan.base.pop(name, None)
    options = sides.options
    for rule in rules_for(person, sides.rules_abroad if plan.abroad else options.rules, options):
        base = plan.base.get(rule.field)
        if options.phone and rule.field is Field.SIP_SECRET:
            yield rule, merge_secret(base, plan.value(rule.field), options.secret_key)
            continue
        if base is not None and rule.field in person.behind:
            # A change of ours waits, too: what stands here is not what it would replace.
            yield rule, FieldMerge(Decision.BEHIND, base.remote, base, person.behind[rule.field])
            continue
        yield (
            rule,
            merge_field(
                rule=rule_at_first(rule, base, local, options),
                base=base,
                local=plan.value(rule.field),
                reading=person.readings.get(rule.field, EMPTY),
                twins=local.twins if local is not None and rule.field is _PHOTO else (),
                larger_here=local is not None and local.photo_area >= person.photo_area,
                remapped=base is None
                and (
                    came_home or is_remapped(rule.field, record, base, sides) or differs_at_first(rule, base, options)
                ),
            ),
        )


def _recognised(anchor: str, sides: Sides) -> Message:
    if anchor in sides.former:
        return Message("back_in_scope")
    if anchor in sides.made:
        return Message("made_before")
    if anchor in sides.same:
        return Message("same_entry", {"server": sides.same[anchor][1]})
    return Message("matched", {"key": sides.matches.joined[anchor][1].value})


def _wait(plan: PersonPlan, sides: Sides) -> None:
    """The entry stays tied to nobody: a matter for a person, or one who is not created."""
    plan.remarks += [reading.remark for reading in plan.person.readings.values() if reading.remark is not None]
    matter = sides.matches.matters.get(plan.person.anchor)
    if matter is None:
        refusal = refusal_to_create(plan.person, sides.options)
        if refusal is not None and refusal.code == "not_created_nameless":
            plan.fail(refusal)
        plan.outcome, plan.message = Outcome.IGNORED, refusal
        return
    people = [sides.names.get(candidate.employee_id, "") for candidate in matter.candidates]
    plan.matter(matter.kind, Message(matter.kind.value, {"people": people}), matter=matter)


def _merge_extension(plan: PersonPlan, rule: FieldRule, merged: FieldMerge, sides: Sides, numbers: Numbers) -> None:
    """An extension is pulled only where `choose_numbers` granted it (rules C2 to C4)."""
    anchor, number, has = plan.person.anchor, merged.remote, plan.value(Field.EXTENSION)
    if rule.abroad:
        plan.take(rule, merged)
        return
    if merged.decision is Decision.PULL and (anchor in numbers.granted or number == has):
        plan.take(rule, merged)
        return
    owner = sides.owners.get(number) if number not in numbers.vacated else None
    got = numbers.issued.get(anchor, has)
    refused = merged.decision is Decision.PULL
    if not refused and merged.decision is not Decision.CONFLICT and not (number and plan.number_in_dispute):
        plan.take(rule, merged)
    elif owner is not None and owner != (plan.local.id if plan.local else None):
        text = Message(_taken(owner, got, sides), {"number": number, "owner": sides.names.get(owner, ""), "got": got})
        plan.matter(MatterKind.NUMBER_TAKEN, text, field=rule.field, local=got, remote=number, owner=owner)
    elif owner is None and (use := sides.phones.held(number)) is not None:
        text = Message("number_held_in_phones", {"number": number, "use": use.dump(), "got": got})
        plan.matter(MatterKind.NUMBER_TAKEN, text, field=rule.field, local=got, remote=number)
    elif refused or sides.claims.get(number, 0) > 1:
        text = Message("number_claimed_twice", {"number": number, "got": got})
        plan.matter(MatterKind.NUMBER_CLAIMED_TWICE, text, field=rule.field, local=got, remote=number)
    else:
        plan.take(rule, merged)
    # Where something stands in the domain that is foreign or in dispute nothing may go out.
    _issue(plan, numbers, sides, goes_out=rule if rule.pushes and merged.decision is Decision.AGREED else None)


def _taken(owner: int, got: str, sides: Sides) -> str:
    """What is said of a number that belongs to somebody else (rule C4)."""
    if owner not in sides.may_give_up:
        return "number_taken"
    return "number_of_leaver" if got else "number_waits"


def _issue(plan: PersonPlan, numbers: Numbers, sides: Sides, *, goes_out: FieldRule | None) -> None:
    """Hand out a number of the pool, or say that there is none (rule C9).

    `goes_out`: the mapping by which it is written to the domain as soon as it may.
    """
    anchor = plan.person.anchor
    if anchor in numbers.issued:
        plan.change(Field.EXTENSION, numbers.issued[anchor])
        plan.number_issued = True
        plan.base.pop(Field.EXTENSION, None)  # not agreed: it has yet to go out
        if goes_out is not None:
            plan.push(goes_out, standing="")
    elif anchor in numbers.unread:
        plan.fail(Message("number_phones_unread", {"systems": sorted(sides.phones.unread)}))
    elif anchor in numbers.unserved:
        plan.fail(Message("number_pool_exhausted"))
