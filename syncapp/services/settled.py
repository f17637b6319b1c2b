"""People of whom it can be said what happens to them before everybody is known: in a full read nearly everybody."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from django.utils import timezone

from syncapp.core.lag import allow_for_lag
from syncapp.core.matters import EntryKeys
from syncapp.core.normalise import fold
from syncapp.core.options import SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.plan import look_alone
from syncapp.core.planned import PlanItem, RecordTouch, Refresh
from syncapp.core.quality import Quality
from syncapp.core.records import KnownRecord, RemotePerson, RemoteRecord
from syncapp.core.sides import Sides
from syncapp.core.vocabulary import Field
from syncapp.services.endpoints import Synchronised
from syncapp.services.ledger import Ledger
from syncapp.services.packed import pack_entry, pack_row, unpack_entry
from syncapp.services.people_here import load_locals
from syncapp.store.sent import unknown_writes


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


class Aside(NamedTuple):
    """The row of an item that was decided before everybody was known, and its place among the others."""

    name: str  # folded
    anchor: str
    row: bytes

    def comes_before(self, item: PlanItem) -> bool:
        """Whether it is carried out earlier: numbers that change hands are first, then everybody by name."""
        return not item.number_moves and (self.name, self.anchor) < (fold(item.name), item.anchor)


@dataclass(slots=True)
class Settled:
    """Decides about such people, some at a time, so that of 100,000 of them little is in memory.

    `refreshed` and `items`: what is to be stored of them, beside the touches in the
    `ledger`. `keys` of those by which they can no longer be matched as their records say.
    `quality` and `filled`, the fields in which they had a value of the directory, say of
    them what is said of everybody who was read.
    """

    server: Synchronised
    options: SyncOptions
    outward: Outward
    remapped: frozenset[Field]
    ledger: Ledger = field(init=False)
    refreshed: list[Refresh] = field(default_factory=list)
    items: list[Aside] = field(default_factory=list)
    keys: dict[str, EntryKeys] = field(default_factory=dict)
    quality: Quality = field(default_factory=Quality)
    filled: set[Field] = field(default_factory=set)
    # Of these the run says at its end what stands in the domain (promise 1).
    _unknown: Collection[str] | None = None

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.options)

    def sift(self, people: Sequence[RemotePerson], known: Mapping[str, KnownRecord], *, uri: str) -> list[RemotePerson]:
        """Return those of whom more has to be known; `known` are the records of all, `uri` is who showed them."""
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
        if self._unknown is None:
            self._unknown = unknown_writes(self.server.pk)
        left = []
        for person in people:
            record = known[person.anchor]
            shown = (
                allow_for_lag(person, record, uri=uri, now=now, remapped=self.remapped) if record.written else person
            )
            found = look_alone(shown, sides) if person.anchor not in self._unknown else None
            if found is None:
                left.append(person)
            else:
                self._set_aside(shown, found, record, sides)
        return left

    def _set_aside(
        self, person: RemotePerson, found: PlanItem | RecordTouch | Refresh, record: KnownRecord, sides: Sides
    ) -> None:
        self.quality.add([person])
        self.filled.update(name for name, base in record.base.items() if base.remote)
        if isinstance(found, Refresh):
            if found.fingerprint != record.fingerprint:
                self.refreshed.append(found)
            return
        if found.keys != record.keys:
            self.keys[person.anchor] = found.keys
        row = self.ledger.enter(found, record=record, local=sides.local_of(person.anchor), person=person)
        if row is not None:
            self.items.append(Aside(fold(found.name), person.anchor, pack_row(row)))

    def in_order(self) -> Iterator[Aside]:
        """Yield the items in the order of applying, and forget them."""
        self.items.sort(reverse=True)
        while self.items:
            yield self.items.pop()
