"""What the product does with a directory, on every server that we can start: the same tests for all.

Where servers differ, the table of kinds says so (`syncapp.directory.kinds`), and
`real.STATES` what the state of an account is kept in.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import ldap
import pytest

from fixtures.certificates import make_authority, make_certificate
from syncapp.core.account_state import DisabledRule
from syncapp.core.records import RemoteRecord
from syncapp.core.vocabulary import Field, RefusalKind, State
from syncapp.core.writes import AttributeWrite, WriteJob, WriteResult
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.connection import open_directory
from syncapp.directory.discovery import Feature, discover
from syncapp.directory.kinds import PROFILES, usual_mapping
from syncapp.directory.sampling import SAMPLE, Look
from syncapp.directory.scope import parse_dn
from syncapp.directory.session import open_session
from syncapp.exceptions import CertificateError, ConfigurationError, DirectoryLoginError
from tests.directory.expect import refusal
from tests.directory.people import entry
from tests.directory.real import CROWD, DEPARTMENTS, EVERY, NOW, STATES, WRITTEN, RealServer, loaded

# FreeIPA's store speaks TLS and refuses logins as 389 does: once is enough.
EVERY_PROGRAM = [each for each in EVERY if each.id != "freeipa"]


@pytest.fixture(params=EVERY)
def real(request: pytest.FixtureRequest) -> RealServer:
    return loaded(request.param, request)


@pytest.fixture(params=EVERY_PROGRAM)
def program(request: pytest.FixtureRequest) -> RealServer:
    return loaded(request.param, request)


@pytest.fixture
def domain(request: pytest.FixtureRequest) -> RealServer:
    return loaded("samba_ad", request)


def test_directory_is_told_by_the_id_of_its_naming_context(real: RealServer) -> None:
    """Rule A10. The reading account sees it; FreeIPA's units have the id of the server under it."""
    profile = PROFILES[real.profile.units_as or real.kind]
    with open_session(real.config()) as session:
        found = session.identity()

    raw = real.values(real.server.suffix, profile.anchor_attribute)[0]
    assert found.contexts == {real.server.suffix: profile.decode_anchor(raw)}


only_in_a_domain = pytest.mark.xdist_group("samba_ad")


def read(config: DirectoryConfig, *attributes: str) -> list[RemoteRecord]:
    with open_session(config) as session:
        return [record for page in session.pages(attributes, now=NOW) for record in page]


def write(real: RealServer, account: str, *jobs: WriteJob) -> list[WriteResult]:
    with open_session(real.config(bind_dn=account)) as session:
        attributes = [*WRITTEN[:3], real.profile.photo_attribute]
        return list(session.write(jobs, attributes, now=NOW))


def putting(anchor: str, dn: str, **news: str | bytes | None) -> WriteJob:
    """Put new values in the place of the first that is read."""

    def prepare(record: RemoteRecord) -> Sequence[AttributeWrite]:
        return [
            AttributeWrite(
                name,
                next(iter(record.attributes.get(name.lower(), [])), None),
                new.encode() if isinstance(new, str) else new,
            )
            for name, new in news.items()
        ]

    return WriteJob(anchor, dn, prepare)


# What a server is


def test_kind_and_anchor_are_found_out(real: RealServer) -> None:
    with open_session(real.config()) as session:
        assert (session.kind, session.notes) == (real.kind, ())


def test_base_is_found_out(real: RealServer) -> None:
    config = real.config(base_dn="", user_filter="(displayName=Анна*)")

    assert [record.attributes["displayname"] for record in read(config, "displayName")] == [["Анна Каренина".encode()]]


FEATURES = {
    "openldap": {Feature.PAGED, Feature.ASSERTION, Feature.POST_READ, Feature.SYNC},
    "active_directory": {Feature.PAGED, Feature.DIRSYNC},
    "389ds": {Feature.PAGED, Feature.POST_READ},
    "freeipa": {Feature.PAGED, Feature.POST_READ},
}


