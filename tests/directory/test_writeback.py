"""Writing to a real server: conditional, in flight together, and every refusal in words."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import ldap
import pytest

from fixtures.openldap import OpenLdap
from syncapp.core.records import RemoteRecord
from syncapp.core.vocabulary import RefusalKind
from syncapp.core.writes import AttributeWrite, WriteJob, WriteResult
from syncapp.directory.connection import open_directory
from syncapp.directory.session import DirectorySession, open_session
from syncapp.directory.writeback import WIDE
from syncapp.exceptions import DirectoryUnavailableError
from tests.directory import servers
from tests.directory.conftest import MakeConfig

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ATTRIBUTES = ("telephoneNumber", "mobile", "title", "jpegPhoto", "uid", "description")
_numbers = count(1)

Prepare = Callable[[RemoteRecord], Sequence[AttributeWrite]]


class People:
    """People of a test's own on the shared server."""

    def __init__(self, openldap: OpenLdap, branch: str) -> None:
        self.ldap, self.branch = openldap.connect(), branch

    def add(self, **attributes: Any) -> str:
        uid = f"w{next(_numbers)}"
        dn = f"uid={uid},{self.branch}"
        values = {"cn": uid, "sn": "x", "uid": uid, **attributes}
        self.ldap.add_s(
            dn, [("objectClass", [b"inetOrgPerson"]), *((name, _bytes(value)) for name, value in values.items())]
        )
        return dn

    def anchor(self, dn: str) -> str:
        return self._read(dn, "entryUUID")[0].decode()

    def values(self, dn: str, attribute: str) -> list[bytes]:
        return self._read(dn, attribute)

    def change(self, dn: str, attribute: str, *values: bytes) -> None:
        self.ldap.modify_s(dn, [(ldap.MOD_REPLACE, attribute, list(values) or None)])

    def job(self, dn: str, prepare: Prepare | None = None, **news: str | bytes | None) -> WriteJob:
        """Put new values in the place of the first that is read; or do what `prepare` says."""
        return WriteJob(self.anchor(dn), dn, prepare or (lambda record: replacing(record, **news)))

    def _read(self, dn: str, attribute: str) -> list[bytes]:
        ((_dn, found),) = self.ldap.search_s(dn, ldap.SCOPE_BASE, attrlist=[attribute])
        return list(found.get(attribute, []))


def _bytes(value: Any) -> list[bytes]:
    return [
        each.encode() if isinstance(each, str) else each for each in (value if isinstance(value, list) else [value])
    ]


def replacing(record: RemoteRecord, **news: str | bytes | None) -> list[AttributeWrite]:
    writes = []
    for name, new in news.items():
        present = record.attributes.get(name.lower(), [])
        raw = new.encode() if isinstance(new, str) else new
        writes.append(AttributeWrite(name, present[0] if present else None, raw, tuple(present[1:])))
    return writes


@pytest.fixture
def people(openldap: OpenLdap, branch: str) -> People:
    return People(openldap, branch)


@pytest.fixture
def session(openldap: OpenLdap, make_config: MakeConfig) -> Iterator[DirectorySession]:
    with open_session(make_config(bind_dn=openldap.writer_dn)) as opened:
        yield opened


def write(session: DirectorySession, *jobs: WriteJob) -> list[WriteResult]:
    return list(session.write(jobs, ATTRIBUTES, now=NOW))


def test_replaces_what_was_read_and_reads_back(people: People, session: DirectorySession) -> None:
    dn = people.add(telephoneNumber="215", mobile="+79161234567")

    (result,) = write(session, people.job(dn, telephoneNumber="301", title="Chief"))

    assert result.written == {"telephoneNumber", "title"}
    assert people.values(dn, "telephoneNumber") == [b"301"]
    assert people.values(dn, "mobile") == [b"+79161234567"]
    assert result.before is not None
    assert result.before.attributes["telephonenumber"] == [b"215"]
    assert result.after is not None
    assert result.after.attributes["telephonenumber"] == [b"301"]
    assert result.after.attributes["title"] == [b"Chief"]


