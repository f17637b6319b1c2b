"""By the time of the last change: what every directory keeps, where nothing better is offered.

What counts is the newest time that any entry has, by the servers' clock, and not ours:
a clock that is behind would lose changes. A few minutes before it are asked for once
more, for servers that replicate have clocks of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncapp.core.generalized_time import time_of_change
from syncapp.directory.incremental.polling import poll
from syncapp.directory.incremental.strategy import Found, Place, Position
from syncapp.exceptions import FullReadNeededError

ATTRIBUTE = "modifytimestamp"
# Further than that no two clocks are apart that are looked after.
OVERLAP = timedelta(minutes=5)
_FORM = "%Y%m%d%H%M%S"


@dataclass(slots=True)
class Newest:
    """The newest time that was seen; `blind`: an entry did not show its own, so nothing can be said."""

    began: datetime
    attributes: tuple[str, ...] = (ATTRIBUTE,)
    newest: datetime | None = None
    blind: bool = field(default=False)

    def see(self, row: Mapping[str, list[bytes]]) -> None:
        values = next((values for name, values in row.items() if name.lower() == ATTRIBUTE), None)
        stamp = time_of_change(values[0]) if values else None
        if stamp is None:
            self.blind = True
        else:
            self.newest = max(stamp, self.newest or stamp)

    def position(self) -> Position | None:
        if self.blind or self.newest is None:
            return None
        return {"newest": self.newest.isoformat(), "began": self.began.isoformat()}


class Modified:
    name = "modified"

    def begin(self, place: Place) -> Newest:
        return Newest(place.now)

    def changes(self, place: Place, position: Position) -> Found:
        newest, began = (datetime.fromisoformat(position[name]) for name in ("newest", "began"))
        if newest > began + OVERLAP:  # what is changed by a clock that is right would look older
            raise FullReadNeededError("full_read_clock", uri=place.directory.uri, newest=newest.isoformat())
        mark, found = Newest(place.now, newest=newest), Found(position)
        for row in poll(place, f"({ATTRIBUTE}>={newest - OVERLAP:{_FORM}}Z)", ATTRIBUTE, found):
            mark.see(row)
        # At least whoever was the newest comes again; otherwise this cannot be searched for, or he has left.
        after = mark.position()
        if not found.entries or after is None:
            raise FullReadNeededError("full_read_nobody", uri=place.directory.uri)
        found.position = after
        return found


MODIFIED = Modified()
