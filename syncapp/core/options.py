"""What of a server's settings can change a decision: field mappings, pools, and the rest."""

from dataclasses import dataclass

from syncapp.core.vocabulary import (
    CreateRule,
    Direction,
    Field,
    MatchKey,
    OnEmpty,
    Policy,
    TakenNumber,
)

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
class PhoneService:
    """Whom a phone system serves: everybody, or people of directories, folded departments, or ranges of numbers."""

    id: int
    number_plan: str
    create: bool
    everybody: bool = False
    directories: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """Everything of a server's settings that can change a decision.

    `superiors` are the servers that come before this one as a person's home (rule B11).
    `phone`: it is a phone system; `secret_key` then says by which key the SIP secrets are
    marked that it gets, '' where it gets none. `phones` are those that take a number
    before this directory gets it (rule C6).
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
    phone: bool = False
    secret_key: str = ""
    phones: tuple[PhoneService, ...] = ()
