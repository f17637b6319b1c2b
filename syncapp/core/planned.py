"""What a plan consists of: one item for each person to whom something happens."""

from collections.abc import Mapping
from typing import NamedTuple

from syncapp.core.matters import NO_KEYS, EntryKeys, Matter
from syncapp.core.records import NO_BASE, NO_WAITS, NO_WRITTEN, Base, Message, Written
from syncapp.core.vocabulary import (
    Action,
    Field,
    Outcome,
    Side,
    State,
)


class FieldChange(NamedTuple):
    field: Field
    side: Side
    before: str
    after: str


class PlanItem(NamedTuple):
    """One person in the plan: what happens to the hub, and what the record becomes.

    `outcome` is what the record's status will be when all goes well. `changes`
    are in the order of `Field`, those of the hub before those of the domain. `base`
    is the record's whole new base, but for what is yet to be written to the domain.
    `waits` maps fields that may not go out yet to what stands there. Planned with were
    `employee_version`, the entry as `seen`, and the record as `record_seen`.
    """

    anchor: str
    dn: str
    action: Action
    outcome: Outcome
    state: State
    name: str = ""
    record_id: int | None = None
    employee_id: int | None = None
    employee_version: int | None = None
    changes: tuple[FieldChange, ...] = ()
    base: Mapping[Field, Base] = NO_BASE
    keys: EntryKeys = NO_KEYS
    matters: tuple[Matter, ...] = ()
    remarks: tuple[Message, ...] = ()
    message: Message | None = None
    number_issued: bool = False
    number_plan: str = "default"
    number_moves: bool = False  # it passes from one employee of the plan to another
    waits: Mapping[Field, str] = NO_WAITS
    abroad: bool = False
    state_changed: bool = False
    state_before: State | None = None  # None for an entry that was not known
    fingerprint: str = ""  # empty: not settled, look again in the next run
    seen: str = ""
    record_seen: str = ""
    kinds: tuple[str, ...] = ()  # of change, as the brakes count them


class Refresh(NamedTuple):
    """A known record of which nothing changes but the fingerprint: the settings have, or how a value is spelled."""

    record_id: int
    employee_version: int
    fingerprint: str


class RecordTouch(NamedTuple):
    """A known record that is looked at without anything happening to the person.

    The entry moved, its raw spelling changed, both sides agreed: the record is
    brought up to date, and nothing of it is news.
    """

    record_id: int
    dn: str
    name: str
    employee_version: int | None
    base: Mapping[Field, Base]
    keys: EntryKeys
    fingerprint: str
    waits: Mapping[Field, str] = NO_WAITS
    remarks: tuple[Message, ...] = ()
    abroad: bool = False
    written: Mapping[Field, Written] = NO_WRITTEN
