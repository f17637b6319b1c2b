"""Deciding which of two values is right: ours, theirs, or a third one (rule B2; numbers: C3, C4).

Nothing is written to a directory here. A decision changes what was agreed, raises the
employee's version, so that a run which planned before leaves the person out, and leaves
the record `due`: the next run carries it out by the ordinary rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from syncapp.choices import ItemOutcome, MatterKind, Status
from syncapp.core.merge import same_value
from syncapp.core.options import FieldRule
from syncapp.core.records import Base, Message
from syncapp.core.resolution import Settlement, settle
from syncapp.core.vocabulary import OPAQUE_FIELDS, Field, Resolution
from syncapp.exceptions import SyncError
from syncapp.models import Conflict, CoolingNumber, Employee, RunItem, SyncRecord, SyncRun
from syncapp.services.disputes import VALUE_KINDS, Case, Servers, case_of, check_number, giver, open_case
from syncapp.services.edits import change_employee, name_of, record_edit
from syncapp.services.endpoints import Synchronised
from syncapp.services.typed import read_typed, refuse_nameless
from syncapp.store.cooling import disagree_on_number
from syncapp.store.residences import make_own

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_MESSAGES = {
    Resolution.LOCAL: "decided_local",
    Resolution.REMOTE: "decided_remote",
    Resolution.VALUE: "decided_value",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided; `value` is a third value as it was typed."""

    take: Resolution
    value: str = ""


@dataclass(slots=True)
class Decided:
    """What became of many decisions: records to carry out, and refusals by the conflict's id."""

    records: list[SyncRecord] = field(default_factory=list)
    refused: dict[int, SyncError] = field(default_factory=dict)


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
            case = open_case(conflict_id, seen, servers or Servers())
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

    server: Synchronised
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
            case = case_of(conflict, conflict.record, conflict.record.employee, servers)
            rule = case.rule
            settlement = _settle(case, Choice(take))
            check_number(case, settlement, take)
            outcomes[take] = settlement
        except SyncError as error:
            outcomes[take] = error
    return Prospect(server, rule, outcomes, _foresee_hand_over(conflict, servers))


def _foresee_hand_over(conflict: Conflict, servers: Servers) -> bool | SyncError | None:
    if conflict.kind != MatterKind.NUMBER_TAKEN or conflict.owner_id is None:
        return None
    try:
        giver(case_of(conflict, conflict.record, conflict.record.employee, servers), now=timezone.now())
    except SyncError as error:
        return error
    return True


def _carry_out(case: Case, choice: Choice, user: "User | str", run: SyncRun | None, now: datetime) -> RunItem:
    rule, employee = case.rule, case.employee
    if choice.take is Resolution.HAND_OVER:
        return _hand_over(case, user, run, now)
    settlement = _settle(case, choice)
    take = Resolution.LOCAL if choice.take is Resolution.VALUE and settlement.value is None else choice.take
    check_number(case, settlement, take)
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


def _hand_over(case: Case, user: "User | str", run: SyncRun | None, now: datetime) -> RunItem:
    """Take the number from its owner and give it to the claimant; both stand in one run (rule C4).

    What was agreed about the owner's number is forgotten, so that its absence does not go
    out, and his own entry does not bring it back as long as somebody else has it.
    """
    owner, employee, number, who = giver(case, now=now), case.employee, case.conflict.remote, name_of(user)
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


def _settle(case: Case, choice: Choice) -> Settlement:
    conflict, rule = case.conflict, case.rule
    value = choice.value
    if choice.take is Resolution.VALUE and rule.field not in OPAQUE_FIELDS:
        value = read_typed(rule.field, value, region=case.region)
    settled = settle(rule=rule, local=conflict.local, remote=conflict.remote, take=choice.take, value=value)
    if isinstance(settled, Message):
        raise SyncError(settled.code, **settled.params)
    return settled


def _settle_record(case: Case, base: Base, *, here: str, item: RunItem) -> None:
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
