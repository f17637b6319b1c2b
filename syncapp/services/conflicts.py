"""Deciding which of two values is right: ours, theirs, or a third one (rule B2; numbers: C3, C4).

Nothing is written to a directory here. A decision changes what was agreed, raises the
employee's version, so that a run which planned before leaves the person out, and leaves
the record `due`: the next run carries it out by the ordinary rules.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from syncapp.choices import ItemOutcome, MatterKind, Status
from syncapp.core.merge import same_value
from syncapp.core.options import FieldRule
from syncapp.core.person_plan import NUMBER_DISPUTES
from syncapp.core.records import Base, Message
from syncapp.core.resolution import Settlement, settle
from syncapp.core.vocabulary import ALL_FIELDS, INACTIVE_STATES, OPAQUE_FIELDS, Field, Resolution
from syncapp.directory.kinds import PROFILES
from syncapp.exceptions import SyncError
from syncapp.models import Conflict, CoolingNumber, DirectoryServer, Employee, RunItem, SyncRecord, SyncRun
from syncapp.services.edits import change_employee, name_of, record_edit
from syncapp.services.endpoints import field_rules
from syncapp.services.typed import owner_of, read_typed, refuse_nameless
from syncapp.store.cooling import cooling_for, disagree_on_number
from syncapp.store.items import load_keys
from syncapp.store.owners import giving_up
from syncapp.store.residences import make_own
from syncapp.store.snapshots import VALUE_COLUMNS

if TYPE_CHECKING:
    from django.contrib.auth.models import User

VALUE_KINDS = (MatterKind.FIELD, MatterKind.NUMBER_TAKEN, MatterKind.NUMBER_CLAIMED_TWICE)
_COLUMN_OF = dict(zip(ALL_FIELDS, VALUE_COLUMNS, strict=True))
_MESSAGES = {
    Resolution.LOCAL: "decided_local",
    Resolution.REMOTE: "decided_remote",
    Resolution.VALUE: "decided_value",
}
# So many names are said in a refusal.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided; `value` is a third value as it was typed."""

    take: Resolution
    value: str = ""


@dataclass(slots=True)
class Servers:
    """Servers and their mappings, read once for many decisions."""

    known: dict[int, tuple[DirectoryServer, Mapping[Field, FieldRule]]] = field(default_factory=dict)

    def of(self, conflict: Conflict) -> tuple[DirectoryServer, Mapping[Field, FieldRule]]:
        if conflict.endpoint_id not in self.known:
            server = DirectoryServer.objects.get(pk=conflict.endpoint_id)
            rules = field_rules(server, server.kind if server.kind in PROFILES else "generic")
            self.known[conflict.endpoint_id] = server, {rule.field: rule for rule in rules}
        return self.known[conflict.endpoint_id]


@dataclass(slots=True)
class Decided:
    """What became of many decisions: records to carry out, and refusals by the conflict's id."""

    records: list[SyncRecord] = field(default_factory=list)
    refused: dict[int, SyncError] = field(default_factory=dict)


def seen_of(conflict: Conflict) -> str:
    """Return a mark of the two values that a conflict shows: a decision names what the person saw.

    A mark and not the values: of secrets not even the digest belongs on a page.
    """
    return hashlib.sha256(json.dumps([conflict.local, conflict.remote]).encode()).hexdigest()[:16]


def undecided(conflicts: "QuerySet[Conflict] | None" = None) -> "QuerySet[Conflict]":
    """Return the open conflicts about values, in a fixed order."""
    chosen = Conflict.objects.all() if conflicts is None else conflicts
    return chosen.filter(closed_at__isnull=True, kind__in=VALUE_KINDS).order_by("pk")


def decide_many(chosen: Iterable[tuple[int, str]], choice: Choice, *, user: "User | str") -> Decided:
    """Decide conflicts, given by id and the mark of the values seen, each in a transaction of its own.

    All of them stand in one run of mode `edit`.
    """
    decided, servers, run = Decided(), Servers(), None
    for conflict_id, seen in chosen:
        try:
            item = decide(conflict_id, seen, choice, user=user, servers=servers, run=run)
        except SyncError as error:
            decided.refused[conflict_id] = error
            if run is not None:
                run.refresh_from_db(fields=["counts"])
        else:
            run = item.run
            if item.record is not None:
                decided.records.append(item.record)
    return decided


