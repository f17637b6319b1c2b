"""A second server with the same entries and immutable ids, as replication brings them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fixtures.openldap import OpenLdap


@contextmanager
def replica_of(server: OpenLdap, folder: Path) -> Iterator[OpenLdap]:
    """Run a copy of the server in a folder that does not exist yet; the server is restarted, the copy keeps its data.

    From then on nothing travels between the two: a test says itself when one has caught up.
    """
    server.stop()
    try:
        shutil.copytree(server.folder, folder)
    finally:
        server.start()
    with OpenLdap(folder) as replica:
        yield replica
