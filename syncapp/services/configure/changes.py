"""What a section changed, as values; `reporting` makes lines of it."""

from dataclasses import dataclass
from typing import Any

from syncapp.core.records import Message


@dataclass(frozen=True, slots=True)
class Change:
    """One key. `before` is None where there was nothing, `after` where it was taken away.

    A password is a Secret on both sides, so that nothing can print it.
    """

    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class SectionReport:
    """What became of one section; neither created nor any change means that nothing changed.

    `cautions` are no mistakes, but somebody should know.
    """

    kind: str
    name: str
    created: bool
    changes: tuple[Change, ...]
    cautions: tuple[Message, ...] = ()
