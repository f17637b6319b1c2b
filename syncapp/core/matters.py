"""What people are told apart by, and what somebody has to decide about them."""

from dataclasses import dataclass
from typing import NamedTuple

from syncapp.core.vocabulary import (
    INACTIVE_STATES,
    Field,
    MatchKey,
    MatterKind,
    State,
)


class HubKeys(NamedTuple):
    """What matching knows of an employee: compared forms only (rule A2).

    `tied_here`: has a record on the server that is read; `tied_anywhere`: on any
    directory. `number_issued`: the extension was given out by this program and
    is no key. `state_here`: of the record on the server that is read, as it is now.
    """

    id: int
    name: str
    name_key: str
    email_key: str
    mobile: str
    extension: str
    number_issued: bool = False
    tied_here: bool = False
    tied_anywhere: bool = False
    archived: bool = False
    state_here: State | None = None

    @property
    def left(self) -> bool:
        """Whether only a person may tie another entry to this employee (rules A7, D4)."""
        return self.archived or self.state_here is State.MISSING

    @property
    def free_here(self) -> bool:
        """Whether another entry of this server may be this employee's."""
        if self.archived:
            return not self.tied_here or self.state_here in INACTIVE_STATES
        return not self.tied_here or self.state_here is State.MISSING


class EntryKeys(NamedTuple):
    """What matching knows of an entry: all its values serve as keys (rule B6).

    `name` is the first of the names. `emails` are folded, `mobiles` E.164,
    `extensions` digits, `name_keys` as `normalise.name_key` makes them.
    """

    name: str = ""
    name_keys: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    mobiles: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()


NO_KEYS = EntryKeys()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An employee whom an entry may be, and by what: `agrees` and `disagrees` name match keys."""

    employee_id: int
    agrees: tuple[MatchKey, ...] = ()
    disagrees: tuple[MatchKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that a person has to decide about one entry.

    Same kind and same field on the same record is the same matter in the next
    run. `owner_id` is the employee who holds the number in question.
    """

    kind: MatterKind
    field: Field | None = None
    base: str | None = None
    local: str = ""
    remote: str = ""
    candidates: tuple[Candidate, ...] = ()
    owner_id: int | None = None
