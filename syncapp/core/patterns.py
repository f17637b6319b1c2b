"""Patterns of mappings (rule B5): the first group is what is ours."""

import re
import time
from collections.abc import Callable
from functools import lru_cache

# Longer values are not searched: a pattern may need far more than one step per character.
LONGEST_SEARCHED = 300
# Seconds of processor time; an ordinary pattern needs a thousandth of it for the longest value.
_TOO_SLOW = 0.02
_TRAPS = ("1", "1 ", "-", "1-", "a", "a ", "а", " ", "(1)", "+1", ".")


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern once; raises re.error, OverflowError or RecursionError for a broken one."""
    return re.compile(pattern)


def capture(pattern: str, text: str) -> tuple[int, int] | None:
    """Return where in a text the first group stands; None when the pattern does not fit or catches nothing."""
    found = compiled(pattern).search(text) if len(text) <= LONGEST_SEARCHED else None
    if found is None or not found.group(1):
        return None
    return found.span(1)


def is_slow(pattern: str) -> bool:
    """Whether a pattern can take long over a short value, as nested repetitions do.

    Tried out in growing steps with texts that almost fit, so that the first slow
    one is not slow beyond measure.
    """
    search = compiled(pattern).search
    for trap in _TRAPS:
        for length in (*range(8, 30, 2), 60, 120, LONGEST_SEARCHED):
            text = (trap * length)[: length - 1] + "\x01"
            # Twice: the first time may have paid for something else, such as a garbage collection.
            if _seconds(search, text) > _TOO_SLOW and _seconds(search, text) > _TOO_SLOW:
                return True
    return False


def _seconds(search: Callable[[str], object], text: str) -> float:
    """Processor time of this thread, so that a busy machine makes no difference."""
    started = time.thread_time()
    search(text)
    return time.thread_time() - started
