"""What is wrong with the values of a directory, person by person, and what mends it.

Nobody is remembered as a whole: of values that must be unique it is kept who had
each first.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from syncapp.core.normalise import email_key
from syncapp.core.options import FieldRule
from syncapp.core.records import Message, Reading, RemotePerson
from syncapp.core.vocabulary import INACTIVE_STATES, TEXT_FIELDS, Field


class Ailment(StrEnum):
    """Kinds of findings, in the order in which they are shown."""

    NUMBER_TWICE = "number_twice"
    MOBILE_TWICE = "mobile_twice"
    EMAIL_TWICE = "email_twice"
    OFF_WITH_NUMBER = "off_with_number"
    UNREADABLE = "unreadable"
    SEVERAL = "several"
    NAME_MISSING = "name_missing"
    EMAIL_MISSING = "email_missing"
    NUMBER_MISSING = "number_missing"
    PBX_CUTS = "pbx_cuts"
    PBX_REFUSES = "pbx_refuses"
    PHOTO = "photo"


class Finding(NamedTuple):
    """One thing to mend in one entry; `remedy` says what, and how."""

    ailment: Ailment
    dn: str
    field: Field
    value: str
    remedy: Message


_UNIQUE = {
    Field.EXTENSION: Ailment.NUMBER_TWICE,
    Field.MOBILE: Ailment.MOBILE_TWICE,
    Field.EMAIL: Ailment.EMAIL_TWICE,
}
_EXPECTED = {
    Field.NAME: Ailment.NAME_MISSING,
    Field.EMAIL: Ailment.EMAIL_MISSING,
    Field.EXTENSION: Ailment.NUMBER_MISSING,
}
_EMPTY = Reading()

# As measured on MikoPBX 2026.1: what is longer is cut in silence.
PBX_NUMBER, PBX_NAME = 8, 100
# What its request filter refuses in a name or an address, in any case.
_FILTERED = re.compile(
    r"""' or |';|";|1=1|drop table|select .*from|update .*set|\.\.[/\\]""", re.IGNORECASE | re.DOTALL
)
_SCRIPT = re.compile(r"<\s*script", re.IGNORECASE)


def pbx_trouble(name: Field, value: str) -> tuple[Ailment, str] | None:
    """Say whether MikoPBX would cut, change or refuse a value, and the remedy's code."""
    if name is Field.EXTENSION and len(value) > PBX_NUMBER:
        return Ailment.PBX_CUTS, "health_pbx_number"
    if name is Field.NAME and len(value) > PBX_NAME:
        return Ailment.PBX_CUTS, "health_pbx_name"
    if name not in (Field.NAME, Field.EMAIL):
        return None
    if value.lower().startswith("http"):
        return Ailment.PBX_CUTS, "health_pbx_url"
    if _SCRIPT.search(value):
        return Ailment.PBX_CUTS, "health_pbx_script"
    if _FILTERED.search(value):
        return Ailment.PBX_REFUSES, "health_pbx_filter"
    return None


@dataclass(slots=True)
class Checkup:
    """Looks at one person after the other. `owners`: who had a value first; `told`: of which that was said."""

    rules: Sequence[FieldRule]
    owners: dict[tuple[Field, str], str] = field(default_factory=dict)
    told: set[tuple[Field, str]] = field(default_factory=set)

    def look(self, person: RemotePerson) -> Iterator[Finding]:
        """Yield what is wrong with a person. An account that is switched off is looked at for numbers alone."""
        if person.state in INACTIVE_STATES:
            yield from self._switched_off(person)
            return
        for rule in self.rules:
            if rule.field not in TEXT_FIELDS:
                continue
            reading = person.readings.get(rule.field, _EMPTY)
            yield from self._values(person.dn, rule, reading)
            for value in reading.values:
                yield from self._twice(person.dn, rule, value)
                if trouble := pbx_trouble(rule.field, value):
                    yield _finding(trouble[0], person.dn, rule, value, trouble[1])

    def _switched_off(self, person: RemotePerson) -> Iterator[Finding]:
        for rule in self.rules:
            if rule.field is Field.EXTENSION:
                for value in person.readings.get(rule.field, _EMPTY).values:
                    yield _finding(Ailment.OFF_WITH_NUMBER, person.dn, rule, value, "health_off_with_number")

    def _values(self, dn: str, rule: FieldRule, reading: Reading) -> Iterator[Finding]:
        if reading.foreign and reading.remark is not None:
            yield Finding(Ailment.UNREADABLE, dn, rule.field, ", ".join(reading.foreign), reading.remark)
        elif len(reading.values) > 1 and rule.field is not Field.DEPARTMENT:
            yield _finding(Ailment.SEVERAL, dn, rule, ", ".join(reading.values), "health_several")
        elif not reading.values and rule.field in _EXPECTED:
            yield _finding(_EXPECTED[rule.field], dn, rule, "", "health_missing")

    def _twice(self, dn: str, rule: FieldRule, value: str) -> Iterator[Finding]:
        """Yield a finding for each owner but the first, and for the first when a second comes."""
        ailment = _UNIQUE.get(rule.field)
        if ailment is None:
            return
        key = rule.field, email_key(value) if rule.field is Field.EMAIL else value
        first = self.owners.setdefault(key, dn)
        if first == dn:
            return
        if key not in self.told:
            self.told.add(key)
            yield _finding(ailment, first, rule, value, f"health_{ailment.value}", other=dn)
        yield _finding(ailment, dn, rule, value, f"health_{ailment.value}", other=first)


def photo_finding(dn: str, rule: FieldRule, message: Message) -> Finding:
    """A picture that cannot be used, with the reason."""
    params = {"field": rule.field.value, "attribute": rule.attribute, **message.params}
    return Finding(Ailment.PHOTO, dn, rule.field, "", Message(message.code, params))


def _finding(ailment: Ailment, dn: str, rule: FieldRule, value: str, code: str, **params: str) -> Finding:
    told = {"field": rule.field.value, "attribute": rule.attribute, "value": value, **params}
    return Finding(ailment, dn, rule.field, value, Message(code, told))