def test_unknown_directory_is_found_out_with_a_mapping_that_fits(real: RealServer) -> None:
    found = discover(
        Look(
            config=real.config(base_dn="", search_bases=(f"OU=Crowd,{real.base}",)),
            usual=lambda kind: usual_mapping(kind, extension_pattern=r"^(\d{2,5})$"),
            region="RU",
            now=NOW,
            seconds=20.0,
        )
    )

    lines = {line.field: line for line in found.lines}
    assert (found.kind, found.problem, found.anchors) == (real.kind, None, ())
    assert {feature for feature, able in found.features.items() if able} == FEATURES[real.kind]
    assert (found.sample, found.people, found.counted_all) == (SAMPLE, CROWD[real.kind], True)
    assert (lines[Field.EXTENSION].best.rule.attribute, lines[Field.EXTENSION].best.readable) == (
        "telephoneNumber",
        SAMPLE,
    )
    assert lines[Field.PHOTO].best.rule.attribute == real.profile.photo_attribute
    assert set(lines) == set(Field) - {Field.SIP_SECRET}


def test_attributes_that_hold_the_state_are_known_to_the_schema(real: RealServer) -> None:
    """One that is misspelt in the table of kinds would say of nobody that he is switched off."""
    schema = {"openldap": {"pwdaccountlockedtime"}, "389ds": {"nsaccountlock"}, "freeipa": {"nsaccountlock"}}
    with open_directory(real.config()) as directory:
        assert directory.schema is not None
        known = {name for name in real.profile.state_attributes if directory.schema.knows(name)}

    assert schema.get(real.kind, {"useraccountcontrol", "accountexpires"}) <= known


def test_schema_that_did_not_change_is_understood_once(real: RealServer) -> None:
    schemas = []
    for _session in range(2):
        with open_directory(real.config()) as directory:
            schemas.append(directory.schema)

    assert schemas[0] is schemas[1] is not None


def test_rule_of_the_administrator_switches_off_here_too(real: RealServer) -> None:
    _anchor, dn = real.add(title="Former colleague")

    records = read(
        real.config(user_filter="(title=former colleague)", disabled_when=DisabledRule("title", "former COLLEAGUE")),
        "title",
    )

    assert [(record.dn.lower(), record.state) for record in records] == [(dn.lower(), State.DISABLED)]


# Looking around the scope


def test_person_out_of_scope_is_found_with_the_reasons(real: RealServer) -> None:
    anchor, dn = real.add(title="Lookout")
    scope = {
        "search_bases": (f"OU=Crowd,{real.base}",),
        "department_attribute": "title",
        "departments": ("Продажи",),
        "user_filter": "(!(title=Lookout))",
    }

    with open_session(real.config(**scope)) as session:
        found = session.find([[("title", "lookout", True)]], ["title"], now=NOW, anywhere=True)
        by_anchor = dict(session.fetch([(anchor, "")], ["title"], now=NOW))
        reasons = session.exclusions(dn, now=NOW)

    assert anchor in {record.anchor for record in found}
    assert by_anchor[anchor] is not None
    assert [reason.code for reason in reasons] == ["scope_outside", "scope_department", "scope_filter"]
    assert reasons[1].params["found"] == ["Lookout"]


def test_nothing_leaves_out_who_is_in_scope(real: RealServer) -> None:
    _anchor, dn = real.add()

    with open_session(real.config(user_filter="(!(title=Lookout))")) as session:
        assert list(session.exclusions(dn, now=NOW)) == []


@only_in_a_domain
def test_contact_is_found_and_is_no_person(domain: RealServer) -> None:
    dn = f"CN=Outside Supplier,{domain.base}"
    domain.load(entry(dn, objectClass="contact", cn="Outside Supplier", mail="supplier@example.test"))

    with open_session(domain.config()) as session:
        (found,) = session.find([[("mail", "supplier@example.test", True)]], ["mail"], now=NOW, anywhere=True)
        reasons = session.exclusions(found.dn, now=NOW)

    assert [reason.code for reason in reasons] == ["scope_kind"]


