"""What a mapping may not be (rule B5), said when it is saved."""

import re
from collections.abc import Iterator

import phonenumbers

from syncapp.core import patterns
from syncapp.core.composition import AttributeGrammarError, parse_attribute
from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.core.vocabulary import TEXT_FIELDS, Field

# Lengths of extensions that every pattern has to cope with, and those that some companies have.
_USUAL_LENGTHS = range(2, 6)
_POSSIBLE_LENGTHS = range(1, 9)
# Other systems log people in by it, or show it.
_NAMES_A_PERSON_ELSEWHERE = frozenset({Field.EMAIL, Field.NAME})
_SAMPLES = {
    Field.NAME: ("Иван Петров", "Anna Smith"),
    Field.EMAIL: ("anna.smith@corp.example", "anna@corp"),
    Field.DEPARTMENT: ("Отдел продаж", "Sales"),
    Field.TITLE: ("Старший инженер", "Engineer"),
}


def check_rule(rule: FieldRule, *, region: str) -> Message | None:
    """Say why a mapping cannot work; None when it can.

    Tries the pattern out, some milliseconds: for forms and files, not for every
    entry of a run.
    """
    params = {"field": rule.field.value, "attribute": rule.attribute, "pattern": rule.pattern}
    code = _attribute_fault(rule) or (_pattern_fault(rule, region) if rule.pattern else "")
    return Message(code, params) if code else None


def cautions(rule: FieldRule) -> Message | None:
    """Say what somebody should know of a mapping that works; None for the ordinary ones (rules B7, B15)."""
    params = {"field": rule.field.value, "attribute": rule.attribute}
    if rule.field is Field.SIP_SECRET:
        return Message("mapping_pushes_secrets" if rule.pushes else "mapping_reads_secrets", params)
    if rule.field in _NAMES_A_PERSON_ELSEWHERE and rule.pushes:
        return Message("mapping_pushes_identity", params)
    return None


def _attribute_fault(rule: FieldRule) -> str:
    try:
        spec = parse_attribute(rule.attribute)
    except AttributeGrammarError:
        return "mapping_attribute_invalid"
    single = not spec.composed and len(spec.names) == 1
    if rule.pushes and not single:
        return "mapping_push_needs_one_attribute"
    if rule.field not in TEXT_FIELDS and not single:
        return "mapping_needs_one_attribute"
    if rule.pattern and spec.composed:
        return "mapping_pattern_with_composition"
    return ""


def _pattern_fault(rule: FieldRule, region: str) -> str:
    if rule.field not in TEXT_FIELDS:
        return "mapping_pattern_not_text"
    try:
        groups = patterns.compiled(rule.pattern).groups
    except (re.error, OverflowError, RecursionError):
        return "mapping_pattern_invalid"
    if groups == 0:
        return "mapping_pattern_without_group"
    if patterns.is_slow(rule.pattern):
        return "mapping_pattern_slow"
    if rule.pushes and not _reads_back(rule, region):
        return "mapping_pattern_not_read_back"
    return ""


def _reads_back(rule: FieldRule, region: str) -> bool:
    """Whether the bare value, which a push writes into an empty attribute, is read as itself.

    A pattern may be made for one kind of value, such as numbers of three digits
    that begin with 2, and need not fit the others; but it must not catch a part of
    them. Whether the very value fits is looked at again before it is written.
    """
    if rule.field is not Field.EXTENSION:
        samples = _mobiles(region) if rule.field is Field.MOBILE else _SAMPLES[rule.field]
        caught = [(sample, _caught(rule, sample)) for sample in samples]
        return any(got == sample for sample, got in caught) and all(got in (sample, "") for sample, got in caught)
    if any(_caught(rule, number) not in (number, "") for number in _numbers(_USUAL_LENGTHS)):
        return False
    return any(_caught(rule, number) == number for number in _numbers(_POSSIBLE_LENGTHS))


def _caught(rule: FieldRule, text: str) -> str:
    span = patterns.capture(rule.pattern, text)
    return text[slice(*span)] if span else ""


def _mobiles(region: str) -> list[str]:
    """Samples of mobiles in E.164: of the region itself, if it is one, and of three others."""
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE) if region else None
    own = [phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)] if example else []
    return [*own, "+79161234567", "+4915112345678", "+12015550123"]


def _numbers(lengths: range) -> Iterator[str]:
    """Samples of extensions: every first digit, with three different continuations."""
    for length in lengths:
        for first in "0123456789":
            yield first + "0" * (length - 1)
            yield first * length
            yield (first + "123456789")[:length]
