"""What is different where the other end is a phone system, beside what it can do (rules A11, B1, C6, D5)."""

from collections.abc import Iterable
from dataclasses import replace

from syncapp.core.merge import Decision, FieldMerge
from syncapp.core.normalise import email_key
from syncapp.core.options import FieldRule, SyncOptions
from syncapp.core.records import Base, KnownRecord, LocalPerson, RemotePerson
from syncapp.core.similarity import words_in_common
from syncapp.core.vocabulary import Direction, Field, Policy

# Before its person is made there, a record has an anchor of our own; those of phone systems are row numbers.
NEW = "new:"
# What a record says once somebody has said that its person was renamed there.
RENAMED = "match_renamed_confirmed"
FEW_STRANGE = 5
_OF_THE_HUB = frozenset({Field.NAME, Field.EMAIL})


def anchor_before(employee_id: int) -> str:
    """Return what stands for the anchor of an employee who has yet to be made there."""
    return f"{NEW}{employee_id}"


def is_before(anchor: str) -> bool:
    """Whether a phone system's anchor stands for somebody who has yet to be made there."""
    return anchor.startswith(NEW)


def rules_for(person: RemotePerson, rules: Iterable[FieldRule], options: SyncOptions) -> tuple[FieldRule, ...]:
    """Return the rules for one person: whoever has no number in a phone system is read and never changed.

    The details of such people show a number and a secret that were made up.
    """
    rules = tuple(rules)
    if not options.phone or has_phone(person):
        return rules
    return tuple(replace(rule, direction=Direction.PULL) for rule in rules if rule.pulls)


def has_phone(person: RemotePerson) -> bool:
    reading = person.readings.get(Field.EXTENSION)
    return reading is None or bool(reading.values or reading.foreign)


def is_believed(person: RemotePerson, record: KnownRecord) -> bool:
    """Whether a row of a phone system still is the person whom it was (rule A11): its id is a number and no identity.

    Who has said that somebody was renamed there is believed as long as the name is that one.
    """
    names = _values(person, Field.NAME)
    said = record.message
    if said is not None and said.code == RENAMED and said.params.get("name") in names:
        return True
    base = {name: pair.remote for name, pair in record.base.items()}
    return is_same_person(
        base.get(Field.NAME) or record.name, base.get(Field.EMAIL, ""), names=names, emails=_values(person, Field.EMAIL)
    )


def is_same_person(name: str, email: str, *, names: Iterable[str], emails: Iterable[str]) -> bool:
    """Whether an address is the same, or a name has a word in common; of whom neither was known nothing can be said."""
    if not name and not email:
        return True
    if email and email_key(email) in map(email_key, emails):
        return True
    return any(words_in_common(name, each) for each in names)


def _values(person: RemotePerson, name: Field) -> tuple[str, ...]:
    reading = person.readings.get(name)
    return reading.values if reading is not None else ()


def looks_like_another(strange: int, tied: int) -> bool:
    """Whether so many rows are somebody else, or gone, that this is another or a restored phone system (rule A11)."""
    return strange > FEW_STRANGE and strange * 10 > tied


def rule_at_first(rule: FieldRule, base: Base | None, local: LocalPerson | None, options: SyncOptions) -> FieldRule:
    """Return the rule by which a first meeting decides: a mapping that asks has no winner yet.

    A phone system's names and addresses are what somebody once typed; the hub has
    theirs from where people are kept. Its numbers stand (rule C6): one that we have
    issued, and that is on no desk yet, gives way.
    """
    if not options.phone or base is not None or rule.policy is not Policy.ASK or local is None:
        return rule
    if rule.field in _OF_THE_HUB:
        return replace(rule, policy=Policy.LOCAL_WINS)
    if rule.field is Field.EXTENSION and local.number_issued:
        return replace(rule, policy=Policy.REMOTE_WINS)
    return rule


def differs_at_first(rule: FieldRule, base: Base | None, options: SyncOptions) -> bool:
    """Whether two values that were never agreed are a matter for a person: a mobile that calls are put through to."""
    return options.phone and base is None and rule.field is Field.MOBILE


def merge_secret(base: Base | None, local: str, key: str) -> FieldMerge:
    """Decide a SIP secret that a directory has, by its mark: a phone system tells nobody what it has itself.

    A new secret cuts off the phone on the desk, so it goes out only where the
    directory's is another one than was agreed. The first that is seen of somebody who
    has a phone already is taken note of: what the phone has is known to its administrator alone.
    `key` stands for what marks are made with, and is kept in the place of the other
    side's value: by another key every mark is another one, though no secret was changed.
    """
    if not local or (base is not None and (base.local, base.remote) == (local, key)):
        return FieldMerge(Decision.UNCHANGED, base=base)
    if base is None or base.remote != key:
        return FieldMerge(Decision.AGREED, base=Base(local, key))
    return FieldMerge(Decision.PUSH, base=base)
