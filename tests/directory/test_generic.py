"""A server of no known kind: people are told apart by an attribute that somebody chose, and switched off by a rule."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import ldap
import pytest

from fixtures.openldap import OpenLdap
from syncapp.core.account_state import DisabledRule
from syncapp.core.records import RemoteRecord
from syncapp.core.vocabulary import State
from syncapp.core.writes import AttributeWrite, WriteJob
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.session import open_session
from syncapp.exceptions import ConfigurationError, DirectoryError
from tests.directory.conftest import MakeConfig
from tests.directory.expect import refusal

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_units = count(1)


class Place:
    """A unit of a test's own with people told apart by employeeNumber."""

    def __init__(self, openldap: OpenLdap, branch: str, make_config: MakeConfig) -> None:
        self.base = f"ou=place-{next(_units)},{branch}"
        self._make_config = make_config
        self._server = openldap
        self.connection = openldap.connect()
        self.connection.add_s(self.base, [("objectClass", [b"organizationalUnit"])])

    def dn(self, uid: str) -> str:
        return f"uid={uid},{self.base}"

    def add(self, uid: str, **values: str | list[bytes]) -> str:
        listed = [(name, value if isinstance(value, list) else [value.encode()]) for name, value in values.items()]
        own = [("objectClass", [b"inetOrgPerson"]), ("cn", [uid.encode()]), ("sn", [b"x"])]
        self.connection.add_s(self.dn(uid), own + listed)
        return self.dn(uid)

    def config(self, **changes: object) -> DirectoryConfig:
        settings = {"kind": "generic", "anchor_attribute": "employeeNumber", "base_dn": self.base}
        return self._make_config(**{**settings, **changes})


@pytest.fixture
def place(openldap: OpenLdap, branch: str, make_config: MakeConfig) -> Iterator[Place]:
    place = Place(openldap, branch, make_config)
    yield place
    place.connection.unbind_s()


def read(config: DirectoryConfig) -> dict[str, RemoteRecord]:
    with open_session(config) as session:
        return {record.anchor: record for page in session.pages(["cn"], now=NOW) for record in page}


def test_people_are_told_apart_by_the_chosen_attribute(place: Place) -> None:
    place.add("anna", employeeNumber="1042")
    place.add("boris", employeeNumber="A*(7)\\")

    assert {anchor: record.attributes["cn"] for anchor, record in read(place.config()).items()} == {
        "1042": [b"anna"],
        "A*(7)\\": [b"boris"],
    }


def test_bytes_can_tell_people_apart(place: Place) -> None:
    place.add("anna", employeeNumber="1", jpegPhoto=[b"\x00\xff\x01"])

    assert set(read(place.config(anchor_attribute="jpegPhoto"))) == {"hex:00ff01"}


def test_without_a_choice_entry_uuid_serves(place: Place) -> None:
    place.add("anna", employeeNumber="1042")

    ((anchor, _record),) = read(place.config(anchor_attribute="")).items()
    assert len(anchor) == 36


@pytest.mark.promise(4)
def test_two_entries_with_one_id_fail_the_read(place: Place) -> None:
    one, other = place.add("anna", employeeNumber="1042"), place.add("boris", employeeNumber="1042")

    with refusal(DirectoryError, "anchor_twice") as errors:
        read(place.config())

    assert {errors[0].params["dn"], errors[0].params["other"]} == {one, other}
    assert (errors[0].params["attribute"], errors[0].params["value"]) == ("employeeNumber", "1042")


@pytest.mark.promise(4)
def test_entry_without_the_id_fails_the_read(place: Place) -> None:
    place.add("anna", employeeNumber="1042")
    nameless = place.add("printer")

    with refusal(DirectoryError, "chosen_anchor_missing") as errors:
        read(place.config())

    assert errors[0].params["dn"] == nameless


@pytest.mark.promise(4)
def test_entry_with_two_ids_fails_the_read(place: Place) -> None:
    place.add("anna", mail=[b"anna@corp.example", b"anna@home.example"])

    with refusal(DirectoryError, "anchor_several_values"):
        read(place.config(anchor_attribute="mail"))


def test_misspelt_id_attribute_is_refused_before_anybody_is_read(place: Place) -> None:
    with refusal(ConfigurationError, "anchor_attribute_unknown"):
        read(place.config(anchor_attribute="employeNumber"))


def test_known_kind_keeps_its_own_id(place: Place) -> None:
    with refusal(ConfigurationError, "anchor_for_generic_only"):
        read(place.config(kind="openldap"))


