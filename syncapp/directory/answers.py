"""Waiting for the answer to a request."""

import time
from typing import Any

import ldap
from ldap.ldapobject import SimpleLDAPObject

# Seconds. A signal that arrives just before the library begins to wait does not wake it:
# whoever presses Ctrl-C would wait for the whole limit.
_SLICE = 1.0


def receive(connection: SimpleLDAPObject, number: int, *, limit: float) -> tuple[list[Any], list[Any]]:
    """Return rows and controls of a request's whole answer; raise ldap.TIMEOUT after `limit` seconds without it."""
    ends = time.monotonic() + limit
    while True:
        left = ends - time.monotonic()
        try:
            # The answer as a whole: row by row some pages stall for 200 ms.
            _kind, rows, _number, controls = connection.result3(number, all=1, timeout=max(0.01, min(_SLICE, left)))
        except ldap.TIMEOUT:
            if left <= _SLICE:
                raise
        else:
            return rows, controls
