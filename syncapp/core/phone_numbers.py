"""Numbers that are in use in phone systems (rules C5, C6)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from syncapp.core.vocabulary import NumberKind

# A number of a person may become that of his employee; any other is nobody's who could be one.
OF_PEOPLE = frozenset({NumberKind.PERSON, NumberKind.MOBILE})


class NumberInUse(NamedTuple):
    """A number of a phone system: what has it, and how that is called there."""

    number: str
    kind: NumberKind
    name: str = ""


class NumberUse(NamedTuple):
    """What has a number, and in which phone system."""

    kind: NumberKind
    name: str
    system: str

    def dump(self) -> list[str]:
        """Return it as the parameter `use` of a message."""
        return [self.kind.value, self.name, self.system]


@dataclass(frozen=True, slots=True)
class PhoneNumbers:
    """What is known of the numbers in the phone systems of one number plan.

    `uses` maps every number in use to what has it. `unread` are systems of which
    nobody knows for a day or more: while there is one, no pool gives out anything.
    """

    uses: Mapping[str, NumberUse] = field(default_factory=dict)
    unread: Collection[str] = ()

    def held(self, number: str) -> NumberUse | None:
        """Return what has a number that can be no person's: a queue, a conference, a menu."""
        use = self.uses.get(number)
        return use if use is not None and use.kind not in OF_PEOPLE else None


NO_PHONES = PhoneNumbers()