@only_in_a_domain
def test_built_in_account_is_nobody(domain: RealServer) -> None:
    with open_session(domain.config(base_dn=domain.server.suffix)) as session:
        reasons = session.exclusions(f"CN=Administrator,CN=Users,{domain.server.suffix}", now=NOW)

    assert [reason.code for reason in reasons] == ["scope_nobody"]


# Reading


def test_everybody_comes_once_with_an_anchor_of_his_own(real: RealServer) -> None:
    records = read(real.config(search_bases=(f"OU=Crowd,{real.base}",)), "telephoneNumber")

    anchors = {record.anchor for record in records}
    assert len(records) == len(anchors) == CROWD[real.kind]
    assert all(str(UUID(anchor)) == anchor for anchor in anchors)
    assert {record.attributes["telephonenumber"][0] for record in records} == {
        str(10_000 + number).encode() for number in range(CROWD[real.kind])
    }


def test_unit_with_a_comma_and_a_plus_is_a_base_and_cyrillic_comes_through(real: RealServer) -> None:
    (anna,) = read(real.config(search_bases=(real.odd_unit,)), "displayName", "title")

    assert anna.attributes["displayname"] == ["Анна Каренина".encode()]
    assert anna.attributes["title"] == ["Главный бухгалтер".encode()]
    assert ldap.dn.explode_dn(anna.dn, notypes=True)[:2] == ["Анна Каренина", r"Отдел\, R\+D"]


def test_department_brings_its_people_alone(real: RealServer) -> None:
    config = real.config(department_attribute=real.department, departments=("отдел 3",))

    assert len(read(config, real.department)) == CROWD[real.kind] // DEPARTMENTS


def test_cyrillic_filter_matches(real: RealServer) -> None:
    config = real.config(user_filter="(title=главный бухгалтер)")

    assert [record.attributes["displayname"] for record in read(config, "displayName")] == [["Анна Каренина".encode()]]


def test_state_of_an_account(real: RealServer) -> None:
    records = read(real.config(user_filter="(cn=State*)"), "cn")

    found = {record.attributes["cn"][0].decode().removeprefix("State "): record.state for record in records}
    assert found == {name.replace(",", ""): state for name, (_, state) in STATES[real.kind].items()}


def test_person_who_was_moved_and_renamed_is_found_by_anchor(real: RealServer) -> None:
    anchor, dn = real.add()
    moved = real.move(dn, f"{dn.partition(',')[0][3:]} anew", f"OU=Elsewhere,{real.base}")

    with open_session(real.config(search_bases=(real.odd_unit,))) as session:
        ((_, record),) = session.fetch([(anchor, dn)], ["cn"], now=NOW)

    assert record is not None
    assert (record.anchor, record.dn.lower()) == (anchor, moved.lower())


def test_whereabouts_of_many_who_are_not_where_they_were(real: RealServer) -> None:
    (moved_anchor, dn), (gone, gone_dn) = real.add(), real.add()
    moved = real.move(dn, f"{dn.partition(',')[0][3:]} left", f"OU=Elsewhere,{real.base}")
    connection = real.server.connect()
    connection.delete_s(gone_dn)
    connection.unbind_s()

    with open_session(real.config(search_bases=(real.odd_unit,))) as session:
        found = dict(session.whereabouts([(moved_anchor, dn), (gone, gone_dn)], now=NOW))

    where = found[moved_anchor]
    assert where is not None
    assert (where.dn.lower(), where.in_bases, where.in_scope, found[gone]) == (moved.lower(), False, False, None)


