"""Items of an earlier run's plan, taken over by the run that carries them out (rule E5)."""

from collections.abc import Callable, Collection, Mapping

from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from syncapp.models import Employee, RunItem, SyncRecord, SyncRun
from syncapp.store.bulk import CHUNK, insert_rows

_COPIED = (
    "position", "anchor", "record_id", "employee_id", "name", "dn", "expected", "message_code", "fingerprint",
    "employee_version",
)  # fmt: skip
_TEXTS = ("changes", "message_params", "plan")


def copy_plan(source: SyncRun, run: SyncRun, *, beat: Callable[[], None]) -> tuple[int, int]:
    """Give a run the planned items of another one, at their positions.

    Left out is what an earlier run that carried out the same plan, and was ended on
    the way, has done already. Return how many items were copied, and how many left out.
    """
    earlier = RunItem.objects.filter(run__applies=source).exclude(run=run).exclude(outcome="planned")
    done = set(earlier.values_list("position", flat=True))
    rows = RunItem.objects.filter(run=source, outcome="planned").order_by("position")
    annotated = rows.annotate(**{f"{name}_text": Cast(name, TextField()) for name in _TEXTS})
    columns = (*_COPIED, *(f"{name}_text" for name in _TEXTS))
    copied, last = 0, -1
    while chunk := list(annotated.filter(position__gt=last).values_list(*columns)[:CHUNK]):
        last = chunk[-1][0]
        wanted = [(run.pk, *row, "planned", "[]") for row in chunk if row[0] not in done]
        with transaction.atomic():
            beat()
            insert_rows(RunItem, ("run_id", *_COPIED, *_TEXTS, "outcome", "unwritten"), wanted)
        copied += len(wanted)
    return copied, len(done)


def record_ids(endpoint_id: int, anchors: Collection[str]) -> list[int]:
    """Return the records of these entries; at most a chunk of them."""
    return list(SyncRecord.objects.filter(endpoint_id=endpoint_id, anchor__in=anchors).values_list("id", flat=True))


def owners_of(number_plan: str, numbers: Collection[str]) -> Mapping[str, tuple[int, str]]:
    """Map numbers that somebody has to the employee's key and name."""
    rows = Employee.rows.filter(number_plan=number_plan, extension__in=numbers)
    return {number: (pk, name) for number, pk, name in rows.values_list("extension", "id", "name")}
