"""By Active Directory's own number of each change, which one controller counts for itself alone."""

from syncapp.directory.incremental.polling import poll
from syncapp.directory.incremental.strategy import Found, Place, Position, Taken
from syncapp.exceptions import FullReadNeededError

_ATTRIBUTE = "uSNChanged"
_HIGHEST = "highestcommittedusn"


class Usn:
    name = "usn"

    def begin(self, place: Place) -> Taken | None:
        highest = _highest(place)
        return Taken({"usn": str(highest)}) if highest else None

    def changes(self, place: Place, position: Position) -> Found:
        # As it stood when we connected: what is changed meanwhile comes again.
        last, highest = int(position["usn"]), _highest(place)
        if highest < last:
            raise FullReadNeededError("full_read_restored", uri=place.directory.uri)
        found = Found({"usn": str(highest)})
        if highest > last:
            for _row in poll(place, f"({_ATTRIBUTE}>={last + 1})", _ATTRIBUTE, found):
                pass
        return found


def _highest(place: Place) -> int:
    value = place.directory.root_dse.get(_HIGHEST, [b""])[0]
    return int(value) if value.isdigit() else 0


USN = Usn()
