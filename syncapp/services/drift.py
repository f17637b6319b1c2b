"""Whether people are still as a plan found them, on both sides (promise 6, rule E5)."""

from collections.abc import Mapping, Sequence

from syncapp.core.fingerprint import record_mark
from syncapp.core.home import is_abroad
from syncapp.core.records import NOWHERE_ELSE, KnownRecord, LocalPerson, Message, RemotePerson, Residence
from syncapp.core.vocabulary import TEXT_FIELDS, Action, Field, State
from syncapp.models import DirectoryServer, SyncRun
from syncapp.services.endpoints import synchronised
from syncapp.services.phone_numbers import PhoneLook
from syncapp.store import snapshots
from syncapp.store.items import PlannedRow
from syncapp.store.residences import residences, superiors
from syncapp.store.sealed import owners_of, record_ids

# Planned for people who are not in the scope: there is no entry to compare with.
_NOT_THERE = (State.MISSING, State.RELEASED)


def find_drift(
    run: SyncRun, rows: Sequence[PlannedRow], people: Mapping[str, RemotePerson], phones: PhoneLook
) -> dict[str, Message]:
    """Map the anchors of rows that must not be carried out any more to the newest values, as a message.

    `people` are the entries of the rows as they are now. Compared are the entry, the
    employee's version, what was decided about the record, which server gives to the
    person, and whether a number that the plan gives is still to be had.
    """
    known = snapshots.known_records(run.server_id, record_ids(run.server_id, [row.anchor for row in rows]))
    ids = {row.employee_id for row in rows if row.employee_id is not None}
    locals_ = snapshots.local_people(ids)
    server = synchronised(run.server_id)
    elsewhere = residences(ids, server.pk, superiors(server)) if isinstance(server, DirectoryServer) else {}
    drifted: dict[str, Message] = {}
    for row in rows:
        person, local = people.get(row.anchor), locals_.get(row.employee_id or 0)
        if person is None and row.plan["state"] not in _NOT_THERE and row.plan["action"] != Action.MAKE:
            drifted[row.anchor] = Message("drifted_gone", {"here": _values(row, local, {})})
        elif not (
            _is_as_planned(row, person, known.get(row.anchor), local)
            and _is_at_home_as_planned(row, person, known.get(row.anchor), elsewhere)
        ):
            there = {name: reading.values for name, reading in person.readings.items()} if person else {}
            drifted[row.anchor] = Message(
                "drifted", {"here": _values(row, local, there), "there": _there(row, local, there)}
            )
    if isinstance(server, DirectoryServer):
        _add_numbers_in_phones(rows, drifted, phones)
    _add_numbers(rows, drifted)
    return drifted


def _is_as_planned(
    row: PlannedRow, person: RemotePerson | None, record: KnownRecord | None, local: LocalPerson | None
) -> bool:
    seen = person.seen if person is not None else ""
    mark = record_mark(record) if record is not None else ""
    version = local.version if local is not None else None
    return (seen, mark, version) == (row.plan["seen"], row.plan["record_seen"], row.employee_version)


def _is_at_home_as_planned(
    row: PlannedRow, person: RemotePerson | None, record: KnownRecord | None, elsewhere: Mapping[int, Residence]
) -> bool:
    if person is None or row.employee_id is None:
        return True
    abroad = is_abroad(person, record, elsewhere.get(row.employee_id, NOWHERE_ELSE))
    return bool(row.plan["abroad"]) == abroad


def _values(
    row: PlannedRow, local: LocalPerson | None, there: Mapping[Field, tuple[str, ...]]
) -> list[tuple[str, str]]:
    """The employee's values in the fields that matter, each with the field."""
    if local is None:
        return []
    return [(name.value, local.values[name]) for name in _shown(row, local, there)]


def _there(row: PlannedRow, local: LocalPerson | None, there: Mapping[Field, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(name.value, ", ".join(there.get(name, ()))) for name in _shown(row, local, there)]


def _shown(row: PlannedRow, local: LocalPerson | None, there: Mapping[Field, tuple[str, ...]]) -> list[Field]:
    """Fields that the plan would change, and those that differ now. Pictures and secrets are not shown."""
    planned = row.changes.keys() | row.pushes.keys()
    return [
        name
        for name in TEXT_FIELDS
        if name in planned
        or (
            local is not None
            and name in there
            and there[name] != (local.values[name],)
            and any((local.values[name], *there[name]))
        )
    ]


def _add_numbers_in_phones(rows: Sequence[PlannedRow], drifted: dict[str, Message], phones: PhoneLook) -> None:
    """Refuse numbers that are in use in a phone system by now, and those of a pool where that is not known (C5, C6)."""
    for row in rows:
        number = row.changes.get(Field.EXTENSION, ("", ""))[1]
        if not number or row.anchor in drifted:
            continue
        known = phones.fresh(row.plan["number_plan"])
        use = known.uses.get(number) if row.plan["issued"] else known.held(number)
        if use is not None:
            drifted[row.anchor] = Message("drifted_number_in_phones", {"number": number, "use": use.dump()})
        elif row.plan["issued"] and known.unread:
            drifted[row.anchor] = Message("drifted_phones_unread", {"systems": sorted(known.unread)})


def _add_numbers(rows: Sequence[PlannedRow], drifted: dict[str, Message]) -> None:
    """Refuse numbers that somebody has by now, and with each refusal those who wait for that person's number."""
    wanted = {
        row.anchor: row.changes[Field.EXTENSION][1] for row in rows if row.changes.get(Field.EXTENSION, ("", ""))[1]
    }
    if not wanted:
        return
    owners: dict[str, tuple[int, str]] = {}
    for plan in {row.plan["number_plan"] for row in rows}:
        owners.update(owners_of(plan, list(wanted.values())))
    changing = True
    while changing:
        changing = False
        giving = {row.employee_id for row in rows if Field.EXTENSION in row.changes and row.anchor not in drifted}
        for row in rows:
            owner = owners.get(wanted.get(row.anchor, ""))
            if row.anchor in drifted or owner is None or owner[0] == row.employee_id or owner[0] in giving:
                continue
            params = {"number": wanted[row.anchor], "owner": owner[1]}
            drifted[row.anchor] = Message("drifted_number", params)
            changing = True
