"""What the adapter needs to know of a phone system."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from syncapp.exceptions import ConfigurationError

if TYPE_CHECKING:
    from syncapp.telephony.attributes import Seen
    from syncapp.telephony.budget import Share

# The box lets 200 requests of one address through within 60 s and shuts it out at the next one.
MOST_REQUESTS = 180


class MobileForm(StrEnum):
    """How Russian mobiles are written there."""

    AUTO = "auto"  # as most of the box's people have theirs
    SEVEN = "7XXXXXXXXXX"
    EIGHT = "8XXXXXXXXXX"


@dataclass(frozen=True, slots=True)
class PhoneConfig:
    """Times are in seconds. `stale_after`: a request that was not carried out by then never will be.

    `region`: in whose form mobiles are read. `share`: of the requests that all processes
    may send. `while_waiting` is called every other second while there are none, and may
    raise what ends the wait. `recalled`: people as earlier runs saw them, by anchor.
    """

    name: str
    url: str
    api_key: str = field(repr=False)
    verify_tls: bool = True
    ca_certificate: str = ""
    fingerprint: str = ""
    mobile_form: str = MobileForm.AUTO
    requests_per_minute: int = 150
    connect_timeout: float = 10.0
    answer_timeout: float = 40.0
    stale_after: float = 36.0
    pause: float = 1.0
    region: str = "RU"
    share: "Share | None" = field(default=None, repr=False)
    while_waiting: Callable[[], None] | None = field(default=None, repr=False)
    recalled: Mapping[str, "Seen"] = field(default_factory=dict, repr=False)


def address_of(url: str) -> tuple[str, int]:
    """Return host and port of a phone system's address; raise ConfigurationError for what is none.

    Plain HTTP is refused: the key would be readable on the way before the box could
    send us to HTTPS.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ConfigurationError("phone_url_malformed", url=url) from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("phone_url_with_account")
    if parts.scheme == "http":
        raise ConfigurationError("phone_url_plain", url=url)
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigurationError("phone_url_malformed", url=url)
    return parts.hostname, port or 443
