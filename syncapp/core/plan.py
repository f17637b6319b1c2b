"""What a run would do: one item for each person to whom something happens.

The plan is decided in two steps. `choose_numbers` looks at everybody at once, for
who gets which extension is judged on the end state; `plan_people` then goes
through the people one by one, so that no more than one item is in memory.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from syncapp.core.home import has_come_home, is_abroad
from syncapp.core.matching import Matches, Unmatched
from syncapp.core.matters import EntryKeys
from syncapp.core.merge import Decision, FieldMerge, merge_field
from syncapp.core.normalise import fold
from syncapp.core.numbers import Numbers, NumberWish, settle_numbers
from syncapp.core.options import FieldRule, SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.person_plan import PersonPlan
from syncapp.core.planned import PlanItem, RecordTouch
from syncapp.core.records import NOWHERE_ELSE, Base, KnownRecord, LocalPerson, Message, Reading, RemotePerson, Residence
from syncapp.core.vocabulary import (
    INACTIVE_STATES,
    Action,
    CreateRule,
    Field,
    MatterKind,
    Outcome,
    TakenNumber,
)

EMPTY = Reading()
_EXTENSION, _PHOTO = Field.EXTENSION, Field.PHOTO
# Without any of these nobody could tell who an employee is, and no key would find him again.
_KNOWN_BY = (Field.NAME, Field.EMAIL, Field.EXTENSION)
# A record with one of these messages still needs a number of the pool.
NEEDS_NUMBER = frozenset({"number_pool_exhausted", "number_waits", "employee_taken_back_numberless"})
_ABOUT_ACCOUNTS = frozenset({MatterKind.MATCH_RECREATED, MatterKind.MATCH_REHIRED, MatterKind.MATCH_TWICE})
SETTLED = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.SKIPPED})


@dataclass(slots=True)
class Sides:
    """Everything that the decisions need, as store and adapter brought it.

    `people` need a look: new, changed or due; the others of the read are settled
    and appear in `claims` and `claimed` only. `owners` maps every extension of
    the number plan to its employee, `claims` every number to how many active
    entries claim it, `claimed` are those of all known entries. `names` are
    employees' names, for messages. `remapped` are fields that were read in another
    way in the last run (rule B8). `former` maps entries that our own scope had left out
    to whose they were (rule D3), `same` those that another server reads as well to the
    employee and that server's name (rule B11). `may_give_up` are employees whose number
    may be handed over to the entry that claims it (rule C4). `today` is the date that
    remarks name.
    """

    options: SyncOptions
    people: list[RemotePerson]
    known: Mapping[str, KnownRecord]
    matches: Matches = field(default_factory=Matches)
    locals: Mapping[int, LocalPerson] = field(default_factory=dict)
    owners: Mapping[str, int] = field(default_factory=dict)
    claims: Mapping[str, int] = field(default_factory=Counter)
    claimed: Collection[str] = frozenset()
    names: Mapping[int, str] = field(default_factory=dict)
    outward: Outward = field(default_factory=Outward)
    remapped: frozenset[Field] = frozenset()
    former: Mapping[str, int] = field(default_factory=dict)
    same: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    may_give_up: Collection[int] = frozenset()
    today: str = ""
    created: dict[str, bool] = field(default_factory=dict)  # what `will_be_created` said
    extension_rule: FieldRule | None = field(init=False)
    rules_abroad: tuple[FieldRule, ...] = field(init=False)  # for people whose home is another server

    def __post_init__(self) -> None:
        self.extension_rule = next((rule for rule in self.options.rules if rule.field is _EXTENSION), None)
        self.rules_abroad = tuple(replace(rule, abroad=True) for rule in self.options.rules)

    def employee_of(self, anchor: str) -> int | None:
        record = self.known.get(anchor)
        if record is not None and record.employee_id is not None:
            return record.employee_id
        if anchor in self.former:
            return self.former[anchor]
        if anchor in self.same:
            return self.same[anchor][0]
        joined = self.matches.joined.get(anchor)
        return joined[0] if joined else None

    def residence_of(self, anchor: str) -> Residence:
        return self.outward.residences.get(self.employee_of(anchor) or 0, NOWHERE_ELSE)

    def local_of(self, anchor: str) -> LocalPerson | None:
        employee_id = self.employee_of(anchor)
        return self.locals[employee_id] if employee_id is not None else None


def unmatched(
    people: Iterable[RemotePerson],
    known: Mapping[str, KnownRecord],
    keys: Callable[[RemotePerson], EntryKeys],
    former: Collection[str] = (),
) -> list[Unmatched]:
    """Return the entries that are tied to nobody, as matching takes them; `former` are those of whom it is known who they are."""
    entries = []
    for person in people:
        if person.anchor in former:
            continue
        record = known.get(person.anchor)
        if record is None or record.employee_id is None:
            refused = record.refused if record is not None else frozenset()
            once = _once(record) if record is not None else frozenset()
            active = person.state not in INACTIVE_STATES
            entries.append(Unmatched(person.anchor, keys(person), active, refused, once))
    return entries


def _once(record: KnownRecord) -> frozenset[int]:
    """Employees whose account an entry was, or is said to be made anew for (rule A7)."""
    asked = [matter for matter in record.open_matters if matter.kind in _ABOUT_ACCOUNTS]
    once = {candidate.employee_id for matter in asked for candidate in matter.candidates}
    return frozenset(once if record.former_id is None else once | {record.former_id})


def is_settled_who(person: RemotePerson, record: KnownRecord | None) -> bool:
    """Whether neither a tie nor a number is to be decided: then nobody else's keys and numbers matter.

    The entry is tied, active as before and at home here, names the number that was
    agreed, waits for none, and nothing is open about it.
    """
    if record is None or record.employee_id is None or not record.base or record.open_matters or record.abroad:
        return False
    if record.state in INACTIVE_STATES or (record.message is not None and record.message.code in NEEDS_NUMBER):
        return False
    reading, base = person.readings.get(_EXTENSION, EMPTY), record.base.get(_EXTENSION)
    agreed = (base.remote,) if base is not None and base.remote else ()
    return reading.values == agreed and not reading.foreign


def refusal_to_create(person: RemotePerson, options: SyncOptions) -> Message | None:
    """Say why an entry without a match does not become an employee, or None (rule A8).

    Somebody of whom neither name nor e-mail nor number can be read would be a
    blank row.
    """
    if person.state in INACTIVE_STATES:
        return Message("not_created_inactive")
    if options.create is CreateRule.NONE:
        return Message("not_created_off")
    if options.create is CreateRule.WITH_NUMBER and not person.readings.get(Field.EXTENSION, EMPTY).values:
        return Message("not_created_no_number")
    if not any(len(person.readings.get(field, EMPTY).values) == 1 for field in _KNOWN_BY):
        return Message("not_created_nameless")
    return None


def is_frozen(person: RemotePerson, local: LocalPerson | None) -> bool:
    """Whether values travel neither way: the account is switched off (rule B9), or the employee archived (D4)."""
    return person.state in INACTIVE_STATES or (local is not None and local.archived)


def will_be_created(person: RemotePerson, sides: Sides) -> bool:
    """Whether an entry becomes a new employee. Asked after matching, and worked out once for each."""
    known = sides.created.get(person.anchor)
    if known is None:
        known = sides.created[person.anchor] = (
            sides.employee_of(person.anchor) is None
            and person.anchor not in sides.matches.matters
            and refusal_to_create(person, sides.options) is None
        )
    return known


def choose_numbers(sides: Sides, is_emergency: Callable[[str], bool]) -> Numbers:
    """Decide for everybody at once who gets which extension."""
    wishes = [wish for person in sides.people if (wish := _wish(person, sides)) is not None]
    return settle_numbers(
        wishes=wishes,
        owners=sides.owners,
        claims=sides.claims,
        never=sides.claimed,
        pools=sides.options.pools,
        is_emergency=is_emergency,
        waited_for=sides.may_give_up if sides.options.taken_number is TakenNumber.WAIT else (),
    )


def _wish(person: RemotePerson, sides: Sides) -> NumberWish | None:
    """What a person wants of the numbers; None for those who are frozen or stay unknown.

    Served from a pool are people at their first meeting, those whom an empty pool left
    without, or who waited for a number in vain, and those who come back to find that
    theirs was handed over: somebody whose number was taken away here on purpose does
    not get one back in every run.
    """
    local, record = sides.local_of(person.anchor), sides.known.get(person.anchor)
    if is_frozen(person, local) or (local is None and not will_be_created(person, sides)):
        return None
    first = record is None or not record.base
    has = local.values[Field.EXTENSION] if local is not None else ""
    wants = ""
    rule = sides.extension_rule
    elsewhere = sides.residence_of(person.anchor)
    abroad = is_abroad(person, record, elsewhere)
    if rule is not None and not abroad:
        came_home = has_come_home(person, record, elsewhere)
        keeps = record is not None and _EXTENSION not in sides.remapped and not came_home
        base = record.base.get(_EXTENSION) if record is not None and keeps else None
        reading = person.readings.get(_EXTENSION, EMPTY)
        remapped = came_home or _is_remapped(_EXTENSION, record, base, sides)
        merged = merge_field(rule=rule, base=base, local=has, reading=reading, remapped=remapped)
        wants = merged.remote if merged.decision is Decision.PULL else ""
    departments = person.readings.get(Field.DEPARTMENT, EMPTY).values
    waited = record is not None and record.message is not None and record.message.code in NEEDS_NUMBER
    back = record is not None and record.state in INACTIVE_STATES and _EXTENSION not in record.base
    return NumberWish(
        anchor=person.anchor,
        employee_id=local.id if local is not None else None,
        has=has,
        wants=wants,
        needs=(first or waited or back) and not abroad,
        order=sort_key(person)[0],
        dn=person.dn,
        department=departments[0] if departments else "",
    )


def sort_key(person: RemotePerson) -> tuple[str, str]:
    """By name, then by anchor: two runs over the same people make the same plan."""
    names = person.readings.get(Field.NAME, EMPTY).values
    return fold(names[0]) if names else "", person.anchor


def plan_people(
    sides: Sides, numbers: Numbers, keys: Callable[[RemotePerson], EntryKeys]
) -> Iterator[PlanItem | RecordTouch]:
    """Yield what happens to each person who needs a look, in the order of applying.

    First those whose number moves to or from another employee, all together, for
    they must be written in one transaction; then everybody by name. Whose record
    says all of it already is left out.
    """
    movers = _movers(sides, numbers)
    for person in sorted(sides.people, key=lambda person: (person.anchor not in movers, *sort_key(person))):
        news = _plan_person(person, sides, numbers, keys(person), moves=person.anchor in movers)
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
    if not is_frozen(person, local):
        for rule, merged in field_merges(plan, sides):
            if rule.field is _EXTENSION:
                _merge_extension(plan, rule, merged, sides, numbers)
            else:
                plan.take(rule, merged)
        if sides.extension_rule is None:
            _issue(plan, numbers, goes_out=None)
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
    for rule in sides.rules_abroad if plan.abroad else sides.options.rules:
        base = plan.base.get(rule.field)
        if base is not None and rule.field in person.behind:
            # A change of ours waits, too: what stands here is not what it would replace.
            yield rule, FieldMerge(Decision.BEHIND, base.remote, base, person.behind[rule.field])
            continue
        yield (
            rule,
            merge_field(
                rule=rule,
                base=base,
                local=plan.value(rule.field),
                reading=person.readings.get(rule.field, EMPTY),
                twins=local.twins if local is not None and rule.field is _PHOTO else (),
                larger_here=local is not None and local.photo_area >= person.photo_area,
                remapped=base is None and (came_home or _is_remapped(rule.field, record, base, sides)),
            ),
        )


def _recognised(anchor: str, sides: Sides) -> Message:
    if anchor in sides.former:
        return Message("back_in_scope")
    if anchor in sides.same:
        return Message("same_entry", {"server": sides.same[anchor][1]})
    return Message("matched", {"key": sides.matches.joined[anchor][1].value})


def _is_remapped(name: Field, record: KnownRecord | None, base: Base | None, sides: Sides) -> bool:
    """Whether a difference in this field is nobody's change, and so a matter for a person (rule B8).

    It stays one in later runs until somebody decides: otherwise the domain's value
    would win as at first sight.
    """
    if name in sides.remapped:
        return record is not None and record.employee_id is not None
    matters = record.open_matters if base is None and record is not None else ()
    return any(matter.kind is MatterKind.FIELD and matter.field is name for matter in matters)


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
    elif refused or sides.claims.get(number, 0) > 1:
        text = Message("number_claimed_twice", {"number": number, "got": got})
        plan.matter(MatterKind.NUMBER_CLAIMED_TWICE, text, field=rule.field, local=got, remote=number)
    else:
        plan.take(rule, merged)
    # Where something stands in the domain that is foreign or in dispute nothing may go out.
    _issue(plan, numbers, goes_out=rule if rule.pushes and merged.decision is Decision.AGREED else None)


def _taken(owner: int, got: str, sides: Sides) -> str:
    """What is said of a number that belongs to somebody else (rule C4)."""
    if owner not in sides.may_give_up:
        return "number_taken"
    return "number_of_leaver" if got else "number_waits"


def _issue(plan: PersonPlan, numbers: Numbers, *, goes_out: FieldRule | None) -> None:
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
    elif anchor in numbers.unserved:
        plan.fail(Message("number_pool_exhausted"))
