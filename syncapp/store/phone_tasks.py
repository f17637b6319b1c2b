"""Leavers who are still in a phone system: nothing there can be switched off by its interface."""

from django.db.models import Q, QuerySet

from syncapp.core.phones import NEW
from syncapp.core.vocabulary import State
from syncapp.models import Employee, PhoneEntry, PhoneFarewell, SyncRecord
from syncapp.store import leavers


def left_behind() -> QuerySet[SyncRecord]:
    """Records of people who are in a phone system, active there, and archived here or active in no directory."""
    gone = Employee.rows.filter(Q(archived_at__isnull=False) | leavers.have_left())
    rows = SyncRecord.objects.filter(
        endpoint__phonesystem__isnull=False, state=State.ACTIVE, employee__in=gone.values("pk")
    )
    return rows.exclude(anchor__startswith=NEW)


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
