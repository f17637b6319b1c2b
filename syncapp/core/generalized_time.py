"""Times as directories write them (RFC 4517, section 3.3.13)."""

import re
from datetime import UTC, datetime, timedelta

# Minutes and seconds may be missing, a fraction and an offset may follow.
_GENERALIZED_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(?:[.,](\d+))?(?:Z|([+-])(\d\d)(\d\d)?)")
_TO_THE_SECOND = 14  # digits


def parse_generalized_time(text: str) -> datetime | None:
    """Read an LDAP time in any of its legal spellings; None when it is none."""
    match = _GENERALIZED_TIME.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = match.groups()
    # A fraction belongs to the last unit that is given.
    unit = timedelta(seconds=1) if second else timedelta(minutes=1) if minute else timedelta(hours=1)
    offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute or 0), tzinfo=UTC)
        moment += timedelta(seconds=int(second or 0)) + unit * float(f"0.{fraction or 0}")
        return moment + offset if sign == "-" else moment - offset
    except (ValueError, OverflowError):  # no such day, or outside the calendar
        return None


def time_of_change(value: bytes) -> datetime | None:
    """Read the time of a change as servers write it: in UTC and at least to the second; None for anything else.

    It is asked for every entry of a read: quick, `strptime` took ten times as long.
    What follows the seconds does not count.
    """
    digits = value[:_TO_THE_SECOND]
    if len(digits) != _TO_THE_SECOND or not digits.isdigit():
        return None
    text = digits.decode()
    try:
        return datetime.fromisoformat(f"{text[:8]}T{text[8:]}Z")
    except ValueError:  # no such day or hour
        return None
