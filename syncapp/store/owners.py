"""Whether those who have a number that others claim may be made to give it up (rule C4)."""

from collections.abc import Mapping

from syncapp.core.matters import EntryKeys
from syncapp.core.numbers import OwnEntry, may_give_up
from syncapp.core.vocabulary import Field, State
from syncapp.models import Employee, SyncRecord
from syncapp.store.bulk import chunks_of_ids
from syncapp.store.items import load_base, load_keys

_NOTHING_READ: Mapping[str, tuple[EntryKeys, State]] = {}


def giving_up(
    claimed: Mapping[int, str],
    *,
    server_id: int | None = None,
    entries: Mapping[str, tuple[EntryKeys, State]] = _NOTHING_READ,
) -> set[int]:
    """Return those of some owners, each with the number that is claimed of him, whose number may be handed over.

    `entries`: keys and state of the entries of one server as they are now, by anchor;
    of all others what was read of them last. Two queries for some hundred owners.
    """
    found = set()
    for chunk in chunks_of_ids(claimed):
        own: dict[int, list[OwnEntry]] = {owner: [] for owner in chunk}
        rows = SyncRecord.objects.filter(employee__in=chunk, endpoint__directoryserver__isnull=False)
        for row in rows.order_by("id").only("endpoint_id", "anchor", "employee_id", "state", "keys", "base"):
            keys, state = load_keys(row.keys), State(row.state)
            if row.endpoint_id == server_id:
                keys, state = entries.get(row.anchor, (keys, state))
            number = claimed[row.employee_id or 0]
            agreed = load_base(row.base).get(Field.EXTENSION)
            own[row.employee_id or 0].append(
                OwnEntry(state, agreed=agreed is not None and agreed.remote == number, named=number in keys.extensions)
            )
        archived = set(Employee.rows.filter(id__in=chunk, archived_at__isnull=False).values_list("id", flat=True))
        found |= {owner for owner in chunk if may_give_up(archived=owner in archived, entries=own[owner])}
    return found
