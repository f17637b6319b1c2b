"""What an account may write, asked of every server that we can start, and the grant that is printed put to the proof."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import ldap
import pytest
from ldap.controls import RequestControl
from ldif import LDIFParser

from fixtures.ds389 import Ds389
from fixtures.openldap import OpenLdap
from fixtures.samba import DOMAIN, REALM, SambaAd
from fixtures.samba_config import accounts_ldif
from syncapp.core.options import FieldRule
from syncapp.core.rights import AttributeRights, Writable
from syncapp.core.vocabulary import Direction, Field
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.connection import open_directory
from syncapp.directory.rights import PEOPLE_OF_A_PLACE, PLACES, Findings, Sample, find_rights
from syncapp.directory.search import iter_pages
from syncapp.directory.session import open_session
from tests.conftest import require_program
from tests.directory.people import account, unit
from tests.directory.real import NOW, RealServer
from tests.directory.test_kinds_for_real import putting

KINDS = {"openldap_with_config": "openldap", "samba_ad": "active_directory", "ds389": "389ds", "freeipa": "freeipa"}
EVERY = [
    pytest.param(name, marks=pytest.mark.xdist_group(name.removesuffix("_with_config")), id=name.split("_with")[0])
    for name in KINDS
]
_CONFIG_PASSWORD = "secret"
_GRANT_LIMIT = 5.0  # seconds; 389 answers before it has taken a rule up
_DSACLS = re.compile(r'dsacls "([^"]+)" /I:S /G "([^":]+):RPWP;(\w+);user"')
NAMES = ("Plain", "Отдел\\, R\\+D", 'Odd \\"quoted\\" %PATH% $(x) `y` & \\\\ \\; {1} *')


@pytest.fixture(scope="session")
def openldap_with_config() -> Iterator[OpenLdap]:
    """A server whose rules can be changed while it runs, as those of a server in use are."""
    require_program("slapd", "slapd")
    config = f'database config\nrootdn "cn=config"\nrootpw {_CONFIG_PASSWORD}\n'
    with OpenLdap(global_config=config) as server:
        yield server


@pytest.fixture(params=EVERY)
def real(request: pytest.FixtureRequest) -> RealServer:
    return company(request.param, request)


@pytest.fixture(params=[each for each in EVERY if each.id != "samba_ad"])
def naming_by_dn(request: pytest.FixtureRequest) -> RealServer:
    """Those in whose rules an account is named by its DN."""
    return company(request.param, request)


def company(name: str, request: pytest.FixtureRequest) -> RealServer:
    """A company of its own for each test: three units with names, two people in each."""
    server = request.getfixturevalue(name)
    container = f"cn=users,cn=accounts,{server.suffix}" if name == "freeipa" else server.suffix
    base = f"OU=Rights {next(_numbers)},{container}"
    real = RealServer(server, KINDS[name], base)
    units = [f"OU={name},{base}" for name in NAMES]
    people = [real.person(f"Anna {next(_numbers)}", unit=each) for each in units for _ in range(2)]
    real.load("".join([unit(base), *map(unit, units), *people]))
    return real


_numbers = iter(range(1, 10_000))


def rules(real: RealServer) -> tuple[FieldRule, ...]:
    return (
        FieldRule(Field.NAME, "displayName"),
        FieldRule(Field.EXTENSION, "telephoneNumber", Direction.BOTH),
        FieldRule(Field.MOBILE, "mobile", Direction.BOTH),
        FieldRule(Field.PHOTO, real.profile.photo_attribute, Direction.PUSH),
    )


def ask(config: DirectoryConfig, *asked: FieldRule, is_late: Callable[[], bool] = lambda: False) -> Findings:
    """Choose a sample as Test connection does, and ask."""
    with open_directory(config) as directory:
        sample = Sample()
        for page in iter_pages(directory, config, [], now=NOW):
            sample.add(page)
        return find_rights(directory, config, asked, sample.people, is_late=is_late)


def verdicts(rights: tuple[AttributeRights, ...]) -> dict[str, Writable]:
    return {each.attribute: each.verdict for each in rights}


def apply(real: RealServer, text: str) -> None:
    """Do as the administrator does who was handed the grant."""
    server = real.server
    if isinstance(server, SambaAd):  # there is no dsacls here: what each line says is granted by Samba's own means
        for line in text.splitlines():
            found = _DSACLS.fullmatch(line)
            assert found is not None
            server.grant(found[1], found[3], account=server.service_dn)
        return
    if isinstance(server, Ds389):
        connection = server.connect()
    else:
        connection = ldap.initialize(server.uri)
        connection.simple_bind_s("cn=config", _CONFIG_PASSWORD)
    for dn, changes in _changes(text):
        connection.modify_s(_database(connection, dn), changes)
    connection.unbind_s()


class _Changes(LDIFParser):  # type: ignore[misc]  # python-ldap has no types
    def handle_modify(self, dn: str, modops: list[tuple[int, str, list[bytes]]], controls: object = None) -> None:
        self.changes = [*getattr(self, "changes", []), (dn, modops)]


def _changes(text: str) -> list[tuple[str, list[tuple[int, str, list[bytes]]]]]:
    parser = _Changes(StringIO(text))
    parser.parse_change_records()
    return parser.changes  # type: ignore[no-any-return]


def _database(connection: ldap.ldapobject.SimpleLDAPObject, dn: str) -> str:
    """What the comment in the grant for OpenLDAP says is to be done: put the database's own DN there."""
    if dn != "olcDatabase={1}mdb,cn=config":
        return dn
    ((found, _),) = connection.search_s("cn=config", ldap.SCOPE_SUBTREE, "(olcSuffix=*)", ["1.1"])
    return str(found)


