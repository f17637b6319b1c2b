"""What a person's decision about two different values does to what was agreed.

A decision writes nothing to the other side: it changes the base, so that the next
run's three-way merge (rule B2) finds one side changed and carries that value over
by the ordinary rules. If a side moved on since, both are changed again, and that is
a conflict again: the decision was about the value that was seen.
"""

from typing import NamedTuple

from syncapp.core.merge import same_value
from syncapp.core.options import FieldRule
from syncapp.core.records import Base, Message
from syncapp.core.vocabulary import OPAQUE_FIELDS, Field, OnEmpty, Resolution


class Settlement(NamedTuple):
    """The field's new base. `value` is entered here by hand; None: the employee stays as he is."""

    base: Base
    value: str | None = None


def settle(*, rule: FieldRule, local: str, remote: str, take: Resolution, value: str = "") -> Settlement | Message:
    """Say what becomes of a field by a decision, or why it cannot be decided so.

    `local` and `remote` are the two values that the decision is about; `value` is the
    third one, as converters read it. The new base holds none but these, whatever was
    agreed before: another value that somebody enters next must be seen as a change.
    """
    if take is Resolution.REMOTE:
        return _take_remote(rule, local, remote)
    if take is Resolution.LOCAL or value == local:
        return _take_local(rule, local, remote)
    return _take_value(rule, remote, value)


def _take_local(rule: FieldRule, local: str, remote: str) -> Settlement | Message:
    """As if theirs had been agreed, and ours had come in its place since."""
    if not local and _stays(rule):
        return _empty_stays(rule)
    return Settlement(Base(remote, remote))


def _take_remote(rule: FieldRule, local: str, remote: str) -> Settlement | Message:
    """As if ours had been agreed, and theirs had come since; where no run would bring it in, it is entered by hand."""
    travels = remote or (rule.on_empty is OnEmpty.CLEAR and rule.field is not Field.EXTENSION)
    if rule.pulls and travels:
        return Settlement(Base(local, local))
    if rule.field in OPAQUE_FIELDS:
        return Message("decision_not_brought_in", {"field": rule.field.value})
    return Settlement(Base(remote, remote), remote)


def _take_value(rule: FieldRule, remote: str, value: str) -> Settlement | Message:
    if rule.field in OPAQUE_FIELDS:
        return Message("decision_not_typed", {"field": rule.field.value})
    if same_value(rule.field, value, remote):
        return Settlement(Base(value, remote), value)
    if not value and _stays(rule):
        return _empty_stays(rule)
    return Settlement(Base(remote, remote), value)


def _stays(rule: FieldRule) -> bool:
    """Whether emptiness here would be left as a difference for ever (rule B3)."""
    return rule.field is Field.EXTENSION or (rule.pushes and rule.on_empty is OnEmpty.KEEP)


def _empty_stays(rule: FieldRule) -> Message:
    code = "decision_empty_number" if rule.field is Field.EXTENSION else "decision_empty"
    return Message(code, {"field": rule.field.value})
