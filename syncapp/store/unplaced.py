"""Employees who might have a phone in a phone system and have none (rule D5)."""

from collections.abc import Mapping

from django.db.models import Exists, OuterRef

from syncapp.core.phones import NEW
from syncapp.core.records import KnownRecord
from syncapp.models import Employee, SyncRecord
from syncapp.store.leavers import have_left
from syncapp.store.snapshots import known_records


def unplaced(endpoint_id: int, *, number_plan: str) -> list[tuple[int, str, str]]:
    """Return id, department and extension of everybody with a name and a number whom the phone system does not know.

    Left out are archived people, those who have left every directory that knew them, and
    whom somebody has removed there.
    """
    here = SyncRecord.objects.filter(endpoint_id=endpoint_id, employee=OuterRef("pk"))
    rows = Employee.rows.filter(number_plan=number_plan, archived_at__isnull=True)
    rows = rows.exclude(extension="").exclude(name="").exclude(have_left())
    rows = rows.exclude(Exists(here.exclude(anchor__startswith=NEW)))
    return list(rows.order_by("id").values_list("id", "department", "extension"))


def numbers_given_up(endpoint_id: int, holders: Mapping[str, str]) -> set[str]:
    """Return those of some numbers that are given up: `holders` map anchors to their number, and the hub has another."""
    rows = SyncRecord.objects.filter(endpoint_id=endpoint_id, anchor__in=sorted(holders), employee__isnull=False)
    found = rows.exclude(employee__extension="").values_list("anchor", "employee__extension")
    return {holders[anchor] for anchor, number in found if number != holders[anchor]}


def tried(endpoint_id: int) -> dict[int, KnownRecord]:
    """Map employees whom it was tried to make in a phone system to their records."""
    ids = SyncRecord.objects.filter(endpoint_id=endpoint_id, anchor__startswith=NEW).values_list("id", flat=True)
    records = known_records(endpoint_id, list(ids)) if ids else {}
    return {record.employee_id: record for record in records.values() if record.employee_id is not None}
