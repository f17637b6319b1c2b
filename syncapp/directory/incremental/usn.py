"""By Active Directory's own number of each change, which one controller counts for itself alone."""

from syncapp.directory.incremental.polling import poll
from syncapp.directory.incremental.strategy import Found, Place, Position, Taken
from syncapp.exceptions import FullReadNeededError

_ATTRIBUTE = "uSNChanged"
# Key of a position.
NUMBER = "usn"
_HIGHEST = "highestcommittedusn"


class Usn:
    name = "usn"

    def begin(self, place: Place) -> Taken | None:
        number = number_of_changes(place)
        return Taken({NUMBER: str(number)}) if number else None

    def changes(self, place: Place, position: Position) -> Found:
        # As it stood when we connected: what is changed meanwhile comes again.
        last, number = int(position[NUMBER]), number_of_changes(place)
        if number < last:
            raise FullReadNeededError("full_read_restored", uri=place.directory.uri)
        found = Found({NUMBER: str(number)}, untouched=number == last)
        if not found.untouched:
            for _row in poll(place, f"({_ATTRIBUTE}>={last + 1})", _ATTRIBUTE, found):
                pass
        return found


def number_of_changes(place: Place) -> int:
    """Return the controller's number of the last change of anything, as it stood when we connected; 0: it says none."""
    value = place.directory.root_dse.get(_HIGHEST, [b""])[0]
    return int(value) if value.isdigit() else 0


USN = Usn()
