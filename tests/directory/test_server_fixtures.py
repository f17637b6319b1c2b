"""The throw-away Active Directory and 389 Directory Server do what their users rely on."""

import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import ldap
import pytest

from fixtures import ds389 as ds389_server
from fixtures import samba
from fixtures.certificates import make_certificate
from fixtures.directory_server import DirectoryServer
from fixtures.ds389 import Ds389
from fixtures.samba import SambaAd
from tests.conftest import skip_or_fail
from tests.directory.people import entry, person, unit
from tests.processes import wait_for

_numbers = count(1)
STARTED = """
import sys
from fixtures.ds389 import Ds389
with Ds389() as server:
    print(server.pid, flush=True)
    sys.stdin.read()
"""
SERVERS = [
    pytest.param(name, marks=pytest.mark.xdist_group(name), id=name) for name in ("samba_ad", "ds389", "freeipa")
]


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> DirectoryServer:
    started: DirectoryServer = request.getfixturevalue(request.param)
    return started


@pytest.fixture
def staff(server: SambaAd | Ds389) -> Iterator[str]:
    """DN of a unit of the test's own, with one person in it."""
    dn = f"OU=fixture{next(_numbers)},{server.suffix}"
    kind = {"objectClass": "user"} if isinstance(server, SambaAd) else {}
    server.load(unit(dn) + person(f"CN=Anna,{dn}", **{"cn": "Anna", "sn": "A", **kind}))
    yield dn
    connection = server.connect()
    connection.delete_s(f"CN=Anna,{dn}")
    connection.delete_s(dn)
    connection.unbind_s()


def bind(server: DirectoryServer, account: str) -> ldap.ldapobject.SimpleLDAPObject:
    connection = ldap.initialize(server.uri)
    connection.simple_bind_s(account, server.service_password)
    return connection


def test_load_says_what_is_wrong_with_an_entry(server: DirectoryServer) -> None:
    with pytest.raises(RuntimeError, match="refused"):
        server.load(entry(f"CN=x,{server.suffix}", objectClass="noSuchClass", cn="x"))


@pytest.mark.xdist_group("samba_ad")
def test_refused_entry_takes_everybody_of_its_load_along(samba_ad: SambaAd) -> None:
    """Entries have no transaction of their own there: what one of them had written before it was refused must go."""
    dn = f"OU=refused,{samba_ad.suffix}"
    with pytest.raises(RuntimeError, match="already exists"):
        samba_ad.load(unit(dn) + person(f"CN=Anna,{dn}", objectClass="user", cn="Anna", sn="A") + unit(dn))

    with pytest.raises(ldap.NO_SUCH_OBJECT):
        samba_ad.connect().read_s(dn)


def test_service_account_reads(server: DirectoryServer, staff: str) -> None:
    rows = bind(server, server.service_dn).search_s(staff, ldap.SCOPE_ONELEVEL, attrlist=["cn"])

    assert [row["cn"] for _dn, row in rows] == [[b"Anna"]]


@pytest.mark.parametrize("account", ["service_dn", "writer_dn"])
def test_nobody_may_write_at_first(server: DirectoryServer, staff: str, account: str) -> None:
    connection = bind(server, getattr(server, account))

    with pytest.raises(ldap.INSUFFICIENT_ACCESS):
        connection.modify_s(f"CN=Anna,{staff}", [(ldap.MOD_ADD, "telephoneNumber", b"215")])


def test_grant_opens_one_attribute_of_one_unit(server: SambaAd | Ds389, staff: str) -> None:
    server.grant(staff, "telephoneNumber")
    connection = bind(server, server.writer_dn)

    connection.modify_s(f"CN=Anna,{staff}", [(ldap.MOD_ADD, "telephoneNumber", b"215")])

    with pytest.raises(ldap.INSUFFICIENT_ACCESS):
        connection.modify_s(f"CN=Anna,{staff}", [(ldap.MOD_ADD, "mobile", b"+79161234567")])


def test_modifications_stay_while_nothing_is_written(server: DirectoryServer, staff: str) -> None:
    connection = bind(server, server.service_dn)
    before = server.modifications()

    connection.search_s(staff, ldap.SCOPE_SUBTREE)

    assert server.modifications() == before


def test_modifications_move_with_a_write(server: DirectoryServer, staff: str) -> None:
    before = server.modifications()

    server.connect().modify_s(staff, [(ldap.MOD_REPLACE, "description", b"changed")])

    assert server.modifications() != before


def test_server_shows_another_certificate_for_a_while(server: DirectoryServer, tmp_path: Path) -> None:
    other = make_certificate(tmp_path, name="other", issuer=None, hosts=server.hosts)
    shown = []

    with server.showing(other):
        shown.append(served_certificate(server))
    shown.append(served_certificate(server))

    assert shown == [other.certificate_file.read_text(), (server.folder / "server.crt").read_text()]


def served_certificate(server: DirectoryServer) -> str:
    address = urlsplit(server.ldaps_uri)
    assert address.hostname is not None
    return ssl.get_server_certificate((address.hostname, address.port or 636))


@pytest.mark.xdist_group("freeipa")
def test_freeipa_makes_its_id(freeipa: Ds389) -> None:
    dn = f"uid=made,{freeipa.people_dn}"
    classes = ["inetOrgPerson", "ipaObject"]
    freeipa.load(person(dn, objectClass=classes, uid="made", ipaUniqueID="autogenerate"))

    (value,) = freeipa.connect().read_s(dn, attrlist=["ipaUniqueID"])["ipaUniqueID"]
    freeipa.connect().delete_s(dn)

    assert (len(value), value.count(b"-")) == (36, 4)


def test_server_ends_with_a_process_that_is_killed_and_its_folder_with_the_next_start() -> None:
    """Nobody else would end it; a domain controller would keep its fixed ports for ever."""
    if ds389_server.missing():
        skip_or_fail(ds389_server.missing())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # the server runs as a user of its own
        environment = {**os.environ, "TMPDIR": folder}
        with subprocess.Popen(
            [sys.executable, "-c", STARTED], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            pid = int(process.stdout.readline())
            process.kill()
        (left_over,) = Path(folder).iterdir()
        wait_for(lambda: not is_alive(pid))

        subprocess.run([sys.executable, "-c", STARTED], env=environment, input=b"", capture_output=True, check=True)

        assert not left_over.exists()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("module", [samba, ds389_server], ids=["samba", "389"])
def test_server_that_is_not_installed_is_said_with_the_package(module: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)

    with pytest.raises(RuntimeError, match="apt-get install"):
        SambaAd() if module is samba else Ds389()
