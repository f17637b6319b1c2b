"""Photos for MikoPBX: what it takes, and in which form."""

import base64
from typing import Any

from syncapp.core.writes import WriteRefusal
from syncapp.telephony.refusals import refused

SMALLEST_PICTURE = 1024
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"RIFF")
NO_PICTURE = "unknownPerson"


def place_of(path: Any) -> str:
    """Return where a picture is kept; '' for the one that stands for none."""
    return "" if NO_PICTURE in str(path) else str(path)


def data_uri(picture: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}" if picture else ""


def picture_refusal(picture: bytes) -> WriteRefusal | None:
    """Refuse here what the box would refuse: there the old picture is lost all the same."""
    if picture and (len(picture) < SMALLEST_PICTURE or not picture.startswith(PICTURES)):
        return refused("phone_picture_refused", smallest=SMALLEST_PICTURE)
    return None
