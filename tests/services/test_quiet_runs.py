"""What a run over changes asks of each directory when nobody has changed: no more than it needs, whatever its size."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from ldap.ldapobject import SimpleLDAPObject

from fixtures.openldap import OpenLdap
from syncapp.choices import ReadMode, Security
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.session import open_session
from syncapp.models import DirectoryServer, SyncRecord, SyncRun
from tests.directory.people import unit
from tests.directory.real import RealServer, loaded
from tests.factories import make_server
from tests.services.company import sync
from tests.services.strategies import STRATEGIES, only

pytestmark = pytest.mark.django_db(transaction=True)

_branches = count(1)
# Whether the server answers, what it is, whose directory it is, and the id of the branch that is read.
GREETING = 4
MORE = {
    "openldap by syncrepl": 1,  # who has changed: where nothing was written, no unit was renamed either
    "openldap by modified": 5,  # who has changed, here and around, the units, and the newest once more, by the schema
    "samba_ad by dirsync": 1,  # the controller's own id; that nothing was written its number of changes says
    "samba_ad by usn": 1,
    # A time of whole seconds is not believed for some minutes: so the photo is looked at, too.
    "ds389 by modified": 6,
    "freeipa by modified": 6,
}


@contextmanager
def searches(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Collect the searches that are sent; the pages of one count once."""
    sent: list[Any] = []
    search = SimpleLDAPObject.search_ext

    def noting(self: SimpleLDAPObject, *arguments: Any, **options: Any) -> int:
        asked = (*arguments, options.get("attrlist"))
        if asked not in sent:
            sent.append(asked)
        number: int = search(self, *arguments, **options)
        return number

    with monkeypatch.context() as patch:
        patch.setattr(SimpleLDAPObject, "search_ext", noting)
        yield sent


def test_id_of_a_base_that_is_the_whole_directory_is_asked_for_once(
    openldap: OpenLdap, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = DirectoryConfig(
        name="whole",
        uris=(openldap.uri,),
        security="none",
        bind_dn=openldap.service_dn,
        bind_password=openldap.service_password,
        base_dn=openldap.suffix.upper(),
    )
    with open_session(config) as session, searches(monkeypatch) as sent:
        [anchor] = session.identity().contexts.values()
        scope = session.scope()

    assert (len(sent), scope.bases) == (1, {openldap.suffix.upper(): anchor})


def branch(real: RealServer) -> str:
    base = f"OU=Quiet {next(_branches)},{real.stories}"
    real.load(unit(base) + real.person("Anna Karenina", unit=base, telephoneNumber="215"))
    return base


def reader_of(real: RealServer, base: str) -> DirectoryServer:
    server = make_server(
        kind=real.kind,
        uris=[real.server.uri],
        security=Security.NONE,
        bind_dn=real.server.service_dn,
        base_dn=base,
    )
    server.set_secret(real.server.service_password)
    server.save()
    return server


def changes(server: DirectoryServer) -> SyncRun:
    run = sync(server, incremental=True)
    assert (run.read, run.notes) == (ReadMode.INCREMENTAL, [])
    return run


@pytest.mark.parametrize("name", STRATEGIES)
def test_quiet_run_asks_no_more_than_it_needs(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = loaded(name.partition(" by ")[0], request)
    only(name.partition(" by ")[2], monkeypatch)
    server = reader_of(real, branch(real))
    sync(server)
    changes(server)

    with searches(monkeypatch) as sent:
        changes(server)

    assert len(sent) == GREETING + MORE[name], sent


WITHOUT_A_LOOK = [each for each in STRATEGIES if not str(each.values[0]).endswith("modified")]


@pytest.mark.parametrize("name", WITHOUT_A_LOOK)
def test_renamed_unit_is_noticed_though_quiet_runs_do_not_ask_for_units(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No protocol reports those below it. Whatever is written anywhere makes the next run look at the units."""
    real = loaded(name.partition(" by ")[0], request)
    only(name.partition(" by ")[2], monkeypatch)
    base = branch(real)
    real.load(unit(f"OU=Inner,{base}") + real.person("Pierre Bezukhov", unit=f"OU=Inner,{base}"))
    server = reader_of(real, base)
    sync(server)
    changes(server)
    with searches(monkeypatch) as sent:
        changes(server)
    real.load(unit(f"OU=Beside {base.partition(',')[0].partition('=')[2]},{real.stories}"))
    with searches(monkeypatch) as sent_after_a_write:
        changes(server)
    connection = real.server.connect()
    connection.rename_s(f"OU=Inner,{base}", "OU=Renamed")
    connection.unbind_s()

    run = sync(server, incremental=True)

    assert not any("organizationalUnit" in str(each) for each in sent)
    assert any("organizationalUnit" in str(each) for each in sent_after_a_write)
    assert (run.read, [note["code"] for note in run.notes]) == (ReadMode.FULL, ["full_read_units"])
    assert SyncRecord.objects.get(name="Pierre Bezukhov").dn.lower() == (
        f"cn=pierre bezukhov,ou=renamed,{base}".lower()
    )
