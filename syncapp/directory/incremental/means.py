"""Which means of learning about changes a server offers, and reading by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import ldap

from syncapp.core.watermark import Delta, Watermark
from syncapp.directory.answers import receive
from syncapp.directory.config import GENERIC, DirectoryConfig
from syncapp.directory.errors import is_verdict
from syncapp.directory.incremental.dirsync import DIRSYNC
from syncapp.directory.incremental.modified import MODIFIED
from syncapp.directory.incremental.strategy import Mark, Place, Strategy
from syncapp.directory.incremental.syncrepl import SYNCREPL
from syncapp.directory.incremental.units import units_digest
from syncapp.directory.incremental.usn import USN
from syncapp.directory.survey import Directory
from syncapp.exceptions import FullReadNeededError, IncompleteReadError

# Of each kind the better one first.
MEANS: Mapping[str, Sequence[Strategy]] = {
    "active_directory": (DIRSYNC, USN),
    "openldap": (SYNCREPL, MODIFIED),
    # Content synchronisation, too, is offered by these; 389 2.3.1 dies of it when it is asked the second or third time.
    "389ds": (MODIFIED,),
    "freeipa": (MODIFIED,),
    GENERIC: (MODIFIED,),
}
_BY_NAME = {strategy.name: strategy for several in MEANS.values() for strategy in several}


@dataclass(frozen=True, slots=True)
class Marking:
    """A watermark that is taken while everybody is read."""

    strategy: str
    uri: str
    source: str
    units: str
    mark: Mark

    def watermark(self) -> Watermark | None:
        position = self.mark.position()
        return Watermark(self.strategy, self.uri, self.source, position, self.units) if position is not None else None


def begin_marking(directory: Directory, config: DirectoryConfig, *, now: datetime) -> Marking | None:
    """Begin to take a watermark, before everybody is read; None where changes cannot be had of this server."""
    # Of two entries with one id that somebody chose only a full read finds both.
    means = () if directory.profile.anchor_is_chosen else MEANS.get(directory.kind, ())
    place = Place(directory, config, now)
    for strategy in means:
        mark = strategy.begin(place)
        if mark is not None:
            try:
                units = units_digest(directory, config)
            except IncompleteReadError:  # more units than this account may count
                return None
            return Marking(strategy.name, directory.uri, _source(place), units, mark)
    return None


def read_changes(directory: Directory, config: DirectoryConfig, watermark: Watermark, *, now: datetime) -> Delta:
    """Return what has changed since a watermark; raise FullReadNeededError where that cannot be said for sure."""
    place = Place(directory, config, now)
    source = _source(place)
    if source != watermark.source:
        raise FullReadNeededError("full_read_other_machine", uri=directory.uri)
    found = _BY_NAME[watermark.strategy].changes(place, watermark.position)
    if not found.untouched and units_digest(directory, config) != watermark.units:
        raise FullReadNeededError("full_read_units")
    entries = [(anchor, dn) for dn, anchor in found.entries.items()]
    return Delta(watermark._replace(position=found.position), entries, found.gone, found.present)


def _source(place: Place) -> str:
    """What Active Directory says of the controller: its name, and the id that it gets when it is restored.

    Of others a cookie tells; where there is none only the address does.
    """
    name = place.directory.root_dse.get("dsservicename", [b""])[0].decode("utf-8", "replace")
    if not name:
        return ""
    try:
        number = place.directory.connection.search_ext(name, ldap.SCOPE_BASE, "(objectClass=*)", ["invocationId"])
        rows, _ = receive(place.directory.connection, number, limit=place.config.operation_timeout)
    except ldap.LDAPError as error:
        if is_verdict(error):
            return name
        raise place.lost(error) from None
    ids = [value.hex() for dn, values in rows if dn is not None for found in values.values() for value in found]
    return "|".join([name, *ids])
