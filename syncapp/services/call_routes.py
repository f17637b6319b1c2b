"""What leads calls to a person's numbers in phone systems, as far as that is known.

The reason why nobody is ever deleted. A phone system's interface tells the forwards of
people, one by one; which queues, voice menus and incoming routes lead to a number it
tells nobody whose key has the smallest rights.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from syncapp.core.telephones import read_mobile
from syncapp.core.vocabulary import State
from syncapp.models import PhoneEntry, PhoneSystem, SyncRecord
from syncapp.store.bulk import chunks_of_ids
from syncapp.telephony.attributes import load_seen
from syncapp.telephony.protocol import PhonePerson


class Forward(NamedTuple):
    """Somebody whose calls go on to a number; `when` is the name of the setting."""

    name: str
    number: str
    when: str


@dataclass(frozen=True, slots=True)
class CallRoutes:
    """What is known of one phone system where a person has a phone: `forwards` of others to the number or the mobile."""

    system: PhoneSystem
    number: str
    forwards: tuple[Forward, ...]


def call_routes(employee_ids: Collection[int]) -> dict[int, list[CallRoutes]]:
    """Map employees to what leads to them, one for each phone system that has them (four queries, or one)."""
    records = [
        record
        for chunk in chunks_of_ids(employee_ids)
        for record in SyncRecord.objects.filter(endpoint__phonesystem__isnull=False, employee__in=chunk)
        .exclude(state=State.MISSING)
        .order_by("endpoint__rank", "endpoint", "id")
    ]
    if not records:
        return {}
    systems = PhoneSystem.objects.in_bulk({record.endpoint_id for record in records})
    seen = _people(PhoneEntry.objects.filter(endpoint__in=systems, anchor__in={record.anchor for record in records}))
    forwarding = _people(PhoneEntry.objects.filter(endpoint__in=systems).exclude(seen__forwards={}))
    found: defaultdict[int, list[CallRoutes]] = defaultdict(list)
    for record in records:
        person = seen.get((record.endpoint_id, record.anchor))
        if record.employee_id is not None and person is not None and person.number:
            others = [each for (endpoint, _anchor), each in forwarding.items() if endpoint == record.endpoint_id]
            system = systems[record.endpoint_id]
            forwards = tuple(_leading_to(person, others, system.region))
            found[record.employee_id].append(CallRoutes(system, person.number, forwards))
    return dict(found)


def _people(rows: Iterable[PhoneEntry]) -> dict[tuple[int, str], PhonePerson]:
    return {(row.endpoint_id, row.anchor): load_seen(row.anchor, row.seen).person for row in rows}


def _leading_to(person: PhonePerson, others: Iterable[PhonePerson], region: str) -> Iterable[Forward]:
    """Yield the forwards to a person's number, or to the mobile in whatever form."""
    mobile = read_mobile(person.mobile, region)
    for other in sorted(others, key=lambda each: (each.name, each.anchor)):
        for when, number in sorted(other.forwards.items()):
            to_mobile = isinstance(mobile, str) and read_mobile(number, region) == mobile
            if other.anchor != person.anchor and (number == person.number or to_mobile):
                yield Forward(other.name, number, when)
