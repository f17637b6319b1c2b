"""A round: directories by rank, then phone systems, then once more those that got people due meanwhile."""

from collections.abc import Collection

from syncapp.choices import RunMode, RunStatus
from syncapp.models import SyncRun
from syncapp.store.snapshots import due_entries

_ENDED = (RunStatus.COMPLETED, RunStatus.PARTIAL)


def due_in_round(endpoint_ids: Collection[int], endpoint_id: int) -> list[tuple[str, str]]:
    """Return anchor and DN of those whom another endpoint of a round has made due here since this one was synchronised.

    Nobody where its own run did not end well, or where nothing was applied after it: who
    is due then is so for another reason.
    """
    runs = SyncRun.objects.filter(mode=RunMode.APPLY).order_by("-id")
    own = runs.filter(endpoint_id=endpoint_id).first()
    if own is None or own.status not in _ENDED:
        return []
    others = runs.filter(endpoint_id__in=endpoint_ids, id__gt=own.pk, status__in=_ENDED)
    return due_entries(endpoint_id) if others.exclude(endpoint_id=endpoint_id).exists() else []
