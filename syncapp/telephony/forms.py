"""The forms in which MikoPBX keeps names, addresses and mobiles, and how a change of mobile travels."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from syncapp.telephony.config import MobileForm

LONGEST_NAME, LONGEST_EMAIL = 100, 255
_BLANKS = " \t\n\r\0\x0b"
_SCRIPT = re.compile(r"<script.*?</script>", re.IGNORECASE | re.DOTALL)
# A value that begins with http is kept without every sign that an address cannot have.
_NOT_IN_ADDRESS = re.compile(r"[^A-Za-z0-9$\-_.+!*'(),{}|\\^~\[\]`<>#%\";/?:@&=]")
_CLEANED = re.compile(r"[\W_eеё]")
_LENGTH_IN_RUSSIA = 11
_OWN_DIGITS = 10  # of a Russian number, behind 7 or 8


def kept_name(name: str) -> str:
    """Return a name as the box keeps it, so that our own write is recognised when it comes back."""
    return _SCRIPT.sub("", _received(name))[:LONGEST_NAME]


def kept_email(email: str) -> str:
    return _received(email)[:LONGEST_EMAIL]


def _received(text: str) -> str:
    trimmed = text.strip(_BLANKS)
    return _NOT_IN_ADDRESS.sub("", trimmed) if trimmed.lower().startswith("http") else trimmed


def mobile_form(mobiles: Iterable[str], *, chosen: str = MobileForm.AUTO) -> MobileForm:
    """Return the form to write Russian mobiles in: the chosen one, or that of most people of the box."""
    if chosen != MobileForm.AUTO:
        return MobileForm(chosen)
    firsts = Counter(digits[0] for mobile in mobiles if len(digits := _digits(mobile)) == _LENGTH_IN_RUSSIA)
    return MobileForm.EIGHT if firsts["8"] > firsts["7"] else MobileForm.SEVEN


def written_mobile(mobile: str, form: MobileForm) -> str:
    """Return a mobile (E.164) as digits: a plus would make it another number than the one that forwards name."""
    digits = _digits(mobile)
    is_russian = mobile.startswith("+7") and len(digits) == _LENGTH_IN_RUSSIA
    return "8" + digits[1:] if is_russian and form is MobileForm.EIGHT else digits


class DialString(NamedTuple):
    """What is dialled for a new mobile; `follows` is false where the old dial string was somebody's own idea."""

    text: str
    follows: bool


def dial_string(old: str, *, old_mobile: str, new_mobile: str) -> DialString:
    """Return the dial string for a new mobile.

    It follows where it ended in the old mobile's digits and keeps what stood before
    them: such a prefix chooses a provider. An empty one leads nowhere and is filled.
    """
    before, after = _digits(old_mobile), _digits(new_mobile)
    if not after:
        return DialString("", follows=True)
    if not old:
        return DialString(after, follows=True)
    if before and old.endswith(before):
        return DialString(old[: len(old) - len(before)] + after, follows=True)
    both_russian = len(before) == len(after) == _LENGTH_IN_RUSSIA and before[0] in "78" and after[0] in "78"
    if both_russian and old.endswith(before[1:]):
        return DialString(old[: len(old) - _OWN_DIGITS] + after[1:], follows=True)
    return DialString(old, follows=False)


def same_number(one: str, other: str) -> bool:
    """Whether two texts are the same digits, with a plus or without."""
    return bool(_digits(one)) and _digits(one) == _digits(other)


def same_caller(one: str, other: str) -> bool:
    """Whether two names are the same person's, one of them as the list of numbers has it: cleaned of signs.

    A ё is an e of some alphabet there; which one is not known.
    """
    return _CLEANED.sub("", one.casefold()) == _CLEANED.sub("", other.casefold()) != ""


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)
