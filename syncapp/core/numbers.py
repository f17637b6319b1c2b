"""Who gets which extension (rules C1 to C5, C9), judged on the end state and not by sort order."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from syncapp.core.branches import is_below
from syncapp.core.normalise import fold
from syncapp.core.options import PoolSpec
from syncapp.core.phone_numbers import NO_PHONES, PhoneNumbers
from syncapp.core.vocabulary import INACTIVE_STATES, State


class NumberWish(NamedTuple):
    """What one person has and would get.

    `has`: the employee's present extension. `wants`: the number that the
    directory says and that may be taken if it is free. `needs`: gets one of the
    pool when left without. `order`: the place in which the pool serves people.
    """

    anchor: str
    employee_id: int | None
    has: str = ""
    wants: str = ""
    needs: bool = False
    order: int = 0
    dn: str = ""
    department: str = ""


@dataclass(slots=True)
class Numbers:
    """By anchor: the number a person gets (`granted`, `issued` of the pool), or why not.

    `taken`: the owner of the number he claims. `contested`: several entries claim
    it and nobody has it. `held`: something that is no person has it in a phone system.
    `unserved`: the pool has none left. `unread`: it may not be said what is free.
    `vacated`: numbers that their owners give up for those granted to them.
    """

    granted: dict[str, str] = field(default_factory=dict)
    issued: dict[str, str] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    contested: dict[str, str] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    unserved: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    vacated: frozenset[str] = frozenset()


def settle_numbers(
    *,
    wishes: Collection[NumberWish],
    owners: Mapping[str, int],
    claims: Mapping[str, int],
    never: Collection[str],
    pools: Collection[PoolSpec],
    is_emergency: Callable[[str], bool],
    waited_for: Collection[int] = (),
    phones: PhoneNumbers = NO_PHONES,
) -> Numbers:
    """Give every wish its number, or say why it has none.

    `owners` maps every extension of the number plan to its employee, `claims`
    every number to how many active entries of the directory claim it, `never`
    are further numbers that must not be issued: claimed by any known entry (rule
    C5). `phones`: what is in use in phone systems; where that is not known no pool
    gives out anything (rule C6). A number that rests counts as that of the
    archived employee who gave it up. Whoever claims a number of one of
    `waited_for` waits for it, without one of the pool (rule C4).
    """
    result = Numbers()
    moving = _contest(wishes, owners, claims, phones, result)
    _refuse_taken(moving, owners, result)
    result.granted = {anchor: wish.wants for anchor, wish in moving.items()}
    result.vacated = frozenset(wish.has for wish in moving.values() if wish.has)

    blocked = {*owners, *never, *phones.uses, *result.granted.values()}
    streams: dict[PoolSpec, Iterator[str]] = {pool: free_numbers(pool, blocked, is_emergency) for pool in pools}
    waiting = {anchor for anchor, owner in result.taken.items() if owner in waited_for}
    left = [
        wish
        for wish in wishes
        if wish.needs and not wish.has and wish.anchor not in result.granted and wish.anchor not in waiting
    ]
    for wish in sorted(left, key=lambda wish: (wish.order, wish.anchor)):
        mine = [pool for pool in pools if serves(pool, dn=wish.dn, department=wish.department)]
        if mine and phones.unread:
            result.unread.add(wish.anchor)
            continue
        number = next((number for pool in mine for number in streams[pool]), None)
        if number is not None:
            result.issued[wish.anchor] = number
            blocked.add(number)
        elif mine:
            result.unserved.add(wish.anchor)
    return result


def _contest(
    wishes: Iterable[NumberWish],
    owners: Mapping[str, int],
    claims: Mapping[str, int],
    phones: PhoneNumbers,
    result: Numbers,
) -> dict[str, NumberWish]:
    """Sort out numbers that are nobody's: several entries claim them and none has it (rule C3), or a queue is there."""
    moving = {}
    for wish in wishes:
        if not wish.wants or wish.wants == wish.has:
            continue
        if wish.wants not in owners and phones.held(wish.wants) is not None:
            result.held[wish.anchor] = wish.wants
        elif claims.get(wish.wants, 0) > 1 and wish.wants not in owners:
            result.contested[wish.anchor] = wish.wants
        else:
            moving[wish.anchor] = wish
    return moving


def _refuse_taken(moving: dict[str, NumberWish], owners: Mapping[str, int], result: Numbers) -> None:
    """Take those out of `moving` whose number somebody keeps.

    A number is free when its owner moves away in the same plan; one refusal may
    keep the next one's number taken, hence the loop. A number that is vacated goes
    to its claimant only if it has one claimant.
    """
    while True:
        leaving = {wish.employee_id for wish in moving.values() if wish.employee_id is not None and wish.has}
        rivals = Counter(wish.wants for wish in moving.values())
        refused = [
            (wish, owners[wish.wants])
            for wish in moving.values()
            if wish.wants in owners
            and owners[wish.wants] != wish.employee_id
            and (owners[wish.wants] not in leaving or rivals[wish.wants] > 1)
        ]
        if not refused:
            return
        for wish, owner in refused:
            del moving[wish.anchor]
            result.taken[wish.anchor] = owner


class OwnEntry(NamedTuple):
    """A directory entry of somebody who has a number. `agreed`: the entry named it once; `named`: it does so now."""

    state: State
    agreed: bool
    named: bool


def may_give_up(*, archived: bool, entries: Collection[OwnEntry]) -> bool:
    """Whether somebody's number may be handed over to the entry that claims it (rule C4).

    So it is when he has left: archived, or active in no directory; or when his own
    entry no longer names the number. Of an employee whom no directory knows nothing
    is known.
    """
    active = [entry for entry in entries if entry.state not in INACTIVE_STATES]
    if archived or (entries and not active):
        return True
    return any(entry.agreed for entry in active) and not any(entry.named for entry in active)


def serves(pool: PoolSpec, *, dn: str, department: str) -> bool:
    """Whether a pool is for a person with this DN and department."""
    below = not pool.ou or is_below(dn, pool.ou)
    return below and (not pool.department or fold(pool.department) == fold(department))


def free_numbers(pool: PoolSpec, blocked: Collection[str], is_emergency: Callable[[str], bool]) -> Iterator[str]:
    """Yield the pool's free numbers, the lowest first. Leading zeros are kept.

    `blocked` is looked at as the numbers are asked for, so it may grow meanwhile.
    """
    for number in range(int(pool.first), int(pool.last) + 1):
        text = str(number).zfill(len(pool.first))
        if text not in blocked and text not in pool.reserved and not is_emergency(text):
            yield text
