"""Reading people from a real server: all of it, or an error that says why."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from fixtures.openldap import OpenLdap
from syncapp.core.records import RemoteRecord
from syncapp.core.vocabulary import State
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.connection import open_directory
from syncapp.directory.search import count_people, iter_pages
from syncapp.exceptions import (
    ConfigurationError,
    DirectoryError,
    DirectoryUnavailableError,
    IncompleteReadError,
)
from tests.directory import servers
from tests.directory.conftest import MakeConfig
from tests.directory.expect import refusal
from tests.directory.people import account, entry, person, unit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MANY = 1_200
ODD_UNIT = "ou=Отдел\\, R\\+D"


def read(config: DirectoryConfig, *attributes: str, streams: bool = False) -> list[RemoteRecord]:
    with open_directory(config) as directory:
        pages = iter_pages(directory, config, attributes, now=NOW, streams=streams)
        return [record for page in pages for record in page]


both_ways = pytest.mark.parametrize("streams", [False, True], ids=["in pages", "as one stream"])


def uids(records: Sequence[RemoteRecord]) -> list[str]:
    return sorted(record.attributes["uid"][0].decode() for record in records)


@pytest.fixture(scope="module")
def tree(openldap: OpenLdap, branch: str) -> str:
    """Two units, one with another inside, and a crowd in a third."""
    sales, inner, odd, crowd = (
        f"ou=sales,{branch}",
        f"ou=inner,ou=sales,{branch}",
        f"{ODD_UNIT},{branch}",
        f"ou=crowd,{branch}",
    )
    openldap.load(
        "".join(
            [
                unit(sales),
                person(f"uid=anna,{sales}", uid="anna", departmentNumber="Sales (North)"),
                person(f"uid=boris,{sales}", uid="boris", departmentNumber="R*D", employeeType="robot"),
                unit(inner),
                person(f"uid=clara,{inner}", uid="clara", departmentNumber="back\\slash"),
                unit(odd),
                person(f"uid=dmitri,{odd}", uid="dmitri", departmentNumber="Склад №1"),
                entry(f"cn=printer,{sales}", objectClass="device", serialNumber="1"),
                unit(crowd),
                *(person(f"uid=n{number},{crowd}", uid=f"n{number}", description="x" * 200) for number in range(MANY)),
            ]
        )
    )
    return branch


def test_people_of_a_base_come_and_devices_do_not(tree: str, make_config: MakeConfig) -> None:
    assert uids(read(make_config(base_dn=f"ou=sales,{tree}"), "uid")) == ["anna", "boris", "clara"]


def test_one_base_inside_another_is_read_once(tree: str, make_config: MakeConfig) -> None:
    config = make_config(search_bases=(f"ou=inner,ou=sales,{tree}", f"OU=Sales,{tree}"))

    assert uids(read(config, "uid")) == ["anna", "boris", "clara"]


def test_bases_join_by_or(tree: str, make_config: MakeConfig) -> None:
    config = make_config(search_bases=(f"ou=inner,ou=sales,{tree}", f"{ODD_UNIT},{tree}"))

    assert uids(read(config, "uid")) == ["clara", "dmitri"]


def test_unit_with_comma_plus_and_cyrillic_letters(tree: str, make_config: MakeConfig) -> None:
    [record] = read(make_config(search_bases=(f"{ODD_UNIT},{tree}",)), "uid")

    assert "Отдел" in record.dn


def test_crowd_comes_page_by_page_and_complete(tree: str, make_config: MakeConfig) -> None:
    config = make_config(base_dn=f"ou=crowd,{tree}")
    with open_directory(config) as directory:
        sizes = [len(page) for page in iter_pages(directory, config, ["uid"], now=NOW)]

    assert sizes == [500, 500, 200]


def test_anchors_are_all_different(tree: str, make_config: MakeConfig) -> None:
    records = read(make_config(base_dn=f"ou=crowd,{tree}"))

    assert len({record.anchor for record in records}) == MANY


def test_nobody_found_is_no_error(tree: str, make_config: MakeConfig) -> None:
    assert read(make_config(base_dn=tree, user_filter="(uid=nobody)"), "uid") == []


DEPARTMENTS = {
    # id: department, who
    "brackets": ("Sales (North)", ["anna"]),
    "asterisk": ("R*D", ["boris"]),
    "backslash": ("back\\slash", ["clara"]),
    "cyrillic_in_another_case": ("СКЛАД №1", ["dmitri"]),
    "asterisk_alone_is_no_wildcard": ("*", []),
    "injected_clause": ("x)(uid=*", []),
    "injected_end": ("*))(|(uid=*", []),
    "injected_escape": ("\\2a", []),
    "nul": ("x\0", []),
}


@pytest.mark.parametrize(("department", "expected"), DEPARTMENTS.values(), ids=DEPARTMENTS.keys())
def test_departments_are_taken_literally(
    department: str, expected: list[str], tree: str, make_config: MakeConfig
) -> None:
    config = make_config(base_dn=tree, department_attribute="departmentNumber", departments=(department,))

    assert uids(read(config, "uid")) == expected


def test_departments_join_by_or(tree: str, make_config: MakeConfig) -> None:
    config = make_config(
        base_dn=tree, department_attribute="departmentNumber", departments=("Sales (North)", "Склад №1")
    )

    assert uids(read(config, "uid")) == ["anna", "dmitri"]


def test_base_departments_and_filter_join_by_and(tree: str, make_config: MakeConfig) -> None:
    config = make_config(
        base_dn=f"ou=sales,{tree}",
        department_attribute="departmentNumber",
        departments=("Sales (North)", "R*D", "Склад №1"),
        user_filter=" (!(employeeType=robot)) ",
    )

    assert uids(read(config, "uid")) == ["anna"]


UNKNOWN = {
    # id: changes, mapped attributes, code
    "in_the_filter": ({"user_filter": "(!(employeType=robot))"}, ["uid"], "filter_attribute_unknown"),
    "deep_in_the_filter": ({"user_filter": "(|(uid=a)(&(!(x-y:dn:=b))(uid=c)))"}, ["uid"], "filter_attribute_unknown"),
    "in_the_mapping": ({}, ["uid", "telefoneNumber"], "mapping_attribute_unknown"),
    "as_department": (
        {"department_attribute": "departement", "departments": ("Sales",)},
        ["uid"],
        "department_attribute_unknown",
    ),
    "everything": ({}, ["*"], "attribute_malformed"),
    "operational": ({}, ["+"], "attribute_malformed"),
    "nothing": ({}, ["1.1"], "attribute_malformed"),
    "a_filter": ({}, ["uid)(cn"], "attribute_malformed"),
}


@pytest.mark.parametrize(("changes", "mapped", "code"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_attribute_that_the_server_does_not_know(
    changes: dict[str, object], mapped: list[str], code: str, make_config: MakeConfig
) -> None:
    with refusal(ConfigurationError, code):
        read(make_config(**changes), *mapped)


SPELLED = {
    # id: changes, mapped attributes, what the message names
    "filter": ({"user_filter": "(employeType=robot)"}, ["uid"], ("attributes", ["employeType"])),
    "mapping": ({}, ["telefoneNumber"], ("attributes", ["telefoneNumber"])),
    "department": (
        {"department_attribute": "departementNumber", "departments": ("Sales",)},
        ["uid"],
        ("attribute", "departementNumber"),
    ),
}


@pytest.mark.parametrize(("changes", "mapped", "named"), SPELLED.values(), ids=SPELLED.keys())
def test_unknown_attribute_is_named_as_it_was_typed(
    changes: dict[str, object], mapped: list[str], named: tuple[str, object], make_config: MakeConfig
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(make_config(**changes), *mapped)

    assert named in caught.value.params.items()


def test_settings_are_refused_before_the_first_page_is_asked_for(make_config: MakeConfig) -> None:
    config = make_config()
    with open_directory(config) as directory, refusal(ConfigurationError, "mapping_attribute_unknown"):
        iter_pages(directory, config, ["telefoneNumber"], now=NOW)


def test_schema_that_is_hidden_is_noted_and_does_not_stop(make_config: MakeConfig) -> None:
    with OpenLdap(global_config='access to dn.base="cn=Subschema" by * none') as server:
        config = make_config(uris=(server.uri,), bind_dn="", bind_password="")
        with open_directory(config) as directory:
            codes = [note.code for note in directory.notes]

    assert codes == ["schema_unreadable"]


def test_answers_come_under_the_name_that_was_asked_for(
    branch: str, openldap: OpenLdap, make_config: MakeConfig
) -> None:
    unit_dn = f"ou=names,{branch}"
    openldap.load(unit(unit_dn) + person(f"uid=anna,{unit_dn}", sn="Ivanova", mobile="+7 900 1", displayName="Anna"))

    [record] = read(make_config(base_dn=unit_dn), "Surname", "sn", "mobileTelephoneNumber", "DISPLAYNAME", "title")

    assert record.attributes == {
        "surname": [b"Ivanova"],
        "sn": [b"Ivanova"],
        "mobiletelephonenumber": [b"+7 900 1"],
        "displayname": [b"Anna"],
    }


def test_variants_with_options_are_not_mixed_in(branch: str, openldap: OpenLdap, make_config: MakeConfig) -> None:
    unit_dn = f"ou=options,{branch}"
    openldap.load(unit(unit_dn) + person(f"uid=a,{unit_dn}", displayName="Anna", **{"displayName;lang-ru": "x"}))

    [record] = read(make_config(base_dn=unit_dn), "displayName")

    assert record.attributes == {"displayname": [b"Anna"]}


def test_bytes_that_are_no_text_survive(branch: str, openldap: OpenLdap, make_config: MakeConfig) -> None:
    unit_dn, raw = f"ou=bytes,{branch}", b"\xff\xfe\x00\xd0"
    openldap.load(unit(unit_dn) + person(f"uid=a,{unit_dn}", jpegPhoto=raw, mail=["b@x.test", "a@x.test"]))

    [record] = read(make_config(base_dn=unit_dn), "jpegPhoto", "mail")

    assert record.attributes == {"jpegphoto": [raw], "mail": [b"b@x.test", b"a@x.test"]}


def test_state_comes_with_the_person(branch: str, openldap: OpenLdap, make_config: MakeConfig) -> None:
    unit_dn = f"ou=states,{branch}"
    openldap.load(
        unit(unit_dn)
        + person(f"uid=a,{unit_dn}", uid="a", pwdAccountLockedTime="000001010000Z")
        + person(f"uid=b,{unit_dn}", uid="b", objectClass=["inetOrgPerson", "shadowAccount"], shadowExpire="20000")
        + person(f"uid=c,{unit_dn}", uid="c")
    )

    records = read(make_config(base_dn=unit_dn), "uid")

    assert {record.attributes["uid"][0]: record.state for record in records} == {
        b"a": State.DISABLED,
        b"b": State.EXPIRED,
        b"c": State.ACTIVE,
    }


def test_referrals_are_no_people(branch: str, openldap: OpenLdap, make_config: MakeConfig) -> None:
    unit_dn = f"ou=referrals,{branch}"
    openldap.load(
        unit(unit_dn)
        + person(f"uid=a,{unit_dn}", uid="a")
        + entry(
            f"ou=elsewhere,{unit_dn}",
            objectClass=["referral", "extensibleObject"],
            ref="ldap://127.0.0.1:1/ou=elsewhere,dc=other",
        )
    )

    assert uids(read(make_config(base_dn=unit_dn), "uid")) == ["a"]


BASES = {
    # id: base, code, parameters
    "parent_exists": ("ou=saless,{tree}", "base_not_found", {"nearest": "{tree}"}),
    "nothing_exists": ("ou=people,dc=other,dc=test", "base_not_here", {"contexts": "dc=example,dc=test"}),
}


@pytest.mark.parametrize(("base", "code", "params"), BASES.values(), ids=BASES.keys())
def test_base_that_is_not_there(
    base: str, code: str, params: dict[str, object], tree: str, make_config: MakeConfig
) -> None:
    with refusal(ConfigurationError, code) as caught:
        read(make_config(base_dn=base.format(tree=tree)), "uid")

    expected = {name: value.format(tree=tree) if isinstance(value, str) else value for name, value in params.items()}
    assert expected.items() <= caught[0].params.items()


@pytest.mark.promise(4)
def test_one_of_several_bases_missing_fails_the_read(tree: str, make_config: MakeConfig) -> None:
    config = make_config(search_bases=(f"ou=sales,{tree}", f"ou=gone,{tree}"))

    with refusal(ConfigurationError, "base_not_found"):
        read(config, "uid")


def test_entry_without_the_immutable_id_is_an_error(tree: str, make_config: MakeConfig) -> None:
    with refusal(DirectoryError, "entry_without_anchor"):
        read(make_config(base_dn=tree, kind="389ds"), "uid")


@pytest.fixture(scope="module")
def reader(openldap: OpenLdap, branch: str) -> tuple[str, str]:
    """An account without the service account's freedom."""
    dn, password = f"cn=reader,{branch}", "reader"
    openldap.load(account(dn, password))
    return dn, password


