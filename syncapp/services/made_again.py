"""Having somebody made again whom a phone system's administrator had removed (rule D5): a person's decision."""

from typing import TYPE_CHECKING

from django.db import transaction

from syncapp.choices import ItemOutcome, State, Status
from syncapp.core.phones import anchor_before
from syncapp.exceptions import SyncError
from syncapp.models import Employee, PhoneSystem, SyncRecord
from syncapp.services.edits import name_of, record_edit
from syncapp.services.matches import refuse_while_running

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def may_be_made_again(record: SyncRecord) -> bool:
    """Whether a record is that of an employee who is gone from a phone system."""
    phones = PhoneSystem.objects.filter(pk=record.endpoint_id)
    return record.state == State.MISSING and record.employee_id is not None and phones.exists()


def make_again(record_id: int, *, user: "User | str") -> SyncRecord:
    """Let the next run make the person there, if the phone system's rules name him; raise SyncError where it cannot be.

    What was agreed is forgotten: it was agreed with a row that is no more.
    """
    with transaction.atomic():
        record = SyncRecord.objects.select_for_update(of=("self",)).select_related("endpoint").get(pk=record_id)
        if record.employee_id is None or not may_be_made_again(record):
            raise SyncError("not_gone_from_phones")
        refuse_while_running(record.endpoint)
        employee = Employee.rows.get(pk=record.employee_id)
        who = name_of(user)
        SyncRecord.objects.filter(pk=record.pk).update(
            anchor=anchor_before(employee.pk), dn="", state=State.ACTIVE, status=Status.SKIPPED, base={}, keys=[],
            refusals={}, waits={}, waiting=False, written={}, fingerprint="", message_code="made_again",
            message_params={"who": who},
        )  # fmt: skip
        record_edit(employee, [], outcome=ItemOutcome.SKIPPED, user=user, code="made_again", record=record, who=who)
    record.refresh_from_db()
    return record
