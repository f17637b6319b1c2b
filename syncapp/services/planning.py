"""Step 4 and 5 of a run: the rules, fed with rows and entries."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from django.utils import timezone

from syncapp.core import limits
from syncapp.core.absence import is_news, plan_absences
from syncapp.core.converters import entry_keys
from syncapp.core.lag import allow_for_lag
from syncapp.core.making import Unplaced
from syncapp.core.matters import EntryKeys
from syncapp.core.number_choice import choose_numbers
from syncapp.core.numbers import Numbers
from syncapp.core.options import FieldRule
from syncapp.core.outward import Outward
from syncapp.core.plan import plan_people
from syncapp.core.planned import PlanItem, RecordTouch
from syncapp.core.records import LocalPerson, Message
from syncapp.core.sides import EMPTY, Sides, is_settled_who, will_be_created
from syncapp.core.telephones import is_emergency
from syncapp.core.vocabulary import INACTIVE_STATES, Action, Field, State
from syncapp.services.aside import AsideItem, place_of
from syncapp.services.endpoints import Synchronised
from syncapp.services.people_here import load_locals
from syncapp.services.phone_numbers import PhoneLook, remembered
from syncapp.services.remote_read import RemoteRead
from syncapp.services.ties import Entries, Strangers, match
from syncapp.store import snapshots
from syncapp.store.cooling import cooling_numbers
from syncapp.store.owners import giving_up


@dataclass(slots=True)
class Planning:
    """What was decided for everybody at once; `people` then yields one item after the other."""

    sides: Sides
    numbers: Numbers
    keys: dict[str, EntryKeys]
    first_meeting: Message | None = None
    numbers_missing: int = 0
    notes: list[Message] = field(default_factory=list)
    absent: list[PlanItem] = field(default_factory=list)
    leavers: dict[int, LocalPerson] = field(default_factory=dict)  # the employees of `absent`
    making: list[PlanItem] = field(default_factory=list)  # those who are not there yet
    unplaced: dict[int, Unplaced] = field(default_factory=dict)  # the employees of `making`

    def local_of(self, item: PlanItem) -> LocalPerson | None:
        """Return the employee of an item as the hub has him; None for a new one."""
        if item.action is Action.MAKE:
            return self.unplaced[item.employee_id or 0].local
        return self.sides.local_of(item.anchor) or self.leavers.get(item.employee_id or 0)

    def people(self, aside: Iterator[AsideItem]) -> Iterator[PlanItem | RecordTouch | AsideItem]:
        """Yield what happens to whom, with those set aside among the others, in the order of applying.

        People of whom everything is said already are left out.
        """
        people = plan_people(self.sides, self.numbers, lambda person: self.keys[person.anchor])
        return chain(_in_order(people, aside), self.absent, self.making)


def _in_order(
    people: Iterator[PlanItem | RecordTouch], aside: Iterator[AsideItem]
) -> Iterator[PlanItem | RecordTouch | AsideItem]:
    """First come numbers that change hands, then everybody by name."""
    following = next(aside, None)
    for news in people:
        if isinstance(news, PlanItem) and not news.number_moves:
            place = place_of(news)
            while following is not None and following.place < place:
                yield following
                following = next(aside, None)
        yield news
    if following is not None:
        yield following
    yield from aside


def make_plan(
    server: Synchronised,
    read: RemoteRead,
    beat: Callable[[], None],
    *,
    outward: Outward,
    remapped: frozenset[Field] = frozenset(),
    phones: PhoneLook | None = None,
) -> Planning:
    """Match, give numbers, and prepare the plan of everybody who needs a look.

    `beat` keeps the run alive between steps that take their time with many people.
    `phones` asks phone systems what numbers are in use; without it what is known counts.
    """
    _allow_for_lag(read, remapped)
    sides = Sides(
        options=read.options,
        people=read.people,
        known=read.known,
        outward=outward,
        remapped=remapped,
        today=timezone.localdate().isoformat(),
    )
    keys = {person.anchor: entry_keys(person) for person in read.people}
    planning = Planning(sides, Numbers(), keys)
    _plan_absent(read, planning)
    quality = read.aside.quality
    quality.add(read.people)
    if read.whole and quality.people * 2 > read.count:  # of a few who changed nothing can be said
        planning.notes += quality.notes(read.options.rules)
    planning.notes += _emptied_attributes(read)
    if not read.people:
        return planning
    if not remapped and all(is_settled_who(person, read.known.get(person.anchor)) for person in read.people):
        load_locals(server, sides)  # of thousands of others nothing has to be known
        return planning
    entries = _everybody(server, read, keys)
    _count_claims(sides, entries)
    beat()
    strangers = match(server, read, sides, keys, entries)
    beat()
    load_locals(server, sides)
    cooling = cooling_numbers(read.options.number_plan, now=timezone.now())
    sides.owners = {**cooling, **snapshots.number_owners(read.options.number_plan)}
    sides.may_give_up = _may_give_up(server, sides, entries)
    del entries  # of a first import they are everybody, and the wishes come beside them
    _choose_numbers(planning, phones)
    sides.names = snapshots.employee_names(
        {
            *sides.matches.in_question(),
            *planning.numbers.taken.values(),
            *_owners_in_the_way(sides),
        }
    )
    _judge(planning, strangers)
    return planning


def _choose_numbers(planning: Planning, phones: PhoneLook | None) -> None:
    """Say who gets which number. What a phone system's own people have is no hindrance to themselves."""
    sides = planning.sides
    plan, region = sides.options.number_plan, sides.options.region
    if not sides.options.phone:
        sides.phones = phones.known(plan) if phones else remembered(plan, now=timezone.now())
    look = partial(phones.fresh, plan) if phones is not None and not sides.options.phone else None
    planning.numbers = choose_numbers(sides, lambda number: is_emergency(number, region), look)


