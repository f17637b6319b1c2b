"""Ranges of extensions."""

import re
from collections.abc import Sequence

from syncapp.services.directory_settings.mistakes import Mistake, mistake

# More than any company has; far more are a slip of the keyboard.
LARGEST = 1_000_000
DIGITS = re.compile(r"[0-9]{1,20}")  # not \d: that takes the digits of every script


def validate_pool(*, first: str, last: str, reserved: Sequence[str] = ()) -> list[Mistake]:
    """Return every mistake in a range; numbers are texts, for leading zeros count."""
    mistakes = [
        mistake(name, "pool_not_digits", number=number)
        for name, number in (("first", first), ("last", last))
        if not DIGITS.fullmatch(number)
    ]
    if mistakes:
        return mistakes
    if len(first) != len(last):
        return [mistake("last", "pool_lengths_differ", first=first, last=last)]
    if first > last:
        return [mistake("last", "pool_reversed", first=first, last=last)]
    size = int(last) - int(first) + 1
    if size > LARGEST:
        return [mistake("last", "pool_too_large", size=size, largest=LARGEST)]
    return [
        mistake("reserved", "pool_reserved_outside", number=number, first=first, last=last)
        for number in reserved
        if not (DIGITS.fullmatch(number) and len(number) == len(first) and first <= number <= last)
    ]
