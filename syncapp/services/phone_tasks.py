"""What an administrator has to do in a phone system himself: people who have left and are still there."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from syncapp.exceptions import SyncError
from syncapp.models import PhoneFarewell, SyncRecord
from syncapp.store import phone_tasks as store

# So many are shown.
SHOWN = 500


@dataclass(frozen=True, slots=True)
class PhoneTask:
    """Somebody who has left and is still in a phone system; `number` is the one that rings there, '' for none."""

    record: SyncRecord
    number: str
    done: PhoneFarewell | None = None


def phone_tasks() -> list[PhoneTask]:
    """Return what is to be done and what is said to be done, by phone system and name (two queries)."""
    rows = store.left_behind().select_related("endpoint", "endpoint__phonesystem", "employee", "farewell")
    records = list(rows.order_by("endpoint__rank", "endpoint", "name", "pk")[:SHOWN])
    numbers = store.numbers_there(records)
    return [PhoneTask(record, numbers[record.pk], getattr(record, "farewell", None)) for record in records]


@transaction.atomic
def tick_off(record_id: int, *, who: str, now: datetime) -> SyncRecord:
    """Note that what was to be done about somebody is done; raise SyncError where there is no such task any more."""
    record = SyncRecord.objects.select_for_update().filter(pk=record_id).first()
    if record is None or not store.left_behind().filter(pk=record_id).exists():
        raise SyncError("phone_task_gone")
    PhoneFarewell.objects.get_or_create(record=record, defaults={"who": who, "at": now})
    return record


def put_back(record_id: int) -> None:
    """Have a task that was ticked off by mistake stand in the list again."""
    PhoneFarewell.objects.filter(record=record_id).delete()
