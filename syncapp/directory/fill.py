"""How well the attributes of a mapping are filled, and whether another would serve better (rule B4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from syncapp.core.converters import attributes_of, read_field
from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.core.vocabulary import TEXT_FIELDS, Field

# Where extensions are found in companies' directories.
EXTENSION_ATTRIBUTES = (
    "telephoneNumber",
    "ipPhone",
    "otherTelephone",
    "pager",
    "employeeNumber",
    "internationalISDNNumber",
)
# More foreign values than one in so many, and the mapping looks wrong.
_FOREIGN_SHARE = 5


@dataclass(slots=True)
class Fill:
    """What was seen of one mapping.

    `filled` people have a value, `foreign` of them none that can be read.
    `example` is the first readable value. `filled` is None where nobody counted.
    """

    rule: FieldRule
    people: int = 0
    filled: int | None = 0
    foreign: int = 0
    example: str = ""
    foreign_example: str = ""

    @property
    def mostly_readable(self) -> bool:
        return self.foreign * _FOREIGN_SHARE <= (self.filled or 0)

    def add(self, attributes: Mapping[str, list[bytes]], *, region: str) -> None:
        """Count one person."""
        reading = read_field(self.rule, attributes, region=region)
        self.people += 1
        if not reading.values and not reading.foreign:
            return
        self.filled = (self.filled or 0) + 1
        if reading.values:
            self.example = self.example or reading.values[0]
        else:
            self.foreign += 1
            self.foreign_example = self.foreign_example or reading.foreign[0]

    @property
    def readable(self) -> int:
        return (self.filled or 0) - self.foreign


@dataclass(slots=True)
class FillCounter:
    """Counts page by page. Rules without a text converter (photo, secret) are left to others."""

    region: str
    fills: list[Fill]
    candidates: list[Fill] = field(default_factory=list)

    @classmethod
    def of(cls, rules: Sequence[FieldRule], *, region: str, candidates: Sequence[str]) -> "FillCounter":
        """`candidates` are attributes that the extension might stand in."""
        extension = next((rule for rule in rules if rule.field is Field.EXTENSION), None)
        mapped = attributes_of(extension.attribute) if extension else ()
        return cls(
            region=region,
            fills=[Fill(rule) for rule in rules if rule.field in TEXT_FIELDS],
            candidates=[
                Fill(replace(extension, attribute=name))
                for name in candidates
                if extension and name.lower() not in mapped
            ],
        )

    @property
    def attributes(self) -> list[str]:
        """Lower-cased names of all attributes that are to be read."""
        counted = [*self.fills, *self.candidates]
        return sorted({name for fill in counted for name in attributes_of(fill.rule.attribute)})

    def add(self, attributes: Mapping[str, list[bytes]]) -> None:
        for fill in (*self.fills, *self.candidates):
            fill.add(attributes, region=self.region)

    def remarks(self) -> list[Message]:
        """Say of which mappings more than a fifth of the values are foreign, and what would serve better."""
        return [self._remark(fill) for fill in self.fills if not fill.mostly_readable]

    def _remark(self, fill: Fill) -> Message:
        params = {
            "field": fill.rule.field.value,
            "attribute": fill.rule.attribute,
            "foreign": fill.foreign,
            "filled": fill.filled,
            "example": fill.foreign_example,
        }
        better = max(self.candidates, key=lambda candidate: candidate.readable, default=None)
        if fill.rule.field is Field.EXTENSION and better and better.readable > fill.readable:
            found = {"better": better.rule.attribute, "readable": better.readable}
            return Message("foreign_values_better", {**params, **found})
        return Message("foreign_values", params)
