"""What the pools have and what comes next."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Count, Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Length
from django.utils import timezone

from syncapp.core.numbers import free_numbers
from syncapp.core.options import PoolSpec
from syncapp.core.phone_numbers import OF_PEOPLE, NumberUse, PhoneNumbers
from syncapp.core.telephones import is_emergency
from syncapp.models import CoolingNumber, Employee, Endpoint, NumberPool, PhoneNumber
from syncapp.services.directory_settings.pools import DIGITS
from syncapp.services.phone_numbers import remembered
from syncapp.store.claims import numbers_of_others
from syncapp.store.snapshots import number_owners

# Digits of the longest numbers that are looked through for emergency calls: 10,000 at most.
# A few small countries have longer ones; giving numbers out (rule C5) knows them all.
_LONGEST_EMERGENCY = 4
# A pool is nearly empty when so few of its numbers are free: this many, or this share.
FEW_NUMBERS, SMALL_SHARE = 5, 0.1


@dataclass(frozen=True, slots=True)
class PoolUsage:
    """How many numbers of a pool are what; `next` is the one that would be given out next, or ''.

    `used` have an employee, `claimed` are named by an entry of a directory and
    belong to nobody here, `cooling` were given up by archived employees (rule C8), the
    first to be free again first. `in_phones` are in use in a phone system and belong
    to nobody here, or to a queue there and to somebody here, each with what has it.
    `unread` are phone systems of which that is not known: meanwhile no number is given out.
    """

    size: int
    used: int
    reserved: int
    claimed: int
    free: int
    next: str
    cooling: Sequence[CoolingNumber] = ()
    in_phones: Sequence[tuple[str, NumberUse]] = ()
    unread: Sequence[str] = ()


def pool_usage(pools: Collection[NumberPool]) -> dict[int, PoolUsage]:
    """Map the pools' keys to their usage (three queries, and four for each number plan).

    What is counted are the numbers that people and entries have, never those of
    the range: a pool may be far larger than the company.
    """
    prefetch_related_objects(list(pools), "endpoint_pools__endpoint")
    plans = sorted({pool.number_plan for pool in pools})
    owners = {plan: number_owners(plan) for plan in plans}
    used = {plan: _Sorted(owners[plan]) for plan in plans}
    claimed = {plan: _Sorted(numbers_of_others(plan)) for plan in plans}
    phones = {plan: remembered(plan, now=timezone.now()) for plan in plans}
    taken = {plan: _Sorted(phones[plan].uses) for plan in plans}
    rows = CoolingNumber.objects.filter(until__gt=timezone.now()).select_related("employee").order_by("until", "id")
    cooling: dict[str, list[CoolingNumber]] = {}
    for row in rows:
        if row.extension not in owners.get(row.number_plan, {}):
            cooling.setdefault(row.number_plan, []).append(row)
    return {
        pool.pk: _usage(
            pool,
            owners=used[pool.number_plan],
            claimed=claimed[pool.number_plan],
            cooling=cooling.get(pool.number_plan, []),
            taken=taken[pool.number_plan],
            phones=phones[pool.number_plan],
        )
        for pool in pools
    }


def nearly_empty() -> list[tuple[NumberPool, int]]:
    """Return the pools that will not last, each with about how many numbers are free (four queries).

    Numbers that only an entry of a directory names, or a person of a phone system has,
    are not counted: that takes a look at everybody.
    """
    pools = list(NumberPool.objects.order_by("name"))
    if not pools:
        return []
    used = _counted(Employee.rows.all(), pools)
    held = _counted(
        PhoneNumber.objects.exclude(kind__in=OF_PEOPLE), pools, plan="endpoint__number_plan", column="number"
    )
    cooling = _counted(CoolingNumber.objects.filter(until__gt=timezone.now()), pools)
    found = []
    for pool in pools:
        size = int(pool.last) - int(pool.first) + 1
        taken = sum(counts[f"pool_{pool.pk}"] for counts in (used, held, cooling))
        free = max(0, size - taken - len(pool.reserved))
        if free <= max(FEW_NUMBERS, size * SMALL_SHARE):
            found.append((pool, free))
    return found


def _counted(
    rows: QuerySet[Any], pools: Iterable[NumberPool], *, plan: str = "number_plan", column: str = "extension"
) -> dict[str, int]:
    """Count the rows whose number is of each pool, by `pool_` and its key (one query)."""
    counts = {
        f"pool_{pool.pk}": Count(
            "pk",
            filter=Q(
                **{
                    plan: pool.number_plan,
                    "digits": len(pool.first),
                    f"{column}__gte": pool.first,
                    f"{column}__lte": pool.last,
                }
            ),
        )
        for pool in pools
    }
    counted: dict[str, int] = rows.annotate(digits=Length(column)).aggregate(**counts)
    return counted


def _usage(
    pool: NumberPool,
    *,
    owners: "_Sorted",
    claimed: "_Sorted",
    cooling: Sequence[CoolingNumber],
    taken: "_Sorted",
    phones: PhoneNumbers,
) -> PoolUsage:
    size = max(0, int(pool.last) - int(pool.first) + 1)
    region = _region(pool)
    used, claims = owners.within(pool), claimed.within(pool)
    reserved, rests, emergencies = (
        _Sorted(numbers).within(pool)
        for numbers in (pool.reserved, [row.extension for row in cooling], _emergencies(len(pool.first), region))
    )
    in_phones = taken.within(pool)
    blocked = used | claims | reserved | rests | in_phones
    free = size - len(blocked | emergencies)
    stream = free_numbers(
        PoolSpec(pool.name, pool.first, pool.last), blocked, lambda number: is_emergency(number, region)
    )
    return PoolUsage(
        size=size,
        used=len(used),
        reserved=len(reserved),
        claimed=len(claims - used - rests),
        free=free,
        next=next(stream, "") if free else "",
        cooling=tuple(row for row in cooling if row.extension in rests),
        in_phones=tuple(
            (number, phones.uses[number])
            for number in sorted(in_phones)
            if number not in used or phones.held(number) is not None
        ),
        unread=tuple(phones.unread),
    )


class _Sorted:
    """Many numbers by their length, so that those of each pool are found without a look at all of them."""

    def __init__(self, numbers: Iterable[str]) -> None:
        self._by_length: dict[int, list[str]] = {}
        for number in sorted(numbers):
            self._by_length.setdefault(len(number), []).append(number)

    def within(self, pool: NumberPool) -> set[str]:
        """Return those that are in the range; as texts, for leading zeros count."""
        numbers = self._by_length.get(len(pool.first), [])
        found = numbers[bisect_left(numbers, pool.first) : bisect_right(numbers, pool.last)]
        return {number for number in found if DIGITS.fullmatch(number)}


def _region(pool: NumberPool) -> str:
    """Country whose emergency numbers count: that of the first server that uses the pool."""
    servers = sorted(
        (link.endpoint.rank, link.endpoint.name, link.endpoint.region) for link in pool.endpoint_pools.all()
    )
    default: str = Endpoint._meta.get_field("region").default
    return servers[0][2] if servers else default


@lru_cache(maxsize=64)
def _emergencies(digits: int, region: str) -> frozenset[str]:
    if digits > _LONGEST_EMERGENCY:
        return frozenset()
    numbers = (str(number).zfill(digits) for number in range(10**digits))
    return frozenset(number for number in numbers if is_emergency(number, region))
