"""The plan of one person while it is being made."""

from dataclasses import dataclass, field

from syncapp.core.fingerprint import record_mark
from syncapp.core.home import is_abroad
from syncapp.core.matters import Candidate, EntryKeys, Matter
from syncapp.core.merge import Decision, FieldMerge
from syncapp.core.options import FieldRule
from syncapp.core.outward import Outward
from syncapp.core.planned import FieldChange, PlanItem, RecordTouch
from syncapp.core.records import (
    NO_REFUSALS,
    NOWHERE_ELSE,
    Base,
    KnownRecord,
    LocalPerson,
    Message,
    RemotePerson,
    Residence,
)
from syncapp.core.vocabulary import ALL_FIELDS, OPAQUE_FIELDS, Action, Field, MatterKind, Outcome, Side

# Looked up once: to fetch a member from its class takes Python 3.11 longer than to use it.
_PULL, _PUSH, _CONFLICT, _KEPT = Decision.PULL, Decision.PUSH, Decision.CONFLICT, Decision.KEPT
_LOCAL, _REMOTE = Side.LOCAL, Side.REMOTE
PROPOSALS = frozenset(
    {
        MatterKind.MATCH_PROPOSED,
        MatterKind.MATCH_SIMILAR,
        MatterKind.MATCH_RECREATED,
        MatterKind.MATCH_REHIRED,
    }
)
NUMBER_DISPUTES = frozenset({MatterKind.NUMBER_TAKEN, MatterKind.NUMBER_CLAIMED_TWICE})
SETTLED = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.SKIPPED})


def conflict_text(name: Field, *, local: str, remote: str) -> Message:
    """Say that both sides changed differently; of pictures and secrets without their values."""
    if name in OPAQUE_FIELDS:
        return Message("content_conflict", {"field": name.value})
    return Message("field_conflict", {"field": name.value, "local": local, "remote": remote})


