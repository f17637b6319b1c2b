"""Leavers who are still in a phone system: nothing there can be switched off by its interface."""

from django.db.models import Q, QuerySet

from syncapp.core.phones import NEW
from syncapp.core.vocabulary import State
from syncapp.models import PhoneEntry, PhoneFarewell, PhoneSystem, SyncRecord
from syncapp.store import leavers


def left_behind() -> QuerySet[SyncRecord]:
    """Records of people who are in a phone system, active there, and archived here or active in no directory."""
    gone = Q(employee__archived_at__isnull=False) | leavers.whose_employee_has_left()
    phones = PhoneSystem.objects.values("pk")  # begun from these: mostly there are none, or few with few people
    rows = SyncRecord.objects.filter(gone, endpoint__in=phones, employee__isnull=False)
    # Asked for those who are active, SQLite would go through everybody who is, on whatever server.
    return rows.exclude(state__in=set(State) - {State.ACTIVE}).exclude(anchor__startswith=NEW)


def open_tasks() -> QuerySet[SyncRecord]:
    return left_behind().filter(farewell__isnull=True)


def forget_settled() -> None:
    """Forget what was ticked off about people who are back, or not there any more (one query, or two)."""
    if PhoneFarewell.objects.exists():
        PhoneFarewell.objects.exclude(record__in=left_behind().values("pk")).delete()


def numbers_there(records: list[SyncRecord]) -> dict[int, str]:
    """Map records to the number that their person was seen to have there (one query)."""
    rows = PhoneEntry.objects.filter(
        endpoint__in={record.endpoint_id for record in records}, anchor__in={record.anchor for record in records}
    )
    seen = {(row.endpoint_id, row.anchor): str(row.seen["person"][2]) for row in rows}
    return {record.pk: seen.get((record.endpoint_id, record.anchor), "") for record in records}