@both_ways
@pytest.mark.promise(4)
def test_size_limit_reached_is_incomplete(
    streams: bool, tree: str, reader: tuple[str, str], make_config: MakeConfig
) -> None:
    config = make_config(base_dn=tree, bind_dn=reader[0], bind_password=reader[1])

    with refusal(IncompleteReadError, "size_limit_openldap") as caught:
        read(config, "uid", streams=streams)

    assert caught[0].params["account"] == reader[0]


LIMITS = {
    # id: limits of an account in slapd.conf
    "page_too_big": "size.pr=100",
    "paging_forbidden": "size.prtotal=disabled",
    "few_in_total": "size.prtotal=3",
}


@pytest.mark.promise(4)
@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS.keys())
def test_limits_on_paging_are_incomplete(limits: str, make_config: MakeConfig) -> None:
    dn = "cn=reader,dc=example,dc=test"
    with OpenLdap(database_config=f'limits dn.exact="{dn}" {limits}') as server:
        people = (person(f"uid=n{number},{server.suffix}", uid=f"n{number}") for number in range(5))
        server.load(account(dn, "reader") + "".join(people))
        config = make_config(uris=(server.uri,), bind_dn=dn, bind_password="reader")

        with refusal(IncompleteReadError, "size_limit_openldap"):
            read(config, "uid")


