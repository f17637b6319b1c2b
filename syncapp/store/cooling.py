"""Numbers that rest: given up by archived employees, and not given to anybody else for a while (rule C8)."""

from datetime import datetime, timedelta

from syncapp.core.vocabulary import Field
from syncapp.models import CoolingNumber, Employee, NumberPool, SyncRecord


def cool_down(employee: Employee, *, now: datetime) -> CoolingNumber:
    """Let the number that an employee gives up rest: as long as the longest of the pools says that have it.

    A number of no pool is given to nobody anyway; its row only tells whose it was.
    """
    number = employee.extension
    row, _created = CoolingNumber.objects.update_or_create(
        number_plan=employee.number_plan,
        extension=number,
        defaults={
            "employee": employee,
            "issued": employee.number_issued,
            "freed_at": now,
            "until": now + timedelta(days=_days(employee.number_plan, number)),
        },
    )
    return row


def _days(number_plan: str, number: str) -> int:
    pools = NumberPool.objects.filter(number_plan=number_plan, first__lte=number, last__gte=number)
    return max((pool.cool_down_days for pool in pools if len(pool.first) == len(number)), default=0)


def rest_from(row: CoolingNumber, now: datetime) -> None:
    """Let a number begin to rest anew: a phone on some desk still has it."""
    row.until = now + timedelta(days=_days(row.number_plan, row.extension))
    row.save(update_fields=["until"])


def number_given_up(employee: Employee) -> CoolingNumber | None:
    """Return the number that an employee had last, if nobody else has given it up since."""
    rows = CoolingNumber.objects.select_for_update().filter(employee=employee, number_plan=employee.number_plan)
    return rows.order_by("-freed_at", "-id").first()


def cooling_numbers(number_plan: str, *, now: datetime) -> dict[str, int]:
    """Map every number of the plan that rests to whose it was."""
    rows = CoolingNumber.objects.filter(number_plan=number_plan, until__gt=now)
    return dict(rows.order_by().values_list("extension", "employee_id"))


def cooling_for(number: str, *, number_plan: str, now: datetime) -> CoolingNumber | None:
    """Return the row of a number that rests."""
    rows = CoolingNumber.objects.filter(number_plan=number_plan, extension=number, until__gt=now)
    return rows.select_related("employee").first()


def disagree_on_number(employee_id: int, *, message: tuple[str, dict[str, str]] | None = None) -> None:
    """Forget what was agreed about an employee's number, wherever he is known.

    Otherwise it would count as a change of his, or of the entry's. `message` is what his
    records say from now on.
    """
    for record in SyncRecord.objects.select_for_update().filter(employee=employee_id).order_by("id"):
        record.base.pop(Field.EXTENSION, None)
        record.waits.pop(Field.EXTENSION, None)
        record.waiting, record.due, record.fingerprint = bool(record.waits), True, ""
        if message is not None:
            record.message_code, record.message_params = message
        record.save(update_fields=["base", "waits", "waiting", "due", "fingerprint", "message_code", "message_params"])
