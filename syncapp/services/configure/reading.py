"""From the file to its sections."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncapp.core.records import Message
from syncapp.services.configure.mistakes import ConfigurationFileError, PlacedMistake, Where
from syncapp.services.configure.sections import (
    DIRECTORY,
    NUMBER_POOL,
    PHONE_SYSTEM,
    Section,
    directory_readers,
    phone_system_readers,
    pool_readers,
)
from syncapp.services.configure.values import Reader, refuse_key, table

_PARSER_PLACE = re.compile(r"\s*\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Content:
    """The sections of a file, pools first, and the place for mistakes outside of them."""

    sections: tuple[Section, ...]
    top: Where

    def mistakes(self) -> list[PlacedMistake]:
        """Return all mistakes found so far, those of one section together."""
        return [*self.top.mistakes, *(one for section in self.sections for one in section.where.mistakes)]


def read_sections(path: Path) -> Content:
    """Read a file; raises ConfigurationFileError when it is no TOML at all."""
    document = _parse(path, _read(path))
    folder = path.absolute().parent
    readers = {
        NUMBER_POOL: pool_readers(),
        DIRECTORY: directory_readers(folder),
        PHONE_SYSTEM: phone_system_readers(folder),
    }
    top = Where("", [])
    for key in document:
        if key not in readers:
            refuse_key(key, readers, top)
    if not document:
        top.wrong("configuration_empty")
    sections = [
        section
        for kind, keys in readers.items()
        for section in _sections_of(kind, document.get(kind, []), keys, top.inside(kind))
    ]
    return Content(tuple(sections), top)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # Windows' editors write a byte order mark
    except UnicodeDecodeError:
        raise _refused(path, "file_not_utf8", file=str(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", "") or str(error)
        raise _refused(path, "file_unreadable", file=str(path), reason=reason) from None


def _parse(path: Path, content: str) -> dict[str, Any]:
    """Read TOML; the parser says where it stopped, only in words."""
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        found = _PARSER_PLACE.search(str(error))
        line, column = (found["line"], found["column"]) if found else (None, None)
        raise _refused(
            path,
            "toml_malformed",
            line=int(line) if line else content.count("\n") + 1,
            column=int(column) if column else len(content) - content.rfind("\n"),
            reason=_PARSER_PLACE.sub("", str(error)),
        ) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise _refused(path, "toml_unreadable") from None


def _refused(path: Path, code: str, **params: object) -> ConfigurationFileError:
    return ConfigurationFileError(path, [PlacedMistake("", Message(code, params))])


def _sections_of(kind: str, content: Any, readers: dict[str, Reader], where: Where) -> Iterator[Section]:
    if not isinstance(content, list):
        where.wrong("sections_expected", key=kind)
        return
    names: set[str] = set()
    for number, entry in enumerate(content, start=1):
        place = _place(kind, number, entry)
        if _given_name(entry) in names:  # which of the two its content belongs to, nobody knows
            place.wrong("name_twice", name=_given_name(entry))
            yield Section(kind, "", place, {}, frozenset())
            continue
        values = table(readers, required=["name"])(entry, place)
        name = values.get("name", "")
        if name:
            names.add(name)
        given = entry.keys() if isinstance(entry, dict) else frozenset()
        yield Section(kind, name, place, values, frozenset(given - values.keys()))


def _place(kind: str, number: int, entry: Any) -> Where:
    name = _given_name(entry)
    return Where(f'{kind} "{name}"' if name and name.isprintable() else f"{kind} {number}", [])


def _given_name(entry: Any) -> str:
    """Return a section's name as it stands there, good or not; '' for none."""
    name = entry.get("name") if isinstance(entry, dict) else None
    return name.strip() if isinstance(name, str) else ""
