"""Where else people are known: several directories, one home (rule B11)."""

from collections.abc import Collection, Iterable

from django.db.models import Q

from syncapp.core.records import Residence
from syncapp.core.vocabulary import Field, State
from syncapp.models import DirectoryServer, SyncRecord
from syncapp.store.bulk import chunks_of_ids, in_chunks
from syncapp.store.items import load_base

_COLUMNS = ("employee_id", "endpoint_id", "endpoint__name", "endpoint__enabled", "state", "base")


def superiors(server: DirectoryServer) -> tuple[int, ...]:
    """Return the enabled servers that come before this one: of a higher rank or, of the same, longer here."""
    earlier = Q(rank__lt=server.rank) | Q(rank=server.rank, pk__lt=server.pk)
    return tuple(DirectoryServer.objects.filter(earlier, enabled=True).order_by("pk").values_list("pk", flat=True))


def residences(employee_ids: Collection[int], endpoint_id: int, before: Collection[int]) -> dict[int, Residence]:
    """Map employees whom other directories know as well to where they are at home there, and what came from there.

    `before` are the servers that come before the one that is read. A server that is
    switched off is nobody's home.
    """
    found: dict[int, Residence] = {}
    others = _others(endpoint_id)
    for chunk in chunks_of_ids(employee_ids) if others else ():
        rows = SyncRecord.objects.filter(employee__in=chunk, endpoint__in=others)
        for employee_id, other, name, enabled, state, base in rows.order_by(
            "endpoint__rank", "endpoint_id"
        ).values_list(*_COLUMNS):
            known = found.get(employee_id, Residence())
            pulled: dict[Field, frozenset[str]] = dict(known.pulled)
            for field, pair in load_base(base).items():
                if pair.pulled:
                    pulled[field] = pulled.get(field, frozenset()) | {pair.local}
            if not known.server and enabled and state == State.ACTIVE:
                known = Residence(name, comes_first=other in before)
            found[employee_id] = known._replace(pulled=pulled)
    return found


def same_entries(endpoint_id: int, anchors: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Map anchors that another server knows as well to the employee and that server's name.

    Two servers that read one directory know a person by the anchor. Left out are
    employees who have an entry on this server already.
    """
    found: dict[str, tuple[int, str]] = {}
    others = _others(endpoint_id)
    here = SyncRecord.objects.filter(endpoint=endpoint_id, employee__isnull=False).values("employee_id")
    for chunk in in_chunks(sorted(anchors)) if others else ():
        rows = SyncRecord.objects.filter(endpoint__in=others, anchor__in=chunk, employee__isnull=False)
        for anchor, employee_id, name in (
            rows.exclude(employee__in=here)
            .order_by("-endpoint__rank", "-endpoint_id")
            .values_list("anchor", "employee_id", "endpoint__name")
        ):
            found[anchor] = employee_id, name
    return found


def make_own(employee_id: int, name: Field, *, beside: int) -> None:
    """Make a value the hub's own that came from other servers than `beside`: a person decided for it."""
    for record in SyncRecord.objects.filter(employee=employee_id).exclude(endpoint=beside).only("base"):
        pair = record.base.get(name.value)
        if pair is not None and len(pair) > 2:
            SyncRecord.objects.filter(pk=record.pk).update(base={**record.base, name.value: pair[:2]})


def _others(endpoint_id: int) -> list[int]:
    return list(DirectoryServer.objects.exclude(pk=endpoint_id).order_by("pk").values_list("pk", flat=True))