def decide(
    conflict_id: int,
    seen: str,
    choice: Choice,
    *,
    user: "User | str",
    servers: Servers | None = None,
    run: SyncRun | None = None,
) -> RunItem:
    """Decide one conflict and return its row of the audit trail, which belongs to `run` where one is given.

    `seen` is the mark of the values that the person saw. Raise SyncError when the
    conflict is closed or about people, when a value has changed since, or when it
    cannot be decided so.
    """
    now = timezone.now()
    try:
        with transaction.atomic():
            case = _open_case(conflict_id, seen, servers or Servers())
            return _carry_out(case, choice, user, run, now)
    except IntegrityError:  # the number was given to somebody in this very moment
        raise SyncError("typed_number_taken", number=choice.value, owner="") from None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a decision would do: `outcomes` hold, for either side, what becomes of it or why it is refused.

    `rule` is None where nothing at all can be decided. `hand_over`: whether the number
    that the conflict is about can be handed over, or why not; None where it is about
    no number of somebody else's.
    """

    server: DirectoryServer
    rule: FieldRule | None
    outcomes: Mapping[Resolution, Settlement | SyncError]
    hand_over: bool | SyncError | None = None


def foresee(conflict: Conflict) -> Prospect:
    """Look what taking either side would do, without doing it."""
    servers = Servers()
    server, _rules = servers.of(conflict)
    outcomes: dict[Resolution, Settlement | SyncError] = {}
    rule = None
    for take in (Resolution.LOCAL, Resolution.REMOTE):
        try:
            case = _case_of(conflict, conflict.record, conflict.record.employee, servers)
            rule = case.rule
            settlement = _settle(case, Choice(take))
            _check_number(case, settlement, take)
            outcomes[take] = settlement
        except SyncError as error:
            outcomes[take] = error
    return Prospect(server, rule, outcomes, _foresee_hand_over(conflict, servers))


def _foresee_hand_over(conflict: Conflict, servers: Servers) -> bool | SyncError | None:
    if conflict.kind != MatterKind.NUMBER_TAKEN:
        return None
    try:
        _giver(_case_of(conflict, conflict.record, conflict.record.employee, servers), now=timezone.now())
    except SyncError as error:
        return error
    return True


@dataclass(slots=True)
class _Case:
    """A conflict with everything that belongs to it; its rows are locked."""

    conflict: Conflict
    record: SyncRecord
    employee: Employee
    rule: FieldRule
    region: str


def _open_case(conflict_id: int, seen: str, servers: Servers) -> _Case:
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
    return _case_of(conflict, record, employee, servers)


def _case_of(conflict: Conflict, record: SyncRecord, employee: Employee | None, servers: Servers) -> _Case:
    """Put together what belongs to a conflict; raise SyncError where nothing can be decided about it any more."""
    name = Field(conflict.field)
    moved = employee is None or record.employee_id != employee.pk
    if moved or getattr(employee, _COLUMN_OF[name]) != conflict.local:
        raise SyncError("decision_moved", field=name.value)
    server, rules = servers.of(conflict)
    if name not in rules:
        raise SyncError("decision_not_mapped", field=name.value)
    return _Case(conflict, record, cast(Employee, employee), rules[name], server.region)


def _carry_out(case: _Case, choice: Choice, user: "User | str", run: SyncRun | None, now: datetime) -> RunItem:
    rule, employee = case.rule, case.employee
    if choice.take is Resolution.HAND_OVER:
        return _hand_over(case, user, run, now)
    settlement = _settle(case, choice)
    take = Resolution.LOCAL if choice.take is Resolution.VALUE and settlement.value is None else choice.take
    _check_number(case, settlement, take)
    about: dict[str, Any] = {
        "user": user, "run": run, "record": case.record, "code": _MESSAGES[take], "field": rule.field.value,
        "who": name_of(user),
    }  # fmt: skip
    item = None
    if settlement.value is not None:
        refuse_nameless(
            {**{name: getattr(employee, name) for name in ("name", "email", "extension")}, rule.field: settlement.value}
        )
        item = change_employee(employee.pk, {rule.field.value: settlement.value}, version=employee.version, **about)
    if item is None:
        Employee.rows.filter(pk=employee.pk, version=employee.version).update(version=F("version") + 1)
        employee.version += 1
        item = record_edit(employee, [], outcome=ItemOutcome.SKIPPED, **about)
    here = case.conflict.local if settlement.value is None else settlement.value
    _settle_record(case, settlement.base, here=here, item=item)
    if take is Resolution.LOCAL:
        make_own(employee.pk, rule.field, beside=case.record.endpoint_id)
    Conflict.objects.filter(pk=case.conflict.pk).update(closed_at=now, resolution=take, resolved_by=name_of(user))
    return item


def _hand_over(case: _Case, user: "User | str", run: SyncRun | None, now: datetime) -> RunItem:
    """Take the number from its owner and give it to the claimant; both stand in one run (rule C4).

    What was agreed about the owner's number is forgotten, so that its absence does not go
    out, and his own entry does not bring it back as long as somebody else has it.
    """
    owner, employee, number, who = _giver(case, now=now), case.employee, case.conflict.remote, name_of(user)
    about: dict[str, Any] = {
        "user": user, "run": run, "code": "number_handed_over", "number": number, "to": str(employee), "who": who,
    }  # fmt: skip
    given = None
    if owner.extension:
        refuse_nameless({"name": owner.name, "email": owner.email})
        given = change_employee(owner.pk, {Field.EXTENSION.value: ""}, version=owner.version, **about)
    if given is None:  # it rests, since he was archived
        given = record_edit(owner, [], outcome=ItemOutcome.SKIPPED, **about)
    disagree_on_number(owner.pk)
    CoolingNumber.objects.filter(number_plan=employee.number_plan, extension=number).delete()
    item = change_employee(
        employee.pk, {Field.EXTENSION.value: number}, version=employee.version, user=user, run=given.run,
        code="number_taken_over", record=case.record, number=number, owner=str(owner), who=who,
    )  # fmt: skip
    if item is None:  # the employee has another number than the conflict says, or there would be none
        raise SyncError("decision_moved", field=Field.EXTENSION.value)
    _settle_record(case, Base(number, number), here=number, item=item)
    Conflict.objects.filter(pk=case.conflict.pk).update(closed_at=now, resolution=Resolution.HAND_OVER, resolved_by=who)
    return item


def _giver(case: _Case, *, now: datetime) -> Employee:
    """Return whose number it is that can be handed over; raise SyncError where that is nobody (rule C4)."""
    conflict, plan, number = case.conflict, case.employee.number_plan, case.conflict.remote
    if conflict.kind != MatterKind.NUMBER_TAKEN or conflict.owner_id is None:
        raise SyncError("decision_not_number")
    holder, rests = owner_of(number, plan=plan, beside=None), cooling_for(number, number_plan=plan, now=now)
    owner = holder or (rests.employee if rests is not None else None)
    if owner is None or owner.pk != conflict.owner_id:
        raise SyncError("decision_owner_changed", number=number, owner=str(conflict.owner))
    if not giving_up({owner.pk: number}):
        raise SyncError("decision_no_hand_over", number=number, owner=str(owner))
    if people := _claimants(number, case.record, beside=owner):
        raise SyncError("decision_number_claimed", number=number, people=people[:_NAMED])
    return owner


def _settle(case: _Case, choice: Choice) -> Settlement:
    conflict, rule = case.conflict, case.rule
    value = choice.value
    if choice.take is Resolution.VALUE and rule.field not in OPAQUE_FIELDS:
        value = read_typed(rule.field, value, region=case.region)
    settled = settle(rule=rule, local=conflict.local, remote=conflict.remote, take=choice.take, value=value)
    if isinstance(settled, Message):
        raise SyncError(settled.code, **settled.params)
    return settled


def _check_number(case: _Case, settlement: Settlement, take: Resolution) -> None:
    """Refuse a number that a run would not give, naming who has or claims it (rules C1, C3, C4)."""
    conflict = case.conflict
    if case.rule.field is not Field.EXTENSION or take is Resolution.LOCAL:
        return
    number = conflict.remote if settlement.value is None else settlement.value
    owner = owner_of(number, plan=case.employee.number_plan, beside=case.employee.pk)
    if owner is not None:
        raise SyncError("decision_number_owned", number=number, owner=str(owner))
    rests = cooling_for(number, number_plan=case.employee.number_plan, now=timezone.now())
    if take is Resolution.REMOTE and rests is not None and rests.employee_id != case.employee.pk:
        until = timezone.localdate(rests.until).isoformat()
        raise SyncError("decision_number_cooling", number=number, owner=str(rests.employee), until=until)
    if conflict.kind in NUMBER_DISPUTES and take is Resolution.REMOTE:
        people = _claimants(number, case.record)
        if people:
            raise SyncError("decision_number_claimed", number=number, people=people[:_NAMED])


def _claimants(number: str, record: SyncRecord, *, beside: Employee | None = None) -> list[str]:
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


def _settle_record(case: _Case, base: Base, *, here: str, item: RunItem) -> None:
    """Store what is agreed now; what has yet to go out waits, and the record says who decided."""
    record, name = case.record, case.rule.field
    record.base = {**record.base, name.value: [base.local, base.remote]}
    record.waits = {key: standing for key, standing in record.waits.items() if key != name.value}
    if case.rule.pushes and not same_value(name, here, base.local):
        record.waits[name.value] = base.remote
    record.waiting = bool(record.waits)
    record.due = True
    if record.status != Status.FAILED:
        others = Conflict.objects.filter(record=record, closed_at__isnull=True).exclude(pk=case.conflict.pk)
        record.status = record.status if others.exists() else Status.SKIPPED
        record.message_code, record.message_params = item.message_code, item.message_params
    record.save(update_fields=["base", "waits", "waiting", "due", "status", "message_code", "message_params"])