def test_base_is_known_by_its_id(real: RealServer) -> None:
    with open_session(real.config(search_bases=(real.odd_unit,))) as session:
        ((base, anchor),) = session.scope().bases.items()

        # Servers escape the comma and the plus in their own ways.
        assert (base, parse_dn(session.find_base(anchor))) == (real.odd_unit, parse_dn(real.odd_unit))


def test_person_who_was_deleted_is_not_found(real: RealServer) -> None:
    anchor, dn = real.add()
    connection = real.server.connect()
    connection.delete_s(dn)
    connection.unbind_s()

    with open_session(real.config()) as session:
        assert list(session.fetch([(anchor, dn)], ["cn"], now=NOW)) == [(anchor, None)]


def test_state_follows_the_administrator(real: RealServer) -> None:
    anchor, dn = real.add()
    if real.kind == "openldap":
        real.change(dn, "pwdAccountLockedTime", b"000001010000Z")
    else:
        real.server.disable(dn)  # type: ignore[union-attr]  # OpenLDAP was the case above

    with open_session(real.config()) as session:
        ((_, record),) = session.fetch([(anchor, dn)], ["cn"], now=NOW)

    assert record is not None
    assert record.state is State.DISABLED


# Active Directory's own


@only_in_a_domain
def test_domain_can_be_read_from_its_root(domain: RealServer) -> None:
    """A search from there answers with referrals too: to its other parts, and to nobody who can be reached."""
    connection = domain.server.connect()
    rows = connection.search_s(domain.server.suffix, ldap.SCOPE_SUBTREE, "(cn=Анна Каренина)", ["cn"])
    connection.unbind_s()
    assert any(dn is None for dn, _ in rows)

    records = read(domain.config(base_dn=domain.server.suffix), "cn")

    assert len(records) >= CROWD["active_directory"]


@only_in_a_domain
def test_computers_contacts_and_system_accounts_are_no_people(domain: RealServer) -> None:
    unit = f"OU=Elsewhere,{domain.base}"
    domain.load(
        entry(f"CN=PC1,{unit}", objectClass="computer", sAMAccountName="PC1$", userAccountControl="4096")
        + entry(f"CN=Customer,{unit}", objectClass="contact", givenName="A", sn="B", mail="customer@example.test")
        + entry(f"CN=Everyone,{unit}", objectClass="group", sAMAccountName="everyone")
        + entry(f"CN=service,{unit}", objectClass="user", sAMAccountName="service", userAccountControl="512")
    )

    names = {
        record.attributes["cn"][0].decode()
        for record in read(domain.config(base_dn=domain.server.suffix), "cn")
        if not record.dn.endswith(f",OU=Crowd,{domain.base}")
    }

    assert not names & {"PC1", "Customer", "Everyone", "service", "DC1"}
    assert not names & {"Administrator", "Guest", "krbtgt", "dns-dc1", "svc-sync", "svc-writer"}
    assert "Анна Каренина" in names


# Logging in


@pytest.mark.parametrize("account", ["service_dn", "nobody"])
def test_wrong_password_and_unknown_account_are_refused_alike(program: RealServer, account: str) -> None:
    name = getattr(program.server, account, f"CN=nobody,{program.base}")

    with (
        refusal(DirectoryLoginError, "login_refused"),
        open_session(program.config(bind_dn=name, bind_password="wrong")),
    ):
        pass


@pytest.mark.xdist_group("ds389")
def test_389_that_wants_tls_says_so(request: pytest.FixtureRequest) -> None:
    real = loaded("ds389", request)
    connection = real.server.connect()  # once it is switched on, plain logins are over for us too
    connection.modify_s("cn=config", [(ldap.MOD_REPLACE, "nsslapd-require-secure-binds", b"on")])
    try:
        with refusal(ConfigurationError, "encryption_required"), open_session(real.config()):
            pass
        assert len(read(over_tls(real, "starttls"))) == 1
    finally:
        connection.modify_s("cn=config", [(ldap.MOD_REPLACE, "nsslapd-require-secure-binds", b"off")])
        connection.unbind_s()


