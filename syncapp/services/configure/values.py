"""Readers of single values: each returns the value, or says what is wrong and returns WRONG.

No message repeats a value of the wrong type: it could be a password.
"""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any, Final

from django.db import models

from syncapp.services.configure.mistakes import Where


class Wrong(Enum):
    VALUE = "wrong"


WRONG: Final = Wrong.VALUE

Reader = Callable[[Any, Where], Any]


def text(*, longest: int | None = None, blank: bool = False) -> Reader:
    """Read a text without control characters; `longest` counts characters."""

    def read(value: Any, where: Where) -> Any:
        if not isinstance(value, str):
            where.wrong("text_expected")
        elif not blank and not value.strip():
            where.wrong("value_empty")
        elif any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
            where.wrong("control_character")
        elif longest is not None and len(value) > longest:
            where.wrong("text_too_long", longest=longest)
        else:
            return value
        return WRONG

    return read


def name(value: Any, where: Where) -> Any:
    """Read a name: other sections and commands repeat it, so blanks around it do not count."""
    read = text(longest=100)(value, where)
    return read if read is WRONG else read.strip()


def boolean(value: Any, where: Where) -> Any:
    if isinstance(value, bool):
        return value
    where.wrong("boolean_expected")
    return WRONG


def whole_number(lowest: int, highest: int) -> Reader:
    def read(value: Any, where: Where) -> Any:
        if type(value) is int and lowest <= value <= highest:  # a bool is an int too
            return value
        where.wrong("number_expected", lowest=lowest, highest=highest)
        return WRONG

    return read


def one_of(known: Iterable[str]) -> Reader:
    choices = tuple(known)

    def read(value: Any, where: Where) -> Any:
        if not isinstance(value, str):
            where.wrong("text_expected")
        elif value not in choices:
            where.wrong("choice_unknown", value=value, known=list(choices))
        else:
            return value
        return WRONG

    return read


def list_of(item: Reader) -> Reader:
    """Read a list; one wrong item makes the whole of it wrong."""

    def read(value: Any, where: Where) -> Any:
        if not isinstance(value, list):
            where.wrong("list_expected")
            return WRONG
        items = [item(entry, where.numbered(number)) for number, entry in enumerate(value, start=1)]
        return WRONG if WRONG in items else items

    return read


def table(readers: Mapping[str, Reader], *, required: Iterable[str] = ()) -> Callable[[Any, Where], dict[str, Any]]:
    """Read a table; the result has the keys that are there and right."""

    def read(value: Any, where: Where) -> dict[str, Any]:
        if not isinstance(value, dict):
            where.wrong("table_expected", known=list(readers))
            return {}
        values = {}
        for key, entry in value.items():
            if key in readers:
                values[key] = readers[key](entry, where.inside(key))
            else:
                refuse_key(key, readers, where)
        for key in required:
            if key not in value:
                where.inside(key).wrong("key_missing")
        return {key: entry for key, entry in values.items() if entry is not WRONG}

    return read


def refuse_key(key: str, known: Iterable[str], where: Where) -> None:
    near = get_close_matches(key, list(known), n=1)
    if near:
        where.inside(key).wrong("key_unknown_near", near=near[0])
    else:
        where.inside(key).wrong("key_unknown", known=list(known))


def column(model: type[models.Model], field_name: str) -> Reader:
    """Return the reader that fits a column: its choices, its length, its kind."""
    field: Any = model._meta.get_field(field_name)
    if field.choices:
        return one_of(value for value, _label in field.choices)
    if isinstance(field, models.BooleanField):
        return boolean
    if isinstance(field, models.PositiveSmallIntegerField):
        return whole_number(0, 32767)
    return text(longest=field.max_length, blank=field.blank)
