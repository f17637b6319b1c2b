"""Between an entry's raw attributes and the hub's fields, both ways (rules B4 to B6, B14)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from syncapp.core import patterns, telephones
from syncapp.core.composition import AttributeSpec, attributes_of, compose, parse_attribute
from syncapp.core.mapping_check import cautions, check_rule
from syncapp.core.matters import EntryKeys
from syncapp.core.mobile_form import spelled
from syncapp.core.normalise import email_key, name_key
from syncapp.core.options import FieldRule, SyncOptions
from syncapp.core.records import Message, Reading, RemotePerson, RemoteRecord
from syncapp.core.values import clean, decode, read_text, shown
from syncapp.core.vocabulary import TEXT_FIELDS, Field

__all__ = [
    "CONVERTERS_VERSION",
    "attributes_of",
    "cautions",
    "check_rule",
    "entry_keys",
    "read_field",
    "read_person",
    "to_remote",
]

# Part of every fingerprint: one more whenever a value is read differently than before.
CONVERTERS_VERSION = 1

_EMPTY = Reading()
# Looked up once: to fetch a member from its class takes Python 3.11 longer than to use it.
_NAME, _EMAIL, _MOBILE, _EXTENSION = Field.NAME, Field.EMAIL, Field.MOBILE, Field.EXTENSION
_REPEATED = frozenset({Field.DEPARTMENT, Field.TITLE})


def read_field(rule: FieldRule, attributes: Mapping[str, list[bytes]], *, region: str) -> Reading:
    """Read one field of an entry. Whatever the bytes are, this gives a Reading and never raises.

    `rule` is of one of TEXT_FIELDS and has passed `check_rule`.
    """
    spec = parse_attribute(rule.attribute)
    if spec.literals:
        return _read_composition(rule, spec, attributes, region)
    for name in spec.names:
        raws = attributes.get(name)
        if raws:
            reading = _read_values(rule, name, raws, region)
            if reading is not _EMPTY:
                return reading
    return _EMPTY


def read_person(record: RemoteRecord, options: SyncOptions, *, fingerprint: str = "", seen: str = "") -> RemotePerson:
    """Read all text fields of an entry; photo and SIP secret have no text converter."""
    attributes, region = record.attributes, options.region
    readings = {
        rule.field: read_field(rule, attributes, region=region) for rule in options.rules if rule.field in TEXT_FIELDS
    }
    return RemotePerson(record.anchor, record.dn, record.state, readings, fingerprint, seen)


def entry_keys(person: RemotePerson) -> EntryKeys:
    """Compared forms of an entry: all readable values serve (rule B6)."""
    find = person.readings.get
    names, emails = find(_NAME, _EMPTY).values, find(_EMAIL, _EMPTY).values
    return EntryKeys(
        names[0] if names else "",
        (name_key(names[0]),) if len(names) == 1 else tuple(dict.fromkeys(map(name_key, names))),
        _folded(emails),
        find(_MOBILE, _EMPTY).values,
        find(_EXTENSION, _EMPTY).values,
    )


def _folded(emails: tuple[str, ...]) -> tuple[str, ...]:
    """Compared forms of addresses; nearly all are spelled so, and are in memory once then."""
    keys = tuple([email_key(email) for email in emails])
    return emails if keys == emails else keys


def to_remote(rule: FieldRule, *, value: str, current: str | None, region: str, mobile_form: str = "") -> str:
    """What to store in the directory so that it reads as `value` (rules B5, B14).

    `current` is the decoded value that stands there, None or '' for none. What
    the pattern captured, or the mobile among its labels, is replaced and the rest
    stays; a value that reads so already is given back as it is. A mobile is
    written in `mobile_form`, as E.164 where that does not fit. Raises ValueError
    when `current` is foreign (rule B4: no push over it) or the result would not
    read as `value`.
    """
    text = clean(current or "")
    if isinstance(text, Message):
        raise ValueError(text.code)
    written = spelled(value, mobile_form, region=region) if rule.field is Field.MOBILE else value
    if not text:
        return _checked(rule, written, value, region)
    read = read_text(rule, text, region=region)
    if isinstance(read, Message):
        raise ValueError(read.code)
    if read == value:
        return current or ""
    start, end = _ours(rule, text)
    if not value:
        return text[:start].rstrip() + text[end:] if rule.pattern else ""
    return _checked(rule, text[:start] + written + text[end:], value, region)


def _ours(rule: FieldRule, text: str) -> tuple[int, int]:
    """Where the part of a readable text stands that a push replaces."""
    start, end = 0, len(text)
    if rule.pattern:
        start, end = patterns.capture(rule.pattern, text) or (start, end)
    if rule.field is Field.MOBILE:
        found = telephones.find_number(text[start:end])
        if not isinstance(found, Message):
            return start + found.start(), start + found.end()
    return start, end


def _checked(rule: FieldRule, text: str, value: str, region: str) -> str:
    if value and read_text(rule, text, region=region) != value:
        raise ValueError("value_not_read_back")
    return text


def _read_values(rule: FieldRule, attribute: str, raws: Sequence[bytes], region: str) -> Reading:
    if len(raws) == 1:
        read = _read_value(rule, raws[0], region)
        if isinstance(read, str):
            return _EMPTY if not read else _shared(read) if rule.field in _REPEATED else Reading((read,))
    values: dict[str, str] = {}
    foreign: dict[str, Message] = {}
    for raw in sorted(raws):
        read = _read_value(rule, raw, region)
        if isinstance(read, Message):
            foreign.setdefault(shown(raw), read)
        elif read:
            # Two spellings of one address are not two values.
            values.setdefault(email_key(read) if rule.field is Field.EMAIL else read, read)
    if not values and not foreign:
        return _EMPTY
    return Reading(
        tuple(sorted(values.values())), tuple(sorted(foreign)), _remark(rule, attribute, foreign) if foreign else None
    )


def _read_value(rule: FieldRule, raw: bytes, region: str) -> str | Message:
    if rule.field in _REPEATED:
        return _read_repeated(rule.field, rule.pattern, raw, region)
    text = decode(raw)
    return read_text(rule, text, region=region) if text and isinstance(text, str) else text


@lru_cache(maxsize=4096)
def _shared(value: str) -> Reading:
    """One reading for all who have it: of a first import everybody's are in memory at once."""
    return Reading((value,))


