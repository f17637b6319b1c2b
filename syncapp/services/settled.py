"""People of whom it can be said what happens to them before everybody is known: in a full read nearly everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from django.utils import timezone

from syncapp.core.lag import allow_for_lag
from syncapp.core.options import SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.plan import look_alone
from syncapp.core.records import KnownRecord, RemotePerson, RemoteRecord
from syncapp.core.sides import Sides
from syncapp.core.vocabulary import Field
from syncapp.services.aside import Aside
from syncapp.services.endpoints import Synchronised
from syncapp.services.packed import pack_entry, unpack_entry
from syncapp.services.people_here import load_locals


class Packed(NamedTuple):
    """An entry that needs a look, in a tenth of the memory; and the record of it."""

    content: bytes
    fingerprint: str
    record_id: int

    @classmethod
    def of(cls, record: RemoteRecord, fingerprint: str, record_id: int) -> Self:
        return cls(pack_entry(record), fingerprint, record_id)

    def unpacked(self) -> RemoteRecord:
        return unpack_entry(self.content)


@dataclass(frozen=True, slots=True)
class Settled:
    """Decides about such people, some at a time, so that of 100,000 of them little is in memory."""

    server: Synchronised
    options: SyncOptions
    outward: Outward
    remapped: frozenset[Field]

    def sift(
        self, people: Sequence[RemotePerson], known: Mapping[str, KnownRecord], *, uri: str, aside: Aside
    ) -> list[RemotePerson]:
        """Set aside whom it can be said of, and return those of whom more has to be known.

        `known` are the records of all of them, `uri` is who showed them.
        """
        now = timezone.now()
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
            record = known[person.anchor]
            shown = allow_for_lag(person, record, uri=uri, now=now, remapped=self.remapped)
            found = look_alone(shown, sides)
            if found is None:
                left.append(person)
            else:
                aside.add(shown, found, record=record, local=sides.local_of(person.anchor))
        return left
