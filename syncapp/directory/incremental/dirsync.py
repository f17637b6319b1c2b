"""Active Directory's own: DirSync, in the form that an ordinary account may use (MS-ADTS 3.1.1.3.4.1.3).

It knows no subtree: the whole naming context is asked, and who is elsewhere is told by
the DN. Of each entry it sends what has changed; that it has changed is enough for us.
Where the controller's own number of changes has not moved there is nothing to ask for:
Samba looks at everybody to say that nobody has changed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import ldap
from ldap.controls import RequestControl, ResponseControl
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import namedtype, univ

from syncapp.directory.answers import receive
from syncapp.directory.errors import is_verdict
from syncapp.directory.filters import any_of
from syncapp.directory.identity import holding_contexts
from syncapp.directory.incremental.strategy import Found, Place, Position, Taken, refused
from syncapp.directory.incremental.usn import NUMBER, number_of_changes
from syncapp.directory.scope import is_below
from syncapp.directory.search import read_bases

OID = "1.2.840.113556.1.4.841"
_OBJECT_SECURITY = 1
_MOST_BYTES = 1 << 20
# The first cookie says where the directory stands now; who is there a read of everybody tells.
_NOBODY = "(!(objectClass=*))"


class _Value(univ.Sequence):
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("flags", univ.Integer()),
        namedtype.NamedType("size", univ.Integer()),
        namedtype.NamedType("cookie", univ.OctetString()),
    )


class DirSyncRequest(RequestControl):
    def __init__(self, cookie: bytes) -> None:
        value = _Value()
        value["flags"], value["size"], value["cookie"] = _OBJECT_SECURITY, _MOST_BYTES, cookie
        super().__init__(OID, True, encoder.encode(value))


class DirSyncAnswer(ResponseControl):
    controlType = OID

    def decodeControlValue(self, encodedControlValue: bytes) -> None:
        value, _rest = decoder.decode(encodedControlValue, asn1Spec=_Value())
        self.has_more, self.cookie = bool(value["flags"]), bytes(value["cookie"])


class DirSync:
    name = "dirsync"

    def begin(self, place: Place) -> Taken | None:
        if not place.offers(OID):
            return None
        cookies = {}
        try:
            for context in sorted(holding_contexts(place.directory, place.config)):
                for _rows, cookie in _pages(place, context, _NOBODY, b""):
                    cookies[context] = cookie.hex()
        except ldap.LDAPError as error:
            if is_verdict(error):
                return None
            raise place.lost(error) from None
        return Taken({**cookies, **_number(place)}) if cookies else None

    def changes(self, place: Place, position: Position) -> Found:
        number = _number(place)
        if number and number[NUMBER] == position.get(NUMBER):
            return Found(position, untouched=True)
        found, bases = Found(number), read_bases(place.directory, place.config)
        wanted = any_of([place.directory.profile.people_filter, "(isDeleted=TRUE)"])
        try:
            for context in sorted(position.keys() - {NUMBER}):
                for rows, cookie in _pages(place, context, wanted, bytes.fromhex(position[context])):
                    found.position = {**found.position, context: cookie.hex()}
                    for dn, values in rows:
                        if dn is not None:
                            _take(place, dn, values, bases, found)
        except ldap.LDAPError as error:
            raise refused(place, error) from None
        return found


def _number(place: Place) -> Position:
    """The part of a position that says how far the controller had counted before any cookie of it was asked for."""
    number = number_of_changes(place)
    return {NUMBER: str(number)} if number else {}


def _take(place: Place, dn: str, values: Mapping[str, list[bytes]], bases: list[str], found: Found) -> None:
    profile = place.directory.profile
    anchor = profile.decode_anchor(values[profile.anchor_attribute][0])
    if "isDeleted" not in values and any(is_below(dn, base) for base in bases):
        found.entries[dn] = anchor
    else:
        found.gone.add(anchor)


def _pages(place: Place, context: str, wanted: str, cookie: bytes) -> Iterator[tuple[list[Any], bytes]]:
    """Yield rows and cookie until the server has no more: then the last cookie is complete."""
    connection, limit = place.directory.connection, place.config.operation_timeout
    more = True
    while more:
        number = connection.search_ext(context, ldap.SCOPE_SUBTREE, wanted, serverctrls=[DirSyncRequest(cookie)])
        rows, controls = receive(connection, number, limit=limit, known={OID: DirSyncAnswer})
        [answer] = [control for control in controls if isinstance(control, DirSyncAnswer)]
        more, cookie = answer.has_more, answer.cookie
        yield rows, cookie


DIRSYNC = DirSync()
