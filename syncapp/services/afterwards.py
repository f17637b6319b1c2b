"""What a run says at its end of values that stand there, and of phones to be set up anew."""

from collections.abc import Mapping

from syncapp.core.records import Message
from syncapp.core.vocabulary import TEXT_FIELDS, Field
from syncapp.models import PhoneSystem
from syncapp.services.counts import Tally
from syncapp.services.execution import Execution
from syncapp.services.remote_read import RemoteRead
from syncapp.store.sent import UnknownWrite

# So many names are said in a note.
NAMED = 20


def say_what_was_written(execution: Execution, read: RemoteRead) -> None:
    """Say of runs that ended while they were writing which of their values stand in the domain (promise 1)."""
    if not read.unknown:
        return
    found: dict[int, list[str]] = {}
    for person in read.people:
        write = read.unknown.get(person.anchor)
        if write is not None and _stands_there(write, person.readings):
            found.setdefault(write.run_id, []).append(write.name or person.anchor)
    for run_id, names in sorted(found.items()):
        people = sorted(names)[:NAMED]
        execution.note(Message("write_found", {"run": run_id, "count": len(names), "people": people}))


def _stands_there(write: UnknownWrite, readings: Mapping[Field, object]) -> bool:
    values = {name: value for name, value in write.values.items() if name in TEXT_FIELDS}
    return bool(values) and all(value in getattr(readings.get(name), "values", ()) for name, value in values.items())


def name_renumbered(execution: Execution, tally: Tally) -> None:
    """List the phones that have to be set up anew (rule C7)."""
    if tally.renumbered:
        people = sorted(tally.renumbered)[:NAMED]
        execution.note(Message("phones_anew", {"count": len(tally.renumbered), "people": people}))


def name_rekeyed(execution: Execution, tally: Tally, code: str) -> None:
    """Count and name the phones that a plan cuts off by a new SIP secret, or a run has, until they are set up anew."""
    if isinstance(execution.server, PhoneSystem) and tally.rekeyed:
        execution.note(Message(code, {"count": len(tally.rekeyed), "people": sorted(tally.rekeyed)[:NAMED]}))
