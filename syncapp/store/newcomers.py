"""Employees who come into the hub between plan and apply: by hand, or by another server's run.

The plan knows nothing of them: whoever it creates may be one of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

from syncapp.core.normalise import email_key, name_key
from syncapp.core.vocabulary import Field
from syncapp.models import Employee, SyncRecord, SyncRun

if TYPE_CHECKING:
    from syncapp.store.written import Written


@dataclass(slots=True)
class Newcomers:
    """`newest`: the highest id when the plan was made. `own`: how many the run itself has created since.

    `since`: when a plan of an earlier run was made. Then edits count as well: in days
    somebody may have become the person whom the plan would create.
    """

    newest: int
    own: int = 0
    since: datetime | None = None

    def leave_out_known(self, run: SyncRun, batch: "Iterable[Written]") -> None:
        """Leave out whom somebody else has brought in meanwhile, by e-mail, name or mobile: the next run matches them."""
        creating = [written for written in batch if written.creates]
        if not creating:
            return
        came = Employee.rows.filter(id__gt=self.newest)
        if self.since is not None:
            came = Employee.rows.filter(Q(id__gt=self.newest) | Q(updated_at__gte=self.since))
        elif came.count() == self.own:
            return
        tied_here = SyncRecord.objects.filter(endpoint_id=run.server_id, employee=OuterRef("pk"))
        strangers = came.exclude(Exists(tied_here)).values_list("email_key", "name_key", "mobile")
        keys = {key for row in strangers for key in row if key}
        for written in creating:
            values = written.changes
            mine = {
                email_key(values.get(Field.EMAIL, "")),
                name_key(values.get(Field.NAME, "")),
                values.get(Field.MOBILE, ""),
            }
            if not keys.isdisjoint(mine):
                written.leave_out("came_meanwhile")


def from_now_on() -> Newcomers:
    return Newcomers(Employee.rows.order_by("-id").values_list("id", flat=True).first() or 0)