def test_server_that_dies_of_many_writes_at_once_gets_one_after_the_other(
    openldap: OpenLdap, people: People, make_config: MakeConfig
) -> None:
    """ns-slapd with Content Synchronization died of a refused write among others that were under way."""
    dns = [people.add(telephoneNumber="215") for _ in range(5)]
    jobs = [people.job(dn, telephoneNumber="301") for dn in dns]
    begun = []

    def one_after_the_other() -> Iterator[WriteJob]:
        for job in jobs:
            begun.append(job)
            yield job

    with open_directory(make_config(bind_dn=openldap.writer_dn)) as directory:
        listed = directory.root_dse["supportedcontrol"][0].decode()
        fragile = replace(directory, profile=replace(directory.profile, one_write_with=listed))
        session = DirectorySession(fragile, make_config(bind_dn=openldap.writer_dn))
        results = session.write(one_after_the_other(), ATTRIBUTES, now=NOW)
        assert [(result.written, len(begun)) for result in results] == [
            ({"telephoneNumber"}, number) for number in range(1, 6)
        ]


def test_one_modify_for_each_entry(openldap: OpenLdap, people: People, session: DirectorySession) -> None:
    dns = [people.add(telephoneNumber="215", title="a") for _ in range(5)]
    jobs = [people.job(dn, telephoneNumber="301", title="b", mobile="+79161234567") for dn in dns]
    before = openldap.operations()["Modify"]

    results = write(session, *jobs)

    assert [result.written for result in results] == [{"telephoneNumber", "title", "mobile"}] * 5
    assert openldap.operations()["Modify"] - before == 5


def test_empties_an_attribute(people: People, session: DirectorySession) -> None:
    dn = people.add(mobile="+79161234567")

    (result,) = write(session, people.job(dn, mobile=None))

    assert result.written == {"mobile"}
    assert people.values(dn, "mobile") == []


def test_other_values_of_an_attribute_stay(people: People, session: DirectorySession) -> None:
    dn = people.add(telephoneNumber=["215", "+7 495 123-45-67", "0000"])

    write(session, people.job(dn, telephoneNumber="301"))

    assert sorted(people.values(dn, "telephoneNumber")) == [b"+7 495 123-45-67", b"0000", b"301"]


def test_nothing_to_write_sends_nothing(openldap: OpenLdap, people: People, session: DirectorySession) -> None:
    job = people.job(people.add(), lambda _record: [])
    before = openldap.operations()["Modify"]

    (result,) = write(session, job)

    assert (result.written, result.refused, result.drifted) == (frozenset(), {}, frozenset())
    assert result.before is not None
    assert openldap.operations()["Modify"] == before


CHANGED_MEANWHILE: dict[str, tuple[dict[str, Any], str, list[bytes]]] = {
    # id: values at first, attribute, what somebody else makes of it between our read and our write
    "replaced": ({"telephoneNumber": "215"}, "telephoneNumber", [b"999"]),
    "emptied": ({"telephoneNumber": "215"}, "telephoneNumber", []),
    "filled_with_our_value": ({}, "telephoneNumber", [b"301"]),
    "picture_replaced": ({"jpegPhoto": b"one"}, "jpegPhoto", [b"two"]),
    "picture_filled": ({}, "jpegPhoto", [b"two"]),
}


@pytest.mark.parametrize("case", CHANGED_MEANWHILE.values(), ids=CHANGED_MEANWHILE.keys())
def test_an_edit_in_between_survives(
    people: People, session: DirectorySession, case: tuple[dict[str, Any], str, list[bytes]]
) -> None:
    values, attribute, theirs = case
    dn = people.add(**values)

    def prepare(record: RemoteRecord) -> list[AttributeWrite]:
        writes = replacing(record, **{attribute: b"301"})
        people.change(dn, attribute, *theirs)
        return writes

    (result,) = write(session, people.job(dn, prepare))

    assert people.values(dn, attribute) == theirs
    assert result.drifted == {attribute}
    assert not result.written
    assert not result.refused
    assert result.after is not None
    assert result.after.attributes.get(attribute.lower(), []) == theirs


def test_a_second_value_for_an_attribute_that_takes_one_is_drift(people: People, session: DirectorySession) -> None:
    dn = people.add()

    def prepare(record: RemoteRecord) -> list[AttributeWrite]:
        people.change(dn, "preferredLanguage", b"de")
        return replacing(record, preferredLanguage="ru")

    (result,) = list(session.write([people.job(dn, prepare)], ["preferredLanguage"], now=NOW))

    assert result.drifted == {"preferredLanguage"}
    assert people.values(dn, "preferredLanguage") == [b"de"]