def until_known(config: DirectoryConfig, *asked: FieldRule) -> Findings:
    ends = time.monotonic() + _GRANT_LIMIT
    while True:
        found = ask(config, *asked)
        if set(verdicts(found.rights).values()) == {Writable.ALL} or time.monotonic() > ends:
            return found
        time.sleep(0.05)


def test_account_that_may_only_read_may_write_nothing(real: RealServer) -> None:
    found = ask(real.config(), *rules(real))

    assert verdicts(found.rights) == {
        "telephoneNumber": Writable.NONE,
        "mobile": Writable.NONE,
        real.profile.photo_attribute: Writable.NONE,
    }
    assert [each.people for each in found.rights] == [6, 6, 6]
    assert found.remarks == ()


@pytest.mark.promise(2)
@pytest.mark.parametrize("who", ["service_dn", "writer_dn"])
def test_asking_changes_nothing(real: RealServer, who: str) -> None:
    """Not even a time stamp: also where the right is there, and the answer comes from a write that contradicts itself."""
    if real.kind != "openldap":
        real.server.grant(real.base, "telephoneNumber")  # type: ignore[union-attr]  # there the writer may do everything
    for name in ("telephoneNumber", "mobile"):
        for dn in everybody(real):
            real.change(dn, name, b"201")
    before = [whole(real, dn) for dn in everybody(real)]
    settled = real.server.modifications()

    ask(real.config(bind_dn=getattr(real.server, who)), *rules(real))

    assert [whole(real, dn) for dn in everybody(real)] == before
    if real.kind != "active_directory":  # there the login itself is noted, with the account
        assert real.server.modifications() == settled


def everybody(real: RealServer) -> list[str]:
    connection = real.server.connect()
    rows = connection.search_s(real.base, ldap.SCOPE_SUBTREE, "(cn=Anna*)", ["1.1"])
    connection.unbind_s()
    return sorted(dn for dn, _ in rows if dn is not None)


def whole(real: RealServer, dn: str) -> dict[str, list[bytes]]:
    connection = real.server.connect()
    found: dict[str, list[bytes]] = connection.read_s(dn, attrlist=["*", "+", real.profile.change_marker])
    connection.unbind_s()
    return found


@pytest.mark.promise(1)
def test_grant_that_is_printed_gives_just_what_is_missing(real: RealServer) -> None:
    config = real.config()
    asked = rules(real)
    before = ask(config, *asked[:3])
    assert before.grant is not None
    assert {each.verdict for each in before.rights} == {Writable.NONE}

    apply(real, before.grant.text)

    after = until_known(config, *asked[:3])
    assert (verdicts(after.rights), after.grant) == (
        {"telephoneNumber": Writable.ALL, "mobile": Writable.ALL},
        None,
    )
    for dn in everybody(real):
        assert written(real, config, dn, telephoneNumber="301", mobile="+79000000001") == {"telephoneNumber", "mobile"}
        assert written(real, config, dn, title="No right to this one") == set()


@pytest.mark.parametrize("name", NAMES, ids=["plain", "comma, plus and Cyrillic", "everything odd"])
def test_grant_for_one_unit_reaches_nobody_else(real: RealServer, name: str) -> None:
    """Also where the unit's name would mean something to a shell, to LDIF or to the rule itself."""
    place = f"OU={name},{real.base}"
    phone = rules(real)[1]
    narrow = real.config(search_bases=(place,))
    grant = ask(narrow, phone).grant
    assert grant is not None

    apply(real, grant.text)

    assert verdicts(until_known(narrow, phone).rights) == {"telephoneNumber": Writable.ALL}
    (rights,) = ask(real.config(), phone).rights
    assert rights.verdict is Writable.SOME
    assert sorted(each.verdict for each in rights.differing) == [Writable.ALL, Writable.NONE, Writable.NONE]


