"""The units below which people are: when one is renamed or moved, everybody below has another DN, and nobody says so."""

from hashlib import blake2b

from syncapp.directory.config import DirectoryConfig
from syncapp.directory.search import SearchRequest, read_bases, read_pages
from syncapp.directory.survey import Directory

_UNITS = "(|(objectClass=organizationalUnit)(objectClass=organization)(objectClass=locality))"


def units_digest(directory: Directory, config: DirectoryConfig) -> str:
    """Digest of the DNs of all units that are searched: another one when a unit came, went, or was moved or renamed."""
    units = set()
    for base in read_bases(directory, config):
        request = SearchRequest(base, _UNITS, ["1.1"], config.page_size, config.operation_timeout)
        units |= {dn.casefold() for rows in read_pages(directory, config, request) for dn, _ in rows if dn is not None}
    return blake2b("\n".join(sorted(units)).encode(), digest_size=8).hexdigest()
