"""What a plan amounts to, added up person by person while it is made."""

from dataclasses import dataclass, field
from typing import Any

from syncapp.core import limits
from syncapp.core.absence import is_newly_lost
from syncapp.core.options import SyncOptions
from syncapp.core.planned import PlanItem, RecordTouch
from syncapp.core.records import KnownRecord, LocalPerson, RemotePerson, RemoteRecord
from syncapp.core.vocabulary import Field, Side
from syncapp.services.brakes import Changes
from syncapp.services.counts import Tally
from syncapp.services.packed import PackedEntries, PackedRows
from syncapp.store.items import item_row
from syncapp.store.writer import touch_row


@dataclass(slots=True)
class Ledger:
    """Counts, what the brakes want to know, and what is to be stored of people of whom there is no news.

    `entries` are those of people who are to be written, as they were read.
    """

    options: SyncOptions
    tally: Tally = field(default_factory=Tally)
    changes: Changes = field(default_factory=Changes)
    touches: PackedRows = field(default_factory=PackedRows)
    entries: PackedEntries = field(default_factory=PackedEntries)

    def enter(
        self,
        news: PlanItem | RecordTouch,
        *,
        record: KnownRecord | None,
        local: LocalPerson | None,
        person: RemotePerson | None,
    ) -> tuple[Any, ...] | None:
        """Add what happens to one person; return the item's row, None where there is none.

        `record` and `local` as it was planned with, `person` as the entry was read.
        """
        self.tally.waiting += int(bool(news.waits)) - int(bool(record and record.waits))
        self.tally.secrets_left += self.options.phone and _is_first_secret(news, record)
        if isinstance(news, RecordTouch):
            self.touches.append(touch_row(news))
            return None
        before = record.status.value if record else ""
        if not news.kinds:
            news = news._replace(kinds=limits.kinds_of(news, record))
        self.changes.add(news, record, local)
        if person is not None and person.raw is not None and any(change.side is Side.REMOTE for change in news.changes):
            self.entries.add(RemoteRecord(person.anchor, person.dn, person.raw, person.state))
        self.tally.add_planned(news, before=before)
        if record is not None and is_newly_lost(news):
            self.tally.lost.append(record.dn)
        return item_row(news, before)


def _is_first_secret(news: PlanItem | RecordTouch, record: KnownRecord | None) -> bool:
    """Whether a directory's secret is seen for the first time of somebody who has a phone already: it is not sent."""
    return Field.SIP_SECRET in news.base and (record is None or Field.SIP_SECRET not in record.base)
