"""What was read of an endpoint, and what the last run had looked at."""

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from syncapp.core.absence import Absence
from syncapp.core.options import SyncOptions
from syncapp.core.records import KnownRecord, RemotePerson, Scope
from syncapp.core.vocabulary import Field
from syncapp.core.watermark import Watermark
from syncapp.services.aside import Aside
from syncapp.services.ledger import Ledger
from syncapp.services.settled import Packed, Settled
from syncapp.store.sent import UnknownWrite


@dataclass(frozen=True, slots=True)
class LastLook:
    """What the last applied run over everybody was to bring, and which controller answered it."""

    uri: str = ""
    scope: Scope | None = None


NEVER_LOOKED = LastLook()


@dataclass(slots=True)
class RemoteRead:
    """What was read, and from which controller. `people` are those who need a look; of the settled rest only the number is kept.

    `at`: when it began. `count`: entries that came. `known` are the records of `people`. `whole`: it was
    everybody in scope; only then something can be said of those who did not come.
    `never_filled` are the fields of which no entry had a value. `absent`: known
    people who did not come, with what a look for each of them showed; `seen`: records
    of those who did not come either and are in scope all the same. `scope` is what was
    to be read; `scope_changed`: the last run was to bring others. `watermark`: from
    where what changes after this read can be read, None where that is not known.
    `unknown`: what runs that broke off may have written, of whom. `kept` are those about
    whom `settled` may decide before the others are planned, and sets them `aside`;
    `having`: who of them has a photo, where that was asked.
    """

    options: SyncOptions
    uri: str
    at: datetime = field(default_factory=timezone.now)
    count: int = 0
    whole: bool = True
    people: list[RemotePerson] = field(default_factory=list)
    known: dict[str, KnownRecord] = field(default_factory=dict)
    known_by_id: dict[int, KnownRecord] = field(default_factory=dict)
    never_filled: frozenset[Field] = frozenset()
    absent: list[Absence] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    scope: Scope | None = None
    scope_changed: bool = False
    watermark: Watermark | None = None
    unknown: Mapping[str, UnknownWrite] = field(default_factory=dict)
    settled: Settled | None = None
    kept: deque[Packed] = field(default_factory=deque)
    having: Collection[str] | None = None
    aside: Aside = field(init=False)

    def __post_init__(self) -> None:
        self.aside = Aside(Ledger(self.options))
