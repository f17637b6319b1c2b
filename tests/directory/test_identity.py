"""Whose directory it is, asked of real servers (rule A10)."""

from pathlib import Path

import pytest

from fixtures.openldap import OpenLdap
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.session import open_session
from syncapp.exceptions import DirectoryUnavailableError
from tests.directory.conftest import MakeConfig
from tests.directory.replicas import consumer_of, replica_of

SUFFIX = "dc=example,dc=test"


def identity(server: OpenLdap, **changes: object) -> dict[str, str]:
    settings: dict[str, object] = {
        "name": "test",
        "uris": (server.uri,),
        "security": "none",
        "bind_dn": server.service_dn,
        "bind_password": server.service_password,
        "base_dn": server.suffix,
    }
    with open_session(DirectoryConfig(**{**settings, **changes})) as session:  # type: ignore[arg-type]  # by name
        return dict(session.identity().contexts)


def suffix_id(server: OpenLdap) -> str:
    connection = server.connect()
    found = connection.read_s(server.suffix, attrlist=["entryUUID"])
    connection.unbind_s()
    return str(found["entryUUID"][0].decode())


@pytest.mark.parametrize("base", [SUFFIX, f"ou=inner,{SUFFIX}", ""], ids=["suffix", "below", "as_the_server_says"])
def test_context_and_id_whatever_is_read_of_it(openldap: OpenLdap, base: str) -> None:
    assert identity(openldap, base_dn=base) == {SUFFIX: suffix_id(openldap)}


def test_replica_that_replication_filled_is_the_same() -> None:
    """What the rule relies on: syncrepl carries the id of the suffix entry along."""
    with OpenLdap() as server, consumer_of(server) as consumer:
        assert identity(consumer) == identity(server) == {SUFFIX: suffix_id(server)}


def test_replica_is_the_same_and_a_new_directory_of_the_same_name_is_not() -> None:
    with OpenLdap() as server, replica_of(server) as replica, OpenLdap() as lab:
        assert identity(replica) == identity(server)
        assert identity(lab).keys() == identity(server).keys()
        assert identity(lab) != identity(server)


def test_suffix_entry_that_may_not_be_read_leaves_the_name() -> None:
    with OpenLdap(database_config=f'access to dn.base="{SUFFIX}" by * none') as server:
        assert identity(server) == {SUFFIX: ""}


def test_root_dse_that_may_not_be_read_says_nothing() -> None:
    with OpenLdap(global_config='access to dn.base="" by * none') as server:
        assert identity(server) == {}


def test_only_contexts_that_are_read_count(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    second = f'database mdb\nsuffix "o=other"\ndirectory "{tmp_path / "other"}"\nmaxsize 1048576\n'
    with OpenLdap(global_config=second) as server:
        assert identity(server) == {SUFFIX: suffix_id(server)}
        assert identity(server, base_dn="", search_bases=(f"ou=a,{SUFFIX}", "o=other")).keys() == {SUFFIX, "o=other"}
        assert identity(server, base_dn="dc=elsewhere").keys() == {SUFFIX, "o=other"}
        assert identity(server, base_dn="").keys() == {SUFFIX, "o=other"}


def test_lost_connection_is_an_error_and_no_lack_of_evidence(make_config: MakeConfig) -> None:
    """A directory that did not answer the question has not been recognised."""
    with OpenLdap() as server:
        config = make_config(uris=(server.uri,), bind_dn=server.service_dn, bind_password=server.service_password)
        with open_session(config) as session:
            server.stop()
            with pytest.raises(DirectoryUnavailableError):
                session.identity()
