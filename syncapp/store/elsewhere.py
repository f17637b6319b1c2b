"""What a run makes other endpoints look at."""

from collections.abc import Collection

from django.db.models import Q

from syncapp.models import DirectoryServer, SyncRecord, SyncRun
from syncapp.store.bulk import chunks_of_ids


def mark_due_elsewhere(run: SyncRun, employee_ids: list[int]) -> None:
    """What one endpoint brought is a hub edit for all others, and who left here may have another home now."""
    if employee_ids:
        others = SyncRecord.objects.filter(employee_id__in=employee_ids, due=False)
        others.exclude(endpoint_id=run.server_id).update(due=True)


def ask_who_is_at_home(run: SyncRun, employee_ids: list[int]) -> None:
    """Have directories that come after this one look at people whom it knows by now: it is their home (rule B11)."""
    ranks = DirectoryServer.objects.filter(pk=run.server_id).values_list("rank", flat=True)
    if employee_ids and (rank := ranks.first()) is not None:
        later = Q(endpoint__rank__gt=rank) | Q(endpoint__rank=rank, endpoint_id__gt=run.server_id)
        others = SyncRecord.objects.filter(later, employee_id__in=employee_ids, due=False)
        others.filter(endpoint__directoryserver__isnull=False).update(due=True)


def let_waiting_go_on(run: SyncRun, record_ids: Collection[int]) -> None:
    """Have other endpoints look at people who wait there: what was agreed here may be what they waited for (rule C6)."""
    for chunk in chunks_of_ids(record_ids):
        people = SyncRecord.objects.filter(id__in=chunk, employee__isnull=False).values("employee")
        waiting = SyncRecord.objects.filter(employee__in=people, waiting=True, due=False)
        waiting.exclude(endpoint_id=run.server_id).update(due=True)
