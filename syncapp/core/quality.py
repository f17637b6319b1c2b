"""Whether a mapping reads the right attribute (rule B4)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from syncapp.core.options import FieldRule
from syncapp.core.records import Message, RemotePerson
from syncapp.core.vocabulary import Field

# More foreign values than one in so many, and the mapping looks wrong; of fewer people nothing can be said.
FOREIGN_SHARE = 5
FEWEST = 5


@dataclass(slots=True)
class Quality:
    """How many people have a value in each field, and of how many nothing of it can be read."""

    people: int = 0
    filled: Counter[Field] = field(default_factory=Counter)
    foreign: Counter[Field] = field(default_factory=Counter)
    examples: dict[Field, str] = field(default_factory=dict)

    def add(self, people: Iterable[RemotePerson]) -> None:
        for person in people:
            self.people += 1
            for name, (values, foreign, _remark) in person.readings.items():
                if values:
                    self.filled[name] += 1
                elif foreign:
                    self.filled[name] += 1
                    self.foreign[name] += 1
                    self.examples[name] = min(foreign[0], self.examples.get(name, foreign[0]))

    def notes(self, rules: Iterable[FieldRule]) -> list[Message]:
        """One message for each field of which more than a fifth of the values cannot be read."""
        messages = []
        for rule in rules:
            foreign, filled = self.foreign[rule.field], self.filled[rule.field]
            if filled >= FEWEST and foreign * FOREIGN_SHARE > filled:
                params = {
                    "field": rule.field.value,
                    "attribute": rule.attribute,
                    "count": foreign,
                    "filled": filled,
                    "example": self.examples[rule.field],
                }
                messages.append(Message("many_foreign_values", params))
        return messages
