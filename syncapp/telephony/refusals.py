"""What is said of a person whom MikoPBX, or we in its place, refused."""

from collections.abc import Mapping
from typing import Any

from syncapp.core.records import Message
from syncapp.core.vocabulary import RefusalKind
from syncapp.core.writes import WriteRefusal

SECRET = "sip_secret"  # noqa: S105 - the name of a field
_HIDDEN = "***"


def without_secret(refusal: WriteRefusal, body: Mapping[str, Any]) -> WriteRefusal:
    """Take a secret out of what the box said of it: its texts may quote what they were sent."""
    texts = refusal.message.params.get("texts")
    if not texts or not body.get(SECRET):
        return refusal
    params = {**refusal.message.params, "texts": [str(text).replace(body[SECRET], _HIDDEN) for text in texts]}
    return WriteRefusal(refusal.kind, Message(refusal.message.code, params))


def refused(code: str, **params: Any) -> WriteRefusal:
    return WriteRefusal(RefusalKind.VALUE, Message(code, params))