@dataclass(slots=True)
class PersonPlan:
    """Collects what happens to one person; `result` makes an item or, without news, a touch."""

    person: RemotePerson
    keys: EntryKeys
    record: KnownRecord | None
    local: LocalPerson | None
    number_plan: str = "default"
    action: Action = Action.UPDATE
    outcome: Outcome | None = None
    message: Message | None = None
    number_issued: bool = False
    number_moves: bool = False
    outward: Outward = field(default_factory=Outward)
    today: str = ""
    elsewhere: Residence = NOWHERE_ELSE
    waits: dict[Field, str] = field(default_factory=dict)
    pushes: dict[Field, FieldChange] = field(default_factory=dict)
    base: dict[Field, Base] = field(default_factory=dict)
    changes: dict[Field, FieldChange] = field(default_factory=dict)
    matters: list[Matter] = field(default_factory=list)
    matter_message: Message | None = None
    matter_texts: list[Message] = field(default_factory=list)
    failure: Message | None = None
    remarks: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.record is not None:
            self.base = dict(self.record.base)

    @property
    def abroad(self) -> bool:
        """Whether the person's home is another server (rule B11)."""
        return is_abroad(self.person, self.record, self.elsewhere)

    @property
    def number_in_dispute(self) -> bool:
        """Whether the domain's number was refused and nothing was agreed since.

        It is left alone until somebody decides (rules C3, C4): neither the number of
        the pool that the person got meanwhile nor the mapping's policy decides that.
        """
        open_matters = self.record.open_matters if self.record is not None else ()
        return Field.EXTENSION not in self.base and any(matter.kind in NUMBER_DISPUTES for matter in open_matters)

    def value(self, name: Field) -> str:
        """The employee's value as the plan leaves it so far."""
        if name in self.changes:
            return self.changes[name].after
        return self.before(name)

    def before(self, name: Field) -> str:
        """The employee's value as the hub has it."""
        return self.local.values.get(name, "") if self.local is not None else ""

    def change(self, name: Field, after: str) -> None:
        before = self.before(name)
        if before != after:
            self.changes[name] = FieldChange(name, _LOCAL, before, after)

    def take(self, rule: FieldRule, merged: FieldMerge) -> None:
        """Carry a merge decision into the plan."""
        if merged.remark is not None:
            self.remarks.append(self._dated(merged.remark) if merged.decision is _KEPT else merged.remark)
        if merged.decision is _PULL:
            self.change(rule.field, merged.remote)
        elif merged.decision is _PUSH:
            self.push(rule, standing=merged.remote)
        elif merged.decision is _CONFLICT:
            local = self.value(rule.field)
            text = conflict_text(rule.field, local=local, remote=merged.remote)
            self.matter(MatterKind.FIELD, text, field=rule.field, local=local, remote=merged.remote)
        if merged.base is not None:
            self.base[rule.field] = merged.base

    def push(self, rule: FieldRule, *, standing: str) -> None:
        """Have the employee's value written in the place of `standing`, or say why it waits."""
        value = self.value(rule.field)
        verdict = self.outward.judge(
            rule,
            value=value,
            standing=standing,
            employee_id=self.local.id if self.local is not None else None,
            refusals=self.record.refusals if self.record is not None else NO_REFUSALS,
            department=self.value(Field.DEPARTMENT),
        )
        if verdict.sends:
            self.pushes[rule.field] = FieldChange(rule.field, _REMOTE, standing, value)
        elif verdict.failure is not None:
            self.fail(verdict.failure)
        elif verdict.remark is not None:
            self.remarks.append(verdict.remark)
        else:
            self.waits[rule.field] = standing
            self.remarks += [verdict.reason] if verdict.reason is not None else []

    def _dated(self, remark: Message) -> Message:
        """Say since when a value is empty on one side: the day on which that was noticed (rule B3)."""
        for known in self.record.remarks if self.record is not None else ():
            if known.code == remark.code and {**known.params, "on": ""} == {**remark.params, "on": ""}:
                return known
        return Message(remark.code, {**remark.params, "on": self.today})

    def matter(
        self,
        kind: MatterKind,
        message: Message,
        *,
        field: Field | None = None,
        local: str = "",
        remote: str = "",
        owner: int | None = None,
        matter: Matter | None = None,
    ) -> None:
        """Note something that a person must decide; the first one's message is the record's."""
        base = self.base.get(field) if field is not None else None
        self.matters.append(
            matter
            or Matter(
                kind=kind, field=field, base=base.remote if base else None, local=local, remote=remote, owner_id=owner
            )
        )
        self.matter_texts.append(message)
        self.matter_message = self.matter_message or message

    def strange(self, local: LocalPerson) -> None:
        """The row of a phone system may be another person's by now: nothing travels until somebody says (rule A11)."""
        who = Candidate(local.id)
        text = Message(MatterKind.MATCH_RENAMED.value, {"people": [local.values[Field.NAME]]})
        self.matter(MatterKind.MATCH_RENAMED, text, matter=Matter(MatterKind.MATCH_RENAMED, candidates=(who,)))

    def fail(self, message: Message) -> None:
        self.failure = message

    def result(self) -> PlanItem | RecordTouch | None:
        """Return an item for news, a touch for a record to bring up to date, None when it is."""
        person, record, local = self.person, self.record, self.local
        if local is None and self.action is Action.UPDATE:
            self.action = Action.WAIT
        outcome = self._outcome()
        message = self.failure or self.matter_message or self.message
        settled = outcome in SETTLED and self.action is not Action.WAIT
        settled = settled and not (self.waits and self.outward.withheld)
        names = person.readings[Field.NAME].values if Field.NAME in person.readings else ()
        name = names[0] if names else ""
        state_changed = record is not None and record.state is not person.state
        if record is not None and not self._is_news(outcome, message, state_changed):
            touch = RecordTouch(
                record_id=record.id,
                dn=person.dn,
                name=name,
                employee_version=local.version if local is not None else None,
                base=self.base,
                keys=self.keys,
                fingerprint=person.fingerprint if settled else "",
                waits=self.waits,
                remarks=tuple(self.remarks),
                abroad=self.abroad,
                written=person.written,
            )
            # Unsettled ones are looked at in every run.
            return None if record.fingerprint == touch.fingerprint and self.says_no_more(touch) else touch
        return PlanItem(
            anchor=person.anchor,
            dn=person.dn,
            name=name,
            action=self.action,
            outcome=outcome,
            state=person.state,
            record_id=record.id if record is not None else None,
            employee_id=local.id if local is not None else None,
            employee_version=local.version if local is not None else None,
            changes=tuple(
                [side[field] for side in (self.changes, self.pushes) for field in ALL_FIELDS if field in side]
            ),
            base=self.base,
            keys=self.keys,
            matters=tuple(self.matters),
            remarks=tuple(self.remarks),
            message=message,
            number_issued=self.number_issued,
            number_plan=self.number_plan,
            number_moves=self.number_moves,
            waits=self.waits,
            abroad=self.abroad,
            state_changed=state_changed,
            state_before=record.state if record is not None else None,
            fingerprint=person.fingerprint if settled else "",
            seen=person.seen,
            record_seen=record_mark(record) if record is not None else "",
        )

    def says_no_more(self, touch: RecordTouch) -> bool:
        """Whether the record says all that already, but for the fingerprint."""
        record = self.record
        return (
            record is not None
            and not record.due
            and (record.dn, record.name, record.waits, record.abroad)
            == (touch.dn, touch.name, touch.waits, touch.abroad)
            and (record.base, record.keys, record.remarks, record.written)
            == (touch.base, touch.keys, touch.remarks, touch.written)
        )

    def _outcome(self) -> Outcome:
        """The first that fits, in the order of rule E1."""
        if self.failure is not None:
            return Outcome.FAILED
        if self.matters:
            return Outcome.PROPOSED if all(m.kind in PROPOSALS for m in self.matters) else Outcome.CONFLICT
        if self.outcome is not None:
            return self.outcome
        if self.action is Action.CREATE:
            return Outcome.CREATED
        state_changed = self.record is not None and self.record.state is not self.person.state
        return Outcome.UPDATED if self.changes or self.pushes or state_changed else Outcome.SKIPPED

    def _is_news(self, outcome: Outcome, message: Message | None, state_changed: bool) -> bool:
        """Whether something happened: a change, or an outcome or message other than the record's last.

        Created, updated and skipped are one and the same here: after a run without
        changes everybody settled is `skipped`, by one statement (rule E1).
        """
        record = self.record
        if (
            record is None
            or self.changes
            or self.pushes
            or state_changed
            or self.action in (Action.CREATE, Action.JOIN)
        ):
            return True
        if outcome in SETTLED:
            return record.status not in SETTLED or bool(record.open_matters)
        return (
            outcome is not record.status or message != record.message or set(self.matters) != set(record.open_matters)
        )
