"""Undoing a join: the entry is somebody else's after all, and is never proposed for the employee again (rule A4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from syncapp.choices import ItemOutcome, RunMode, RunStatus, Status
from syncapp.core.vocabulary import Action, Field, Side
from syncapp.exceptions import SyncError
from syncapp.models import Conflict, Employee, RunItem, SyncRecord, SyncRun
from syncapp.services.edits import change_employee, name_of, record_edit
from syncapp.services.matches import refuse_while_running
from syncapp.services.photos import kept_name
from syncapp.services.typed import KNOWN_BY, owner_of, refuse_nameless
from syncapp.store.cooling import cooling_for
from syncapp.store.phone_numbers import use_of
from syncapp.store.selectors import LEFT_OUT, done_changes

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# What ties an entry to an employee, apart from a run that recognises or creates one. Whose account moved keeps
# the record of the old one: to untie that would be another undoing.
_CONFIRMED, _MOVED = "match_confirmed", "match_moved"
_TIES = Q(plan__action__in=[Action.JOIN.value, Action.CREATE.value]) | Q(message_code__in=[_CONFIRMED, _MOVED])


@dataclass(frozen=True, slots=True)
class Brought:
    """A value that the join changed here, and what can be done about it.

    `restored`: what putting it back would store; None where it cannot be put back,
    for the reason in `obstacle`: `changed` since, a `number` that is somebody else's,
    or a content that was not `kept`.
    """

    field: Field
    before: str
    after: str
    restored: str | None
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """How an entry came to its employee. `item` tied the two, `merged` is the first that brought their values together."""

    record: SyncRecord
    employee: Employee
    item: RunItem
    merged: RunItem | None
    brought: list[Brought]
    sent: list[Mapping[str, str]]  # changes of the entry in the domain

    @property
    def by_person(self) -> bool:
        return self.item.message_code == _CONFIRMED

    @property
    def restorable(self) -> bool:
        return any(each.restored is not None for each in self.brought)


def joined_records(employee_id: int) -> list[SyncRecord]:
    """Return the records of an employee that a match or a person tied, by server (one query)."""
    found: dict[int, SyncRecord | None] = {}
    items = _ties(RunItem.objects.filter(employee=employee_id, record__employee=employee_id))
    for item in items.select_related("record__endpoint"):
        if item.record is not None:
            found.setdefault(item.record.pk, item.record if _is_join(item) else None)
    return sorted((each for each in found.values() if each is not None), key=lambda each: (each.endpoint_id, each.pk))


def is_joined(record: SyncRecord) -> bool:
    """Whether a match or a person tied the record to its employee, as far back as runs are kept (one query)."""
    return record.employee_id is not None and _tying_item(record) is not None


def join_of(record: SyncRecord) -> Join:
    """Return how the record was tied and what that brought; raise SyncError where it was no join."""
    item = _tying_item(record) if record.employee_id is not None else None
    if item is None or record.employee is None:
        raise SyncError("untie_not_joined", name=str(record))
    merged = _merged_after(record, item) if item.message_code == _CONFIRMED else item
    changes = done_changes(merged) if merged is not None else []
    return Join(
        record=record,
        employee=record.employee,
        item=item,
        merged=merged,
        brought=[_brought(each, record.employee) for each in changes if each["side"] == Side.LOCAL],
        sent=[each for each in changes if each["side"] == Side.REMOTE],
    )


def untie(*, record_id: int, employee_id: int, restore: bool, user: "User | str") -> RunItem:
    """Untie an entry from its employee for good, and return the row of the audit trail.

    The employee keeps number and values; with `restore` those that still are what the
    join brought get back what stood there before. Nothing is written to the domain.
    The next run takes the entry for a new one. Raise SyncError when it was tied to
    somebody else meanwhile, when no join is known, while a run of the server is under
    way, and when without the values nobody could tell who the employee is.
    """
    try:
        with transaction.atomic():
            return _untie(record_id, employee_id, restore, user)
    except IntegrityError:  # the number was given to somebody in this very moment
        raise SyncError("employee_changed", employee=employee_id) from None


def _untie(record_id: int, employee_id: int, restore: bool, user: "User | str") -> RunItem:
    # In the order in which a run locks: employee, record, conflicts.
    Employee.rows.filter(pk=employee_id).update(version=F("version") + 1)
    records = SyncRecord.objects.select_for_update(of=("self",)).select_related("employee", "endpoint")
    record = records.filter(pk=record_id, employee=employee_id).first()
    if record is None:
        raise SyncError("untie_changed")
    refuse_while_running(record.endpoint)
    join, who = join_of(record), name_of(user)
    SyncRecord.objects.filter(pk=record.pk).update(
        employee=None, refused=sorted({*record.refused, employee_id}), due=True, base={}, fingerprint="", waits={},
        waiting=False, refusals={}, written={}, remarks=[], abroad=False, status=Status.SKIPPED,
        message_code="match_untied", message_params={"who": who, "employee": str(join.employee)},
    )  # fmt: skip
    Conflict.objects.filter(record=record, closed_at__isnull=True).update(closed_at=timezone.now(), resolved_by=who)
    about: dict[str, Any] = {
        "user": user, "record": record, "code": "employee_untied", "who": who, "dn": record.dn or record.anchor,
        "came": _told(join.brought),
    }  # fmt: skip
    values = {each.field.value: each.restored for each in join.brought if each.restored is not None} if restore else {}
    item = None
    if values:
        refuse_nameless({name: values.get(name, getattr(join.employee, name)) for name in KNOWN_BY})
        item = change_employee(employee_id, values, version=join.employee.version, **about)
    return item or record_edit(join.employee, [], outcome=ItemOutcome.SKIPPED, **about)


def _ties(items: QuerySet[RunItem]) -> QuerySet[RunItem]:
    """Those of the items that tied an entry to an employee, the latest first."""
    done = items.filter(_TIES).exclude(run__mode=RunMode.PREVIEW).exclude(outcome=ItemOutcome.PLANNED)
    # Somebody who is in scope again was tied before.
    return done.exclude(message_code__in=[*LEFT_OUT, "back_in_scope"]).select_related("run").order_by("-id")


def _is_join(item: RunItem) -> bool:
    return item.message_code == _CONFIRMED or item.plan.get("action") == Action.JOIN


def _tying_item(record: SyncRecord) -> RunItem | None:
    last = _ties(RunItem.objects.filter(employee=record.employee_id, record=record)).first()
    return last if last is not None and _is_join(last) else None


def _merged_after(record: SyncRecord, confirmed: RunItem) -> RunItem | None:
    """Return the item in which a run first merged a pair that a person had joined; None where it changed nothing."""
    items = RunItem.objects.filter(record=record, employee=record.employee_id, run__mode=RunMode.APPLY)
    done = items.filter(pk__gt=confirmed.pk).exclude(outcome=ItemOutcome.PLANNED).exclude(message_code__in=LEFT_OUT)
    first = done.order_by("pk").first()
    if first is None:
        return None
    between = SyncRun.objects.filter(
        endpoint=record.endpoint_id,
        mode=RunMode.APPLY,
        status__in=[RunStatus.COMPLETED, RunStatus.PARTIAL],
        anchors=[],
        pk__gt=confirmed.run_id,
        pk__lt=first.run_id,
    )
    return None if between.exists() else first


def _brought(change: Mapping[str, str], employee: Employee) -> Brought:
    name, before, after = Field(change["field"]), change["before"], change["after"]
    restored, obstacle = _restored(name, before, after, employee)
    return Brought(name, before, after, restored, obstacle)


def _restored(name: Field, before: str, after: str, employee: Employee) -> tuple[str | None, str]:
    if name is Field.SIP_SECRET:
        return None, "kept"
    if name is Field.PHOTO:
        # An item names a photo by its bytes as they were read, the employee by those that are kept.
        if employee.photo != (kept_name(after) if after else ""):
            return None, "changed"
        kept = kept_name(before) if before else ""
        return (None, "kept") if kept is None else (kept, "")
    if getattr(employee, name.value) != after:
        return None, "changed"
    if name is Field.EXTENSION and before and _is_somebodys(before, employee):
        return None, "number"
    return before, ""


def _is_somebodys(number: str, employee: Employee) -> bool:
    rests = cooling_for(number, number_plan=employee.number_plan, now=timezone.now())
    owner = owner_of(number, plan=employee.number_plan, beside=employee.pk)
    held = use_of(number, employee.number_plan)
    return owner is not None or held is not None or (rests is not None and rests.employee_id != employee.pk)


def _told(brought: Iterable[Brought]) -> list[list[str]]:
    """What the join brought, to be said in the history: of photos and secrets only that they were changed."""
    opaque = (Field.PHOTO, Field.SIP_SECRET)
    return [[each.field.value, *(("", "") if each.field in opaque else (each.before, each.after))] for each in brought]
