"""Why a person's fields become what they become: the decisions of a run, put into words.

Nothing is decided here: `core.plan` is asked, and what it says is told as codes.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from syncapp.core.claims import hub_value, key_values
from syncapp.core.matters import EntryKeys, HubKeys
from syncapp.core.merge import Decision, FieldMerge, same_value
from syncapp.core.numbers import Numbers
from syncapp.core.options import FieldRule, SyncOptions
from syncapp.core.person_plan import PersonPlan
from syncapp.core.plan import begin_person, decide_person, field_merges
from syncapp.core.records import Base, Message, Reading, RemotePerson
from syncapp.core.sides import Sides, is_frozen
from syncapp.core.vocabulary import OPAQUE_FIELDS, Direction, Field, MatchKey, MatterKind, OnEmpty, Policy

# Decisions that only one thing leads to.
_PLAIN = {
    Decision.UNCHANGED: "why_unchanged",
    Decision.AGREED: "why_agreed",
    Decision.UNREADABLE: "why_unreadable",
    Decision.BEHIND: "why_behind",
}
# The same for SIP secrets of phones.
_OF_SECRETS = {
    Decision.UNCHANGED: "why_secret_kept",
    Decision.AGREED: "why_secret_left",
    Decision.PUSH: "why_secret_changed",
}


class FieldStory(NamedTuple):
    """One mapped field of a person. Values of opaque fields are digests.

    `local` and `remote` are what stands there now, `base` what was last agreed. `why`
    gives the reason of the decision, `effects` what comes of it in a run now.
    """

    rule: FieldRule
    local: str
    remote: Reading
    base: Base | None
    decision: Decision
    why: Message
    effects: tuple[Message, ...]


class KeyStory(NamedTuple):
    """Who has one value of an entry that serves as match key: employees' ids, and how many entries."""

    key: MatchKey
    value: str
    employees: tuple[int, ...]
    entries: int


def tell_person(
    person: RemotePerson, sides: Sides, numbers: Numbers, keys: EntryKeys
) -> tuple[PersonPlan, list[FieldStory]]:
    """Return a person's plan, and the story of each mapped field; no stories where values do not travel."""
    plan = decide_person(person, sides, numbers, keys)
    if is_frozen(person, plan.local) or (plan.local is None and plan.outcome is not None) or _waits_for_a_person(plan):
        return plan, []
    before = begin_person(person, sides, keys)
    stories = []
    for rule, merged in field_merges(before, sides):
        base, local = before.base.get(rule.field), before.value(rule.field)
        stories.append(
            FieldStory(
                rule=rule,
                local=local,
                remote=person.readings.get(rule.field, Reading()),
                base=base,
                decision=merged.decision,
                why=_why_secret(rule, merged)
                if sides.options.phone and rule.field is Field.SIP_SECRET
                else why(rule, base=base, local=local, merged=merged, home=before.elsewhere.server),
                effects=_effects(plan, rule, sides),
            )
        )
    return plan, stories


def _why_secret(rule: FieldRule, merged: FieldMerge) -> Message:
    """Say why a directory's SIP secret goes to a phone, or does not: the phone tells nobody what it has."""
    return Message(_OF_SECRETS[merged.decision], {"field": rule.field.value, "attribute": rule.attribute})


def is_strange(plan: PersonPlan) -> bool:
    """Whether the row of a phone system may be another person's by now (rule A11)."""
    return any(matter.kind is MatterKind.MATCH_RENAMED for matter in plan.matters)


def _waits_for_a_person(plan: PersonPlan) -> bool:
    """Whether it is not known yet, or not any more, who the entry is."""
    nobody = plan.local is None and bool(plan.matters) and all(matter.field is None for matter in plan.matters)
    return nobody or is_strange(plan)