@lru_cache(maxsize=4096)
def _read_repeated(field: Field, pattern: str, raw: bytes, region: str) -> str | Message:
    """A company has few departments and titles, and many people in each."""
    text = decode(raw)
    rule = FieldRule(field, "", pattern=pattern)
    return read_text(rule, text, region=region) if text and isinstance(text, str) else text


def _remark(rule: FieldRule, attribute: str, foreign: Mapping[str, Message]) -> Message:
    """Say why the first of the foreign values is one."""
    value = min(foreign)
    reason = foreign[value]
    return Message(reason.code, {**reason.params, "field": rule.field.value, "attribute": attribute, "value": value})


def _read_composition(
    rule: FieldRule, spec: AttributeSpec, attributes: Mapping[str, list[bytes]], region: str
) -> Reading:
    """Of each part the first in sorted order; one unreadable part makes the whole foreign."""
    plain = FieldRule(Field.TITLE, rule.attribute)
    parts = []
    for name in spec.names:
        reading = _read_values(plain, name, attributes.get(name, ()), region)
        if reading.remark is not None and not reading.values:
            remark = Message(reading.remark.code, {**reading.remark.params, "field": rule.field.value})
            return Reading(foreign=reading.foreign, remark=remark)
        parts.append(reading.values[0] if reading.values else "")
    return _read_values(rule, rule.attribute, [compose(spec, parts).encode()], region)
