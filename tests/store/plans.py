"""Plans made by hand and carried out: what the writer gets from a run."""

from collections.abc import Callable
from itertools import count
from typing import Any

from django.utils import timezone

from syncapp.choices import RunMode, RunPhase, RunStatus
from syncapp.core.matters import EntryKeys, Matter
from syncapp.core.normalise import name_key
from syncapp.core.planned import FieldChange, PlanItem, RecordTouch
from syncapp.core.records import Base, Message
from syncapp.core.vocabulary import Action, Field, Outcome, Side, State
from syncapp.models import Employee, Endpoint, RunItem, SyncRecord, SyncRun
from syncapp.store.items import insert_items, item_row, iter_planned
from syncapp.store.newcomers import from_now_on
from syncapp.store.writer import apply_items, apply_touches, touch_row
from syncapp.store.written import Written
from tests.factories import make_employee, make_record

_anchors = count(1)


def make_run(endpoint: Endpoint, **values: Any) -> SyncRun:
    """Make a running run, the endpoint's earlier ones being over."""
    SyncRun.objects.filter(endpoint=endpoint, status=RunStatus.RUNNING).update(status=RunStatus.COMPLETED)
    now = timezone.now()
    defaults = {"mode": RunMode.APPLY, "status": RunStatus.RUNNING, "phase": RunPhase.APPLY}
    return SyncRun.objects.create(
        **{"endpoint": endpoint, "started_at": now, "heartbeat_at": now, **defaults, **values}
    )


def make_tied(endpoint: Endpoint, **values: Any) -> SyncRecord:
    """A settled record with an employee of the given values, who was agreed on with the domain."""
    employee = make_employee(**values)
    base = {field.value: [getattr(employee, field)] * 2 for field in (Field.NAME, Field.EXTENSION, Field.TITLE)}
    return make_record(endpoint=endpoint, employee=employee, name=employee.name, base=base, fingerprint="old")


def creation(name: str, **values: str) -> PlanItem:
    """A new employee with these values."""
    return _item(f"new-{next(_anchors)}", Action.CREATE, Outcome.CREATED, name, {"name": ("", name)}, values)


def update(record: SyncRecord, *, matters: tuple[Matter, ...] = (), **values: str) -> PlanItem:
    """New values for the employee of a record, planned with what is stored now."""
    assert record.employee is not None
    employee = Employee.objects.get(pk=record.employee_id)
    item = _item(record.anchor, Action.UPDATE, Outcome.UPDATED, employee.name, {}, values, employee=employee)
    return item._replace(record_id=record.pk, matters=matters, outcome=Outcome.CONFLICT if matters else item.outcome)


def join(employee: Employee, record: SyncRecord | None = None, **values: str) -> PlanItem:
    anchor = record.anchor if record is not None else f"new-{next(_anchors)}"
    item = _item(anchor, Action.JOIN, Outcome.UPDATED, employee.name, {}, values, employee=employee)
    return item._replace(
        record_id=record.pk if record is not None else None, message=Message("matched", {"key": "name"})
    )


def wait(record: SyncRecord, *matters: Matter) -> PlanItem:
    """An entry that stays tied to nobody."""
    item = _item(record.anchor, Action.WAIT, Outcome.CONFLICT, record.name, {}, {})
    return item._replace(record_id=record.pk, matters=matters, message=Message("match_ambiguous", {"people": []}))


def touch(record: SyncRecord, **values: Any) -> RecordTouch:
    employee = Employee.objects.get(pk=record.employee_id) if record.employee_id else None
    return RecordTouch(
        **{
            "record_id": record.pk,
            "dn": record.dn,
            "name": record.name,
            "employee_version": employee.version if employee is not None else None,
            "base": {Field.TITLE: Base("Boss", "Boss")},
            "keys": EntryKeys(name=record.name),
            "fingerprint": "new",
            **values,
        }
    )


def carry_out(run: SyncRun, *items: PlanItem, meanwhile: Callable[[], object] = lambda: None) -> dict[str, Written]:
    """Store a plan, let others do something `meanwhile`, and apply it; return what became of each, by anchor."""
    newcomers = from_now_on()
    insert_items(run, [item_row(item, "") for item in items], start=0)
    chunks = list(iter_planned(run.pk))
    meanwhile()
    done = [
        written
        for rows in chunks
        for written in apply_items(run, rows, now=timezone.now(), beat=lambda: None, newcomers=newcomers)
    ]
    return {written.row.anchor: written for written in done}


def look_again(run: SyncRun, *touches: RecordTouch) -> None:
    apply_touches([touch_row(touch) for touch in touches])


def outcomes(run: SyncRun) -> dict[str, str]:
    """What became of the run's items, by name."""
    return dict(RunItem.objects.filter(run=run).values_list("name", "outcome"))


def _item(
    anchor: str,
    action: Action,
    outcome: Outcome,
    name: str,
    changes: dict[str, tuple[str, str]],
    values: dict[str, str],
    *,
    employee: Employee | None = None,
) -> PlanItem:
    before = {key: getattr(employee, key) if employee is not None else "" for key in values}
    listed = {**changes, **{key: (before[key], after) for key, after in values.items()}}
    return PlanItem(
        anchor=anchor,
        dn=f"uid={anchor},dc=example",
        name=name,
        action=action,
        outcome=outcome,
        state=State.ACTIVE,
        employee_id=employee.pk if employee is not None else None,
        employee_version=employee.version if employee is not None else None,
        changes=tuple(FieldChange(field, Side.LOCAL, *listed[field.value]) for field in Field if field.value in listed),
        base={Field(key): Base(after, after) for key, (_before, after) in listed.items()},
        keys=EntryKeys(name=name, name_keys=(name_key(name),)),
        fingerprint="planned",
        number_moves="extension" in values,
    )