@pytest.mark.promise(4)
@pytest.mark.parametrize("limits", ["size=50 size.prtotal=unlimited", "size=unlimited", "size=50 size.prtotal=100"])
def test_stream_that_a_limit_ends_goes_on_in_pages_with_everybody_once(limits: str, make_config: MakeConfig) -> None:
    dn, many = "cn=reader,dc=example,dc=test", 120
    with OpenLdap(database_config=f'limits dn.exact="{dn}" {limits}') as server:
        people = (person(f"uid=n{number:03},{server.suffix}", uid=f"n{number:03}") for number in range(many))
        server.load(account(dn, "reader") + "".join(people))
        config = make_config(uris=(server.uri,), bind_dn=dn, bind_password="reader", page_size=50)

        if "prtotal=100" in limits:
            with refusal(IncompleteReadError, "size_limit_openldap"):
                read(config, "uid", streams=True)
        else:
            assert uids(read(config, "uid", streams=True)) == [f"n{number:03}" for number in range(many)]


@both_ways
@pytest.mark.promise(4)
def test_connection_lost_in_the_middle(streams: bool, tree: str, openldap: OpenLdap, make_config: MakeConfig) -> None:
    port = int(openldap.uri.rpartition(":")[2])
    with servers.proxy(port, lose_after=300_000) as lossy:
        config = make_config(uris=(f"ldap://127.0.0.1:{lossy}",), base_dn=f"ou=crowd,{tree}")

        with refusal(DirectoryUnavailableError, "connection_lost"):
            read(config, "uid", "description", streams=streams)


