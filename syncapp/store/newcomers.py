"""Employees who come into the hub between plan and apply: by hand, or by another server's run.

The plan knows nothing of them: whoever it creates may be one of them. Whoever
creates somebody does so alone, so that nobody comes in between the last look and
the creation.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from syncapp.core.normalise import email_key, name_key
from syncapp.core.vocabulary import Field
from syncapp.models import Employee, SyncRecord, SyncRun

if TYPE_CHECKING:
    from syncapp.store.written import Written

_CREATING = 5_201_601  # a key of ours among the database's advisory locks
_KNOWN_BY = ("email_key", "name_key", "mobile")


@dataclass(slots=True)
class Newcomers:
    """`newest`: the highest id when the plan was made, or later when all since were the run's own.

    `since`: when a plan of an earlier run was made. Then edits count as well: in days
    somebody may have become the person whom the plan would create. `alone`: whether
    the last look found nobody else's.
    """

    newest: int
    since: datetime | None = None
    alone: bool = False

    def leave_out_known(self, run: SyncRun, batch: "Iterable[Written]") -> None:
        """Leave out whom somebody else has brought in meanwhile, by e-mail, name or mobile: the next run matches them."""
        creating = [written for written in batch if written.creates]
        if not creating:
            return
        came = Employee.rows.filter(id__gt=self.newest)
        if self.since is not None:
            came = Employee.rows.filter(Q(id__gt=self.newest) | Q(updated_at__gte=self.since))
        else:
            self.alone = newest_employee() == self.newest
            if self.alone:
                return
        tied_here = SyncRecord.objects.filter(endpoint_id=run.server_id, employee=OuterRef("pk"))
        strangers = came.exclude(Exists(tied_here)).values_list(*_KNOWN_BY)
        keys = {key for row in strangers for key in row if key}
        for written in creating:
            if not keys.isdisjoint(_keys(written.changes).values()):
                written.leave_out("came_meanwhile")

    def created(self, batch: "Iterable[Written]") -> None:
        """Count whom the run has just brought in as its own, once that is committed.

        Nobody creates between our look and our commit: where all before were the
        run's own, all are by now.
        """
        if self.alone:
            ids = (written.employee_id for written in batch if written.creates)
            self.newest = max(filter(None, ids), default=self.newest)


def _keys(values: Mapping[str, str]) -> dict[str, str]:
    """What somebody with these values would be known by, as the columns of employees hold it."""
    known_by = (
        email_key(values.get(Field.EMAIL, "")),
        name_key(values.get(Field.NAME, "")),
        values.get(Field.MOBILE, ""),
    )
    return dict(zip(_KNOWN_BY, known_by, strict=True))


def creating_alone() -> None:
    """Wait until nobody else creates employees, and let nobody until this transaction ends.

    Taken before any row is locked: whoever waits here holds nothing that others
    wait for. What is read afterwards shows everybody who was created before, and
    ids grow in the order of the commits, which is what `newest` relies on. On
    SQLite whoever is in a transaction writes alone anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CREATING])


def came_since(newest: int, values: Mapping[str, str]) -> Employee | None:
    """Return who with the same e-mail, name or mobile came in after the employee of the id `newest`."""
    like_this = Q()
    for column, key in _keys(values).items():
        if key:
            like_this |= Q(**{column: key})
    return Employee.rows.filter(like_this, id__gt=newest).order_by("id").first() if like_this else None


def newest_employee() -> int:
    """Return the highest id; 0 where nobody is here."""
    return Employee.rows.order_by("-id").values_list("id", flat=True).first() or 0


def from_now_on() -> Newcomers:
    return Newcomers(newest_employee())
