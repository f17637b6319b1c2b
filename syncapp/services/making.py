"""Making people in a phone system: who is to be, and what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from syncapp.core.converters import read_field
from syncapp.core.making import Unplaced, plan_making, plan_withdrawn
from syncapp.core.options import FieldRule
from syncapp.core.outgoing import Content
from syncapp.core.phone_first import names
from syncapp.core.planned import PlanItem
from syncapp.core.records import Base, Message, Refused, RemoteRecord
from syncapp.core.vocabulary import TEXT_FIELDS, Field, RefusalKind
from syncapp.core.writes import MakeJob, MakeResult, WriteRefusal
from syncapp.models import PhoneSystem
from syncapp.services.phone_systems import is_told_whom, serving_cautions
from syncapp.services.planning import Planning
from syncapp.services.remote_read import RemoteRead
from syncapp.services.secrets import key_mark
from syncapp.store import snapshots
from syncapp.store.phone_service import active_in, service_of
from syncapp.store.sent import Sent
from syncapp.store.unplaced import numbers_given_up, tried, unplaced
from syncapp.telephony.endpoint import PhoneEndpoint


def whom_to_make(phones: PhoneSystem, planning: Planning) -> list[Unplaced]:
    """Return everybody whom this phone system serves and does not know, but for who may be one of its people.

    Whoever is a candidate of an open question waits for the answer: he may be there already.
    """
    if not phones.create:
        return []
    known = planning.sides
    taken = {
        *known.matches.in_question(),
        *(employee_id for employee_id, _key in known.matches.joined.values()),
        *known.former.values(),
        *known.made.values(),
    }
    records = tried(phones.pk)
    ids = [employee_id for employee_id in _served(phones) if employee_id not in taken]
    people = snapshots.local_people(ids)
    return [Unplaced(people[employee_id], records.get(employee_id)) for employee_id in ids]


def _served(phones: PhoneSystem) -> list[int]:
    """Return the employees whom the phone system's rule names, and who have no phone there."""
    service = service_of(phones, alone=is_told_whom(phones))
    rows = unplaced(phones.pk, number_plan=phones.number_plan)
    where = active_in([employee_id for employee_id, *_rest in rows]) if service.directories else {}
    return [
        employee_id
        for employee_id, department, number in rows
        if names(service, directories=where.get(employee_id, frozenset()), department=department, number=number)
    ]


def is_served(phones: PhoneSystem, employee_id: int) -> bool:
    """Whether the phone system's rule names an employee who has no phone there and may get one."""
    return employee_id in _served(phones)


def plan_those_to_make(
    phones: PhoneSystem, session: PhoneEndpoint, planning: Planning, *, may_send: bool
) -> list[PlanItem]:
    """Return what the plan has for people who are not there; before anything may go out only how many wait."""
    planning.notes += serving_cautions(phones) if phones.create else []
    people = whom_to_make(phones, planning)
    withdrawn = _withdrawn(phones, planning, people)
    planning.unplaced = {each.local.id: each for each in (*people, *withdrawn)}
    items = list(plan_withdrawn(withdrawn))
    if not people:
        return items
    if not may_send:
        planning.notes.append(Message("phone_newcomers_wait", {"count": len(people)}))
        return items
    wanted = {each.local.values[Field.EXTENSION] for each in people}
    holders = {row.anchor: row.number for row in session.rows().values() if row.number in wanted}
    given_up = numbers_given_up(phones.pk, holders)  # by people who are written before anybody is made
    occupied = {number: kind for number, kind in session.occupied().items() if number not in given_up}
    return [*items, *plan_making(people, planning.sides.options.rules, occupied=occupied)]


def _withdrawn(phones: PhoneSystem, planning: Planning, people: Sequence[Unplaced]) -> list[Unplaced]:
    """Return those whom it was tried to make and who are not to be made any more: they left, or the rule changed."""
    still = {each.local.id for each in people}
    adopted = {record.id for record in planning.sides.known.values()}
    records = {
        employee_id: record
        for employee_id, record in tried(phones.pk).items()
        if employee_id not in still and record.id not in adopted
    }
    locals_ = snapshots.local_people(records)
    return [Unplaced(locals_[employee_id], record) for employee_id, record in records.items()]


def forget_freed_numbers(read: RemoteRead, session: PhoneEndpoint) -> None:
    """Forget that a number was refused which nothing has there any more: it is sent again (rule B10)."""
    for anchor, record in read.known.items():
        refused = record.refusals.get(Field.EXTENSION)
        taken = refused is not None and refused.message.code == "phone_number_taken"
        if refused is not None and taken and refused.value not in session.occupied():
            left = dict(record.refusals)
            del left[Field.EXTENSION]
            read.known[anchor] = read.known_by_id[record.id] = replace(record, refusals=left)


@dataclass(slots=True)
class Making:
    """One person on his way into a phone system; `begun` once the request may have been sent."""

    sent: Sent
    rules: Mapping[Field, FieldRule]
    region: str
    contents: Mapping[Field, Content | Message] = field(default_factory=dict)
    begun: bool = False

    def job(self) -> MakeJob:
        self.begun = True
        photo, secret = self.contents.get(Field.PHOTO), self.contents.get(Field.SIP_SECRET)
        values = {Field(name): after for name, (_before, after) in self.sent.row.pushes.items()}
        return MakeJob(
            self.sent.row.anchor,
            {name: value for name, value in values.items() if name in TEXT_FIELDS},
            photo.raw if isinstance(photo, Content) else b"",
            secret.raw.decode() if isinstance(secret, Content) else "",
        )

    def leave(self) -> Sent:
        """The employee is another than planned: nothing is sent, the next run looks again."""
        for name in self.sent.row.pushes:
            self.sent.waits[Field(name)] = ""
        self.sent.messages.append(Message("write_edited_meanwhile"))
        return self.sent

    def conclude(self, result: MakeResult) -> Sent:
        self.sent.messages += result.remarks
        if result.entry is not None:
            self._agree(result.entry)
        elif result.refusal is not None:
            self._refuse(result.refusal)
        return self.sent

    def _agree(self, entry: RemoteRecord) -> None:
        self.sent.anchor = entry.anchor
        for name, (_before, after) in self.sent.row.pushes.items():
            rule, photo = self.rules[Field(name)], self.contents.get(Field(name))
            self.sent.replaced[rule.field] = ""
            if rule.field in TEXT_FIELDS:
                read = read_field(rule, entry.attributes, region=self.region).values
                self.sent.agreed[rule.field] = Base(after, read[0] if read else after)
            elif rule.field is Field.SIP_SECRET:
                self.sent.agreed[rule.field] = Base(after, key_mark())
            elif isinstance(photo, Content):
                self.sent.agreed[rule.field] = Base(after, photo.mark(photo.raw))
            else:  # it could not be sent along: the next run says why
                del self.sent.replaced[rule.field]

    def _refuse(self, refusal: WriteRefusal) -> None:
        self.sent.fail(refusal.message)
        for name, (_before, after) in self.sent.row.pushes.items():
            rule = self.rules[Field(name)]
            if refusal.kind is RefusalKind.BUSY:
                self.sent.waits[rule.field] = ""
            else:
                self.sent.refused[rule.field] = Refused(
                    after, "", rule.attribute, rule.pattern, refusal.kind, refusal.message
                )