@both_ways
@pytest.mark.promise(4)
def test_server_falls_silent_in_the_middle(
    streams: bool, tree: str, openldap: OpenLdap, make_config: MakeConfig
) -> None:
    port = int(openldap.uri.rpartition(":")[2])
    with servers.proxy(port, stall_after=300_000) as stalling:
        config = make_config(uris=(f"ldap://127.0.0.1:{stalling}",), base_dn=f"ou=crowd,{tree}", operation_timeout=1.0)

        with refusal(DirectoryUnavailableError, "answer_timeout"):
            read(config, "uid", "description", streams=streams)


@pytest.mark.promise(4)
def test_server_that_ignores_paging_is_not_believed(tree: str, openldap: OpenLdap, make_config: MakeConfig) -> None:
    def forget_control(data: bytes) -> bytes:
        return data.replace(b"1.2.840.113556.1.4.319", b"1.2.840.113556.1.4.000")

    port = int(openldap.uri.rpartition(":")[2])
    with servers.proxy(port, forward=forget_control) as forgetful:
        config = make_config(uris=(f"ldap://127.0.0.1:{forgetful}",), base_dn=f"ou=sales,{tree}")

        with refusal(IncompleteReadError, "paging_ignored"):
            read(config, "uid")


@both_ways
def test_operations_grow_with_pages_and_not_with_people(streams: bool, make_config: MakeConfig) -> None:
    with OpenLdap() as server:
        server.load("".join(person(f"uid=n{number},{server.suffix}", uid=f"n{number}") for number in range(1_001)))
        config = make_config(uris=(server.uri,), bind_dn=server.service_dn, bind_password=server.service_password)
        before = server.operations()

        assert len(read(config, "uid", streams=streams)) == 1_001

        after = server.operations()

    # The counter's own connection adds a bind and a search.
    done = {name: after[name] - before[name] - (name in ("Bind", "Search")) for name in ("Bind", "Search", "Modify")}
    greeting, root_dse, schema, pages = 1, 1, 1, 1 if streams else 3
    assert done == {"Bind": 1, "Search": greeting + root_dse + schema + pages, "Modify": 0}


@pytest.mark.promise(6)
def test_reading_writes_nothing(tree: str, openldap: OpenLdap, make_config: MakeConfig) -> None:
    before = openldap.modifications()

    read(make_config(base_dn=tree), "uid")

    assert openldap.modifications() == before


def test_count_people_counts_who_has_a_value(tree: str, make_config: MakeConfig) -> None:
    config = make_config(base_dn=tree)
    with open_directory(config) as directory:
        counts = list(count_people(directory, config, with_attribute="departmentNumber"))

    assert sum(counts) == 4
