"""Immutable ids: from the bytes that a server sends to text in one form, and back into a filter."""

import re
from uuid import UUID

from ldap.filter import escape_filter_chars

from syncapp.directory.config import GENERIC
from syncapp.exceptions import ConfigurationError

# Characters; a record keeps no more.
LONGEST = 255
# How bytes that are no text are written down.
_BYTES = "hex:"
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What people get another value of while they stay the same people: who marries, moves or changes the telephone.
_CHANGING = frozenset(
    {
        *("uid", "userid", "cn", "commonname", "sn", "surname", "givenname", "displayname", "title", "ou", "entrydn"),
        *("mail", "rfc822mailbox", "telephonenumber", "mobile", "homephone", "pager", "jpegphoto"),
        *("samaccountname", "userprincipalname", "krbprincipalname", "modifytimestamp"),
    }
)


def check_anchor(kind: str, attribute: str) -> None:
    """Refuse an id of the administrator's own choice where the kind of directory brings one."""
    if attribute and kind != GENERIC:
        raise ConfigurationError("anchor_for_generic_only", attribute=attribute)


def changes(attribute: str) -> bool:
    """Whether an attribute is known to get other values in a person's life, and so is a poor id."""
    return attribute.strip().lower() in _CHANGING


def uuid_of_ad(value: bytes) -> str:
    """objectGUID: 16 bytes, the first three groups little-endian."""
    return str(UUID(bytes_le=value))


def filter_value_of_ad(anchor: str) -> str:
    return _escaped(UUID(anchor).bytes_le)


def filter_value_of_389(anchor: str) -> str:
    """nsUniqueId is written in four groups of eight."""
    text = UUID(anchor).hex
    return "-".join(text[start : start + 8] for start in range(0, 32, 8))


def uuid_of_text(value: bytes) -> str:
    """Any punctuation: nsUniqueId is written 8-8-8-8, the sync control writes it as a UUID."""
    text = value.decode("ascii")
    # As it nearly always is; taking a UUID apart and putting it together costs much more.
    return text if _CANONICAL_UUID.fullmatch(text) else str(UUID(text.strip()))


def chosen_anchor(value: bytes) -> str:
    """The id in an attribute that somebody chose: text as it stands, anything else as hexadecimal digits.

    Nothing is folded: how the server compares it is not known, and a filter must find
    it again. Raises ValueError for none, and for one that is too long to be kept.
    """
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text.isprintable() or not text or text.startswith(_BYTES):
        text = f"{_BYTES}{value.hex()}"
    if not value.strip() or len(text) > LONGEST:
        raise ValueError("no usable id")
    return text


def filter_value_of_chosen(anchor: str) -> str:
    if anchor.startswith(_BYTES):
        return _escaped(bytes.fromhex(anchor.removeprefix(_BYTES)))
    escaped: str = escape_filter_chars(anchor)
    return escaped


def _escaped(value: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in value)
