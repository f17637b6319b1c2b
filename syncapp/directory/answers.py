"""Waiting for the answer to a request."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import ldap
from ldap.controls import ResponseControl
from ldap.ldapobject import SimpleLDAPObject

# Seconds. A signal that arrives just before the library begins to wait does not wake it:
# whoever presses Ctrl-C would wait for the whole limit.
_SLICE = 1.0
# Rows of a stream that are handed on together: a page of 500 has left the processor's cache when it is looked at.
_FEW = 20


def receive(
    connection: SimpleLDAPObject,
    number: int,
    *,
    limit: float,
    known: Mapping[str, type[ResponseControl]] | None = None,
    with_controls: bool = False,
) -> tuple[list[Any], list[Any]]:
    """Return rows and controls of a request's whole answer; raise ldap.TIMEOUT after `limit` seconds without it.

    `known` maps the controls that are to be decoded to their classes, in the place of
    those that the library knows. `with_controls`: each row has its own, too, as
    third part, and messages in between are rows of name, value and controls.
    """
    ends = time.monotonic() + limit
    while True:
        left = ends - time.monotonic()
        try:
            # The answer as a whole: row by row some pages stall for 200 ms.
            _kind, rows, _number, controls, _name, _value = connection.result4(
                number,
                all=1,
                timeout=max(0.01, min(_SLICE, left)),
                add_ctrls=int(with_controls),
                add_intermediates=int(with_controls),
                resp_ctrl_classes=known,
            )
        except ldap.TIMEOUT:
            if left <= _SLICE:
                raise
        else:
            return rows, controls


def stream(connection: SimpleLDAPObject, number: int, *, limit: float) -> Iterator[list[Any]]:
    """Yield the rows of an answer as they come, a few together; raise ldap.TIMEOUT after `limit` seconds without one.

    The library takes no more from the network than is asked for here. It is complete
    when the iterator ends: whatever else the server says at its end is raised.
    """
    rows: list[Any] = []
    silent, wait = 0.0, min(_SLICE, limit)
    while True:
        try:
            kind, found, *_rest = connection.result4(number, all=0, timeout=wait)
        except ldap.TIMEOUT:
            silent += wait
            if silent >= limit:
                raise
            continue
        silent = 0.0
        rows += found
        if kind == ldap.RES_SEARCH_RESULT:
            yield rows
            return
        if len(rows) >= _FEW:
            yield rows
            rows = []
