"""Results of Test connection and Run query, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from syncapp.choices import Field, Kind
from syncapp.core.records import Reading
from syncapp.core.rights import AttributeRights, PlaceRights, Writable
from syncapp.directory.examination import Step, StepOutcome
from syncapp.directory.fill import Fill
from syncapp.messages.directory import STEP_LABELS
from syncapp.services.probing import QueryResult
from syncapp.views.display import breakable_dn, label, sentence, state_label

OUTCOMES: dict[StepOutcome, tuple[Promise, str, str]] = {
    StepOutcome.OK: (_("ok"), "success", "check_circle"),
    StepOutcome.REMARK: (_("look at this"), "warning", "warning"),
    StepOutcome.FAILED: (_("failed"), "danger", "error"),
}


@dataclass(frozen=True, slots=True)
class FillRow:
    """How one mapping is filled; `readable` are those of the `filled` that the mapping can read."""

    field: str
    attribute: str
    people: int
    filled: int | None
    readable: int
    example: str

    @classmethod
    def of(cls, fill: Fill) -> Self:
        field = capfirst(str(Field(fill.rule.field.value).label))
        return cls(field, fill.rule.attribute, fill.people, fill.filled, fill.readable, fill.example)

    @property
    def percent(self) -> int | None:
        """Share of the people who have a value, in percent; None where nobody counted."""
        return round(self.filled * 100 / self.people) if self.filled is not None and self.people else None


# Shown to the administrator: may what is mapped be written?
VERDICTS: dict[Writable, tuple[Promise, str, str]] = {
    Writable.ALL: (_("may be written"), "success", "check_circle"),
    Writable.SOME: (_("for some people only"), "warning", "warning"),
    Writable.NONE: (_("may not be written"), "danger", "block"),
    Writable.UNKNOWN: (_("not known"), "", "help"),
}


@dataclass(frozen=True, slots=True)
class PlaceRow:
    place: SafeString
    verdict: SafeString
    writable: int
    people: int

    @classmethod
    def of(cls, rights: PlaceRights) -> Self:
        return cls(breakable_dn(rights.place), label(*VERDICTS[rights.verdict]), rights.writable, rights.people)


@dataclass(frozen=True, slots=True)
class RightsRow:
    """What the account may write of one mapped attribute; `places` only where they differ."""

    field: str
    attribute: str
    verdict: SafeString
    is_known: bool
    writable: int
    people: int
    places: Sequence[PlaceRow]

    @classmethod
    def of(cls, rights: AttributeRights) -> Self:
        return cls(
            field=capfirst(str(Field(rights.field.value).label)),
            attribute=rights.attribute,
            verdict=label(*VERDICTS[rights.verdict]),
            is_known=rights.verdict is not Writable.UNKNOWN,
            writable=rights.writable,
            people=rights.people,
            places=[PlaceRow.of(place) for place in rights.differing],
        )


@dataclass(frozen=True, slots=True)
class StepRow:
    title: str
    outcome: SafeString
    text: str
    remarks: Sequence[str]
    fills: Sequence[FillRow]
    rights: Sequence[RightsRow]
    grant_intro: str
    grant: str

    @classmethod
    def of(cls, step: Step) -> Self:
        word, tone, icon = OUTCOMES[step.outcome]
        return cls(
            title=str(STEP_LABELS[step.name]),
            outcome=label(word, tone, icon),
            text=sentence(step.message.code, step.message.params),
            remarks=[sentence(remark.code, remark.params) for remark in step.remarks],
            fills=[FillRow.of(fill) for fill in step.fills],
            rights=[RightsRow.of(rights) for rights in step.rights],
            grant_intro=sentence(step.grant.message.code, step.grant.message.params) if step.grant else "",
            grant=step.grant.text if step.grant else "",
        )


@dataclass(frozen=True, slots=True)
class QueryCell:
    """What the mapping reads of one attribute of one person, and why it cannot read the rest."""

    values: str
    foreign: str
    remark: str

    @classmethod
    def of(cls, reading: Reading) -> Self:
        remark = sentence(reading.remark.code, reading.remark.params) if reading.remark else ""
        return cls(", ".join(reading.values), ", ".join(reading.foreign), remark)


@dataclass(frozen=True, slots=True)
class QueryRow:
    dn: SafeString
    state: SafeString
    cells: Sequence[QueryCell]


@dataclass(frozen=True, slots=True)
class QueryTable:
    kind: str
    columns: Sequence[str]
    rows: Sequence[QueryRow]
    more: bool
    notes: Sequence[str]

    @classmethod
    def of(cls, result: QueryResult) -> Self:
        return cls(
            kind=str(dict(Kind.choices).get(result.kind, result.kind)),
            columns=[capfirst(str(Field(field.value).label)) for field in result.fields],
            rows=[
                QueryRow(
                    dn=breakable_dn(person.dn),
                    state=state_label(person.state),
                    cells=[QueryCell.of(person.readings[field]) for field in result.fields],
                )
                for person in result.people
            ],
            more=result.more,
            notes=[sentence(note.code, note.params) for note in result.notes],
        )
