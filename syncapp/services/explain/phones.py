"""What an explanation says of a phone system where that is not what it says of a directory."""

from collections.abc import Iterator

from syncapp.core.phones import is_before
from syncapp.core.records import Message, RemoteRecord
from syncapp.core.vocabulary import State
from syncapp.models import Employee, PhoneSystem, SyncRecord
from syncapp.services.making import is_served
from syncapp.services.phone_systems import is_told_whom


def found_there(phones: PhoneSystem, entry: RemoteRecord) -> Iterator[Message]:
    """Who was found: a row has a number that means nothing, and everybody is read."""
    name = next((raw.decode() for raw in entry.attributes.get("username", ())), entry.anchor)
    yield Message("explain_phone_found", {"server": phones.name, "name": name, "row": entry.anchor})
    if entry.state is State.DISABLED:
        yield Message("explain_phone_disabled")


def gone_from(phones: PhoneSystem, record: SyncRecord) -> Message:
    """Why a known person is not there: not made yet, or removed by hand (rule D5)."""
    code = "explain_phone_not_yet" if is_before(record.anchor) else "explain_phone_removed"
    return Message(code, {"server": phones.name})


def nobody_there(phones: PhoneSystem, employee: Employee | None, *, looked_for: str) -> Iterator[Message]:
    """Why an employee has no phone there, as far as the rule of the phone system tells."""
    yield Message("explain_phone_nobody", {"server": phones.name, "text": looked_for})
    if employee is None:
        return
    if not employee.extension or employee.number_plan != phones.number_plan:
        yield Message("explain_phone_needs_number", {"plan": phones.number_plan})
    elif not phones.create:
        yield Message("explain_phone_makes_nobody")
    elif not is_told_whom(phones):
        yield Message("phone_serves_unsaid")
    elif not is_served(phones, employee.pk):
        yield Message("explain_phone_not_served")
    else:
        yield Message("explain_phone_would_make", {"number": employee.extension})