# TLS


def over_tls(real: RealServer, security: str, authority: Path | None = None) -> DirectoryConfig:
    authority = authority or real.server.ca_file
    uri = real.server.ldaps_uri if security == "ldaps" else real.server.uri
    return real.config(uris=(uri,), security=security, ca_certificate=str(authority), user_filter="(cn=Анна*)")


SECURITY = ["ldaps", "starttls"]


@pytest.mark.parametrize("security", SECURITY)
def test_reading_over_tls(program: RealServer, security: str) -> None:
    assert len(read(over_tls(program, security))) == 1


@pytest.mark.parametrize("security", SECURITY)
def test_certificate_of_an_unknown_authority(program: RealServer, security: str, tmp_path: Path) -> None:
    stranger = make_authority(tmp_path)

    with (
        refusal(CertificateError, "certificate_authority_unknown"),
        open_session(over_tls(program, security, stranger.certificate_file)),
    ):
        pass


CERTIFICATES = {
    # id: how the certificate is made, code
    "another name": ({"hosts": ("dc9.corp.example",)}, "certificate_for_another_name"),
    "expired": ({"ends": datetime.now(UTC) - timedelta(days=1)}, "certificate_expired"),
}


@pytest.mark.parametrize("case", CERTIFICATES)
def test_certificate_that_is_not_good(program: RealServer, case: str, tmp_path: Path) -> None:
    made, code = CERTIFICATES[case]
    server = program.server
    certificate = make_certificate(
        tmp_path, **{"name": "bad", "issuer": server.authority, "hosts": server.hosts, **made}
    )

    with server.showing(certificate):
        for security in SECURITY:
            with refusal(CertificateError, code), open_session(over_tls(program, security)):
                pass


# Writing


def test_write_replaces_what_was_read_and_reads_back(real: RealServer) -> None:
    anchor, dn = real.add(telephoneNumber="215")

    (result,) = write(real, real.server.writer_dn, putting(anchor, dn, telephoneNumber="301", title="Старший кассир"))

    assert result.written == {"telephoneNumber", "title"}
    assert result.after is not None
    assert result.after.attributes["telephonenumber"] == [b"301"]
    assert real.values(dn, "title") == ["Старший кассир".encode()]


def test_write_empties_an_attribute(real: RealServer) -> None:
    anchor, dn = real.add(mobile="+79161234567")

    (result,) = write(real, real.server.writer_dn, putting(anchor, dn, mobile=None))

    assert (result.written, real.values(dn, "mobile")) == ({"mobile"}, [])


@pytest.mark.parametrize("before", ["215", None], ids=["changed", "filled"])
def test_write_loses_against_who_was_quicker(real: RealServer, before: str | None) -> None:
    anchor, dn = real.add(**({"telephoneNumber": before} if before else {}))
    job = putting(anchor, dn, telephoneNumber="301")

    def prepare(record: RemoteRecord) -> Sequence[AttributeWrite]:
        real.change(dn, "telephoneNumber", b"999")
        return job.prepare(record)

    (result,) = write(real, real.server.writer_dn, WriteJob(anchor, dn, prepare))

    if before is None and real.kind != "active_directory":
        # Several numbers may stand there: ours joins, and nobody's is lost.
        assert sorted(real.values(dn, "telephoneNumber")) == [b"301", b"999"]
    else:
        assert (result.drifted, result.refused) == ({"telephoneNumber"}, {})
        assert real.values(dn, "telephoneNumber") == [b"999"]


def test_write_follows_who_was_moved(real: RealServer) -> None:
    anchor, dn = real.add(telephoneNumber="215")
    moved = real.move(dn, f"{dn.partition(',')[0][3:]} moved", f"OU=Elsewhere,{real.base}")

    (result,) = write(real, real.server.writer_dn, putting(anchor, dn, telephoneNumber="301"))

    assert (result.written, real.values(moved, "telephoneNumber")) == ({"telephoneNumber"}, [b"301"])