def test_account_that_is_no_dn_is_refused_before_anything_is_sent(place: Place) -> None:
    before = place._server.operations()["Bind"]

    with refusal(ConfigurationError, "account_not_a_dn"):
        read(place.config(bind_dn="CORP\\sync"))

    assert place._server.operations()["Bind"] == before + 1  # that of the question itself


def test_rule_switches_people_off(place: Place) -> None:
    place.add("anna", employeeNumber="1", employeeType="Driver")
    place.add("boris", employeeNumber="2", employeeType="Former")
    place.add("clara", employeeNumber="3")

    records = read(place.config(disabled_when=DisabledRule("employeetype", "former")))

    assert {anchor: record.state for anchor, record in records.items()} == {
        "1": State.ACTIVE,
        "2": State.DISABLED,
        "3": State.ACTIVE,
    }


def test_rule_serves_known_kinds_too(place: Place) -> None:
    place.add("boris", employeeType="former")

    records = read(
        place.config(kind="openldap", anchor_attribute="", disabled_when=DisabledRule("employeeType", "former"))
    )

    assert [record.state for record in records.values()] == [State.DISABLED]


def test_rule_with_a_misspelt_attribute_is_refused(place: Place) -> None:
    """It would find nobody, and everybody would count as active."""
    with refusal(ConfigurationError, "disabled_attribute_unknown"):
        read(place.config(disabled_when=DisabledRule("employeType", "former")))


# Looking for single people


def test_person_who_was_moved_is_found_by_the_chosen_id(place: Place) -> None:
    dn = place.add("anna", employeeNumber="A*(7)\\")
    place.connection.add_s(f"ou=left,{place.base}", [("objectClass", [b"organizationalUnit"])])
    place.connection.rename_s(dn, "uid=anna2", f"ou=left,{place.base}")

    with open_session(place.config()) as session:
        found = dict(session.fetch([("A*(7)\\", dn)], ["cn"], now=NOW))

    record = found["A*(7)\\"]
    assert record is not None
    assert record.dn == f"uid=anna2,ou=left,{place.base}"


def test_dn_that_somebody_without_an_id_has_by_now_is_not_his(place: Place) -> None:
    dn = place.add("anna")

    with open_session(place.config()) as session:
        assert dict(session.fetch([("no such id", dn)], ["cn"], now=NOW)) == {"no such id": None}


def test_two_strangers_elsewhere_are_neither_ours_nor_in_the_way(place: Place) -> None:
    elsewhere = f"ou=elsewhere,{place.base}"
    place.connection.add_s(elsewhere, [("objectClass", [b"organizationalUnit"])])
    place.connection.add_s(f"ou=here,{place.base}", [("objectClass", [b"organizationalUnit"])])
    for uid in ("anna", "boris"):
        place.connection.rename_s(place.add(uid, employeeNumber="stranger"), f"uid={uid}", elsewhere)

    with open_session(place.config(search_bases=(f"ou=here,{place.base}",))) as session:
        assert dict(session.fetch([("stranger", "")], ["cn"], now=NOW)) == {"stranger": None}


def test_nobody_is_picked_of_two_with_one_id(place: Place) -> None:
    place.add("anna", employeeNumber="1042")
    place.add("boris", employeeNumber="1042")

    with open_session(place.config()) as session, refusal(DirectoryError, "anchor_twice"):
        list(session.fetch([("1042", "")], ["cn"], now=NOW))


def test_write_goes_to_the_entry_with_the_id_wherever_it_is(place: Place, openldap: OpenLdap) -> None:
    dn = place.add("anna", employeeNumber="1042", telephoneNumber="215")
    place.connection.rename_s(dn, "uid=anna-new", place.base)
    job = WriteJob("1042", dn, lambda record: [AttributeWrite("telephoneNumber", b"215", b"216")])

    with open_session(place.config(bind_dn=openldap.writer_dn)) as session:
        (result,) = session.write([job], ["telephoneNumber"], now=NOW)

    assert "telephoneNumber" in result.written
    ((_dn, found),) = place.connection.search_s(place.dn("anna-new"), ldap.SCOPE_BASE, attrlist=["telephoneNumber"])
    assert found == {"telephoneNumber": [b"216"]}


def test_bases_are_remembered_by_the_id_that_units_have(place: Place) -> None:
    """A unit has no personnel number, but a server may well give it an entryUUID."""
    with open_session(place.config()) as session:
        ((_base, anchor),) = session.scope().bases.items()

        assert session.find_base(anchor) == place.base
