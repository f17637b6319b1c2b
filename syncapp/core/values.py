"""From raw bytes to one readable value, or the reason why it is foreign (rule B4).

Nothing is cut, guessed or repaired in silence.
"""

import re
from collections.abc import Callable

from syncapp.core import patterns, telephones
from syncapp.core.normalise import collapse, email_key, name_key
from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.core.vocabulary import Field

# Characters that the hub's columns hold.
LENGTHS = {
    Field.NAME: 255,
    Field.EMAIL: 254,
    Field.MOBILE: 16,
    Field.EXTENSION: telephones.MAX_DIGITS,
    Field.DEPARTMENT: 255,
    Field.TITLE: 255,
}
# Folding can lengthen a text (ß becomes ss), and the keys have columns too.
KEY_LENGTH = 300
# How much of a foreign value is shown.
_SHOWN = 100

# Tab and line ends count as white space; the database and phones refuse or spoil the others.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# Come along with copy and paste and cannot be seen: soft hyphen, zero-width space, direction marks, BOM.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\".]+(?:\.[^\s@<>()\[\]\\,;:\".]+)*")


def clean(text: str) -> str | Message:
    """Even out a text's white space; control characters and lone surrogates make it unfit."""
    if text.isprintable():  # almost always, and quickly said
        return collapse(text)
    if _UNFIT.search(text):
        return Message("value_control_characters")
    return collapse(_INVISIBLE.sub("", text))


def decode(raw: bytes) -> str | Message:
    """Decode one raw value. '' is an empty one."""
    try:
        return clean(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return Message("value_undecodable")


def shown(raw: bytes) -> str:
    """Return a raw value as text fit for showing and storing, whatever it holds."""
    text = raw[: _SHOWN * 4].decode("utf-8", "backslashreplace")
    text = collapse(_UNFIT.sub(lambda found: f"\\x{ord(found.group()):02x}", _INVISIBLE.sub("", text)))
    return text if len(text) <= _SHOWN and len(raw) <= _SHOWN * 4 else text[: _SHOWN - 1] + "…"


def read_text(rule: FieldRule, text: str, *, region: str) -> str | Message:
    """Read a cleaned, non-empty text with a mapping's pattern and its field's converter."""
    if rule.pattern:
        if len(text) > patterns.LONGEST_SEARCHED:
            return Message("value_too_long", {"limit": patterns.LONGEST_SEARCHED})
        span = patterns.capture(rule.pattern, text)
        text = text[slice(*span)].strip() if span else ""
        if not text:
            return Message("value_not_matched")
    return _CONVERTERS[rule.field](text, region)


def _plain(field: Field) -> Callable[[str, str], str | Message]:
    limit = LENGTHS[field]

    def convert(text: str, _region: str) -> str | Message:
        return text if len(text) <= limit else Message("value_too_long", {"limit": limit})

    return convert


def _name(text: str, _region: str) -> str | Message:
    limit = LENGTHS[Field.NAME]
    if len(text) > limit or (len(text) * 3 > KEY_LENGTH and len(name_key(text)) > KEY_LENGTH):
        return Message("value_too_long", {"limit": limit})
    return text


def _email(text: str, _region: str) -> str | Message:
    """Spelled as stored; intranet addresses such as anna@corp are addresses too."""
    limit = LENGTHS[Field.EMAIL]
    if not _EMAIL.fullmatch(text):
        return Message("value_not_email")
    if len(text) > limit or (len(text) * 3 > KEY_LENGTH and len(email_key(text)) > KEY_LENGTH):
        return Message("value_too_long", {"limit": limit})
    return text


_CONVERTERS: dict[Field, Callable[[str, str], str | Message]] = {
    Field.NAME: _name,
    Field.EMAIL: _email,
    Field.MOBILE: telephones.read_mobile,
    Field.EXTENSION: telephones.read_extension,
    Field.DEPARTMENT: _plain(Field.DEPARTMENT),
    Field.TITLE: _plain(Field.TITLE),
}