def test_write_without_the_right_is_refused_with_the_attribute(real: RealServer) -> None:
    anchor, dn = real.add(telephoneNumber="215")

    (result,) = write(real, real.server.service_dn, putting(anchor, dn, telephoneNumber="301"))

    refused = result.refused["telephoneNumber"]
    assert (refused.kind, refused.message.code) == (RefusalKind.RIGHT, "write_no_right")
    assert refused.message.params["account"] == real.server.service_dn


def test_value_longer_than_the_kind_takes_is_refused(real: RealServer) -> None:
    anchor, dn = real.add(telephoneNumber="215")
    longest = real.profile.longest.get("telephonenumber", 64)

    (fits,) = write(real, real.server.writer_dn, putting(anchor, dn, telephoneNumber="1" * longest))
    (longer,) = write(real, real.server.writer_dn, putting(anchor, dn, telephoneNumber="2" * (longest + 1)))

    assert fits.written == {"telephoneNumber"}
    if "telephonenumber" in real.profile.longest:
        assert longer.refused["telephoneNumber"].message.code == "write_too_long"
        assert longer.refused["telephoneNumber"].kind is RefusalKind.VALUE
    else:
        assert longer.written == {"telephoneNumber"}


def test_letters_that_a_number_cannot_have(real: RealServer) -> None:
    """Active Directory stores any text as a number, the others printable ASCII alone."""
    anchor, dn = real.add()

    (result,) = write(real, real.server.writer_dn, putting(anchor, dn, telephoneNumber="доб. 12"))

    if real.kind == "active_directory":
        assert result.written == {"telephoneNumber"}
    else:
        assert result.refused["telephoneNumber"].message.code == "write_syntax"


def test_photo_goes_out_and_is_replaced(real: RealServer) -> None:
    anchor, dn = real.add()
    attribute = real.profile.photo_attribute

    for picture in (b"\xff\xd8\xff\xe0 first", b"\xff\xd8\xff\xe0 second"):
        (result,) = write(real, real.server.writer_dn, putting(anchor, dn, **{attribute: picture}))

        assert (result.written, real.values(dn, attribute)) == ({attribute}, [picture])
        assert result.after is not None
        assert result.after.attributes[attribute.lower()] == [picture]


def test_photo_loses_against_who_was_quicker(real: RealServer) -> None:
    """OpenLDAP cannot compare pictures: there the entry as a whole must be the one that was read."""
    anchor, dn = real.add()
    attribute = real.profile.photo_attribute
    real.change(dn, attribute, b"\xff\xd8\xff\xe0 first")
    job = putting(anchor, dn, **{attribute: b"\xff\xd8\xff\xe0 ours"})

    def prepare(record: RemoteRecord) -> Sequence[AttributeWrite]:
        real.change(dn, attribute, b"\xff\xd8\xff\xe0 theirs")
        return job.prepare(record)

    (result,) = write(real, real.server.writer_dn, WriteJob(anchor, dn, prepare))

    assert (result.drifted, real.values(dn, attribute)) == ({attribute}, [b"\xff\xd8\xff\xe0 theirs"])


def test_photo_larger_than_the_kind_takes_is_refused(real: RealServer) -> None:
    anchor, dn = real.add()
    attribute = real.profile.photo_attribute
    largest = real.profile.longest.get(attribute.lower(), 102_400)

    (fits,) = write(real, real.server.writer_dn, putting(anchor, dn, **{attribute: b"x" * largest}))
    (larger,) = write(real, real.server.writer_dn, putting(anchor, dn, **{attribute: b"y" * (largest + 1)}))

    assert fits.written == {attribute}
    assert (attribute in larger.written) == (attribute.lower() not in real.profile.longest)
