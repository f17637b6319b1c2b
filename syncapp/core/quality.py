"""Whether a mapping reads the right attribute (rule B4)."""

from collections.abc import Collection

from syncapp.core.options import FieldRule
from syncapp.core.records import Message, RemotePerson

# More foreign values than one in so many, and the mapping looks wrong; of fewer people nothing can be said.
FOREIGN_SHARE = 5
FEWEST = 5


def foreign_values(people: Collection[RemotePerson], rules: Collection[FieldRule]) -> list[Message]:
    """One message for each field of which more than a fifth of the values cannot be read."""
    messages = []
    for rule in rules:
        readings = [person.readings[rule.field] for person in people if rule.field in person.readings]
        foreign = [reading.foreign[0] for reading in readings if reading.foreign and not reading.values]
        filled = sum(1 for reading in readings if reading.values or reading.foreign) if foreign else 0
        if filled >= FEWEST and len(foreign) * FOREIGN_SHARE > filled:
            params = {
                "field": rule.field.value,
                "attribute": rule.attribute,
                "count": len(foreign),
                "filled": filled,
                "example": min(foreign),
            }
            messages.append(Message("many_foreign_values", params))
    return messages
