"""How many requests may be sent: the box shuts out whoever sends more, for five minutes and longer."""

import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from syncapp.exceptions import TelephonyUnavailableError

WINDOW = 60.0
# The box counts in windows that begin when it likes; a second more than its own keeps us on the safe side.
MARGIN = 1.0
SHUT_OUT = 300.0
# For so long a share may be used up; what is left of it then is lost.
SHARE_HOLDS = 5.0
# Who waits looks up so often.
LOOKS_UP = 2.0


class Grant(NamedTuple):
    """What came of asking for a share: so many requests; or none, and seconds after which to ask again.

    `shut_out`: seconds for which the box refuses us, as another process has heard.
    """

    requests: int
    pause: float = 0.0
    shut_out: float = 0.0


class Share(Protocol):
    """What all who speak to one box share, whichever process they are."""

    def take(self) -> Grant:
        """Take some requests; raise TelephonyUnavailableError where there are none and nobody is to wait."""

    def shut_out(self, seconds: float) -> None:
        """Tell everybody that the box refuses us."""


class RequestBudget:
    """At most so many requests within any 60 s; `wait` sleeps until there is room.

    Meanwhile it calls `while_waiting` every other second: what that raises ends the
    wait, and nothing is sent. Once the box has said that it was too many, nothing is
    sent for as long as it shuts us out: asking again there makes it longer. With a
    `share` that holds for all processes together; without one for this session alone.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        url: str,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        share: Share | None = None,
        while_waiting: Callable[[], None] | None = None,
    ) -> None:
        self._per_minute = per_minute
        self._url = url
        self._clock = clock
        self._sleep = sleep
        self._share = share
        self._while_waiting = while_waiting
        self._left, self._left_until = 0, float("-inf")
        self._sent: deque[float] = deque()
        self._shut_out_until = float("-inf")
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when a request may be sent; raise TelephonyUnavailableError while we are shut out."""
        with self._lock:
            now = self._clock()
            if now < self._shut_out_until:
                raise self.refusal(self._shut_out_until - now)
            while self._sent and self._sent[0] <= now - WINDOW - MARGIN:
                self._sent.popleft()
            if len(self._sent) >= self._per_minute:
                self._pause(self._sent[0] + WINDOW + MARGIN - now)
                self._sent.popleft()
            if self._share is not None:
                self._take_of(self._share)
            self._sent.append(self._clock())

    def _take_of(self, share: Share) -> None:
        if not self._left or self._clock() > self._left_until:
            while not (granted := share.take()).requests:
                if granted.shut_out:
                    raise self.refusal(granted.shut_out)
                self._pause(granted.pause)
            self._left, self._left_until = granted.requests, self._clock() + SHARE_HOLDS
        self._left -= 1

    def _pause(self, seconds: float) -> None:
        while seconds > 0:
            if self._while_waiting is not None:
                self._while_waiting()
            self._sleep(min(seconds, LOOKS_UP))
            seconds -= LOOKS_UP

    def shut_out(self) -> TelephonyUnavailableError:
        """Remember that the box refuses us, and return the error to raise."""
        self._shut_out_until = self._clock() + SHUT_OUT
        if self._share is not None:
            self._share.shut_out(SHUT_OUT)
        return self.refusal(SHUT_OUT)

    def refusal(self, seconds: float) -> TelephonyUnavailableError:
        return TelephonyUnavailableError("phone_rate_limited", retryable=True, url=self._url, seconds=round(seconds))
