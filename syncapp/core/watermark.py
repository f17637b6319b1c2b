"""Up to where a directory's changes were read, and when that is no ground to read on from (design, section 6)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from syncapp.core.records import Message


class Watermark(NamedTuple):
    """Where the next read of changes goes on; but for `uri` only the adapter that made it understands it.

    `strategy`: by which means changes are told. `uri`: the controller that they are
    asked of, `source`: what that one says of itself ('' where it says nothing): another
    machine at the same address, or one that was set up anew, says something else.
    `position`: up to where, for each base or context. `units`: a digest of the units
    below which people are: no means tells of somebody whose unit was renamed.
    """

    strategy: str
    uri: str
    source: str
    position: Mapping[str, str]
    units: str


class Delta(NamedTuple):
    """What has changed since a watermark.

    `entries`: anchor and DN of who was added, changed or moved.
    `gone`: anchors of who was deleted, or is elsewhere now. `present`: anchors of all
    the others who are still there, where the server names them instead of who is gone.
    """

    watermark: Watermark
    entries: Sequence[tuple[str, str]]
    gone: Collection[str] = ()
    present: Collection[str] | None = None


class Bookmark(NamedTuple):
    """What a run leaves for the next one that reads changes alone.

    `settings`: digest of whatever decides who is read, and how. `read_at`: when
    everybody was read last. `records`: how many known entries there were at its end, and
    `newest`, the highest id among them: later ones are counted, all of them never again.
    """

    watermark: Watermark
    settings: str
    read_at: datetime
    records: int
    newest: int


def reason_to_read_everybody(
    bookmark: Bookmark, *, settings: str, uri: str, now: datetime, hour: int
) -> Message | None:
    """Say why changes alone will not do; None where they will.

    `now` is local time, `hour` that of the night from which on everybody is read once
    more: what no means tells of, people who are gone above all, is found then.
    """
    if bookmark.settings != settings:
        return Message("full_read_settings")
    if bookmark.watermark.uri != uri:
        return Message("full_read_controller", {"uri": uri, "before": bookmark.watermark.uri})
    if bookmark.read_at < last_night(now, hour):
        return Message("full_read_nightly", {"hour": f"{hour:02}:00"})
    return None


def last_night(now: datetime, hour: int) -> datetime:
    """Return when it was that hour last."""
    moment = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return moment if moment <= now else moment - timedelta(days=1)
