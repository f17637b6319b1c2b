"""A new or changed number goes to a directory only after the phone systems have taken it (rule C6)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from syncapp.core.normalise import fold
from syncapp.core.options import PhoneService
from syncapp.core.phones import is_before
from syncapp.core.vocabulary import State


class Taken(NamedTuple):
    """What a phone system has of an employee: `number` is the one that was agreed with it, '' for none."""

    anchor: str
    state: State
    number: str


@dataclass(frozen=True, slots=True)
class PhonesFirst:
    """Says of numbers whether a phone system has yet to take them.

    `here` is the directory that is read. `taken` maps employees to what phone systems
    have of them, by the phone system's key; `active_in` to the directories where they are active.
    """

    services: Collection[PhoneService]
    here: str
    number_plan: str
    taken: Mapping[int, Mapping[int, Taken]] = field(default_factory=dict)
    active_in: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def is_awaited(self, employee_id: int | None, *, number: str, department: str) -> bool:
        """Whether the number has to wait; nobody waits for a phone system that will never have the person."""
        directories = self.active_in.get(employee_id or 0, frozenset()) | {self.here}
        mine = self.taken.get(employee_id or 0, {})
        for service in self.services:
            has = mine.get(service.id)
            if service.number_plan != self.number_plan:
                continue
            if has is None or is_before(has.anchor):
                if service.create and names(service, directories=directories, department=department, number=number):
                    return True
            elif has.state is State.ACTIVE and has.number and has.number != number:
                return True
        return False


def names(service: PhoneService, *, directories: Collection[str], department: str, number: str) -> bool:
    """Whether a phone system's rule names a person."""
    if service.everybody:
        return True
    return (
        not service.directories.isdisjoint(directories)
        or fold(department) in service.departments
        or any(len(number) == len(first) and first <= number <= last for first, last in service.ranges)
    )
