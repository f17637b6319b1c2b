"""Filters: what an administrator typed is checked before it is used, what is a value is escaped.

A filter with a mistake is not an error to a server: it matches nothing, and
nobody found looks like everybody gone.
"""

from collections.abc import Iterator, Sequence

import ldap
from ldap.controls import AssertionControl
from ldap.filter import escape_filter_chars

from syncapp.exceptions import ConfigurationError

MAX_LENGTH = 10_000  # characters; far above what people write, far below what servers choke on

# Tags of the filter's encoding (RFC 4511, section 4.5.1).
_AND, _OR, _NOT = 0xA0, 0xA1, 0xA2
_PRESENT = 0x87
_EXTENSIBLE, _EXTENSIBLE_NAME = 0xA9, 0x82
_LONG_LENGTH = 0x80


def check_filter(text: str) -> frozenset[str]:
    """Return the names of the attributes in a filter; raise ConfigurationError when it is not exactly one filter.

    libldap is laxer than the standard: it takes `cn=a` without brackets, and what
    is wrong alone can become right between other parts and change their meaning.
    So the text must be right alone and remain one part when it is wrapped.
    """
    if len(text) > MAX_LENGTH:
        raise ConfigurationError("filter_too_long", length=len(text), most=MAX_LENGTH)
    if "\0" in text or not (text.startswith("(") and text.endswith(")")):
        raise ConfigurationError("filter_malformed", filter=text)
    encoded, wrapped = _encode(text), _encode(f"(&(objectClass=*){text})")
    if (
        encoded is None
        or wrapped is None
        or [part for _, part in _elements(_content(wrapped))][1:] != [_content(encoded)]
    ):
        raise ConfigurationError("filter_malformed", filter=text)
    return frozenset(_attribute_names(encoded))


def departments_filter(attribute: str, departments: Sequence[str]) -> str:
    """Return the filter for one of the departments; '' for none."""
    if not departments:
        return ""
    # Mode 0: the others break every text that is not Latin.
    return any_of([f"({attribute}={escape_filter_chars(department, 0)})" for department in departments])


def all_of(filters: Sequence[str]) -> str:
    """Join filters by "and", leaving out the empty ones."""
    return _join("&", filters)


def any_of(filters: Sequence[str]) -> str:
    """Join filters by "or", leaving out the empty ones."""
    return _join("|", filters)


def _join(operator: str, filters: Sequence[str]) -> str:
    parts = [part for part in filters if part]
    return parts[0] if len(parts) == 1 else f"({operator}{''.join(parts)})"


def _encode(text: str) -> bytes | None:
    """Let libldap encode the filter, as it would for sending; None when it refuses."""
    try:
        encoded: bytes = AssertionControl(True, text).encodeControlValue()
    except (ldap.LDAPError, ValueError, UnicodeError):  # lone surrogates cannot be encoded
        return None
    return encoded


def _attribute_names(encoded: bytes) -> Iterator[str]:
    """Walk the encoded filter without recursion: how deep it goes is the author's choice."""
    waiting = [encoded]
    while waiting:
        for tag, content in _elements(waiting.pop()):
            if tag in (_AND, _OR, _NOT):
                waiting.append(content)
            elif tag == _PRESENT:
                yield content.decode()
            elif tag == _EXTENSIBLE:
                yield from (name.decode() for part, name in _elements(content) if part == _EXTENSIBLE_NAME)
            else:
                yield next(_elements(content))[1].decode()


def _content(encoded: bytes) -> bytes:
    return next(_elements(encoded))[1]


def _elements(encoded: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of the elements that stand one after the other."""
    position = 0
    while position < len(encoded):
        tag, length = encoded[position], encoded[position + 1]
        position += 2
        if length >= _LONG_LENGTH:
            size = length - _LONG_LENGTH
            length = int.from_bytes(encoded[position : position + size], "big")
            position += size
        yield tag, encoded[position : position + length]
        position += length