def test_grant_is_for_the_places_that_lack_it(real: RealServer) -> None:
    phone = rules(real)[1]
    narrow = ask(real.config(search_bases=(f"OU={NAMES[0]},{real.base}",)), phone).grant
    assert narrow is not None
    apply(real, narrow.text)
    until_known(real.config(search_bases=(f"OU={NAMES[0]},{real.base}",)), phone)
    rest = ask(real.config(), phone).grant
    assert rest is not None

    apply(real, rest.text)

    assert verdicts(until_known(real.config(), phone).rights) == {"telephoneNumber": Writable.ALL}


@pytest.mark.parametrize(
    "name", ['Служба\\, \\"odd\\"', "svc\\+1 {x} $(y) 100 %"], ids=["Cyrillic, comma and quotes", "the rest"]
)
def test_grant_for_an_account_with_an_odd_name(naming_by_dn: RealServer, name: str) -> None:
    real = naming_by_dn
    dn = f"CN={name},{real.base}"
    real.load(account(dn, real.server.service_password))
    config = real.config(bind_dn=dn)
    phone = rules(real)[1]
    grant = ask(config, phone).grant
    assert grant is not None

    apply(real, grant.text)

    assert verdicts(until_known(config, phone).rights) == {"telephoneNumber": Writable.ALL}


def written(real: RealServer, config: DirectoryConfig, dn: str, **values: str) -> set[str]:
    """What really went in, by the way that a run goes."""
    with open_session(config) as session:
        (result,) = session.write([putting(real.anchor(dn), dn, **values)], list(values), now=NOW)
    return set(result.written)


@pytest.mark.xdist_group("openldap")
def test_time_that_is_up_leaves_the_rest_unknown(request: pytest.FixtureRequest) -> None:
    """Elsewhere one search tells everything."""
    real = company("openldap_with_config", request)

    found = ask(real.config(), *rules(real), is_late=lambda: True)

    assert set(verdicts(found.rights).values()) == {Writable.UNKNOWN}
    assert ([remark.code for remark in found.remarks], found.grant) == (["rights_no_time"], None)


def test_sample_is_bounded(real: RealServer) -> None:
    people = [
        real.person(f"Crowd {next(_numbers)}", unit=f"OU=U{number},{real.base}")
        for number in range(PLACES + 2)
        for _ in range(PEOPLE_OF_A_PLACE + 2)
    ]
    real.load("".join([*(unit(f"OU=U{number},{real.base}") for number in range(PLACES + 2)), *people]))

    (rights,) = ask(real.config(), rules(real)[1]).rights

    assert len(rights.places) == PLACES
    assert max(place.people for place in rights.places) == PEOPLE_OF_A_PLACE


def test_people_who_are_switched_off_are_not_looked_at(real: RealServer) -> None:
    place = f"OU={NAMES[0]},{real.base}"
    for dn in everybody(real):
        if "Plain" in dn:
            if real.kind == "openldap":
                real.change(dn, "pwdAccountLockedTime", b"000001010000Z")
            else:
                real.server.disable(dn)  # type: ignore[union-attr]  # OpenLDAP was the case above

    (rights,) = ask(real.config(search_bases=(place,)), rules(real)[1]).rights

    assert (rights.people, rights.verdict) == (0, Writable.UNKNOWN)


ACCESS_LOG = f"""\
moduleload accesslog
database mdb
suffix cn=accesslog
rootdn cn=accesslog
rootpw {_CONFIG_PASSWORD}
directory {{folder}}
"""
LOG_OF_WRITES = "overlay accesslog\nlogdb cn=accesslog\nlogops writes\nlogsuccess TRUE\n"


@pytest.mark.promise(2)
@pytest.mark.xdist_group("openldap")
def test_change_log_of_openldap_stays_empty(tmp_path: Path) -> None:
    """What replicas would be told: nothing was done."""
    require_program("slapd", "slapd")
    with OpenLdap(global_config=ACCESS_LOG.format(folder=tmp_path), database_config=LOG_OF_WRITES) as server:
        real = RealServer(server, "openldap", server.suffix)
        server.load(real.person("Anna One", telephoneNumber="201"))
        (dn,) = everybody(real)

        found = ask(real.config(bind_dn=server.writer_dn), *rules(real))

        assert set(verdicts(found.rights).values()) == {Writable.ALL}
        assert logged(server) == []
        real.change(dn, "telephoneNumber", b"202")
        assert logged(server) == ["modify"]  # the log does work


