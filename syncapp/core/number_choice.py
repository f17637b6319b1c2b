"""Who gets which extension: judged for everybody at once, on the end state."""

from collections.abc import Callable

from syncapp.core.home import has_come_home, is_abroad
from syncapp.core.merge import Decision, merge_field
from syncapp.core.numbers import Numbers, NumberWish, settle_numbers
from syncapp.core.phone_numbers import PhoneNumbers
from syncapp.core.phones import is_believed, rule_at_first
from syncapp.core.records import KnownRecord, LocalPerson, RemotePerson, Residence
from syncapp.core.sides import EMPTY, NEEDS_NUMBER, Sides, is_frozen, is_remapped, will_be_created
from syncapp.core.vocabulary import (
    INACTIVE_STATES,
    Field,
    TakenNumber,
)

_EXTENSION, _DEPARTMENT = Field.EXTENSION, Field.DEPARTMENT


def choose_numbers(
    sides: Sides, is_emergency: Callable[[str], bool], look: Callable[[], PhoneNumbers] | None = None
) -> Numbers:
    """Decide for everybody at once who gets which extension.

    `look` asks the phone systems what is in use there; it is called only where
    somebody would get a number.
    """
    wishes = [wish for place, person in enumerate(sides.people) if (wish := _wish(person, sides, place)) is not None]
    if look is not None and any(_asks(wish, sides) for wish in wishes):
        sides.phones = look()
    return settle_numbers(
        wishes=wishes,
        owners=sides.owners,
        claims=sides.claims,
        never=sides.claimed,
        pools=sides.options.pools,
        is_emergency=is_emergency,
        waited_for=sides.may_give_up if sides.options.taken_number is TakenNumber.WAIT else (),
        phones=sides.phones,
    )


def _asks(wish: NumberWish, sides: Sides) -> bool:
    """Whether somebody would get a number: another one than he has, or one of the pool."""
    return bool((wish.wants and wish.wants != wish.has) or (wish.needs and not wish.has and sides.options.pools))


def _wish(person: RemotePerson, sides: Sides, place: int) -> NumberWish | None:
    """What a person, in that place of all, wants of the numbers; None for those who are frozen or stay unknown.

    Served from a pool are people at their first meeting, those whom an empty pool left
    without, or who waited for a number in vain, and those who come back to find that
    theirs was handed over: somebody whose number was taken away here on purpose does
    not get one back in every run.
    """
    local, record = sides.local_of(person.anchor), sides.known.get(person.anchor)
    if is_frozen(person, local) or (local is None and not will_be_created(person, sides)):
        return None
    if sides.options.phone and local is not None and record is not None and not is_believed(person, record):
        return None
    elsewhere = sides.residence_of(person.anchor)
    abroad = is_abroad(person, record, elsewhere)
    departments = person.readings.get(_DEPARTMENT, EMPTY).values
    return NumberWish(
        anchor=person.anchor,
        employee_id=local.id if local is not None else None,
        has=local.values[_EXTENSION] if local is not None else "",
        wants=_wanted(person, record, local, elsewhere, sides) if not abroad else "",
        needs=not abroad and _needs_one(record),
        order=place,
        dn=person.dn,
        department=departments[0] if departments else "",
    )


def _wanted(
    person: RemotePerson, record: KnownRecord | None, local: LocalPerson | None, elsewhere: Residence, sides: Sides
) -> str:
    """The number that the directory brings in for somebody who is at home there, '' for none."""
    rule = sides.extension_rule
    if rule is None:
        return ""
    reading = person.readings.get(_EXTENSION, EMPTY)
    if not reading.values:  # most have none
        return ""
    came_home = has_come_home(person, record, elsewhere)
    keeps = record is not None and _EXTENSION not in sides.remapped and not came_home
    base = record.base.get(_EXTENSION) if record is not None and keeps else None
    remapped = came_home or is_remapped(_EXTENSION, record, base, sides)
    rule = rule_at_first(rule, base, local, sides.options)
    has = local.values[_EXTENSION] if local is not None else ""
    merged = merge_field(rule=rule, base=base, local=has, reading=reading, remapped=remapped)
    return merged.remote if merged.decision is Decision.PULL else ""


def _needs_one(record: KnownRecord | None) -> bool:
    """Whether somebody is served from a pool when left without a number."""
    if record is None or not record.base:
        return True
    waited = record.message is not None and record.message.code in NEEDS_NUMBER
    return waited or (record.state in INACTIVE_STATES and _EXTENSION not in record.base)
