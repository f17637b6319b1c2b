"""How many requests may be sent: the box shuts out whoever sends more, for five minutes and longer."""

import threading
from collections import deque
from collections.abc import Callable

from syncapp.exceptions import TelephonyUnavailableError

WINDOW = 60.0
# The box counts in windows that begin when it likes; a second more than its own keeps us on the safe side.
_MARGIN = 1.0
SHUT_OUT = 300.0


class RequestBudget:
    """At most so many requests within any 60 s; `wait` sleeps until there is room.

    Once the box has said that it was too many, nothing is sent for as long as it
    shuts us out: asking again there makes it longer.
    """

    def __init__(
        self, per_minute: int, *, url: str, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._per_minute = per_minute
        self._url = url
        self._clock = clock
        self._sleep = sleep
        self._sent: deque[float] = deque()
        self._shut_out_until = float("-inf")
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when a request may be sent; raise TelephonyUnavailableError while we are shut out."""
        with self._lock:
            now = self._clock()
            if now < self._shut_out_until:
                raise self.refusal(round(self._shut_out_until - now))
            while self._sent and self._sent[0] <= now - WINDOW - _MARGIN:
                self._sent.popleft()
            if len(self._sent) >= self._per_minute:
                self._sleep(self._sent[0] + WINDOW + _MARGIN - now)
                now = self._clock()
                self._sent.popleft()
            self._sent.append(now)

    def shut_out(self) -> TelephonyUnavailableError:
        """Remember that the box refuses us, and return the error to raise."""
        self._shut_out_until = self._clock() + SHUT_OUT
        return self.refusal(round(SHUT_OUT))

    def refusal(self, seconds: int) -> TelephonyUnavailableError:
        return TelephonyUnavailableError("phone_rate_limited", retryable=True, url=self._url, seconds=seconds)