def test_drift_of_one_attribute_leaves_the_others_to_go_out(people: People, session: DirectorySession) -> None:
    dn = people.add(telephoneNumber="215", title="a")

    def prepare(record: RemoteRecord) -> list[AttributeWrite]:
        people.change(dn, "title", b"theirs")
        return replacing(record, telephoneNumber="301", title="ours")

    (result,) = write(session, people.job(dn, prepare))

    assert (result.written, result.drifted) == ({"telephoneNumber"}, {"title"})
    assert people.values(dn, "title") == [b"theirs"]


def test_pictures_are_replaced(people: People, session: DirectorySession) -> None:
    dn = people.add(jpegPhoto=b"old")

    (result,) = write(session, people.job(dn, jpegPhoto=b"\xff\xd8new"))

    assert result.written == {"jpegPhoto"}
    assert people.values(dn, "jpegPhoto") == [b"\xff\xd8new"]


def _move(people: People, dn: str) -> str:
    rdn = dn.partition(",")[0]
    other = f"ou=moved{next(_numbers)},{people.branch}"
    people.ldap.add_s(other, [("objectClass", [b"organizationalUnit"]), ("ou", [other[3:].partition(",")[0].encode()])])
    people.ldap.rename_s(dn, rdn, newsuperior=other)
    return f"{rdn},{other}"


def test_an_entry_that_moved_is_found_by_its_anchor(people: People, session: DirectorySession) -> None:
    dn = people.add(title="a")
    job = people.job(dn, title="b")
    moved = _move(people, dn)

    (result,) = write(session, job)

    assert result.written == {"title"}
    assert people.values(moved, "title") == [b"b"]


def test_an_entry_that_moves_between_read_and_write(people: People, session: DirectorySession) -> None:
    dn = people.add(title="a")
    moved: list[str] = []

    def prepare(record: RemoteRecord) -> list[AttributeWrite]:
        if not moved:
            moved.append(_move(people, dn))
        return replacing(record, title="b", mobile="+79161234567")

    (result,) = write(session, people.job(dn, prepare))

    assert result.written == {"title", "mobile"}
    assert people.values(moved[0], "title") == [b"b"]


def test_whoever_has_the_dn_by_now_is_left_alone(people: People, session: DirectorySession) -> None:
    dn = people.add(title="a")
    job = people.job(dn, title="b")
    uid = dn.partition(",")[0].removeprefix("uid=")
    people.ldap.delete_s(dn)
    people.ldap.add_s(
        dn, [("objectClass", [b"inetOrgPerson"]), ("cn", [b"y"]), ("sn", [b"y"]), ("uid", [uid.encode()])]
    )

    (result,) = write(session, job)

    assert result.before is None
    assert people.values(dn, "title") == []


def test_an_entry_that_is_deleted_between_read_and_write(people: People, session: DirectorySession) -> None:
    dn = people.add(title="a")

    def prepare(record: RemoteRecord) -> list[AttributeWrite]:
        people.ldap.delete_s(dn)
        return replacing(record, title="b")

    (result,) = write(session, people.job(dn, prepare))

    assert (result.before, result.written, result.refused) == (None, frozenset(), {})


