"""What a run would do with one person, by the functions of a run; nothing is claimed or stored."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from syncapp.core.explain import FieldStory, KeyStory, tell_keys, tell_person
from syncapp.core.outward import PROBES, Outward
from syncapp.core.person_plan import PersonPlan
from syncapp.core.records import KnownRecord, RemotePerson
from syncapp.core.sides import Sides
from syncapp.services.endpoints import Synchronised, sends
from syncapp.services.mapping_state import mapping_state, remapped_fields
from syncapp.services.planning import make_plan
from syncapp.services.ports import EndpointSession
from syncapp.services.reading import DirectoryReader
from syncapp.store import snapshots
from syncapp.store.sent import last_whole_run


@dataclass(frozen=True, slots=True)
class Foresight:
    """One person as a run would see him. `keys` tell who else has his match keys, where he is tied to nobody.

    `first_run`: no run over everybody has been applied, so that nothing may go out yet.
    """

    person: RemotePerson
    record: KnownRecord | None
    plan: PersonPlan
    fields: Sequence[FieldStory]
    keys: Sequence[KeyStory]
    sides: Sides
    first_run: bool


class _Unheard:
    """Stands where a run has its keeper: there is no row to keep alive, and none for notes."""

    def beat(self) -> None:
        pass

    def note(self, code: str, **params: Any) -> None:
        pass


def foresee(server: Synchronised, session: EndpointSession, anchor: str, dn: str) -> Foresight | None:
    """Plan one person of the scope as the next run over everybody would; None when he is not in scope.

    Like a run for one person it judges uniqueness over the stored keys of everybody
    known. Raises SyncError.
    """
    last = last_whole_run(server.pk)
    outward = Outward(allowed=sends(server) and last is not None)
    reader = DirectoryReader(server, session, _Unheard(), sends=outward.allowed)
    read = reader.some([(anchor, dn)])
    if not read.people:
        return None
    rules = read.options.rules
    if outward.allowed:
        outward.closed = session.read_only([rule.attribute for rule in rules if rule.pushes])
    # A run tries a few people again who were refused a right; who they are is not known beforehand.
    outward.probes = Counter({rule.attribute: PROBES for rule in rules})
    previous = last.mapping if last is not None else {}
    remapped = remapped_fields(previous, mapping_state(read.options, previous))
    planning = make_plan(server, read, lambda: None, outward=outward, remapped=remapped)
    (person,) = read.people
    keys = planning.keys[person.anchor]
    plan, fields = tell_person(person, planning.sides, planning.numbers, keys)
    told = []
    if plan.record is None or plan.record.employee_id is None:
        entries = {known: stored for known, stored, _state in snapshots.entry_keys(server.pk)}
        entries[person.anchor] = keys
        employees = snapshots.hub_keys(server.pk)
        told = tell_keys(keys, read.options, employees=employees, entries=entries.values())
    return Foresight(person, plan.record, plan, fields, told, planning.sides, first_run=last is None)
