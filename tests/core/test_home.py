"""Which server gives to a person (rule B11)."""

import pytest

from syncapp.core.home import has_come_home, is_abroad
from syncapp.core.records import KnownRecord, RemotePerson, Residence
from syncapp.core.vocabulary import Outcome, State

NOWHERE = Residence()
HIGHER = Residence("Head office", comes_first=True)
LOWER = Residence("Branch", comes_first=False)
UNKNOWN = None


def record(*, abroad: bool, tied: bool = True) -> KnownRecord:
    return KnownRecord(1, "a", 1 if tied else None, State.ACTIVE, Outcome.SKIPPED, abroad=abroad)


# State on the server that is read, its record, where else the person is; whether abroad, whether come home.
CASES = {
    "known nowhere else": (State.ACTIVE, record(abroad=False), NOWHERE, False, False),
    "active on a server that comes first": (State.ACTIVE, record(abroad=False), HIGHER, True, False),
    "active on one that comes later": (State.ACTIVE, record(abroad=False), LOWER, False, False),
    "left the one that came first": (State.ACTIVE, record(abroad=True), NOWHERE, False, True),
    "left the one that came first, and is on a third": (State.ACTIVE, record(abroad=True), LOWER, False, True),
    "still abroad": (State.ACTIVE, record(abroad=True), HIGHER, True, False),
    "first seen here, nowhere else": (State.ACTIVE, UNKNOWN, NOWHERE, False, False),
    "first seen here, a later one gave": (State.ACTIVE, UNKNOWN, LOWER, False, True),
    "first seen here, the first one gives": (State.ACTIVE, UNKNOWN, HIGHER, True, False),
    "recognised at last, a later one gave": (State.ACTIVE, record(abroad=False, tied=False), LOWER, False, True),
    "switched off here, active on a later one": (State.DISABLED, record(abroad=False), LOWER, True, False),
    "switched off here, active nowhere": (State.DISABLED, record(abroad=False), NOWHERE, False, False),
    "switched off everywhere, was abroad": (State.EXPIRED, record(abroad=True), NOWHERE, True, False),
}


@pytest.mark.parametrize(("state", "known", "elsewhere", "abroad", "came_home"), CASES.values(), ids=CASES.keys())
def test_home(state: State, known: KnownRecord | None, elsewhere: Residence, abroad: bool, came_home: bool) -> None:
    person = RemotePerson("a", "uid=a", state, {})

    assert is_abroad(person, known, elsewhere) == abroad
    assert has_come_home(person, known, elsewhere) == came_home