REFUSED = {
    # id: attribute, value, code, kind
    "syntax": ("telephoneNumber", "доб. 12", "write_syntax", RefusalKind.VALUE),
    "bytes": ("title", b"\xff\xfe", "write_syntax", RefusalKind.VALUE),
    "too_long": ("c", "RUS", "write_syntax", RefusalKind.VALUE),
    "operational": ("createTimestamp", "20260101000000Z", "write_constraint", RefusalKind.VALUE),
    "unknown": ("noSuchAttribute", "1", "write_attribute_unknown", RefusalKind.RIGHT),
    "not_of_this_class": ("gidNumber", "1", "write_class_forbids", RefusalKind.VALUE),
    "names_the_entry": ("uid", "other", "write_names_the_entry", RefusalKind.VALUE),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_refusals_name_attribute_and_reason(
    people: People, session: DirectorySession, case: tuple[str, str | bytes, str, RefusalKind]
) -> None:
    attribute, value, code, kind = case
    dn = people.add()

    (result,) = write(session, people.job(dn, **{attribute: value}))

    (refused,) = result.refused.values()
    assert (refused.message.code, refused.kind) == (code, kind)
    assert refused.message.params["attribute"] == attribute
    assert refused.message.params["text"]


def test_one_refused_attribute_does_not_keep_the_others(people: People, session: DirectorySession) -> None:
    dn = people.add(telephoneNumber="215")

    (result,) = write(session, people.job(dn, title="b", telephoneNumber="доб. 1", mobile="+79161234567"))

    assert result.written == {"title", "mobile"}
    assert set(result.refused) == {"telephoneNumber"}
    assert people.values(dn, "telephoneNumber") == [b"215"]


def test_no_right(openldap: OpenLdap, people: People, make_config: MakeConfig) -> None:
    dn = people.add(title="a")
    with open_session(make_config()) as session:  # the account that may read
        (result,) = write(session, people.job(dn, title="b"))

    refused = result.refused["title"]
    assert (refused.kind, refused.message.code) == (RefusalKind.RIGHT, "write_no_right")
    assert refused.message.params["account"] == openldap.service_dn
    assert people.values(dn, "title") == [b"a"]


@pytest.fixture(scope="module")
def strict() -> Iterator[OpenLdap]:
    """A server on which the writer may write `mobile` and nothing else, and whose operations nobody else adds to."""
    rule = 'access to attrs=title by dn.exact="cn=writer,dc=example,dc=test" read by users read\n'
    with OpenLdap(database_config=rule) as server:
        yield server


@pytest.fixture
def strict_people(strict: OpenLdap) -> People:
    connection = strict.connect()
    ou = f"u{next(_numbers)}"
    branch = f"ou={ou},{strict.suffix}"
    connection.add_s(branch, [("objectClass", [b"organizationalUnit"]), ("ou", [ou.encode()])])
    return People(strict, branch)


def strict_config(strict: OpenLdap, make_config: MakeConfig, **changes: Any) -> Any:
    return make_config(
        **{
            "uris": (strict.uri,),
            "bind_dn": strict.writer_dn,
            "bind_password": strict.service_password,
            "base_dn": strict.suffix,
            **changes,
        }
    )


def test_a_right_that_is_missing_for_20_people_is_asked_for_no_more(
    strict: OpenLdap, strict_people: People, make_config: MakeConfig
) -> None:
    dns = [strict_people.add(title="a") for _ in range(60)]
    jobs = [strict_people.job(dn, title="b") for dn in dns]
    more = [strict_people.job(dn, title="b", mobile="+79161234567") for dn in dns[:5]]
    before = strict.operations()["Modify"]

    with open_session(strict_config(strict, make_config)) as session:
        results = write(session, *jobs)
        assert strict.operations()["Modify"] - before == 20
        later = write(session, *more)

    assert [result.refused["title"].message.code for result in results[:20]] == ["write_no_right"] * 20
    assert [result.left_out["title"].message.code for result in results[20:]] == ["write_no_right"] * 40
    assert set(session.dropped) == {"title"}
    assert [result.written for result in later] == [{"mobile"}] * 5


def test_a_right_that_somebody_has_is_asked_for_each_person(
    strict: OpenLdap, strict_people: People, make_config: MakeConfig
) -> None:
    """Rights may differ from unit to unit: refusals of some say nothing of the others."""
    allowed = strict_people.add(mobile="+79160000000")
    dns = [strict_people.add(title="a") for _ in range(30)]
    jobs = [strict_people.job(dn, title="b") for dn in dns]
    first = strict_people.job(allowed, mobile="+79161234567")

    with open_session(strict_config(strict, make_config)) as session:
        session._writer._proven.add("title")  # as after a write that went through
        write(session, first, *jobs)

        assert session.dropped == {}


def test_results_of_what_went_through_come_before_the_lost_connection(
    strict: OpenLdap, strict_people: People, make_config: MakeConfig
) -> None:
    dns = [strict_people.add(mobile=f"+7916{number:07}") for number in range(200)]
    jobs = [strict_people.job(dn, mobile=f"+7917{number:07}") for number, dn in enumerate(dns)]
    port = int(strict.uri.rpartition(":")[2])
    lose_after = _bytes_of_opening(strict, make_config) + 30_000
    begun: set[str] = set()

    def noted(job: WriteJob) -> WriteJob:
        def prepare(record: RemoteRecord) -> Sequence[AttributeWrite]:
            begun.add(job.anchor)
            return job.prepare(record)

        return job._replace(prepare=prepare)

    with servers.proxy(port, lose_after=lose_after) as own_port:
        config = strict_config(strict, make_config, uris=(f"ldap://127.0.0.1:{own_port}",))
        with open_session(config) as session:
            results = _collect(session.write(map(noted, jobs), ATTRIBUTES, now=NOW))

    said = {result.anchor for result in results if result.written}
    really = {job.anchor for job in jobs if strict_people.values(job.dn, "mobile")[0].startswith(b"+7917")}
    assert 0 < len(really) < 200
    assert said <= really
    assert really <= begun
    assert len(begun - said) <= WIDE


def _bytes_of_opening(strict: OpenLdap, make_config: MakeConfig) -> int:
    """How much a server says until a session knows its schema: most of it is that."""
    passed = 0

    def forward(data: bytes) -> bytes:
        nonlocal passed
        passed += len(data)
        return data

    with servers.proxy(int(strict.uri.rpartition(":")[2]), forward=forward) as port:
        config = strict_config(strict, make_config, uris=(f"ldap://127.0.0.1:{port}",))
        with open_session(config) as session:
            session.check_attributes(ATTRIBUTES)
            return passed


def _collect(results: Iterable[WriteResult]) -> list[WriteResult]:
    found = []
    with pytest.raises(DirectoryUnavailableError) as error:
        found.extend(results)  # extend keeps what came before the error
    assert error.value.retryable
    return found


def test_fetch_finds_people_who_moved(people: People, session: DirectorySession) -> None:
    stays, moves, goes = people.add(title="a"), people.add(title="b"), people.add(title="c")
    entries = [(people.anchor(dn), dn) for dn in (stays, moves, goes)]
    moved = _move(people, moves)
    people.ldap.delete_s(goes)

    found = dict(session.fetch(entries, ["title"], now=NOW))

    records = [found[anchor] for anchor, _dn in entries]
    assert [record.dn if record else None for record in records] == [stays, moved, None]
    assert [record.attributes["title"] if record else None for record in records] == [[b"a"], [b"b"], None]


def test_fetch_in_scope_leaves_out_who_left_it(openldap: OpenLdap, people: People, make_config: MakeConfig) -> None:
    dn = people.add(title="a")
    anchor = people.anchor(dn)
    inner = _move(people, dn)
    scope = inner.partition(",")[2]
    config = make_config(base_dn=openldap.suffix, search_bases=(scope,), user_filter="(title=a)")

    with open_session(config) as session:
        inside = dict(session.fetch([(anchor, inner)], ["title"], now=NOW, in_scope=True))
        people.change(inner, "title", b"z")
        filtered = dict(session.fetch([(anchor, inner)], ["title"], now=NOW, in_scope=True))
        anywhere = dict(session.fetch([(anchor, inner)], ["title"], now=NOW))

    assert inside[anchor] is not None
    assert filtered[anchor] is None
    assert anywhere[anchor] is not None


def test_fetch_asks_for_each_once(strict: OpenLdap, strict_people: People, make_config: MakeConfig) -> None:
    dns = [strict_people.add() for _ in range(50)]
    entries = [(strict_people.anchor(dn), dn) for dn in dns]
    with open_session(strict_config(strict, make_config)) as session:
        session.check_attributes(["title"])  # the schema is asked for once
        before = strict.operations()["Search"]
        assert len(list(session.fetch(entries, ["title"], now=NOW))) == 50
        after = strict.operations()["Search"]

    assert after - before == 51  # one of them counts


def test_sample_shows_how_values_are_written(people: People, session: DirectorySession) -> None:
    people.add(homePhone="8 (916) 123-45-67")

    assert session.sample("homePhone") == [b"8 (916) 123-45-67"]


def test_attributes_that_only_the_server_writes(session: DirectorySession) -> None:
    assert session.read_only(["entryUUID", "mobile", "createTimestamp"]) == ["entryUUID", "createTimestamp"]


# --- entries that the session knows -------------------------------------------------------------------------------


def known(people: People, session: DirectorySession, dn: str, **news: str) -> WriteJob:
    """A job for an entry as the session has read it; it writes only over what was read then, as runs do."""
    [(anchor, entry)] = session.fetch([(people.anchor(dn), dn)], ATTRIBUTES, now=NOW)
    assert entry is not None
    planned = {name: entry.attributes.get(name.lower(), []) for name in news}

    def prepare(record: RemoteRecord) -> list[AttributeWrite]:
        unchanged = {n: v for n, v in news.items() if record.attributes.get(n.lower(), []) == planned[n]}
        return replacing(record, **unchanged)

    return WriteJob(anchor, dn, prepare, entry)


def test_known_entries_cost_one_request_each(openldap: OpenLdap, people: People, session: DirectorySession) -> None:
    dns = [people.add(telephoneNumber="215", title="a") for _ in range(5)]
    jobs = [known(people, session, dn, telephoneNumber="301", mobile="+79161234567") for dn in dns]
    before = openldap.operations()

    results = write(session, *jobs)

    after = openldap.operations()
    assert after["Modify"] - before["Modify"] == 5
    assert after["Search"] - before["Search"] == 1  # that of `operations` itself
    assert [result.written for result in results] == [{"telephoneNumber", "mobile"}] * 5
    for result in results:
        assert result.after is not None
        assert result.after.attributes["telephonenumber"] == [b"301"]
        assert result.after.attributes["title"] == [b"a"]


KNOWN_MEANWHILE: dict[str, tuple[dict[str, Any], str, list[bytes]]] = {
    "replaced": ({"telephoneNumber": "215"}, "telephoneNumber", [b"999"]),
    "emptied": ({"telephoneNumber": "215"}, "telephoneNumber", []),
    "filled": ({}, "telephoneNumber", [b"999"]),
    "filled_where_one_value_fits": ({}, "preferredLanguage", [b"de"]),
}


@pytest.mark.promise(5)
@pytest.mark.parametrize("case", KNOWN_MEANWHILE.values(), ids=KNOWN_MEANWHILE.keys())
def test_known_entry_that_somebody_changed_is_read_again_and_left(
    people: People, session: DirectorySession, case: tuple[dict[str, Any], str, list[bytes]]
) -> None:
    values, attribute, theirs = case
    dn = people.add(**values)
    job = known(people, session, dn, **{attribute: "301" if attribute == "telephoneNumber" else "ru"})
    people.change(dn, attribute, *theirs)

    (result,) = session.write([job], [*ATTRIBUTES, "preferredLanguage"], now=NOW)

    assert people.values(dn, attribute) == theirs
    assert (result.written, result.refused) == (frozenset(), {})
    assert result.before is not None
    assert result.before.attributes.get(attribute.lower(), []) == theirs


def test_known_entry_whose_other_values_changed_is_written_all_the_same(
    people: People, session: DirectorySession
) -> None:
    dn = people.add(telephoneNumber="215", title="a")
    job = known(people, session, dn, telephoneNumber="301")
    people.change(dn, "title", b"b")

    (result,) = write(session, job)

    assert people.values(dn, "telephoneNumber") == [b"301"]
    assert result.after is not None
    assert result.after.attributes["title"] == [b"b"]


def test_known_entry_that_moved_is_found(people: People, session: DirectorySession) -> None:
    dn = people.add(telephoneNumber="215")
    job = known(people, session, dn, telephoneNumber="301")
    people.ldap.rename_s(dn, "uid=moved-away")

    (result,) = write(session, job)

    moved = f"uid=moved-away,{people.branch}"
    assert people.values(moved, "telephoneNumber") == [b"301"]
    assert result.before is not None
    assert result.before.dn == moved


@pytest.mark.promise(5)
def test_name_that_belongs_to_another_entry_by_now_is_not_written(people: People, session: DirectorySession) -> None:
    """Somebody moved, and a newcomer got the name; both had no number."""
    dn = people.add()
    job = known(people, session, dn, telephoneNumber="301")
    people.ldap.rename_s(dn, "uid=predecessor")
    successor = dn.partition(",")[0].partition("=")[2]
    people.ldap.add_s(
        dn, [("objectClass", [b"inetOrgPerson"]), ("uid", [successor.encode()]), ("cn", [b"x"]), ("sn", [b"x"])]
    )

    write(session, job)

    assert people.values(dn, "telephoneNumber") == []
    assert people.values(f"uid=predecessor,{people.branch}", "telephoneNumber") == [b"301"]


def test_known_entry_that_is_gone(people: People, session: DirectorySession) -> None:
    dn = people.add(telephoneNumber="215")
    job = known(people, session, dn, telephoneNumber="301")
    people.ldap.delete_s(dn)

    (result,) = write(session, job)

    assert result.before is None


def test_refusal_of_one_value_lets_the_others_of_a_known_entry_through(
    people: People, session: DirectorySession
) -> None:
    dn = people.add(telephoneNumber="215")
    job = known(people, session, dn, telephoneNumber="301", mobile="Мобильный")

    (result,) = write(session, job)

    assert result.written == {"telephoneNumber"}
    assert result.refused["mobile"].message.code == "write_syntax"
    assert people.values(dn, "telephoneNumber") == [b"301"]
