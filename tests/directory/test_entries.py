"""Reading rows as a server answers: by its own spelling, in its own order, with what nobody asked for."""

from datetime import UTC, datetime
from uuid import UUID

from syncapp.core.vocabulary import State
from syncapp.directory import entries
from syncapp.directory.entries import EntryReader
from syncapp.directory.kinds import PROFILES
from syncapp.directory.schema import Schema

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANCHOR = "405df6cd-e722-11f1-9c2c-9c67ccd9d57e"
SN = b"( 2.5.4.4 NAME ( 'sn' 'surname' ) EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )"


def reader(*wanted: str, kind: str = "openldap") -> EntryReader:
    return EntryReader(PROFILES[kind], wanted, Schema([SN]), now=NOW)


def test_values_come_by_the_names_that_were_asked_for() -> None:
    row = {"entryUUID": [ANCHOR.encode()], "sn": [b"Rostova"], "cn;lang-ru": [b"x"], "CN": [b"Vera"], "mail": [b"m"]}

    record = reader("Surname", "cn").read("cn=vera", row)

    assert record == (ANCHOR, "cn=vera", {"surname": [b"Rostova"], "cn": [b"Vera"]}, State.ACTIVE)


def test_order_of_names_does_not_matter() -> None:
    one = {"cn": [b"Vera"], "sn": [b"Rostova"], "entryUUID": [ANCHOR.encode()]}
    both = reader("cn", "surname")

    assert both.read("cn=vera", one) == both.read("cn=vera", dict(reversed(one.items())))


def test_state_is_judged_where_an_entry_says_something_of_it() -> None:
    row = {"entryUUID": [ANCHOR.encode()], "pwdAccountLockedTime": [b"000001010000Z"]}
    one = reader("cn")

    assert [one.read("cn=vera", each).state for each in (row, {"entryUUID": row["entryUUID"]})] == [
        State.DISABLED,
        State.ACTIVE,
    ]


def test_who_is_no_person_in_active_directory_is_told_by_attributes_that_nobody_mapped() -> None:
    row = {"objectGUID": [UUID(ANCHOR).bytes_le], "cn": [b"Vera"]}
    one = reader("cn", kind="active_directory")

    assert one.read_person("cn=vera", row) is None
    assert one.read_person("cn=vera", {**row, "mail": [b"vera@example.test"]}) is not None
    assert one.read_person("cn=vera", {**row, "mail": [b"v"], "isCriticalSystemObject": [b"TRUE"]}) is None


def test_sets_of_names_beyond_those_that_are_remembered_are_read_as_well() -> None:
    names = [f"x{number}" for number in range(entries.MOST_FORMS + 2)]
    one = reader(*names)

    rows = [{"entryUUID": [ANCHOR.encode()], name: [b"1"]} for name in names]

    assert [one.read("cn=vera", row).attributes for row in rows] == [{name: [b"1"]} for name in names]
