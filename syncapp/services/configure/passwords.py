"""Where a password comes from. It is sealed as soon as it is read: nothing here shows it by accident."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from syncapp.fields import Secret
from syncapp.services.configure.mistakes import Where
from syncapp.services.configure.values import WRONG, Reader, table, text


def password(folder: Path) -> Reader:
    """Read a password given as a text, or { env = "…" }, or { file = "…" }.

    The name of a file is relative to `folder`, that of the configuration file.
    The result is a Secret; an empty text takes the stored password away.
    """

    def read(value: Any, where: Where) -> Any:
        if isinstance(value, str):
            return _sealed(value, where) if value else Secret()
        if not isinstance(value, dict) or len(value) != 1:
            where.wrong("password_expected")
            return WRONG
        source = table({"env": text(), "file": text()})(value, where)
        if "env" in source:
            return _from_environment(source["env"], where, os.environ)
        return _from_file(folder / source["file"], where) if "file" in source else WRONG

    return read


def _from_environment(variable: str, where: Where, environment: Mapping[str, str]) -> Any:
    if not environment.get(variable):
        where.wrong("password_variable_missing", variable=variable)
        return WRONG
    return _sealed(environment[variable], where)


def _from_file(path: Path, where: Where) -> Any:
    """Read a file's only line; the end of the line is not part of the password."""
    try:
        content = path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        where.wrong("file_not_utf8", file=str(path))
        return WRONG
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        where.wrong("file_unreadable", file=str(path), reason=getattr(error, "strerror", "") or str(error))
        return WRONG
    if not content:
        where.wrong("password_file_empty", file=str(path))
        return WRONG
    return _sealed(content, where)


def _sealed(plain: str, where: Where) -> Any:
    if any(sign in plain for sign in "\0\r\n"):
        where.wrong("password_of_several_lines")
        return WRONG
    if any("\ud800" <= sign <= "\udfff" for sign in plain):  # how Python reads bytes that are not UTF-8
        where.wrong("password_not_utf8")
        return WRONG
    return Secret.seal(plain)
