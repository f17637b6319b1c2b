"""Addresses of a directory, and how they go together with the security."""

import re
from collections.abc import Iterator, Sequence
from functools import partial

from syncapp.choices import Security
from syncapp.directory.addresses import parse_address
from syncapp.services.directory_settings.mistakes import Mistake, mistake, mistakes_of

# No host has these: somebody put several addresses, or a remark, into one.
_NOT_OF_A_HOST = re.compile(r"[\s\\%<>\"',;]")


def address_mistakes(*, uris: Sequence[str], security: str) -> Iterator[Mistake]:
    """Yield what is wrong with the addresses; an unknown `security` is not held against them."""
    if not uris:
        yield mistake("uris", "uris_missing")
    for uri in uris:
        judged = security if security in Security.values else _own_security(uri)
        found = mistakes_of("uris", partial(parse_address, uri, judged))
        if not found and _NOT_OF_A_HOST.search(uri.strip()):
            found = [mistake("uris", "uri_malformed", uri=uri)]
        yield from found


def _own_security(uri: str) -> str:
    return Security.LDAPS.value if uri.strip().lower().startswith("ldaps:") else Security.STARTTLS.value