def why(rule: FieldRule, *, base: Base | None, local: str, merged: FieldMerge, home: str = "") -> Message:
    """Say why `merge_field` decided so (rules B1 to B4, B6); `home` is another server that gives (B11)."""
    params = {"field": rule.field.value, "attribute": rule.attribute}
    decision, remote = merged.decision, merged.remote
    if code := _PLAIN.get(decision):
        return Message(code, params)
    if decision is Decision.DIFFERENCE and rule.abroad:
        return Message("why_abroad", {**params, "server": home})
    if decision is Decision.DIFFERENCE:
        return Message("why_push_only" if rule.direction is Direction.PUSH else "why_pull_only", params)
    if decision is Decision.KEPT:
        return Message("why_kept" if rule.on_empty is OnEmpty.KEEP else "why_number_kept", params)
    if base is None:
        return Message(_first(rule, decision, local, remote), params)
    if decision is Decision.CONFLICT:
        return Message("why_both_changed", params)
    here = not same_value(rule.field, local, base.local)
    there = not same_value(rule.field, remote, base.remote)
    if here and there:
        return Message("why_domain_wins" if decision is Decision.PULL else "why_pbx_wins", params)
    return Message("why_changed_there" if there else "why_changed_here", params)


def _first(rule: FieldRule, decision: Decision, local: str, remote: str) -> str:
    """Nothing was agreed before."""
    if decision is Decision.CONFLICT:
        return "why_never_agreed"
    if local and remote and rule.field is Field.PHOTO:
        return "why_larger_there" if decision is Decision.PULL else "why_larger_here"
    if decision is Decision.PULL:
        return "why_first_there"
    return "why_pbx_wins" if remote and rule.policy is Policy.LOCAL_WINS else "why_only_here"


def _effects(plan: PersonPlan, rule: FieldRule, sides: Sides) -> tuple[Message, ...]:
    name = rule.field
    params = {"field": name.value, "attribute": rule.attribute}
    told = []
    if change := plan.changes.get(name):
        code = "effect_issued" if name is Field.EXTENSION and plan.number_issued else "effect_here"
        told.append(_told(code, name, {**params, "before": change.before, "after": change.after}))
    if change := plan.pushes.get(name):
        told.append(_told("effect_there", name, {**params, "before": change.before, "after": change.after}))
    if name in plan.waits:
        told.append(Message(_why_waiting(rule, sides), params))
    refused = plan.record.refusals.get(name) if plan.record is not None else None
    if refused is not None:
        told.append(refused.message)
    texts = zip(plan.matters, plan.matter_texts, strict=True)
    told += [text for matter, text in texts if matter.field is name]
    told += [remark for remark in plan.remarks if remark.params.get("field") == name.value]
    return tuple(told)


def _told(code: str, name: Field, params: dict[str, str]) -> Message:
    """Of pictures and secrets without their values."""
    if name not in OPAQUE_FIELDS:
        return Message(code, params)
    return Message(f"{code}_content", {"field": name.value, "attribute": params["attribute"]})


def _why_waiting(rule: FieldRule, sides: Sides) -> str:
    if rule.attribute in sides.outward.closed:
        return "effect_read_only"
    return "effect_refused" if sides.outward.allowed else "effect_waits"


def tell_keys(
    keys: EntryKeys, options: SyncOptions, *, employees: Iterable[HubKeys], entries: Iterable[EntryKeys]
) -> list[KeyStory]:
    """Say who else has each of an entry's match keys, by the forms that matching compares.

    `entries` are those of the whole server, the entry itself among them.
    """
    wanted = key_values(keys, options.match_keys)
    owners: dict[tuple[MatchKey, str], list[int]] = {value: [] for value in wanted}
    for employee in employees:
        for key in options.match_keys:
            value = (key, hub_value(employee, key))
            if value in owners:
                owners[value].append(employee.id)
    counts: Counter[tuple[MatchKey, str]] = Counter()
    for each in entries:
        counts.update(value for value in key_values(each, options.match_keys) if value in owners)
    return [KeyStory(key, text, tuple(sorted(owners[key, text])), counts[key, text]) for key, text in wanted]
