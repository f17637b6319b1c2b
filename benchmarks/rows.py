"""A database of a company of any size, as its runs would have left it: rows in bulk, no directory needed."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from benchmarks.generator import DEPARTMENTS, FIRST_EXTENSION, TITLES, dn_of, name_of
from syncapp.choices import ItemOutcome, MatterKind, RunMode, RunPhase, RunStatus, State, Status
from syncapp.core.normalise import name_key
from syncapp.models import Conflict, DirectoryServer, Employee, EndpointPool, NumberPool, RunItem, SyncRecord, SyncRun
from syncapp.store.bulk import as_json, in_chunks, insert_rows

BATCH = 2000
RUNS = 720  # one an hour, for 30 days
EDITS = 30  # of the employee whose page is measured: more than fit on it
# Of so many people one is switched off, is missing, has a matter.
DISABLED, MISSING, MATTERS = 50, 200, 100


def fill(people: int) -> dict[str, int]:
    """Fill an empty database; return the keys of what the pages show."""
    now = timezone.now()
    server = DirectoryServer.objects.create(
        name="Head office", uris=["ldaps://dc.example.test"], base_dn="dc=example,dc=test"
    )
    for name, first, last in (("Office", "10000", "59999"), ("Branch", "600", "699"), ("Reserve", "700000", "799999")):
        pool = NumberPool.objects.create(name=name, first=first, last=last, reserved=[first])
        EndpointPool.objects.create(endpoint=server, pool=pool)
    run = SyncRun.objects.create(
        endpoint=server, mode=RunMode.APPLY, status=RunStatus.PARTIAL, phase=RunPhase.DONE, started_at=now,
        finished_at=now, counts={"read": people, "created": people}, kinds={"created": people},
    )  # fmt: skip
    Employee.objects.bulk_create(map(_employee, range(1, people + 1)), batch_size=BATCH)
    first_id = Employee.objects.order_by("pk").values_list("pk", flat=True)[0]
    _insert(SyncRecord, (_record(number, server, run, first_id + number - 1) for number in range(1, people + 1)))
    ties = list(SyncRecord.objects.order_by("pk").values_list("pk", "employee_id"))
    _insert(RunItem, (_item(number, run, *tie) for number, tie in enumerate(ties, 1)))
    Conflict.objects.bulk_create(
        (
            Conflict(
                endpoint=server, record_id=record_id, kind=MatterKind.FIELD, field="title", base="a", local="b",
                remote="c", opened_run=run,
            )
            for record_id in SyncRecord.objects.filter(status=Status.CONFLICT).values_list("pk", flat=True)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    later = [
        SyncRun(
            endpoint=server, mode=RunMode.APPLY, status=RunStatus.COMPLETED, phase=RunPhase.DONE,
            started_at=now - timedelta(hours=hour), finished_at=now - timedelta(hours=hour), counts={"read": people},
        )
        for hour in reversed(range(RUNS))
    ]  # fmt: skip
    SyncRun.objects.bulk_create(later)
    employee = Employee.objects.get(pk=first_id + people // 2)
    _edit(employee)
    return {"employee": employee.pk, "run": run.pk}


def _employee(number: int) -> Employee:
    return Employee(
        name=_name(number),
        email=f"p{number:06}@example.test" if number % 10 else "",
        mobile=f"+7900{number:07}" if number % 5 else "",
        extension=str(FIRST_EXTENSION + number // 3) if number % 3 == 0 else "",
        department=DEPARTMENTS[number % len(DEPARTMENTS)],
        title=TITLES[number % len(TITLES)],
    )


def _record(number: int, server: DirectoryServer, run: SyncRun, employee_id: int) -> SyncRecord:
    employee = _employee(number)
    state = State.ACTIVE
    if number % MISSING == 0:
        state = State.MISSING
    elif number % DISABLED == 0:
        state = State.DISABLED
    base = {field: [value, value, 1] for field in ("name", "email", "mobile") if (value := getattr(employee, field))}
    return SyncRecord(
        endpoint=server,
        anchor=f"{number:032x}",
        employee_id=employee_id,
        name=employee.name,
        dn=dn_of(number),
        state=state,
        state_since=timezone.now(),
        status=Status.CONFLICT if number % MATTERS == 1 else Status.SKIPPED,
        updated_at=timezone.now(),
        updated_side="local",
        base=base,
        keys=_keys(employee),
        run=run,
    )


def _keys(employee: Employee) -> list[Any]:
    keys = (name_key(employee.name), employee.email, employee.mobile, employee.extension)
    return [employee.name, *([key] if key else [] for key in keys)]


def _item(number: int, run: SyncRun, record_id: int, employee_id: int) -> RunItem:
    return RunItem(
        run=run,
        position=number,
        record_id=record_id,
        employee_id=employee_id,
        name=_name(number),
        dn=dn_of(number),
        expected=Status.CREATED,
        outcome=ItemOutcome.CREATED,
        changes=[{"field": "name", "side": "local", "before": "", "after": _name(number)}],
        plan={"action": "create", "state": "active", "state_changed": False, "matters": [], "kinds": ["created"]},
    )


def _insert(model: type[models.Model], rows: Iterable[Any]) -> None:
    """Insert rows with their JSON as a run writes it: the ORM would write Cyrillic letters as escapes."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    for chunk in in_chunks(rows, BATCH):
        with transaction.atomic():
            insert_rows(
                model, [field.column for field in fields], [[_stored(field, row) for field in fields] for row in chunk]
            )


def _stored(field: Any, row: models.Model) -> Any:
    value = getattr(row, field.attname)
    return as_json(value) if isinstance(field, models.JSONField) else field.get_db_prep_save(value, connection)


def _edit(employee: Employee) -> None:
    for number in range(EDITS):
        run = SyncRun.objects.create(
            mode=RunMode.EDIT, status=RunStatus.COMPLETED, phase=RunPhase.DONE, counts={"updated": 1}, who="admin",
            started_at=timezone.now(), finished_at=timezone.now(),
        )  # fmt: skip
        RunItem.objects.create(
            run=run, employee=employee, name=employee.name, expected=Status.UPDATED, outcome=ItemOutcome.UPDATED,
            changes=[{"field": "title", "side": "local", "before": f"Title {number}", "after": f"Title {number + 1}"}],
        )  # fmt: skip


def _name(number: int) -> str:
    return " ".join(name_of(number))