def logged(server: OpenLdap) -> list[str]:
    connection = ldap.initialize(server.uri)
    connection.simple_bind_s("cn=accesslog", _CONFIG_PASSWORD)
    rows = connection.search_s("cn=accesslog", ldap.SCOPE_ONELEVEL, "(objectClass=auditWriteObject)", ["reqType"])
    connection.unbind_s()
    return [row["reqType"][0].decode() for _, row in rows]


@pytest.mark.xdist_group("openldap")
def test_read_only_server_does_not_say_what_would_be_allowed() -> None:
    require_program("slapd", "slapd")
    with OpenLdap(database_config="readonly on") as server:
        real = RealServer(server, "openldap", server.suffix)
        server.load(real.person("Anna One"))

        found = ask(real.config(bind_dn=server.writer_dn), *rules(real))

    assert set(verdicts(found.rights).values()) == {Writable.UNKNOWN}
    assert ([remark.code for remark in found.remarks], found.grant) == (["rights_not_told"], None)


@pytest.mark.xdist_group("openldap")
def test_directory_of_unknown_kind_says_that_it_is_not_known(openldap_with_config: OpenLdap) -> None:
    real = RealServer(openldap_with_config, "openldap", f"OU=Rights {next(_numbers)},{openldap_with_config.suffix}")
    real.load(unit(real.base) + real.person("Anna One"))
    config = real.config()
    with open_directory(config) as directory:
        silent = replace(directory, root_dse={})
        sample = Sample()
        for page in iter_pages(directory, config, [], now=NOW):
            sample.add(page)
        found = find_rights(silent, config, rules(real), sample.people[:3], is_late=lambda: False)

    assert set(verdicts(found.rights).values()) == {Writable.UNKNOWN}
    assert [remark.code for remark in found.remarks] == ["rights_untold"]


# Active Directory's own

ACCOUNTS = {
    # id: how the account logs in, how it is named
    "DN": (SambaAd.service_dn, f"svc-sync@{REALM}"),
    "user@domain": (f"svc-sync@{REALM}", f"svc-sync@{REALM}"),
    "DOMAIN\\user": (f"{DOMAIN}\\svc-sync", f"{DOMAIN}\\svc-sync"),
}
in_a_domain = pytest.mark.xdist_group("samba_ad")


@pytest.fixture
def domain(samba_ad: SambaAd) -> RealServer:
    base = f"OU=Rights {next(_numbers)},{samba_ad.suffix}"
    real = RealServer(samba_ad, "active_directory", base)
    real.load(unit(base) + real.person(f"Anna {next(_numbers)}"))
    return real


@in_a_domain
@pytest.mark.parametrize("form", ACCOUNTS)
def test_domain_account_is_named_as_dsacls_takes_it(domain: RealServer, form: str) -> None:
    login, name = ACCOUNTS[form]

    grant = ask(domain.config(bind_dn=login), rules(domain)[1]).grant

    assert grant is not None
    assert grant.text == f'dsacls "{domain.base}" /I:S /G "{name}:RPWP;telephoneNumber;user"'


@in_a_domain
def test_domain_account_with_an_odd_name_is_named_by_its_sid(domain: RealServer) -> None:
    server = domain.server
    dn = f'CN=Служба\\, \\"odd\\",{domain.base}'
    domain.load(accounts_ldif([dn], REALM, server.service_password, names=["%PATH% & svc"]))

    grant = ask(domain.config(bind_dn=dn), rules(domain)[1]).grant

    assert grant is not None
    found = re.fullmatch(r'dsacls "[^"]+" /I:S /G "(S-1-5-21-[\d-]+):RPWP;telephoneNumber;user"', grant.text)
    assert found is not None
    assert f"<SID={found[1]}>" in sids(domain, dn)


def sids(real: RealServer, dn: str) -> str:
    """The account's SID, as the directory writes it in an extended DN."""
    connection = real.server.connect()
    extended = RequestControl("1.2.840.113556.1.4.529", True, b"0\x03\x02\x01\x01")
    ((found, _),) = connection.search_ext_s(dn, ldap.SCOPE_BASE, attrlist=["1.1"], serverctrls=[extended])
    connection.unbind_s()
    return str(found)


@in_a_domain
def test_protected_accounts_are_told_from_a_missing_right(domain: RealServer) -> None:
    """No grant reaches an administrator's account: to print one would send somebody on an errand."""
    (dn,) = everybody(domain)
    domain.change(dn, "adminCount", b"1")

    found = ask(domain.config(), rules(domain)[1])

    assert (verdicts(found.rights), found.grant) == ({"telephoneNumber": Writable.NONE}, None)
    assert [(remark.code, remark.params["count"]) for remark in found.remarks] == [("rights_protected", 1)]
