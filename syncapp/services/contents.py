"""Photos and SIP secrets: rules compare them by marks, here are the values themselves (rules B13, B15).

A picture's mark is the SHA-256 of its bytes, a secret's a keyed hash. Pictures are
not part of the main read: they are fetched for people who need a look, and once
more when they come in, a few at a time: those of everybody are never in memory.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from django.utils import timezone

from syncapp import crypto
from syncapp.core.composition import attributes_of
from syncapp.core.options import FieldRule, SyncOptions
from syncapp.core.outgoing import Content as OutgoingContent
from syncapp.core.records import KnownRecord, LocalPerson, Message, Reading, RemotePerson, RemoteRecord
from syncapp.core.vocabulary import Field
from syncapp.models import Employee
from syncapp.services.photos import make_rendition, store_pictures
from syncapp.services.pictures import PictureError, digest_of, look_at, make_picture, padded
from syncapp.services.ports import EndpointSession
from syncapp.store.bulk import in_chunks
from syncapp.store.items import PlannedRow
from syncapp.store.written import Content, Contents, Unusable

_PHOTO, _SECRET = Field.PHOTO, Field.SIP_SECRET
# Pictures that are in memory together, and stored together. A large one takes a second to be made small.
TOGETHER = 50
# The entry could not be read again: what it holds is not known, which is not the same as nothing.
_UNKNOWN = Reading(foreign=("",))


class OpaqueReader:
    """Reads photos and secrets of people, as marks, over an open session."""

    def __init__(self, options: SyncOptions, session: EndpointSession) -> None:
        self._session = session
        rules = {rule.field: rule for rule in options.rules}
        self._photo, self._secret = rules.get(_PHOTO), rules.get(_SECRET)

    def conceal(self, record: RemoteRecord) -> RemoteRecord:
        """Put marks in the place of secrets: nothing later knows them, a fingerprint neither."""
        if self._secret is None:
            return record
        name = self._secret.attribute.lower()
        if not record.attributes.get(name):
            return record
        marks = [crypto.keyed_hash(raw).encode() for raw in record.attributes[name]]
        return record._replace(attributes={**record.attributes, name: marks})

    def with_secret(self, person: RemotePerson, record: RemoteRecord) -> RemotePerson:
        """Add what is read of a concealed entry's secret."""
        if self._secret is None:
            return person
        marks = sorted({raw.decode() for raw in record.attributes.get(self._secret.attribute.lower(), ())})
        return person._replace(readings={**person.readings, _SECRET: Reading(tuple(marks))})

    def add_photos(
        self, people: list[RemotePerson], beat: Callable[[], None], having: Collection[str] | None = None
    ) -> None:
        """Add what is read of everybody's photo; of those `having` one alone, where that is known.

        In their places, so that nobody is in memory twice.
        """
        rule = self._photo
        if rule is None or not people:
            return
        places = {
            person.anchor: place for place, person in enumerate(people) if having is None or person.anchor in having
        }
        entries = ((person.anchor, person.dn) for person in people if person.anchor in places)
        for number, (anchor, record) in enumerate(_fetched(self._session, entries, rule), start=1):
            look = _UNKNOWN, 0
            if record is not None:
                look = _read_photos(rule, record.attributes.get(rule.attribute.lower(), ()))
            place = places.pop(anchor)
            people[place] = _with_photo(people[place], *look)
            if number % TOGETHER == 0:
                beat()

    def who_has_one(self, beat: Callable[[], None]) -> set[str]:
        """Return the anchors of those who have a photo: where most people need a look, often nobody has."""
        having: set[str] = set()
        rule = self._photo
        for page in self._session.pages([], now=timezone.now(), having=rule.attribute) if rule is not None else ():
            having.update(record.anchor for record in page)
            beat()
        return having


def _with_photo(person: RemotePerson, reading: Reading, area: int) -> RemotePerson:
    mark = "" if reading is _UNKNOWN else person.fingerprint
    return person._replace(readings={**person.readings, _PHOTO: reading}, photo_area=area, fingerprint=mark)


def _fetched(
    session: EndpointSession, entries: Iterable[tuple[str, str]], rule: FieldRule
) -> Iterator[tuple[str, RemoteRecord | None]]:
    return session.fetch(entries, attributes_of(rule.attribute), now=timezone.now())


def without_unusable(person: RemotePerson, record: KnownRecord | None) -> RemotePerson:
    """Take contents that turned out to be unusable for foreign ones, instead of trying them in every run."""
    if record is None or not record.refusals:
        return person
    readings = dict(person.readings)
    for name, refused in record.refusals.items():
        reading = readings.get(name, Reading())
        if refused.inward and refused.value in reading.values:
            values = tuple(value for value in reading.values if value != refused.value)
            readings[name] = Reading(values, (*reading.foreign, refused.value), refused.message)
    return person._replace(readings=readings)


