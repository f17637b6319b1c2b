"""Step 4 of a run: which entry is whose."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from syncapp.core.making import made_before
from syncapp.core.matching import match_entries, near_matches
from syncapp.core.matters import EntryKeys, HubKeys
from syncapp.core.records import KnownRecord, RemotePerson
from syncapp.core.sides import Sides, unmatched
from syncapp.core.vocabulary import INACTIVE_STATES, State
from syncapp.services.endpoints import Synchronised
from syncapp.services.remote_read import RemoteRead
from syncapp.store import snapshots
from syncapp.store.residences import same_entries
from syncapp.store.unplaced import tried as tried_to_make

UUID_FORM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Entries = dict[str, tuple[EntryKeys, State]]


@dataclass(slots=True)
class Strangers:
    """Employees tied to no directory, and whether anybody was tied to this one (rule A6)."""

    ids: set[int] = field(default_factory=set)
    met_before: bool = False


def _states_here(read: RemoteRead) -> dict[int, State]:
    """Map employees to the state of their entries as this read shows it; missing from it are those it says nothing of."""
    came = {record.employee_id: person.state for person in read.people if (record := read.known.get(person.anchor))}
    gone = {absence.record.employee_id: absence.state for absence in read.absent}
    return {employee_id: state for employee_id, state in {**came, **gone}.items() if employee_id is not None}


def match(
    server: Synchronised, read: RemoteRead, sides: Sides, keys: Mapping[str, EntryKeys], entries: Entries
) -> Strangers:
    """Tie new entries; return the employees who were tied to no directory before."""
    if any(record.employee_id is None for record in sides.known.values()):
        ties = snapshots.former_ties(server.pk)
        sides.former = {person.anchor: ties[person.anchor] for person in sides.people if person.anchor in ties}
    sides.same = _same_entries(server, sides)
    tried = tried_to_make(server.pk) if sides.options.phone else {}
    sides.made = made_before(_untied(sides), snapshots.local_people(tried).values()) if tried else {}
    decided = {*sides.former, *sides.same, *sides.made}
    untied = unmatched(sides.people, sides.known, lambda person: keys[person.anchor], decided)
    # A box with a few people of its own is no sign that many of ours would come a second time.
    strangers = Strangers(met_before=sides.options.phone)
    if not untied:
        _adopt(read, sides, tried)
        return strangers

    def employees() -> Iterator[HubKeys]:
        back = {*sides.former.values(), *sides.made.values(), *(tie for tie, _server in sides.same.values())}
        states = _states_here(read) | dict.fromkeys(back, State.ACTIVE)
        for employee in snapshots.hub_keys(server.pk, phone=sides.options.phone):
            if employee.id in states:
                employee = employee._replace(tied_here=True, state_here=states[employee.id])
            elif read.whole and employee.state_here is State.MISSING:  # in scope by now, though he did not come
                employee = employee._replace(state_here=State.ACTIVE)
            strangers.met_before = strangers.met_before or employee.tied_here
            if not employee.tied_anywhere and not employee.archived:
                strangers.ids.add(employee.id)
            yield employee

    sides.matches = match_entries(
        entries=untied,
        known=((keys, state not in INACTIVE_STATES) for keys, state in entries.values() if state is not State.MISSING),
        employees=employees(),
        match_keys=sides.options.match_keys,
    )
    decided = {*sides.matches.joined, *sides.matches.matters}
    near_matches(
        entries=(entry for entry in untied if entry.active and entry.anchor not in decided), matches=sides.matches
    )
    _adopt(read, sides, tried)
    return strangers


def _untied(sides: Sides) -> list[RemotePerson]:
    return [person for person in sides.people if sides.employee_of(person.anchor) is None]


def _adopt(read: RemoteRead, sides: Sides, tried: Mapping[int, KnownRecord]) -> None:
    """Let entries take over the records of those whom it was tried to make: they are there by now."""
    for person in _people_of(sides, tried) if tried else ():
        record = tried[sides.employee_of(person.anchor) or 0]
        read.known[person.anchor] = read.known_by_id[record.id] = replace(record, employee_id=None)


def _people_of(sides: Sides, employees: Collection[int]) -> list[RemotePerson]:
    return [
        person
        for person in sides.people
        if person.anchor not in sides.known and sides.employee_of(person.anchor) in employees
    ]


def _same_entries(server: Synchronised, sides: Sides) -> dict[str, tuple[int, str]]:
    """Recognise entries that another server reads as well, where nobody has decided otherwise (rule B11)."""
    untied = [person.anchor for person in sides.people if sides.employee_of(person.anchor) is None]
    found = same_entries(server.pk, filter(_is_unique_everywhere, untied)) if untied else {}
    taken = set(sides.former.values())
    return {
        anchor: (employee_id, name)
        for anchor, (employee_id, name) in found.items()
        if employee_id not in taken and not _was_refused(sides, anchor, employee_id)
    }


def _is_unique_everywhere(anchor: str) -> bool:
    """Whether no other directory can have this anchor for somebody else: a number of the staff may be in two."""
    return UUID_FORM.fullmatch(anchor) is not None


def _was_refused(sides: Sides, anchor: str, employee_id: int) -> bool:
    record = sides.known.get(anchor)
    return record is not None and employee_id in record.refused
