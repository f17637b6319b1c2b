"""What has to be done to an entry, as it is just before it is written (rules B2, B4 to B6, B14, promise 5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from syncapp.core.converters import read_field, to_remote
from syncapp.core.merge import same_value
from syncapp.core.options import FieldRule
from syncapp.core.writes import AttributeWrite


class Present(StrEnum):
    """What stands in the domain now, beside what was planned with."""

    AS_PLANNED = "as_planned"  # ours goes in its place
    AGREED = "agreed"  # ours stands there already
    DRIFTED = "drifted"  # somebody else's: a person decides
    FOREIGN = "foreign"  # it cannot be read any more, and is left alone
    UNFIT = "unfit"  # ours cannot be written so that it would be read as what it is


class Outgoing(NamedTuple):
    """One field on its way: `standing` is what the converter reads there now."""

    present: Present
    standing: str = ""
    write: AttributeWrite | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A value that rules know by a mark alone: a picture, a secret.

    `marks` are all that mean ours; `mark` makes the mark of a raw value.
    """

    raw: bytes = field(repr=False)
    marks: frozenset[str]
    mark: Callable[[bytes], str]


def outgoing_text(
    rule: FieldRule,
    *,
    before: str,
    after: str,
    attributes: Mapping[str, list[bytes]],
    region: str,
    mobile_form: str = "",
) -> Outgoing:
    """Say how `after` gets into the place of `before`; other values of the attribute stay (rule B6)."""
    reading = read_field(rule, attributes, region=region)
    for value in reading.values:
        if after and same_value(rule.field, value, after):
            return Outgoing(Present.AGREED, value)
    if not after and not reading.values and not reading.foreign:
        return Outgoing(Present.AGREED)
    if before not in reading.values and (before or reading.values or reading.foreign):
        return _changed(reading.values, foreign=bool(reading.foreign))
    raws = attributes.get(rule.attribute.lower(), [])
    # Nearly always one value stands there, and has just been read as the one that was planned with.
    alone = len(raws) == 1 and reading.values == (before,)
    old = raws[0] if alone else _raw_of(before, rule, raws, region)
    try:
        text = to_remote(
            rule,
            value=after,
            current=old.decode() if old is not None else None,
            region=region,
            mobile_form=mobile_form,
        )
    except ValueError:
        return Outgoing(Present.UNFIT, before)
    new = text.encode()
    if new == (old or b""):
        return Outgoing(Present.AGREED, before)
    others = tuple(raw for raw in raws if raw != old)
    return Outgoing(Present.AS_PLANNED, before, AttributeWrite(rule.attribute, old, new or None, others))


def outgoing_content(
    rule: FieldRule, *, before: str, content: Content, attributes: Mapping[str, list[bytes]]
) -> Outgoing:
    """The same for a value that has no readable text; an empty `raw` removes what stands there."""
    raws = attributes.get(rule.attribute.lower(), [])
    marked = {content.mark(raw): raw for raw in sorted(raws)}
    ours = [mark for mark in marked if mark in content.marks]
    if ours or (not raws and not content.raw):
        return Outgoing(Present.AGREED, ours[0] if ours else "")
    if before not in marked and (before or raws):
        return _changed(tuple(sorted(marked)), foreign=False)
    old = marked.get(before)
    others = tuple(raw for raw in raws if raw != old)
    return Outgoing(Present.AS_PLANNED, before, AttributeWrite(rule.attribute, old, content.raw or None, others))


def _changed(values: tuple[str, ...], *, foreign: bool) -> Outgoing:
    if foreign and not values:
        return Outgoing(Present.FOREIGN)
    return Outgoing(Present.DRIFTED, values[0] if values else "")


def _raw_of(value: str, rule: FieldRule, raws: list[bytes], region: str) -> bytes | None:
    """Return the stored value that is read as this one, or the blank one that stands where there is none."""
    name = rule.attribute.lower()
    for raw in sorted(raws):
        values = read_field(rule, {name: [raw]}, region=region).values
        if values == ((value,) if value else ()):
            return raw
    return None
