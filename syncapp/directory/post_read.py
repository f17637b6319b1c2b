"""The entry as it is after a write, in the answer to the write itself (RFC 4527).

A read-back without a second request, and without a moment in which somebody else
could write. The library's own control decodes by a general ASN.1 parser, which takes
longer than the write: here is the one form that comes.
"""

from collections.abc import Sequence
from typing import Any

from ldap.controls import RequestControl, ResponseControl
from ldap.controls.readentry import PostReadControl

from syncapp.directory.ber import enter

OID = "1.3.6.1.1.13.2"


class PostReadRequest(RequestControl):
    """Asks for these attributes; not critical, for a write is worth more than its read-back."""

    def __init__(self, attributes: Sequence[str]) -> None:
        super().__init__(OID, False, PostReadControl(False, list(attributes)).encodeControlValue())

    def encodeControlValue(self) -> bytes:
        value: bytes = self.encodedControlValue
        return value


class PostReadAnswer(ResponseControl):
    """`dn` and `row` are those of a search."""

    controlType = OID

    def __init__(self, criticality: bool = False) -> None:
        super().__init__(OID, criticality)
        self.dn = ""
        self.row: dict[str, list[bytes]] = {}

    def decodeControlValue(self, encodedControlValue: bytes) -> None:
        self.dn, self.row = decode_entry(encodedControlValue)


ANSWERS = {OID: PostReadAnswer}


def entry_of(controls: Sequence[Any]) -> tuple[str, dict[str, list[bytes]]] | None:
    """Return DN and attributes of the answer's control; None when the server sent none."""
    for control in controls:
        if isinstance(control, PostReadAnswer):
            return control.dn, control.row
    return None


def decode_entry(data: bytes) -> tuple[str, dict[str, list[bytes]]]:
    """Decode a SearchResultEntry (RFC 4511, section 4.5.2); raise ValueError for anything else."""
    try:
        start, end = enter(data, 0, 0x64)
        if end != len(data):
            raise ValueError("something follows the entry")
        name_start, name_end = enter(data, start, 0x04)
        row: dict[str, list[bytes]] = {}
        position, last = enter(data, name_end, 0x30)
        while position < last:
            inner, position = enter(data, position, 0x30)
            type_start, type_end = enter(data, inner, 0x04)
            value_at, values_end = enter(data, type_end, 0x31)
            values = row.setdefault(data[type_start:type_end].decode("ascii"), [])
            while value_at < values_end:
                value_start, value_at = enter(data, value_at, 0x04)
                values.append(data[value_start:value_at])
        return data[name_start:name_end].decode(), row
    except IndexError:
        raise ValueError("the entry ends too early") from None
