"""A signed request to a program of the administrator's."""

import hashlib
import hmac
import http.client
import json
from datetime import datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from syncapp.exceptions import SyncError
from syncapp.models import NotificationChannel

TIMEOUT = 10.0  # seconds


class _NoRedirects(HTTPRedirectHandler):
    """A redirect would carry the message to where nobody has sent it."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def signature(secret: str, *, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over timestamp, a dot and the body; the timestamp lets the receiver refuse what is old."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def send_webhook(channel: NotificationChannel, payload: dict[str, Any], *, now: datetime) -> int:
    """Send one request and return the status of the answer; raise SyncError for everything that is not 2xx."""
    if not channel.url.lower().startswith(("http://", "https://")):
        raise SyncError("webhook_address", url=channel.url)
    body = json.dumps(payload, ensure_ascii=False).encode()
    timestamp = str(int(now.timestamp()))
    request = Request(  # noqa: S310 - the scheme was looked at
        channel.url,
        data=body,
        method="POST",
        headers={
            "Content-Type": "application/json",
            "User-Agent": "ldapsync",
            "X-Ldapsync-Timestamp": timestamp,
            "X-Ldapsync-Signature": f"sha256={signature(channel.reveal_secret(), timestamp=timestamp, body=body)}",
        },
    )
    try:
        with build_opener(_NoRedirects).open(request, timeout=TIMEOUT) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        raise SyncError("webhook_refused", number=error.code) from None
    except (URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise SyncError("webhook_unreachable", kind=type(reason).__name__) from None