def _read_photos(rule: FieldRule, raws: Sequence[bytes]) -> tuple[Reading, int]:
    """Read the pictures of an entry: digests, and the pixels of the largest."""
    values, foreign, area, remark = [], [], 0, None
    for raw in sorted(raws):
        digest = digest_of(raw)
        try:
            look = look_at(raw)
        except PictureError as error:
            foreign.append(digest)
            params = {"field": rule.field.value, "attribute": rule.attribute, **error.message.params}
            remark = Message(error.message.code, params)
        else:
            values.append(digest)
            area = max(area, look.area)
    return Reading(tuple(values), tuple(foreign), remark), area


def incoming(
    session: EndpointSession, options: SyncOptions, rows: Sequence[PlannedRow], beat: Callable[[], None]
) -> Contents:
    """Fetch what the photos and secrets of planned items consist of, and keep the pictures as files.

    What is another one by now is left out: the next run looks at it.
    """
    contents: dict[tuple[str, str], Content | Unusable] = {}
    for rule in options.rules:
        if rule.field is _PHOTO:
            for several in in_chunks(_planned(session, rule, rows), TOGETHER):
                contents |= _pictures(rule, several)
                beat()
        elif rule.field is _SECRET:
            contents |= {(anchor, _SECRET): _secret(rule, raw) for anchor, raw in _planned(session, rule, rows)}
    return contents


def _planned(session: EndpointSession, rule: FieldRule, rows: Sequence[PlannedRow]) -> Iterator[tuple[str, bytes]]:
    """Yield anchor and raw value of each item that takes one in, where it is still the one that was planned."""
    wanted = {row.anchor: row for row in rows if row.changes.get(rule.field, ("", ""))[1]}
    entries = [(row.anchor, row.dn) for row in wanted.values()]
    for anchor, record in _fetched(session, entries, rule) if entries else ():
        planned = wanted[anchor].changes[rule.field][1]
        for raw in record.attributes.get(rule.attribute.lower(), ()) if record is not None else ():
            if _MARKS[rule.field](raw) == planned:
                yield anchor, raw


def _pictures(rule: FieldRule, several: Iterable[tuple[str, bytes]]) -> Contents:
    contents: dict[tuple[str, str], Content | Unusable] = {}
    pictures = []
    for anchor, raw in several:
        try:
            pictures.append(make_picture(raw))
            contents[anchor, _PHOTO] = Content(pictures[-1].sha256)
        except PictureError as error:
            params = {"field": _PHOTO.value, "attribute": rule.attribute, **error.message.params}
            contents[anchor, _PHOTO] = Unusable(Message(error.message.code, params))
    store_pictures(pictures, now=timezone.now())
    return contents


def _secret(rule: FieldRule, raw: bytes) -> Content | Unusable:
    try:
        return Content(crypto.keyed_hash(raw), crypto.encrypt(raw.decode()))
    except UnicodeDecodeError:
        return Unusable(Message("secret_not_text", {"attribute": rule.attribute}))


def outgoing(row: PlannedRow, local: LocalPerson, *, smallest: int = 0) -> dict[Field, OutgoingContent | Message]:
    """Return the photo and the secret that go out for a planned item, or why one cannot.

    `smallest`: so many bytes a picture must have where it goes.
    """
    found: dict[Field, OutgoingContent | Message] = {}
    if _PHOTO in row.pushes:
        found[_PHOTO] = _outgoing_photo(row.pushes[_PHOTO][1], local, smallest)
    if _SECRET in row.pushes:
        secret = Employee.rows.values_list("sip_secret", flat=True).get(pk=local.id)
        marks = frozenset({row.pushes[_SECRET][1]}) - {""}
        found[_SECRET] = OutgoingContent(secret.reveal().encode(), marks, crypto.keyed_hash)
    return found


def _outgoing_photo(name: str, local: LocalPerson, smallest: int) -> OutgoingContent | Message:
    if not name:
        return OutgoingContent(b"", frozenset(), digest_of)
    try:
        raw = padded(make_rendition(name), smallest)
    except PictureError as error:
        return error.message
    return OutgoingContent(raw, local.twins | {digest_of(raw)}, digest_of)


_MARKS: dict[Field, Callable[[bytes], str]] = {_PHOTO: digest_of, _SECRET: crypto.keyed_hash}
