"""Messages of content synchronisation that name entries by their ids (RFC 4533, section 2.5)."""

from uuid import UUID

import pytest
from ldap.syncrepl import SyncInfoMessage

from syncapp.directory.incremental.syncrepl import id_set

IDS = [UUID(int=number * 2**64 + 1) for number in range(3)]
SET = b"\x31\x36" + b"".join(b"\x04\x10" + each.bytes for each in IDS)


def message(*parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes([0xA3, len(content)]) + content


@pytest.mark.parametrize(
    ("value", "are_gone"),
    [
        (message(SET), False),
        (message(b"\x01\x01\xff", SET), True),
        (message(b"\x01\x01\x00", SET), False),
        (message(b"\x04\x02ab", SET), False),
        (message(b"\x04\x02ab", b"\x01\x01\xff", SET), True),
    ],
    ids=["present", "gone", "said to be present", "with cookie", "gone, with cookie"],
)
def test_id_set_says_what_the_library_says(value: bytes, are_gone: bool) -> None:
    said = SyncInfoMessage(value).syncIdSet

    assert id_set(value) == (said["syncUUIDs"], are_gone)
    assert bool(said["refreshDeletes"]) == are_gone


def test_other_messages_name_nobody() -> None:
    assert id_set(b"\x80\x02ab") == ([], False)
    assert id_set(b"") == ([], False)
