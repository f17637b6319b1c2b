"""A hub in memory: what store and services do around the rules, without a database.

`plan` decides for everybody as a run does, `apply` carries the plan out; between
two plans a test may change entries and employees as people would.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from syncapp.core import plan as rules
from syncapp.core.converters import entry_keys
from syncapp.core.matching import match_entries, near_matches
from syncapp.core.matters import HubKeys
from syncapp.core.normalise import email_key, name_key
from syncapp.core.number_choice import choose_numbers
from syncapp.core.numbers import Numbers
from syncapp.core.options import FieldRule, PoolSpec, SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.planned import PlanItem, RecordTouch
from syncapp.core.records import KnownRecord, LocalPerson, Reading, RemotePerson
from syncapp.core.sides import Sides, unmatched
from syncapp.core.telephones import is_emergency
from syncapp.core.vocabulary import (
    ALL_FIELDS,
    INACTIVE_STATES,
    TEXT_FIELDS,
    Action,
    Direction,
    Field,
    MatchKey,
    Outcome,
    Policy,
    State,
)

Planned = PlanItem | RecordTouch

POOL = PoolSpec("Office", "200", "299")
RULES = tuple(FieldRule(field, field.value, Direction.BOTH) for field in TEXT_FIELDS)
OPTIONS = SyncOptions(rules=RULES, match_keys=tuple(MatchKey), region="RU", pools=(POOL,))
DOMAIN_WINS = replace(OPTIONS, rules=tuple(replace(rule, policy=Policy.REMOTE_WINS) for rule in RULES))


def items(planned: Sequence[Planned]) -> dict[str, PlanItem]:
    """The news of a plan, by anchor."""
    return {each.anchor: each for each in planned if isinstance(each, PlanItem)}


def person(anchor: str, *, state: State = State.ACTIVE, **values: str) -> RemotePerson:
    """An entry; several values of a field are separated by commas, what begins with `?` is foreign (rule B4)."""
    readings = {}
    for name in TEXT_FIELDS:
        given = [value for value in values.get(name, "").split(",") if value]
        readings[name] = Reading(
            values=tuple(sorted(value for value in given if not value.startswith("?"))),
            foreign=tuple(value[1:] for value in given if value.startswith("?")),
        )
    shown = f"{state} {sorted(values.items())}"
    return RemotePerson(anchor, f"uid={anchor},dc=example", state, readings, fingerprint=shown)


@dataclass
class Hub:
    """Employees by id and records by anchor, as the database would hold them."""

    options: SyncOptions = OPTIONS
    employees: dict[int, LocalPerson] = field(default_factory=dict)
    issued: set[int] = field(default_factory=set)
    records: dict[str, KnownRecord] = field(default_factory=dict)
    state: Mapping[str, RemotePerson] = field(default_factory=dict)
    may_give_up: set[int] = field(default_factory=set)

    def employ(self, *, archived: bool = False, **values: str) -> int:
        id_ = len(self.employees) + 1
        filled = {name: values.get(name, "") for name in ALL_FIELDS}
        self.employees[id_] = LocalPerson(id_, 1, filled, archived)
        return id_

    def edit(self, id_: int, **values: str) -> None:
        """What a person changes in the admin."""
        before = self.employees[id_]
        new = {**before.values, **{Field(name): value for name, value in values.items()}}
        self.employees[id_] = replace(before, version=before.version + 1, values=new)
        if "extension" in values:
            self.issued.discard(id_)

    def employee(self, anchor: str) -> LocalPerson:
        id_ = self.records[anchor].employee_id
        assert id_ is not None
        return self.employees[id_]

    def extensions(self) -> dict[str, str]:
        """Map names to the extensions of those who have one."""
        rows = self.employees.values()
        return {row.values[Field.NAME]: row.values[Field.EXTENSION] for row in rows if row.values[Field.EXTENSION]}

    def plan(self, people: Sequence[RemotePerson]) -> list[Planned]:
        """Decide for everybody of a full read, the settled ones looked at once more."""
        return list(rules.plan_people(*self.decided(people), entry_keys))

    def decided(self, people: Sequence[RemotePerson], outward: Outward | None = None) -> tuple[Sides, Numbers]:
        """Match, and say who gets which number: what is decided for everybody at once."""
        known = {each.anchor: self.records[each.anchor] for each in people if each.anchor in self.records}
        sides = Sides(options=self.options, people=list(people), known=known, outward=outward or Outward())
        keys = {each.anchor: entry_keys(each) for each in people}
        everybody = {anchor: (record.keys, record.state) for anchor, record in self.records.items()}
        everybody |= {each.anchor: (keys[each.anchor], each.state) for each in people}
        active = {anchor: state not in INACTIVE_STATES for anchor, (_keys, state) in everybody.items()}
        sides.claims = Counter(
            number for anchor, (each, _state) in everybody.items() if active[anchor] for number in each.extensions
        )
        sides.claimed = {number for each, _state in everybody.values() for number in each.extensions}
        untied = unmatched(people, known, lambda each: keys[each.anchor])
        sides.matches = match_entries(
            entries=untied,
            known=[(each, active[anchor]) for anchor, (each, _state) in everybody.items()],
            employees=self._hub_keys(),
            match_keys=self.options.match_keys,
        )
        decided = {*sides.matches.joined, *sides.matches.matters}
        left = [each for each in untied if each.active and each.anchor not in decided]
        near_matches(entries=left, matches=sides.matches)
        sides.locals = self.employees
        sides.names = {id_: row.values[Field.NAME] for id_, row in self.employees.items()}
        sides.owners = {
            row.values[Field.EXTENSION]: id_ for id_, row in self.employees.items() if row.values[Field.EXTENSION]
        }
        sides.may_give_up = self.may_give_up
        return sides, choose_numbers(sides, lambda number: is_emergency(number, self.options.region))

    def apply(self, planned: Sequence[Planned]) -> None:
        """Carry a plan out: all numbers at once, as the end state is what counts."""
        changed = []
        for news in planned:
            if isinstance(news, RecordTouch):
                self._touch(news)
                continue
            id_ = news.employee_id
            if news.action is Action.CREATE:
                id_ = self.employ()
            if id_ is not None and news.changes:
                changed.append(id_)
                self.edit(id_, **{change.field.value: change.after for change in news.changes})
                if news.number_issued:
                    self.issued.add(id_)
            self._record(news, id_)
        numbers = [self.employees[id_].values[Field.EXTENSION] for id_ in self.employees]
        twice = [number for number, count in Counter(numbers).items() if number and count > 1]
        assert not twice, f"numbers given twice: {twice}"

    def run(self, people: Sequence[RemotePerson]) -> list[Planned]:
        planned = self.plan(people)
        self.apply(planned)
        return planned

    def _record(self, item: PlanItem, employee_id: int | None) -> None:
        self.records[item.anchor] = KnownRecord(
            id=item.record_id or len(self.records) + 1,
            anchor=item.anchor,
            employee_id=employee_id,
            state=item.state,
            status=item.outcome,
            dn=item.dn,
            name=item.name,
            message=item.message,
            remarks=item.remarks,
            fingerprint=item.fingerprint,
            base=item.base,
            keys=item.keys,
            waits=item.waits,
            open_matters=item.matters,
        )

    def _touch(self, touch: RecordTouch) -> None:
        [anchor] = [anchor for anchor, record in self.records.items() if record.id == touch.record_id]
        status = self.records[anchor].status
        self.records[anchor] = replace(
            self.records[anchor],
            base=touch.base,
            keys=touch.keys,
            waits=touch.waits,
            dn=touch.dn,
            name=touch.name,
            remarks=touch.remarks,
            fingerprint=touch.fingerprint,
            status=Outcome.SKIPPED if status in rules.SETTLED else status,
        )

    def _hub_keys(self) -> list[HubKeys]:
        tied = {record.employee_id: record.state for record in self.records.values()}
        return [
            HubKeys(
                id=row.id,
                name=row.values[Field.NAME],
                name_key=name_key(row.values[Field.NAME]),
                email_key=email_key(row.values[Field.EMAIL]),
                mobile=row.values[Field.MOBILE],
                extension=row.values[Field.EXTENSION],
                number_issued=row.id in self.issued,
                tied_here=row.id in tied,
                tied_anywhere=row.id in tied,
                archived=row.archived,
                state_here=tied.get(row.id),
            )
            for row in self.employees.values()
        ]
