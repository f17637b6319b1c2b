"""What a run leaves for the next one that reads changes alone, and whether that is good enough (design, section 6)."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from syncapp.choices import RunMode, RunStatus
from syncapp.core.identity import same_directory
from syncapp.core.records import Identity
from syncapp.core.watermark import Bookmark, Watermark, reason_to_read_everybody
from syncapp.exceptions import FullReadNeededError
from syncapp.models import RunItem, SyncRecord, SyncRun

_ENDED_BADLY = (RunStatus.CRASHED, RunStatus.FAILED, RunStatus.CANCELLED)


def bookmark_for(run: SyncRun, *, settings_digest: str, uri: str) -> Bookmark | None:
    """Return from where a run may read changes alone; None where nobody has been read yet.

    Raise FullReadNeededError where everybody has to be read, and why.
    """
    runs = SyncRun.objects.filter(endpoint_id=run.server_id, id__lt=run.pk)
    left = runs.exclude(bookmark={}).order_by("-id").first()
    if left is None:
        return None
    if not same_directory(Identity(left.identity), Identity(run.identity)):
        raise FullReadNeededError("full_read_settings")
    broken = runs.filter(id__gt=left.pk, mode=RunMode.APPLY, status__in=_ENDED_BADLY).values("id")
    # What such a run had still to write stands on no record: everybody is compared.
    if (item := RunItem.objects.filter(run__in=broken).first()) is not None:
        raise FullReadNeededError("full_read_broken_off", run=item.run_id)
    bookmark = load_bookmark(left.bookmark)
    reason = reason_to_read_everybody(
        bookmark,
        settings=settings_digest,
        uri=uri,
        now=timezone.localtime(),
        hour=settings.FULL_READ_HOUR,
    )
    if reason is not None:
        raise FullReadNeededError(reason.code, **reason.params)
    return bookmark


def new_bookmark(
    endpoint_id: int, watermark: Watermark, *, settings_digest: str, read_at: datetime, before: Bookmark | None
) -> Bookmark:
    """Return what a run leaves that has applied what it read; `before` is what it went on from."""
    records, newest = known_entries(endpoint_id, before)
    return Bookmark(watermark, settings_digest, read_at, records, newest)


def known_entries(endpoint_id: int, before: Bookmark | None) -> tuple[int, int]:
    """Return how many entries of a server are known, and the highest id: counted on from before where that is known.

    Records are never deleted.
    """
    records = SyncRecord.objects.order_by()
    newest = records.aggregate(newest=Max("id"))["newest"] or 0
    if before is None:
        return records.filter(endpoint_id=endpoint_id).count(), newest
    since = records.filter(id__gt=before.newest, endpoint_id=endpoint_id).count() if newest > before.newest else 0
    return before.records + since, newest


def dump_bookmark(bookmark: Bookmark) -> dict[str, Any]:
    return {
        **bookmark._asdict(),
        "watermark": bookmark.watermark._asdict(),
        "read_at": bookmark.read_at.isoformat(),
    }


def load_bookmark(data: dict[str, Any]) -> Bookmark:
    return Bookmark(
        **{
            **data,
            "watermark": Watermark(**data["watermark"]),
            "read_at": datetime.fromisoformat(data["read_at"]),
        }
    )
