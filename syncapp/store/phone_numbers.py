"""Numbers that phone systems have in use, as they were read last (rules C5, C6, C8)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction

from syncapp.core.phone_numbers import OF_PEOPLE, NumberInUse, NumberUse
from syncapp.core.vocabulary import NumberKind
from syncapp.models import CoolingNumber, PhoneNumber, PhoneReading, PhoneSystem
from syncapp.store.bulk import CHUNK, chunks_of_ids
from syncapp.store.cooling import rest_from

# No extension is longer there: what is are mobiles, whose owners are none of a pool's business.
LONGEST = 8
_NAMED_WITH = 255


@transaction.atomic
def remember(phones: PhoneSystem, numbers: Iterable[NumberInUse], *, at: datetime) -> None:
    """Keep every number of a phone system in the place of those of the last time; only what differs is written."""
    now = {
        each.number: (each.kind.value, each.name[:_NAMED_WITH])
        for each in numbers
        if each.number.isdigit() and len(each.number) <= LONGEST
    }
    PhoneReading.objects.update_or_create(endpoint=phones, defaults={"read_at": at})
    rows = PhoneNumber.objects.select_for_update().filter(endpoint=phones).order_by("number")
    before = {number: (pk, (kind, name)) for pk, number, kind, name in rows.values_list("pk", "number", "kind", "name")}
    gone = [pk for number, (pk, what) in before.items() if now.get(number) != what]
    for chunk in chunks_of_ids(gone):
        PhoneNumber.objects.filter(pk__in=chunk).delete()
    PhoneNumber.objects.bulk_create(
        [
            PhoneNumber(endpoint=phones, number=number, kind=kind, name=name)
            for number, (kind, name) in sorted(now.items())
            if before.get(number, (0, None))[1] != (kind, name)
        ],
        batch_size=CHUNK,
    )
    for row in CoolingNumber.objects.filter(number_plan=phones.number_plan).order_by("id"):
        if row.extension in now:
            rest_from(row, at)


def uses_in(number_plan: str) -> dict[str, NumberUse]:
    """Map the numbers in use in the plan's phone systems to what has them; a person's counts least.

    Those of a phone system that is switched off are still in use there.
    """
    rows = PhoneNumber.objects.filter(endpoint__number_plan=number_plan).order_by(
        "endpoint__rank", "endpoint", "number"
    )
    uses: dict[str, NumberUse] = {}
    for number, kind, name, system in rows.values_list("number", "kind", "name", "endpoint__name"):
        use = NumberUse(NumberKind(kind), name, system)
        if number not in uses or (uses[number].kind in OF_PEOPLE and use.kind not in OF_PEOPLE):
            uses[number] = use
    return uses


def held_in(number_plan: str) -> dict[str, NumberUse]:
    """Map the plan's numbers that can be no person's, such as those of queues, to what has them (one query)."""
    rows = PhoneNumber.objects.filter(endpoint__number_plan=number_plan).exclude(kind__in=OF_PEOPLE)
    found = rows.order_by("-endpoint__rank", "-endpoint").values_list("number", "kind", "name", "endpoint__name")
    return {number: NumberUse(NumberKind(kind), name, system) for number, kind, name, system in found}


def use_of(number: str, number_plan: str) -> NumberUse | None:
    """Return what has a number that can be no person's; None for a free one, or a person's."""
    rows = PhoneNumber.objects.filter(endpoint__number_plan=number_plan, number=number).exclude(kind__in=OF_PEOPLE)
    found = rows.order_by("endpoint__rank", "endpoint").values_list("kind", "name", "endpoint__name").first()
    return NumberUse(NumberKind(found[0]), found[1], found[2]) if found is not None else None


def readings(number_plan: str) -> Mapping[str, datetime | None]:
    """Map the names of the plan's enabled phone systems to when their numbers were read last."""
    systems = PhoneSystem.objects.filter(enabled=True, number_plan=number_plan).order_by("rank", "name")
    return dict(systems.values_list("name", "reading__read_at"))


def systems_in(number_plan: str) -> Collection[PhoneSystem]:
    return list(PhoneSystem.objects.filter(enabled=True, number_plan=number_plan).order_by("rank", "name"))
