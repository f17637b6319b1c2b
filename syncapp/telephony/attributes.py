"""A phone system's people as entries with attributes, which is how the rules know people."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from syncapp.core.options import FieldRule
from syncapp.core.records import RemoteRecord
from syncapp.core.telephones import read_mobile
from syncapp.core.vocabulary import Direction, Field, State
from syncapp.telephony.protocol import PhonePerson, Summary

NAME, EMAIL, NUMBER, MOBILE, PICTURE = "username", "email", "number", "mobile", "avatar"
SECRET = "secret"  # noqa: S105 - a name, no secret
# Where a picture is kept: the same place for every picture of a person, so it tells only whether there is one.
PICTURE_PATH = "avatar-path"

# What is synchronised where nothing else is said. The server shows a changed picture to nobody, so it is not read.
USUAL_RULES = (
    FieldRule(Field.NAME, NAME, Direction.BOTH),
    FieldRule(Field.EXTENSION, NUMBER, Direction.BOTH),
    FieldRule(Field.MOBILE, MOBILE, Direction.BOTH),
    FieldRule(Field.EMAIL, EMAIL, Direction.BOTH),
    FieldRule(Field.PHOTO, PICTURE, Direction.PUSH),
)
# Where a directory has secrets of its own for these phones (rule B15). Nobody here tells what stands there.
SECRET_RULE = FieldRule(Field.SIP_SECRET, SECRET, Direction.PUSH)


class Seen(NamedTuple):
    """A person as he was when somebody looked: what the list showed, and everything but the secret."""

    summary: Summary
    person: PhonePerson


def listed(row: Summary) -> RemoteRecord:
    """Return what the list shows of a person: enough to see that something changed, and not what.

    What stands there for the mobile may be what is dialled instead.
    """
    attributes = {NAME: row.name, EMAIL: row.email, NUMBER: row.number, MOBILE: row.mobile, PICTURE_PATH: row.picture}
    return _record(row, attributes)


def whole(seen: Seen, region: str) -> RemoteRecord:
    """Return a person with everything that the rules may read."""
    row, person = seen
    attributes = {
        NAME: person.name,
        EMAIL: person.email,
        NUMBER: person.number,
        MOBILE: _readable(person.mobile, region),
        PICTURE_PATH: row.picture,
    }
    return _record(row, attributes)


def summary_of(person: PhonePerson, before: Summary | None) -> Summary:
    """Return what the list will show of somebody whom we have just written."""
    return Summary(
        anchor=person.anchor,
        name=person.name,
        email=person.email,
        number=person.number,
        mobile=person.dial_string or person.mobile,
        picture=person.picture,
        disabled=before.disabled if before is not None else False,
    )


def dump_seen(seen: Seen) -> dict[str, Any]:
    """Return what is remembered of a person as plain values."""
    row, person = seen
    own = [person.name, person.email, person.number, person.mobile, person.dial_string, person.has_picture]
    return {
        "row": [row.name, row.email, row.number, row.mobile, row.picture, row.disabled],
        "person": own,
        "forwards": dict(person.forwards),
    }


def load_seen(anchor: str, data: Mapping[str, Any]) -> Seen:
    return Seen(Summary(anchor, *data["row"]), _person(anchor, data))


def _person(anchor: str, data: Mapping[str, Any]) -> PhonePerson:
    name, email, number, mobile, dial_string, has_picture = data["person"]
    picture = data["row"][4]
    return PhonePerson(
        anchor, name, email, number, mobile, dial_string, has_picture, forwards=data["forwards"], picture=picture
    )


def _record(row: Summary, attributes: Mapping[str, str]) -> RemoteRecord:
    state = State.DISABLED if row.disabled else State.ACTIVE
    values = {name: [value.encode()] for name, value in attributes.items() if value}
    return RemoteRecord(row.anchor, row.anchor, values, state)


def _readable(mobile: str, region: str) -> str:
    """Return a mobile so that one of another country is known as such: it stands there without its plus."""
    if mobile.isdigit() and not isinstance(read_mobile(mobile, region), str):
        international = f"+{mobile}"
        return international if isinstance(read_mobile(international, region), str) else mobile
    return mobile
