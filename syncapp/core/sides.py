"""What is known when a plan is made, and who is settled, frozen or new by it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from syncapp.core.claims import Unmatched
from syncapp.core.matching import Matches
from syncapp.core.matters import EntryKeys
from syncapp.core.normalise import fold
from syncapp.core.options import FieldRule, SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.phone_numbers import NO_PHONES, PhoneNumbers
from syncapp.core.records import NOWHERE_ELSE, Base, KnownRecord, LocalPerson, Message, Reading, RemotePerson, Residence
from syncapp.core.vocabulary import (
    INACTIVE_STATES,
    CreateRule,
    Field,
    MatterKind,
)

EMPTY = Reading()
# One for all: each empty one takes 216 bytes, and of a first import there would be two for everybody.
_NOBODY: frozenset[int] = frozenset()
# Looked up once: to fetch a member from its class takes Python 3.11 longer than to use it.
_EXTENSION, _NONE, _WITH_NUMBER = Field.EXTENSION, CreateRule.NONE, CreateRule.WITH_NUMBER
# Without any of these nobody could tell who an employee is, and no key would find him again.
_KNOWN_BY = (Field.NAME, Field.EMAIL, Field.EXTENSION)
# A record with one of these messages still needs a number of the pool.
NEEDS_NUMBER = frozenset(
    {"number_pool_exhausted", "number_phones_unread", "number_waits", "employee_taken_back_numberless"}
)
_ABOUT_ACCOUNTS = frozenset({MatterKind.MATCH_RECREATED, MatterKind.MATCH_REHIRED, MatterKind.MATCH_TWICE})


@dataclass(slots=True)
class Sides:
    """Everything that the decisions need, as store and adapter brought it.

    `people` need a look: new, changed or due, sorted by name; the others of the read are settled
    and appear in `claims` and `claimed` only. `owners` maps every extension of
    the number plan to its employee, `claims` every number to how many active
    entries claim it, `claimed` are those of all known entries. `names` are
    employees' names, for messages. `remapped` are fields that were read in another
    way in the last run (rule B8). `former` maps entries that our own scope had left out
    to whose they were (rule D3), `same` those that another server reads as well to the
    employee and that server's name (rule B11), `made` those whom a run made there and
    could not say it. `may_give_up` are employees whose number
    may be handed over to the entry that claims it (rule C4), `left` those who have left
    every directory, of people with a phone. `phones`: what is in use in phone systems
    (rule C5). `today` is the date that
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
    made: Mapping[str, int] = field(default_factory=dict)
    may_give_up: Collection[int] = frozenset()
    phones: PhoneNumbers = NO_PHONES
    left: Collection[int] = frozenset()
    today: str = ""
    created: dict[str, bool] = field(default_factory=dict)  # what `will_be_created` said
    extension_rule: FieldRule | None = field(init=False)
    rules_abroad: tuple[FieldRule, ...] = field(init=False)  # for people whose home is another server

    def __post_init__(self) -> None:
        # Early: what they are sorted by is in memory for all of them, and later there is the plan beside it.
        self.people = sorted(self.people, key=sort_key)
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
        if anchor in self.made:
            return self.made[anchor]
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
            refused = record.refused if record is not None else _NOBODY
            once = _once(record) if record is not None else _NOBODY
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
    if options.create is _NONE:
        return Message("not_created_off")
    if options.create is _WITH_NUMBER and not person.readings.get(Field.EXTENSION, EMPTY).values:
        return Message("not_created_no_number")
    for name in _KNOWN_BY:
        if len(person.readings.get(name, EMPTY).values) == 1:
            return None
    return Message("not_created_nameless")


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


def sort_key(person: RemotePerson) -> tuple[str, str]:
    """By name, then by anchor: two runs over the same people make the same plan."""
    names = person.readings.get(Field.NAME, EMPTY).values
    return fold(names[0]) if names else "", person.anchor


def is_remapped(name: Field, record: KnownRecord | None, base: Base | None, sides: Sides) -> bool:
    """Whether a difference in this field is nobody's change, and so a matter for a person (rule B8).

    It stays one in later runs until somebody decides: otherwise the domain's value
    would win as at first sight.
    """
    if name in sides.remapped:
        return record is not None and record.employee_id is not None
    if base is not None or record is None or not record.open_matters:
        return False
    return any(matter.kind is MatterKind.FIELD and matter.field is name for matter in record.open_matters)
