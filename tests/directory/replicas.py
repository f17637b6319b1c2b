"""A second server with the same entries and immutable ids, as replication brings them."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from fixtures.openldap import OpenLdap


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
