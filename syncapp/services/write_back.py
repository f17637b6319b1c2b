"""Switching on that a server is written to: what would go out is shown first (rule E2)."""

from collections import Counter
from dataclasses import dataclass

from syncapp.core.vocabulary import ALL_FIELDS, Field
from syncapp.models import DirectoryServer, SyncRecord
from syncapp.store.sent import last_whole_run


@dataclass(frozen=True, slots=True)
class Publishing:
    """Of how many people a field would be published where nothing stands, or changed."""

    field: Field
    published: int
    changed: int


def publishing(server: DirectoryServer) -> list[Publishing]:
    """Return, per field, what waits for the server since its last run (one query)."""
    published: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    records = SyncRecord.objects.filter(endpoint=server, waiting=True).order_by()
    for waits in records.values_list("waits", flat=True).iterator(chunk_size=5000):
        for name, standing in waits.items():
            (changed if standing else published)[name] += 1
    return [Publishing(name, published[name], changed[name]) for name in ALL_FIELDS if published[name] or changed[name]]


def has_met(server: DirectoryServer) -> bool:
    """Whether a run over everybody was applied: before that nobody knows what would go out."""
    return last_whole_run(server.pk) is not None


def switch_write_back(server_id: int, *, on: bool) -> bool:
    """Switch writing back on or off; return whether that was a change."""
    return bool(DirectoryServer.objects.filter(pk=server_id, write_back=not on).update(write_back=on))
