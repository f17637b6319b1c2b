"""People who need a look and of whom a look says nothing new: after a change of the settings nearly everybody."""

import marshal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from django.utils import timezone

from syncapp.core.options import SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.plan import look_again
from syncapp.core.planned import RecordTouch, Refresh
from syncapp.core.quality import Quality
from syncapp.core.records import KnownRecord, RemotePerson, RemoteRecord
from syncapp.core.sides import Sides
from syncapp.core.vocabulary import Field, State
from syncapp.services.endpoints import Synchronised
from syncapp.services.people_here import load_locals


class Packed(NamedTuple):
    """An entry that needs a look, in a tenth of the memory; and the record of it."""

    content: bytes
    fingerprint: str
    record_id: int

    @classmethod
    def of(cls, record: RemoteRecord, fingerprint: str, record_id: int) -> Self:
        content = marshal.dumps((record.anchor, record.dn, dict(record.attributes), record.state.value))
        return cls(content, fingerprint, record_id)

    def unpacked(self) -> RemoteRecord:
        anchor, dn, attributes, state = marshal.loads(self.content)  # noqa: S302 - packed by ourselves in this process
        return RemoteRecord(anchor, dn, attributes, State(state))


@dataclass(slots=True)
class Settled:
    """Sets such people aside, some at a time, so that of 100,000 of them little is in memory.

    `refreshed` and `touches`: what is to be stored of them, `waiting` how many more of
    them wait for something to go out than before. `quality` and `filled`, the fields in which
    they had a value of the directory, say of them what is said of everybody who was read.
    """

    server: Synchronised
    options: SyncOptions
    outward: Outward
    remapped: frozenset[Field]
    refreshed: list[Refresh] = field(default_factory=list)
    touches: list[RecordTouch] = field(default_factory=list)
    waiting: int = 0
    quality: Quality = field(default_factory=Quality)
    filled: set[Field] = field(default_factory=set)

    def sift(self, people: Sequence[RemotePerson], known: Mapping[str, KnownRecord]) -> list[RemotePerson]:
        """Return those of whom there is more to say; `known` are the records of all of them."""
        sides = Sides(
            options=self.options,
            people=list(people),
            known=known,
            outward=self.outward,
            remapped=self.remapped,
            today=timezone.localdate().isoformat(),
        )
        load_locals(self.server, sides)
        left = []
        for person in people:
            found = look_again(person, sides)
            if found is None:
                left.append(person)
                continue
            record = known[person.anchor]
            self.quality.add([person])
            self.filled.update(name for name, base in record.base.items() if base.remote)
            if isinstance(found, RecordTouch):
                self.touches.append(found)
                self.waiting += bool(found.waits) - bool(record.waits)
            elif found.fingerprint != record.fingerprint:
                self.refreshed.append(found)
        return left
