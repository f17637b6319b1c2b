"""What phone systems have of employees, before whom directories get no number (rule C6)."""

from collections.abc import Collection

from syncapp.core.normalise import fold
from syncapp.core.options import PhoneService
from syncapp.core.phone_first import PhonesFirst, Taken
from syncapp.core.vocabulary import Field, State
from syncapp.models import NumberPool, PhoneSystem, SyncRecord
from syncapp.store.bulk import chunks_of_ids
from syncapp.store.items import load_base


def phone_services() -> tuple[PhoneService, ...]:
    """Return the enabled phone systems; of several one that says nothing serves nobody."""
    enabled = list(PhoneSystem.objects.filter(enabled=True).order_by("pk"))
    if not enabled:
        return ()
    return tuple(service_of(phones, alone=len(enabled) == 1) for phones in enabled)


def service_of(phones: PhoneSystem, *, alone: bool) -> PhoneService:
    """Return whom a phone system serves; without a rule everybody, where it is the only one (`alone`)."""
    pools = NumberPool.objects.filter(name__in=phones.serves.get("pools", []))
    return PhoneService(
        id=phones.pk,
        number_plan=phones.number_plan,
        create=phones.create,
        everybody=not phones.serves and alone,
        directories=frozenset(phones.serves.get("directories", [])),
        departments=frozenset(map(fold, phones.serves.get("departments", []))),
        ranges=tuple(pools.order_by("name").values_list("first", "last")),
    )


def active_in(employee_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Map employees to the names of the directories in which they are active."""
    found: dict[int, set[str]] = {}
    for chunk in chunks_of_ids(employee_ids):
        records = SyncRecord.objects.filter(employee__in=chunk, state=State.ACTIVE)
        there = records.filter(endpoint__directoryserver__isnull=False).order_by("id")
        for employee_id, name in there.values_list("employee_id", "endpoint__name"):
            found.setdefault(employee_id or 0, set()).add(name)
    return {employee_id: frozenset(names) for employee_id, names in found.items()}


def phones_first(
    employee_ids: Collection[int], services: Collection[PhoneService], *, here: str, number_plan: str
) -> PhonesFirst:
    """Return who has to wait for what, of some employees (two queries for some hundred of them)."""
    taken: dict[int, dict[int, Taken]] = {}
    ids = [service.id for service in services]
    for chunk in chunks_of_ids(employee_ids):
        records = SyncRecord.objects.filter(employee__in=chunk)
        rows = records.filter(endpoint__in=ids).values_list("employee_id", "endpoint_id", "anchor", "state", "base")
        for employee_id, endpoint_id, anchor, state, base in rows.order_by("id"):
            agreed = load_base(base).get(Field.EXTENSION)
            has = Taken(anchor, State(state), agreed.local if agreed is not None else "")
            taken.setdefault(employee_id or 0, {})[endpoint_id] = has
    return PhonesFirst(services, here, number_plan, taken, active_in(employee_ids))
