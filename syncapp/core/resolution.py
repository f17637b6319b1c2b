"""What a person's decision about two different values does to what was agreed.

A decision writes nothing to the other side: it changes the base, so that the next
run's three-way merge (rule B2) finds one side changed and carries that value over
by the ordinary rules. If a side moved on since, both are changed again, and that is
a conflict again: the decision was about the value that was seen.
"""

from typing import NamedTuple

from syncapp.core.merge import same_value
from syncapp.core.records import Base, FieldRule, Message
from syncapp.core.vocabulary import OPAQUE_FIELDS, Field, OnEmpty, Resolution


class Settlement(NamedTuple):
    """The field's new base. `value` is entered here by hand; None: the employee stays as he is."""

    base: Base
    value: str | None = None


def settle(
    *, rule: FieldRule, base: Base | None, local: str, remote: str, take: Resolution, value: str = ""
) -> Settlement | Message:
    """Say what becomes of a field by a decision, or why it cannot be decided so.

    `base` is what was agreed, None for nothing; `local` and `remote` are the two
    values that the decision is about; `value` is the third one, as converters read it.
    """
    if take is Resolution.REMOTE:
        return _take_remote(rule, base, local, remote)
    if take is Resolution.LOCAL or value == local:
        return _take_local(rule, base, local, remote)
    return _take_value(rule, base, local, remote, value)


def _take_local(rule: FieldRule, base: Base | None, local: str, remote: str) -> Settlement | Message:
    if not local and _stays(rule):
        return _empty_stays(rule)
    return Settlement(Base(_another(rule, base.local if base else "", local), remote))


def _take_remote(rule: FieldRule, base: Base | None, local: str, remote: str) -> Settlement | Message:
    """Let a run bring it in; where none would, it is entered by hand and so agreed at once."""
    before = _another(rule, base.remote if base else "", remote)
    travels = remote or (before and rule.on_empty is OnEmpty.CLEAR and rule.field is not Field.EXTENSION)
    if rule.pulls and travels:
        return Settlement(Base(local, before))
    if rule.field in OPAQUE_FIELDS:
        return Message("decision_not_brought_in", {"field": rule.field.value})
    return Settlement(Base(remote, remote), remote)


def _take_value(rule: FieldRule, base: Base | None, local: str, remote: str, value: str) -> Settlement | Message:
    if rule.field in OPAQUE_FIELDS:
        return Message("decision_not_typed", {"field": rule.field.value})
    if same_value(rule.field, value, remote):
        return Settlement(Base(value, remote), value)
    if not value and _stays(rule):
        return _empty_stays(rule)
    before = _another(rule, base.local if base else "", value)
    return Settlement(Base(before or ("" if value else local), remote), value)


def _another(rule: FieldRule, agreed: str, value: str) -> str:
    """What was agreed, if that is not this value; else '', so that the value counts as changed."""
    return "" if same_value(rule.field, agreed, value) else agreed


def _stays(rule: FieldRule) -> bool:
    """Whether emptiness here would be left as a difference for ever (rule B3)."""
    return rule.field is Field.EXTENSION or (rule.pushes and rule.on_empty is OnEmpty.KEEP)


def _empty_stays(rule: FieldRule) -> Message:
    code = "decision_empty_number" if rule.field is Field.EXTENSION else "decision_empty"
    return Message(code, {"field": rule.field.value})
