"""Mistakes in a configuration file, each with its place."""

from dataclasses import dataclass
from pathlib import Path

from syncapp.core.records import Message
from syncapp.exceptions import ConfigurationError


@dataclass(frozen=True, slots=True)
class PlacedMistake:
    """`place` names section and key in the words of the file: `directory "Head office", uris`."""

    place: str
    message: Message


class ConfigurationFileError(ConfigurationError):
    """The file was refused and nothing of it stored; `mistakes` are all that were found."""

    def __init__(self, path: Path, mistakes: list[PlacedMistake]) -> None:
        super().__init__("configuration_refused", file=str(path), count=len(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the file, and the list that its mistakes are added to."""

    place: str
    mistakes: list[PlacedMistake]

    def inside(self, part: str) -> "Where":
        return Where(f"{self.place}, {part}" if self.place else part, self.mistakes)

    def numbered(self, number: int, note: str = "") -> "Where":
        """Return the place of one of several, counted from 1, such as `mapping 2 (extension)`."""
        return Where(f"{self.place} {number}" + (f" ({note})" if note else ""), self.mistakes)

    def refuse(self, message: Message) -> None:
        self.mistakes.append(PlacedMistake(self.place, message))

    def wrong(self, code: str, /, **params: object) -> None:
        self.refuse(Message(code, params))
