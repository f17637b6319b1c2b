"""What a run makes other endpoints look at."""

from collections.abc import Collection

from syncapp.models import DirectoryServer, SyncRecord, SyncRun
from syncapp.store.bulk import chunks_of_ids


def mark_due_elsewhere(run: SyncRun, employee_ids: list[int]) -> None:
    """What one endpoint brought is a hub edit for all others, and who left here may have another home now."""
    if employee_ids:
        others = SyncRecord.objects.filter(employee_id__in=employee_ids, due=False)
        others.exclude(endpoint_id=run.server_id).update(due=True)


def ask_who_is_at_home(run: SyncRun, employee_ids: list[int]) -> None:
    """Have other directories look at people whom this one knows by now: it may come before them (rule B11)."""
    if employee_ids and DirectoryServer.objects.filter(pk=run.server_id).exists():
        others = SyncRecord.objects.filter(employee_id__in=employee_ids, due=False)
        others.filter(endpoint__directoryserver__isnull=False).exclude(endpoint_id=run.server_id).update(due=True)


def let_waiting_go_on(run: SyncRun, record_ids: Collection[int]) -> None:
    """Have other endpoints look at people who wait there: what was agreed here may be what they waited for (rule C6)."""
    for chunk in chunks_of_ids(record_ids):
        people = SyncRecord.objects.filter(id__in=chunk, employee__isnull=False).values("employee")
        waiting = SyncRecord.objects.filter(employee__in=people, waiting=True, due=False)
        waiting.exclude(endpoint_id=run.server_id).update(due=True)
