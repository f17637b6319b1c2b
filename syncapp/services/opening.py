"""Opening whatever is at the other end: the one place that knows which adapter speaks to what."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from syncapp.directory.config import DirectoryConfig
from syncapp.directory.session import open_session as open_directory_session
from syncapp.services.ports import EndpointSession
from syncapp.telephony.config import PhoneConfig
from syncapp.telephony.endpoint import open_phone_endpoint


def open_endpoint(
    config: DirectoryConfig | PhoneConfig, attempt: Callable[[], None] = lambda: None
) -> AbstractContextManager[EndpointSession]:
    """Open a directory or a phone system and log in, for the time of the block."""
    if isinstance(config, PhoneConfig):
        return open_phone_endpoint(config, attempt)
    return open_directory_session(config, attempt)
