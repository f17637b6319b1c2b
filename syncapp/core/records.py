"""The frozen values that travel between adapters, rules and store.

Nothing here does anything; identity is the anchor or the row's key, never the
object. Those that a run makes by the hundred thousand are named tuples: frozen
dataclasses take several times as long to make.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from syncapp.core.matters import NO_KEYS, EntryKeys, Matter
from syncapp.core.options import FieldRule
from syncapp.core.vocabulary import (
    Field,
    Outcome,
    RefusalKind,
    State,
)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people, as code and parameters; `messages` has the texts."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


class RemoteRecord(NamedTuple):
    """One entry as the adapter read it: nothing decoded yet.

    `attributes` has lower-cased names and raw values; `anchor` is the entry's
    immutable id as text in canonical form.
    """

    anchor: str
    dn: str
    attributes: Mapping[str, list[bytes]]
    state: State = State.ACTIVE


class Reading(NamedTuple):
    """What a converter makes of the values of one attribute.

    `values` are all readable ones, each once, sorted; `foreign` are those that
    it cannot read (rule B4), as text fit for showing; `remark` says why.
    Neither: the attribute is empty.
    """

    values: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    remark: Message | None = None


class Written(NamedTuple):
    """What our writes of a field have replaced, the last one being at `at` (rule B12).

    Several in `replaced` when we wrote again within a day: a controller may be more
    than one write behind. `uris` are the controllers that have our last value.
    """

    replaced: tuple[str, ...]
    at: datetime
    uris: tuple[str, ...]


NO_WRITTEN: Mapping[Field, Written] = MappingProxyType({})
NO_LAG: Mapping[Field, Message] = MappingProxyType({})


class RemotePerson(NamedTuple):
    """An entry whose values have been read, ready for the rules.

    Readings of opaque fields hold digests. `photo_area`: width times height, in
    pixels, of the picture that stands there. `raw`: the values themselves of
    attributes to which this run may write, by lower-cased name. `seen`: a mark of
    everything that was read of the entry, whatever is settled or set. `behind` are
    fields in which the controller has not got our write yet, with what is to be said
    of each; `written` is what is to be remembered of such writes (rule B12).
    """

    anchor: str
    dn: str
    state: State
    readings: Mapping[Field, Reading]
    fingerprint: str = ""
    seen: str = ""
    photo_area: int = 0
    raw: Mapping[str, list[bytes]] | None = None
    behind: Mapping[Field, Message] = NO_LAG
    written: Mapping[Field, Written] = NO_WRITTEN


@dataclass(frozen=True, slots=True)
class LocalPerson:
    """An employee as the hub has it. Empty is ''.

    `values` holds the text fields, for the photo the digest of our file and for
    the SIP secret its keyed hash. `number_issued`: this program gave the extension
    out. `twins` are the remote digests that mean our
    photo, `photo_area` its pixels.
    """

    id: int
    version: int
    values: Mapping[Field, str]
    archived: bool = False
    number_issued: bool = False
    twins: frozenset[str] = frozenset()
    photo_area: int = 0


class Base(NamedTuple):
    """Last agreed values of one field, one for each side; '' is an agreed empty value.

    `pulled`: the value came from there, and so is not the hub's own (rule B11).
    """

    local: str
    remote: str
    pulled: bool = False


NO_BASE: Mapping[Field, Base] = MappingProxyType({})


class Refused(NamedTuple):
    """A write that the endpoint refused, remembered with everything that may change its mind (rule B10).

    `value` was to replace `standing`. `tried` False: not sent, because others were
    refused the same right. `inward`: it is a content of theirs, `value` being its
    digest, that cannot be used here.
    """

    value: str
    standing: str
    attribute: str
    pattern: str
    kind: RefusalKind
    message: Message
    tried: bool = True
    inward: bool = False

    def fits(self, rule: "FieldRule", *, value: str, standing: str) -> bool:
        """Whether sending this value now would be the same write once more."""
        mine = (self.value, self.standing, self.attribute, self.pattern)
        return not self.inward and mine == (value, standing, rule.attribute, rule.pattern)


def unusable(digest: str, message: Message) -> Refused:
    """Remember that a content of theirs cannot be used here, so that it is not tried in every run."""
    return Refused(digest, "", "", "", RefusalKind.VALUE, message, inward=True)


NO_REFUSALS: Mapping[Field, Refused] = MappingProxyType({})
NO_WAITS: Mapping[Field, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """The row that ties an entry to an employee, as the run found it.

    `former_id`: of an entry that is tied to nobody, the employee whose it was.
    """

    id: int
    anchor: str
    employee_id: int | None
    state: State
    status: Outcome
    dn: str = ""
    name: str = ""
    message: Message | None = None
    remarks: tuple[Message, ...] = ()
    base: Mapping[Field, Base] = field(default_factory=dict)
    keys: EntryKeys = NO_KEYS
    refused: frozenset[int] = frozenset()
    fingerprint: str = ""
    waits: Mapping[Field, str] = field(default_factory=dict)
    refusals: Mapping[Field, Refused] = field(default_factory=dict)
    written: Mapping[Field, Written] = field(default_factory=dict)
    due: bool = False
    open_matters: tuple["Matter", ...] = ()
    abroad: bool = False
    former_id: int | None = None


class Residence(NamedTuple):
    """Where else an employee is known, beside the server that is read (rule B11).

    `server`: the name of the highest-ranked other server on which the person is active,
    '' for none; `comes_first`: it has a higher rank than the one that is read. `pulled`
    are the values that came from other directories.
    """

    server: str = ""
    comes_first: bool = False
    pulled: Mapping[Field, frozenset[str]] = MappingProxyType({})


NOWHERE_ELSE = Residence()


class Scope(NamedTuple):
    """Whom a read of everybody brings: `bases` maps DNs to the immutable id of the entry there ('' unknown)."""

    bases: Mapping[str, str]
    filter: str


class Identity(NamedTuple):
    """Whose directory answered: `contexts` maps naming contexts to the immutable id of their entry ('' not readable).

    Domain controllers of one domain and replicas of one directory have the same. No
    contexts: the server did not say.
    """

    contexts: Mapping[str, str]


class Whereabouts(NamedTuple):
    """Where an entry is that did not come, looked up without regard to the scope.

    `in_bases`: it lies below one of the bases. `in_scope`: a read of everybody would
    bring it by now. `was_in_scope`: it would have come by the scope that was asked about.
    """

    dn: str
    state: State
    in_bases: bool
    in_scope: bool
    was_in_scope: bool = False
