"""A conflict about a value with everything that belongs to it, and who has the number that it is about."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone

from syncapp.choices import MatterKind
from syncapp.core.options import FieldRule
from syncapp.core.person_plan import NUMBER_DISPUTES
from syncapp.core.resolution import Settlement
from syncapp.core.vocabulary import ALL_FIELDS, INACTIVE_STATES, Field, Resolution
from syncapp.directory.kinds import PROFILES
from syncapp.exceptions import SyncError
from syncapp.models import Conflict, Employee, SyncRecord
from syncapp.services.endpoints import Synchronised, field_rules, synchronised
from syncapp.services.typed import owner_of, refuse_held
from syncapp.store.cooling import cooling_for
from syncapp.store.items import load_keys
from syncapp.store.owners import giving_up
from syncapp.store.snapshots import VALUE_COLUMNS

if TYPE_CHECKING:
    pass


VALUE_KINDS = (MatterKind.FIELD, MatterKind.NUMBER_TAKEN, MatterKind.NUMBER_CLAIMED_TWICE)
_COLUMN_OF = dict(zip(ALL_FIELDS, VALUE_COLUMNS, strict=True))
# So many names are said in a refusal.
_NAMED = 5


@dataclass(slots=True)
class Servers:
    """Servers and their mappings, read once for many decisions."""

    known: dict[int, tuple[Synchronised, Mapping[Field, FieldRule]]] = field(default_factory=dict)

    def of(self, conflict: Conflict) -> tuple[Synchronised, Mapping[Field, FieldRule]]:
        if conflict.endpoint_id not in self.known:
            server = synchronised(conflict.endpoint_id)
            rules = field_rules(server, server.kind if server.kind in PROFILES else "generic")
            self.known[conflict.endpoint_id] = server, {rule.field: rule for rule in rules}
        return self.known[conflict.endpoint_id]


def seen_of(conflict: Conflict) -> str:
    """Return a mark of the two values that a conflict shows: a decision names what the person saw.

    A mark and not the values: of secrets not even the digest belongs on a page.
    """
    return hashlib.sha256(json.dumps([conflict.local, conflict.remote]).encode()).hexdigest()[:16]


@dataclass(slots=True)
class Case:
    """A conflict with everything that belongs to it; its rows are locked."""

    conflict: Conflict
    record: SyncRecord
    employee: Employee
    rule: FieldRule
    region: str


def open_case(conflict_id: int, seen: str, servers: Servers) -> Case:
    """Lock in the order in which a run does: employees, record, conflict."""
    found = Conflict.objects.select_related("record").filter(pk=conflict_id).first()
    if found is None or found.closed_at is not None:
        raise SyncError("decision_closed")
    if found.kind not in VALUE_KINDS:
        raise SyncError("decision_about_people")
    about = [pk for pk in (found.record.employee_id, found.owner_id) if pk is not None]
    people = {each.pk: each for each in Employee.rows.select_for_update().filter(pk__in=about).order_by("pk")}
    employee = people.get(found.record.employee_id or 0)
    record = SyncRecord.objects.select_for_update().get(pk=found.record_id)
    conflict = Conflict.objects.select_for_update().filter(pk=conflict_id, closed_at__isnull=True).first()
    if conflict is None:
        raise SyncError("decision_closed")
    if seen != seen_of(conflict):
        raise SyncError("decision_changed")
    return case_of(conflict, record, employee, servers)


def case_of(conflict: Conflict, record: SyncRecord, employee: Employee | None, servers: Servers) -> Case:
    """Put together what belongs to a conflict; raise SyncError where nothing can be decided about it any more."""
    name = Field(conflict.field)
    moved = employee is None or record.employee_id != employee.pk
    if moved or getattr(employee, _COLUMN_OF[name]) != conflict.local:
        raise SyncError("decision_moved", field=name.value)
    server, rules = servers.of(conflict)
    if name not in rules:
        raise SyncError("decision_not_mapped", field=name.value)
    return Case(conflict, record, cast(Employee, employee), rules[name], server.region)


def giver(case: Case, *, now: datetime) -> Employee:
    """Return whose number it is that can be handed over; raise SyncError where that is nobody (rule C4)."""
    conflict, plan, number = case.conflict, case.employee.number_plan, case.conflict.remote
    if conflict.kind != MatterKind.NUMBER_TAKEN or conflict.owner_id is None:
        raise SyncError("decision_not_number")
    holder, rests = owner_of(number, plan=plan, beside=None), cooling_for(number, number_plan=plan, now=now)
    owner = holder or (rests.employee if rests is not None else None)
    if owner is None or owner.pk != conflict.owner_id:
        raise SyncError("decision_owner_changed", number=number, owner=str(conflict.owner))
    refuse_held(number, plan=plan)
    if not giving_up({owner.pk: number}):
        raise SyncError("decision_no_hand_over", number=number, owner=str(owner))
    if people := claimants(number, case.record, beside=owner):
        raise SyncError("decision_number_claimed", number=number, people=people[:_NAMED])
    return owner


def check_number(case: Case, settlement: Settlement, take: Resolution) -> None:
    """Refuse a number that a run would not give, naming who has or claims it (rules C1, C3, C4)."""
    conflict = case.conflict
    if case.rule.field is not Field.EXTENSION or take is Resolution.LOCAL:
        return
    number = conflict.remote if settlement.value is None else settlement.value
    owner = owner_of(number, plan=case.employee.number_plan, beside=case.employee.pk)
    if owner is not None:
        raise SyncError("decision_number_owned", number=number, owner=str(owner))
    refuse_held(number, plan=case.employee.number_plan)
    rests = cooling_for(number, number_plan=case.employee.number_plan, now=timezone.now())
    if take is Resolution.REMOTE and rests is not None and rests.employee_id != case.employee.pk:
        until = timezone.localdate(rests.until).isoformat()
        raise SyncError("decision_number_cooling", number=number, owner=str(rests.employee), until=until)
    if conflict.kind in NUMBER_DISPUTES and take is Resolution.REMOTE:
        people = claimants(number, case.record)
        if people:
            raise SyncError("decision_number_claimed", number=number, people=people[:_NAMED])


def claimants(number: str, record: SyncRecord, *, beside: Employee | None = None) -> list[str]:
    """Name the other active entries of the server that claim a number; `beside`: not counting his own."""
    others = SyncRecord.objects.filter(endpoint_id=record.endpoint_id).exclude(pk=record.pk)
    if beside is not None:
        others = others.exclude(employee__isnull=False, employee=beside)
    rows = others.exclude(state__in=INACTIVE_STATES).annotate(text=Cast("keys", TextField()))
    return [
        str(other)
        for other in rows.filter(text__contains=f'"{number}"').order_by("name", "pk")
        if number in load_keys(other.keys).extensions
    ]
