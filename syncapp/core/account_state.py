"""What the attributes of an account say about the person's state (rule D1).

A lockout after wrong passwords passes by itself and is no state of the person.
A value that cannot be read says nothing: switching people off on a guess would
be worse than to notice a leaver a run later.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from syncapp.core.generalized_time import parse_generalized_time
from syncapp.core.vocabulary import State

Attributes = Mapping[str, Sequence[bytes]]

_ACCOUNT_DISABLED = 0x2  # bit of userAccountControl
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_FILETIME_NEVER = frozenset({0, 2**63 - 1})
_LOCKED_FOR_GOOD = "000001010000Z"  # pwdAccountLockedTime set by an administrator
_SHADOW_NEVER = -1
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DisabledRule(NamedTuple):
    """A rule of the administrator's own: whoever has this value of this attribute is switched off."""

    attribute: str
    value: str

    def applies(self, values: Sequence[bytes]) -> bool:
        """Whether one of the values is the rule's; neither case nor blanks around it count."""
        wanted = self.value.strip().casefold()
        return any(value.decode("utf-8", "replace").strip().casefold() == wanted for value in values)


def account_state(
    known: Sequence[str], attributes: Attributes, *, now: datetime, rule: DisabledRule | None = None
) -> State:
    """Judge by those of `STATE_ATTRIBUTES` that are `known` to the kind of directory, and by the rule.

    Names are lower-cased; dates are judged by our clock `now`. Disabled goes before
    expired: it is what an administrator said by hand.
    """
    if rule is not None and rule.applies(attributes.get(rule.attribute.lower(), ())):
        return State.DISABLED
    names = [name for name in known if name in attributes]
    if not names:
        return State.ACTIVE
    if any(_DISABLED[name](value) for name, value in _present(attributes, names) if name in _DISABLED):
        return State.DISABLED
    ends = (_ENDS[name](value) for name, value in _present(attributes, names) if name in _ENDS)
    if any(end is not None and end <= now for end in ends):
        return State.EXPIRED
    return State.ACTIVE


def _present(attributes: Attributes, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        for value in attributes[name]:
            yield name, value.decode("ascii", "replace").strip()


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _is_disabled_in_ad(text: str) -> bool:
    return bool((_number(text) or 0) & _ACCOUNT_DISABLED)


def _filetime(text: str) -> datetime | None:
    """Units of 100 ns since 1601; None for never."""
    ticks = _number(text)
    if ticks is None or ticks in _FILETIME_NEVER:
        return None
    try:
        return _FILETIME_EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:  # further away than any calendar
        return None


def _shadow_day(text: str) -> datetime | None:
    """Days since 1970, the first on which the account is closed; None for never."""
    days = _number(text)
    if days is None or days <= _SHADOW_NEVER:
        return None
    try:
        return _UNIX_EPOCH + timedelta(days=days)
    except OverflowError:
        return None


_DISABLED: Mapping[str, Callable[[str], bool]] = {
    "useraccountcontrol": _is_disabled_in_ad,
    "pwdaccountlockedtime": lambda text: text == _LOCKED_FOR_GOOD,
    "nsaccountlock": lambda text: text.casefold() == "true",
}
_ENDS: Mapping[str, Callable[[str], datetime | None]] = {
    "accountexpires": _filetime,
    "pwdendtime": parse_generalized_time,
    "shadowexpire": _shadow_day,
    "krbprincipalexpiration": parse_generalized_time,
}

# Lower-cased names of all attributes that say something; each kind of directory has some of them.
STATE_ATTRIBUTES = frozenset({*_DISABLED, *_ENDS})
