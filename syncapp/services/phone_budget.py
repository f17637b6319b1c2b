"""How many requests whoever speaks to a phone system may send, beside all others who do."""

from dataclasses import dataclass

from syncapp.exceptions import TelephonyUnavailableError
from syncapp.models import PhoneSystem
from syncapp.store import phone_budget as store
from syncapp.telephony.budget import Grant

# A run takes so many at once at most: each time costs two statements.
LARGEST_LOT = 10
# Lots of a minute's requests: what is left of one is lost.
LOTS = 18
# What a page may send beyond the limit while a run uses it up: with both the box has fewer than it shuts out for.
SPARE = 10


@dataclass(slots=True)
class SharedRequests:
    """A share of what may be sent to a phone system within a minute, whichever process sends it.

    `waits`: a run takes more and more at once and waits where there are none. Whoever
    waits for a page takes one at a time, also of those that are spared for him, and is
    refused where these are used up, too.
    """

    phones: PhoneSystem
    waits: bool
    _taken: int = 0

    def take(self) -> Grant:
        per_minute = self.phones.requests_per_minute
        lot = max(1, min(LARGEST_LOT, per_minute // LOTS, self._taken)) if self.waits else 1
        most = per_minute if self.waits else per_minute + SPARE
        taken = store.take(self.phones.pk, self.phones.url, wanted=lot, most=most)
        self._taken += taken.requests
        if taken.pause and not self.waits:
            raise TelephonyUnavailableError(
                "phone_requests_used_up", retryable=True, server=self.phones.name, seconds=round(taken.pause)
            )
        return Grant(taken.requests, taken.pause, taken.shut_out)

    def shut_out(self, seconds: float) -> None:
        store.shut_out(self.phones.pk, self.phones.url, seconds=seconds)
