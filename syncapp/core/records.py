"""The frozen values that travel between adapters, rules and store.

Nothing here does anything; identity is the anchor or the row's key, never the
object. Those that a run makes by the hundred thousand are named tuples: frozen
dataclasses take several times as long to make.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from syncapp.core.vocabulary import (
    INACTIVE_STATES,
    Action,
    CreateRule,
    Direction,
    Field,
    MatchKey,
    MatterKind,
    OnEmpty,
    Outcome,
    Policy,
    RefusalKind,
    Side,
    State,
    TakenNumber,
)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people, as code and parameters; `messages` has the texts."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


# Looked up once: to fetch a member from its class takes Python 3.11 longer than to use it.
_PULLING = frozenset({Direction.PULL, Direction.BOTH})
_PUSHING = frozenset({Direction.PUSH, Direction.BOTH})


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field of the hub and one attribute of the directory belong together.

    `attribute` is one name, several joined by `|` (the first that has a value
    serves), or a composition such as `{givenName} {sn}`; the last two can only
    be pulled. `abroad`: the person's home is another server, and nothing is brought
    in from here (rule B11).
    """

    field: Field
    attribute: str
    direction: Direction = Direction.PULL
    policy: Policy = Policy.ASK
    on_empty: OnEmpty = OnEmpty.KEEP
    pattern: str = ""
    relay: bool = False
    abroad: bool = False

    @property
    def pulls(self) -> bool:
        return self.direction in _PULLING and not self.abroad

    @property
    def pushes(self) -> bool:
        return self.direction in _PUSHING


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
    the SIP secret its keyed hash. `twins` are the remote digests that mean our
    photo, `photo_area` its pixels.
    """

    id: int
    version: int
    values: Mapping[Field, str]
    archived: bool = False
    twins: frozenset[str] = frozenset()
    photo_area: int = 0


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


class FieldChange(NamedTuple):
    field: Field
    side: Side
    before: str
    after: str


class AttributeWrite(NamedTuple):
    """One change of one attribute: take `old` away, add `new`, leave the `others` alone.

    Raw values. `old` None: nothing stood there that is ours; `new` None: nothing
    comes in its place. `others` are the remaining values as just read, for servers
    that can only replace an attribute as a whole.
    """

    attribute: str
    old: bytes | None
    new: bytes | None
    others: tuple[bytes, ...] = ()


class WriteJob(NamedTuple):
    """One entry to be written. `prepare` is given the entry as it is now and says what to write.

    An empty answer means that nothing is to be written any more. `prepare` does no
    I/O of its own on the connection, and may be called a second time with fresher
    values. `known` is the entry as this session read it not long ago: an endpoint
    that refuses a write to any other entry or value need not read it once more.
    """

    anchor: str
    dn: str
    prepare: Callable[["RemoteRecord"], Sequence[AttributeWrite]]
    known: RemoteRecord | None = None


class WriteRefusal(NamedTuple):
    """Why an attribute was not taken. `message.params` name `attribute`, and `text`: what the server said, if it was asked."""

    kind: RefusalKind
    message: Message


class WriteResult(NamedTuple):
    """What became of one job.

    `before`: the entry as it was written to, None when no entry has this
    anchor any more. `written` and `drifted` are attributes as the job named them;
    drifted: the server refused because the value was not the one just read any
    more. `refused` maps attributes to the reason; `left_out` those that were not even
    tried, because nobody has the right. `after`: the entry as read back, None where
    nothing was sent or it could not be read.
    """

    anchor: str
    before: RemoteRecord | None = None
    written: frozenset[str] = frozenset()
    drifted: frozenset[str] = frozenset()
    refused: Mapping[str, WriteRefusal] = MappingProxyType({})
    left_out: Mapping[str, WriteRefusal] = MappingProxyType({})
    after: RemoteRecord | None = None


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


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """A range of extensions: text of digits, both ends included, of equal length.

    With `ou` only for people below that DN, with `department` only for people of
    that department (rule C2).
    """

    name: str
    first: str
    last: str
    reserved: frozenset[str] = frozenset()
    ou: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """Everything of a server's settings that can change a decision.

    `superiors` are the servers that come before this one as a person's home (rule B11).
    """

    rules: tuple[FieldRule, ...]
    match_keys: tuple[MatchKey, ...]
    region: str
    create: CreateRule = CreateRule.ALL
    taken_number: TakenNumber = TakenNumber.WAIT
    write_back: bool = False
    number_plan: str = "default"
    pools: tuple[PoolSpec, ...] = ()
    superiors: tuple[int, ...] = ()


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