def _allow_for_lag(read: RemoteRead, remapped: frozenset[Field]) -> None:
    """What another controller was told by us, and this one was not yet, counts as told (rule B12)."""
    now = timezone.now()
    for position, person in enumerate(read.people):
        if (record := read.known.get(person.anchor)) is not None:
            read.people[position] = allow_for_lag(person, record, uri=read.uri, now=now, remapped=remapped)


def _plan_absent(read: RemoteRead, planning: Planning) -> None:
    news = [absence for absence in read.absent if is_news(absence)]
    ids = {absence.record.employee_id for absence in news if absence.record.employee_id is not None}
    planning.leavers = snapshots.local_people(ids)
    planning.absent = list(plan_absences(news, planning.leavers))


def _everybody(server: Synchronised, read: RemoteRead, keys: dict[str, EntryKeys]) -> Entries:
    """Match keys and state of all known entries, as they are now."""
    entries = {anchor: (stored, state) for anchor, stored, state in snapshots.entry_keys(server.pk)}
    for person in read.people:
        entries[person.anchor] = keys[person.anchor], person.state
    entries |= {anchor: (changed, State.ACTIVE) for anchor, changed in read.aside.keys.items()}
    for absence in read.absent:
        entries[absence.record.anchor] = absence.record.keys, absence.state
    return entries


def _count_claims(sides: Sides, entries: Entries) -> None:
    claims: Counter[str] = Counter()
    claimed: set[str] = set()
    for keys, state in entries.values():
        for number in keys.extensions:
            claimed.add(number)
            claims[number] += state not in INACTIVE_STATES
    sides.claims, sides.claimed = claims, claimed


def _emptied_attributes(read: RemoteRead) -> list[Message]:
    """An attribute that is empty for everybody and was not: nobody did that on purpose (rule B3)."""
    before = {name for record in read.known.values() for name, base in record.base.items() if base.remote}
    before |= read.aside.filled
    return [
        Message("attribute_empty_for_all", {"field": rule.field.value, "attribute": rule.attribute})
        for rule in read.options.rules
        if rule.field in read.never_filled and rule.field in before and not _is_never_told(rule, read)
    ]


def _is_never_told(rule: FieldRule, read: RemoteRead) -> bool:
    """Whether the field is empty by itself: a phone system keeps its secrets."""
    return read.options.phone and rule.field is Field.SIP_SECRET


def _owners_in_the_way(sides: Sides) -> set[int]:
    """Owners of numbers that people who need a look claim: messages name them."""
    if not sides.owners:  # nobody has a number yet
        return set()
    numbers = {value for person in sides.people for value in person.readings.get(Field.EXTENSION, EMPTY).values}
    return {sides.owners[number] for number in numbers if number in sides.owners}


def _may_give_up(server: Synchronised, sides: Sides, entries: Entries) -> set[int]:
    """Owners of numbers that somebody else's entry claims, who have left or whose own entry names another (rule C4)."""
    claimed: dict[int, str] = {}
    for person in sides.people if sides.owners else ():
        for number in person.readings.get(Field.EXTENSION, EMPTY).values:
            owner = sides.owners.get(number)
            if owner is not None and owner != sides.employee_of(person.anchor):
                claimed[owner] = number
    return giving_up(claimed, server_id=server.pk, entries=entries)


def _judge(planning: Planning, strangers: Strangers) -> None:
    """What the brakes want to know, and one message for all who claim one number (rule C3)."""
    sides, numbers = planning.sides, planning.numbers
    created = sum(will_be_created(person, sides) for person in sides.people)
    joined = {employee_id for employee_id, _key in sides.matches.joined.values()}
    recognised = strangers.ids & (joined | sides.matches.in_question())
    planning.first_meeting = limits.first_meeting(
        strangers=len(strangers.ids),
        recognised=len(recognised),
        created=created,
        met_before=strangers.met_before,
    )
    planning.numbers_missing = sum(not _waited(sides, anchor) for anchor in numbers.unserved)
    contested: dict[str, list[str]] = {}
    for anchor, number in sorted(numbers.contested.items()):
        contested.setdefault(number, []).append(planning.keys[anchor].name or anchor)
    planning.notes += [
        Message("number_contested", {"number": number, "people": sorted(people)})
        for number, people in sorted(contested.items())
    ]


def _waited(sides: Sides, anchor: str) -> bool:
    """Whether it is known already that nothing was left for this person: no news, so no brake."""
    record = sides.known.get(anchor)
    return record is not None and record.message is not None and record.message.code == "number_pool_exhausted"
