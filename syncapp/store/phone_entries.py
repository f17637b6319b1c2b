"""What runs have seen of a phone system's people, so that details are asked for once."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from syncapp.models import PhoneEntry
from syncapp.store.bulk import CHUNK, in_chunks


def recalled(endpoint_id: int) -> dict[str, dict[str, Any]]:
    """Map anchors to what was seen of them last."""
    rows = PhoneEntry.objects.filter(endpoint_id=endpoint_id).order_by()
    return dict(rows.values_list("anchor", "seen").iterator(chunk_size=CHUNK))


def remember(endpoint_id: int, seen: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep what was seen of some people; of all others it stays."""
    for chunk in in_chunks(sorted(seen)):
        rows = [PhoneEntry(endpoint_id=endpoint_id, anchor=anchor, seen=seen[anchor]) for anchor in chunk]
        with transaction.atomic():
            PhoneEntry.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["endpoint", "anchor"], update_fields=["seen"]
            )
