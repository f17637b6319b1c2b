"""People about whom is decided before everybody is known, and what waits of them until it is their turn."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from syncapp.core.matters import EntryKeys
from syncapp.core.normalise import fold
from syncapp.core.planned import PlanItem, RecordTouch, Refresh
from syncapp.core.quality import Quality
from syncapp.core.records import KnownRecord, LocalPerson, RemotePerson
from syncapp.core.vocabulary import Field
from syncapp.services.ledger import Ledger
from syncapp.services.packed import pack_row, unpack_row

Place = tuple[str, str]


def place_of(item: PlanItem) -> Place:
    """Where an item stands in a plan: by name, then by anchor."""
    return fold(item.name), item.anchor


class AsideItem(NamedTuple):
    """The packed row of an item, and its place among the others."""

    place: Place
    packed: bytes

    def row(self) -> tuple[object, ...]:
        return unpack_row(self.packed)


@dataclass(slots=True)
class Aside:
    """`refreshed` and `items`: what is to be stored of them, beside the touches in the `ledger`.

    `keys` of those by which they can no longer be matched as their records say. `quality`
    and `filled`, the fields in which they had a value of the directory, say of them what
    is said of everybody who was read.
    """

    ledger: Ledger
    refreshed: list[Refresh] = field(default_factory=list)
    items: list[AsideItem] = field(default_factory=list)
    keys: dict[str, EntryKeys] = field(default_factory=dict)
    quality: Quality = field(default_factory=Quality)
    filled: set[Field] = field(default_factory=set)

    def add(
        self,
        person: RemotePerson,
        found: PlanItem | RecordTouch | Refresh,
        *,
        record: KnownRecord,
        local: LocalPerson | None,
    ) -> None:
        """Set somebody aside, with what was found to happen to him."""
        self.quality.add([person])
        self.filled.update(name for name, base in record.base.items() if base.remote)
        if isinstance(found, Refresh):
            if found.fingerprint != record.fingerprint:
                self.refreshed.append(found)
            return
        if found.keys != record.keys:
            self.keys[person.anchor] = found.keys
        row = self.ledger.enter(found, record=record, local=local, person=person)
        if isinstance(found, PlanItem) and row is not None:
            self.items.append(AsideItem(place_of(found), pack_row(row)))

    def in_order(self) -> Iterator[AsideItem]:
        """Yield the items in the order of applying, and forget them."""
        self.items.sort(reverse=True)
        while self.items:
            yield self.items.pop()
