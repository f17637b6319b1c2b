"""A test of a connection: its steps, and what is being examined."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from time import monotonic

from ldap.ldapobject import SimpleLDAPObject

from syncapp.core.options import FieldRule
from syncapp.core.records import Identity, Message
from syncapp.core.rights import AttributeRights, Grant
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.fill import Fill

# Longest single wait, in seconds; reading ends so much before the time is up.
_LONGEST_WAIT = 5.0
_SHORTEST_WAIT = 0.5


class StepName(StrEnum):
    SETTINGS = "settings"
    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    BIND = "bind"
    IDENTITY = "identity"
    BASE = "base"
    FILTER = "filter"
    PEOPLE = "people"
    ATTRIBUTES = "attributes"
    RIGHTS = "rights"


# All of them in their order; the settings are a step only when they cannot work.
ORDER = tuple(name for name in StepName if name is not StepName.SETTINGS)


class StepOutcome(StrEnum):
    OK = "ok"
    REMARK = "remark"  # it works, but somebody should look
    FAILED = "failed"  # nothing after it was tried


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    `kind` is what was found (step BASE), `fills` how the mappings are filled (step
    ATTRIBUTES), `rights` what the account may write, and `grant` what would give it the
    rest (step RIGHTS). `elsewhere`: this address is given up, the next one is tried.
    """

    name: StepName
    outcome: StepOutcome
    message: Message
    remarks: tuple[Message, ...] = ()
    kind: str = ""
    fills: tuple[Fill, ...] = ()
    rights: tuple[AttributeRights, ...] = ()
    grant: Grant | None = None
    elsewhere: bool = False


@dataclass(slots=True)
class Examination:
    """What to test, and for how many seconds in all.

    `rules_of` gives the mapping for a kind of directory, `expected` whose directory
    answered before, None where none did; `write_back` says whether the server is
    written to. `only` is the step that is wanted, where it is one alone. `step` is the one
    that an error belongs to, `uri` the address that is asked; `connection` is closed at
    the end, however that comes.
    """

    config: DirectoryConfig
    rules_of: Callable[[str], Sequence[FieldRule]]
    region: str
    now: datetime
    seconds: float
    write_back: bool = False
    expected: Identity | None = None
    only: StepName | None = None
    uri: str = ""
    step: StepName = StepName.SETTINGS
    connection: SimpleLDAPObject | None = None
    ends: float = 0.0

    def ok(self, code: str, **params: object) -> Step:
        return Step(self.step, StepOutcome.OK, Message(code, params))

    def wait(self) -> float:
        """Seconds that the next answer may take."""
        return max(_SHORTEST_WAIT, min(_LONGEST_WAIT, self.ends - monotonic()))

    def limited(self) -> DirectoryConfig:
        wait = self.wait()
        return replace(self.config, connect_timeout=wait, login_timeout=wait, operation_timeout=wait)

    def is_late(self) -> bool:
        return monotonic() > self.ends - _LONGEST_WAIT
