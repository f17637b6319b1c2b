"""The entry in the answer to a write (RFC 4527)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap.controls.readentry import PostReadControl
from pyasn1.codec.ber import encoder
from pyasn1_modules.rfc2251 import SearchResultEntry

from syncapp.directory.post_read import PostReadRequest, decode_entry

Row = dict[str, list[bytes]]

rows = st.dictionaries(
    st.from_regex(r"[A-Za-z][A-Za-z0-9;-]{0,40}", fullmatch=True),
    st.lists(st.binary(max_size=300), max_size=3),
    max_size=5,
)


def encoded(dn: str, row: Row) -> bytes:
    """As the library's general encoder writes it."""
    entry = SearchResultEntry()
    entry["objectName"] = dn.encode()
    for number, (name, values) in enumerate(row.items()):
        attribute = entry["attributes"].componentType.clone()
        attribute["type"] = name.encode()
        attribute["vals"].extend(values)
        entry["attributes"][number] = attribute
    if not row:
        entry["attributes"].clear()
    data: bytes = encoder.encode(entry)
    return data


@given(dn=st.text(st.characters(exclude_categories=("Cs",)), max_size=200), row=rows)
def test_decodes_what_the_general_encoder_wrote(dn: str, row: Row) -> None:
    assert decode_entry(encoded(dn, row)) == (dn, row)


@given(data=st.binary(max_size=200))
def test_rubbish_is_an_error_and_nothing_else(data: bytes) -> None:
    try:
        decode_entry(data)
    except ValueError:
        return
    assert data[0] == 0x64


def test_entry_that_is_cut_off_is_an_error() -> None:
    data = encoded("uid=anna,dc=example", {"mobile": [b"+79161234567"]})

    for length in range(len(data)):
        with pytest.raises(ValueError, match="ent"):
            decode_entry(data[:length])


def test_request_is_what_the_library_would_send() -> None:
    names = ["mobile", "entryUUID"]

    assert PostReadRequest(names).encodeControlValue() == PostReadControl(False, names).encodeControlValue()
