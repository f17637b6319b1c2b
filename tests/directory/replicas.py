"""Second servers of one directory: a copy that a test lets lag behind, and one that real replication feeds."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import ldap
from ldap.ldapobject import SimpleLDAPObject

from fixtures.openldap import OpenLdap

_LONGEST_REFRESH = 20.0  # seconds


@contextmanager
def replica_of(server: OpenLdap) -> Iterator[OpenLdap]:
    """Run a copy of the server, which is restarted for it.

    From then on nothing travels between the two: a test says itself when one has caught up.
    """
    replica = OpenLdap(suffix=server.suffix)
    server.stop()
    try:
        # The database is mostly holes, and is copied as such.
        subprocess.run(["cp", "-r", "--sparse=always", f"{server.folder}/data/.", replica.folder / "data"], check=True)
    finally:
        server.start()
    replica.service_password = server.service_password
    with replica:
        yield replica


@contextmanager
def consumer_of(server: OpenLdap) -> Iterator[OpenLdap]:
    """Run a server that begins empty and is filled by syncrepl; wait until it has the suffix entry."""
    source = f'provider={server.uri} searchbase="{server.suffix}" type=refreshAndPersist retry="1 +"'
    account = f'bindmethod=simple binddn="{server.root_dn}" credentials={server.root_password}'
    consumer = OpenLdap(suffix=server.suffix, database_config=f"syncrepl rid=001 {source} {account}")
    for file in (consumer.folder / "data").iterdir():
        file.unlink()
    consumer.service_password = server.service_password
    with consumer:
        connection = consumer.connect()
        ends = time.monotonic() + _LONGEST_REFRESH
        while not _has(connection, server.service_dn):
            if time.monotonic() > ends:
                raise RuntimeError("nothing was replicated")
            time.sleep(0.05)
        connection.unbind_s()
        yield consumer


def _has(connection: SimpleLDAPObject, dn: str) -> bool:
    try:
        return bool(connection.search_s(dn, ldap.SCOPE_BASE, attrlist=["1.1"]))
    except ldap.NO_SUCH_OBJECT:
        return False
