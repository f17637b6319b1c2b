"""OpenLDAP's own: content synchronisation (RFC 4533), as a refresh with the cookie of the last one.

Nobody is taken for gone here: after its log is lost slapd names all who are still
there instead of those who are not, and either is no more than a reason to read
everybody.
"""

from collections.abc import Sequence
from typing import Any

import ldap
from ldap.syncrepl import SyncDoneControl, SyncInfoMessage, SyncRequestControl, SyncStateControl

from syncapp.directory.answers import receive
from syncapp.directory.ber import enter
from syncapp.directory.errors import is_verdict
from syncapp.directory.incremental.strategy import Found, Place, Position, Taken, refused
from syncapp.directory.scope import people_filter
from syncapp.directory.search import read_bases

_DONE = {SyncDoneControl.controlType: SyncDoneControl}
_KNOWN = {**_DONE, SyncStateControl.controlType: SyncStateControl}
_COMES = ("add", "modify")
_ID_SET = 0xA3
_OCTETS, _BOOLEAN, _SET = 0x04, 0x01, 0x31


class Syncrepl:
    name = "syncrepl"

    def begin(self, place: Place) -> Taken | None:
        if not place.offers(SyncRequestControl.controlType):
            return None
        position = {}
        for base in read_bases(place.directory, place.config):
            try:
                # A look at the base is enough: the cookie says where the whole database stands.
                number = _ask(place, base, ldap.SCOPE_BASE, None)
                _rows, controls = receive(
                    place.directory.connection, number, limit=place.config.operation_timeout, known=_DONE
                )
            except ldap.LDAPError as error:
                if is_verdict(error):  # the control is listed, but this database or this account does not have it
                    return None
                raise place.lost(error) from None
            cookie = _done(controls).cookie
            if not cookie:
                return None
            position[base] = cookie
        return Taken(position)

    def changes(self, place: Place, position: Position) -> Found:
        found, present = Found({}, untouched=True), []
        for base, cookie in position.items():
            try:
                number = _ask(place, base, ldap.SCOPE_SUBTREE, cookie)
                rows, controls = receive(
                    place.directory.connection,
                    number,
                    limit=place.config.operation_timeout,
                    known=_KNOWN,
                    with_controls=True,
                )
            except ldap.LDAPError as error:
                raise refused(place, error) from None
            done = _done(controls)
            named = _take(rows, found)
            present.append(None if done.refreshDeletes else named)
            # That of the end alone: those on the way run ahead of what was told. An end without one
            # says that nothing has changed in the whole database.
            found.position = {**found.position, base: done.cookie or cookie}
            found.untouched = found.untouched and done is not _NO_END and done.cookie is None
        # Of several bases only all of them together tell who is still there.
        if all(each is not None for each in present):
            found.present = set().union(*(each or () for each in present))
        return found


def _ask(place: Place, base: str, scope: int, cookie: str | None) -> int:
    number: int = place.directory.connection.search_ext(
        base,
        scope,
        people_filter(place.config, place.directory.profile),
        ["1.1"],
        serverctrls=[SyncRequestControl(cookie=cookie)],
    )
    return number


def _take(rows: Sequence[Any], found: Found) -> set[str]:
    """Take over who changed and who is gone; return the ids of those who are named as neither."""
    named: set[str] = set()
    for name, value, controls in rows:
        if name == SyncInfoMessage.responseName:
            ids, are_gone = id_set(value or b"")
            (found.gone if are_gone else named).update(ids)
            continue
        states = [control for control in controls if isinstance(control, SyncStateControl)]
        if name is None or not states:
            continue
        if states[0].state in _COMES:
            found.entries[name] = states[0].entryUUID
        else:
            (found.gone if states[0].state == "delete" else named).add(states[0].entryUUID)
    return named


def id_set(value: bytes) -> tuple[list[str], bool]:
    """Decode a message that names entries by their ids, and whether they are gone; other messages name nobody.

    The library takes a hundred times as long, and slapd may name a whole company.
    """
    if value[:1] != bytes([_ID_SET]):
        return [], False
    position, _end = enter(value, 0, _ID_SET)
    are_gone = False
    while (tag := value[position]) != _SET:
        start, position = enter(value, position, tag)
        are_gone = value[start:position] != b"\0" if tag == _BOOLEAN else are_gone
    position, end = enter(value, position, _SET)
    ids = []
    while position < end:
        start, position = enter(value, position, _OCTETS)
        text = value[start:position].hex()
        ids.append(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")
    return ids, are_gone


def _done(controls: Sequence[Any]) -> Any:
    """Return the control with which an answer ends; one without a cookie where the server sent none."""
    return next((control for control in controls if isinstance(control, SyncDoneControl)), _NO_END)


class _NoEnd:
    cookie, refreshDeletes = None, True


_NO_END = _NoEnd()
SYNCREPL = Syncrepl()
