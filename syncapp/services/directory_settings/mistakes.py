"""One thing that is wrong with settings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from syncapp.core.records import Message
from syncapp.exceptions import ConfigurationError


@dataclass(frozen=True, slots=True)
class Mistake:
    """`field` is the name of the model's field, and of the key in a configuration file.

    `position` counts from 0 and says which of several: the mapping of a server,
    where mappings were judged; else None.
    """

    field: str
    message: Message
    position: int | None = None


def mistake(field: str, code: str, /, **params: object) -> Mistake:
    return Mistake(field, Message(code, params))


def mistakes_of(field: str, judge: Callable[[], Any]) -> list[Mistake]:
    """Call what judges a value by raising ConfigurationError, and return what it says of the field."""
    try:
        judge()
    except ConfigurationError as error:
        return [Mistake(field, Message(error.code, error.params))]
    return []
