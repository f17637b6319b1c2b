"""The format of a configuration file: which keys a section has, and what their values look like."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncapp.core.schedule import LONGEST_INTERVAL
from syncapp.core.vocabulary import Field
from syncapp.models import DirectoryServer, FieldMapping, NumberPool, PhoneSystem
from syncapp.services.configure.mistakes import Where
from syncapp.services.configure.passwords import password
from syncapp.services.configure.values import (
    WRONG,
    Reader,
    boolean,
    column,
    list_of,
    name,
    table,
    text,
    whole_number,
)
from syncapp.services.directory_settings.endpoints import LIMIT_KINDS

NUMBER_POOL = "number_pool"
DIRECTORY = "directory"
PHONE_SYSTEM = "phone_system"

MAPPING_KEYS = ("field", "attribute", "direction", "policy", "on_empty", "pattern", "relay", "push_secret")
# Keys of a directory that are columns of the same name, by the reader that the column asks for.
PLAIN_DIRECTORY_KEYS = (
    "kind",
    "security",
    "ca_certificate",
    "bind_dn",
    "base_dn",
    "department_attribute",
    "user_filter",
    "anchor_attribute",
    "disabled_attribute",
    "disabled_value",
    "region",
    "write_back",
    "enabled",
    "rank",
    "create",
    "taken_number",
    "number_plan",
)
# The same of a phone system.
PLAIN_PHONE_KEYS = (
    "kind",
    "url",
    "verify_tls",
    "ca_certificate",
    "fingerprint",
    "requests_per_minute",
    "create",
    "mobile_form",
    "region",
    "enabled",
    "rank",
    "number_plan",
)
PLAIN_POOL_KEYS = ("first", "last", "cool_down_days", "number_plan")


@dataclass(frozen=True, slots=True)
class Section:
    """One section: the values that could be read, and the keys whose value could not.

    `name` is empty where it is missing or wrong; `where` collects the section's mistakes.
    """

    kind: str
    name: str
    where: Where
    values: dict[str, Any]
    wrong: frozenset[str]


def pool_readers() -> dict[str, Reader]:
    return {
        "name": name,
        **{key: column(NumberPool, key) for key in PLAIN_POOL_KEYS},
        "reserved": list_of(text(longest=20)),
    }


def directory_readers(folder: Path) -> dict[str, Reader]:
    """`folder` is the configuration file's: files that it names are looked for from there."""
    return {
        "name": name,
        **{key: column(DirectoryServer, key) for key in PLAIN_DIRECTORY_KEYS},
        "uris": list_of(text()),
        "ca_certificate": _file_from(folder),
        "bind_password": password(folder),
        "search_bases": list_of(text()),
        "departments": list_of(text()),
        "match_keys": list_of(text()),
        "number_pool": _one_pool,
        "number_pools": list_of(_pool_of_server),
        "schedule": _schedule,
        "limits": _limits,
        "mapping": _mappings,
    }


def phone_system_readers(folder: Path) -> dict[str, Reader]:
    served = {key: list_of(text()) for key in ("directories", "departments", "pools")}
    return {
        "name": name,
        **{key: column(PhoneSystem, key) for key in PLAIN_PHONE_KEYS},
        "ca_certificate": _file_from(folder),
        "api_key": password(folder),
        "serves": _whole_table(table(served)),
        "match_keys": list_of(text()),
        "schedule": _schedule,
        "limits": _limits,
    }


def _whole_table(read: Reader) -> Reader:
    """Read a table of which every key is right; half of one would say something else."""

    def read_whole(value: Any, where: Where) -> Any:
        values = read(value, where)
        return values if isinstance(value, dict) and values.keys() == value.keys() else WRONG

    return read_whole


def _file_from(folder: Path) -> Reader:
    """Read the name of a file; the worker that needs it later runs in another folder."""

    def read(value: Any, where: Where) -> Any:
        file = column(DirectoryServer, "ca_certificate")(value, where)
        return str(folder / file) if file and file is not WRONG else file

    return read


def _one_pool(value: Any, where: Where) -> Any:
    read = name(value, where)
    return read if read is WRONG else [{"name": read, "ou": "", "department": ""}]


def _pool_of_server(value: Any, where: Where) -> dict[str, str] | None:
    """Read one of a server's pools; None when it is wrong, which leaves the others to be judged."""
    readers = {"name": name, "ou": text(longest=500), "department": text(longest=255)}
    values = table(readers, required=["name"])(value, where)
    if not isinstance(value, dict) or values.keys() != value.keys() or "name" not in values:
        return None
    if "ou" in values and "department" in values:
        where.wrong("pool_for_two")
        return None
    return {"name": "", "ou": "", "department": "", **values}


def _schedule(value: Any, where: Where) -> Any:
    """Read a schedule as it is stored."""
    interval = whole_number(1, LONGEST_INTERVAL)
    readers: dict[str, Reader] = {
        "every_minutes": interval,
        "faster_after_change": interval,
        "cron": text(),
        "off": boolean,
    }
    values = table(readers)(value, where)
    if not isinstance(value, dict) or values.keys() != value.keys():
        return WRONG
    if not values:
        where.wrong("schedule_malformed")
        return WRONG
    return values


def _limits(value: Any, where: Where) -> Any:
    """Take any table: kinds and figures are judged where forms are judged, too."""
    if isinstance(value, dict):
        return value
    where.wrong("table_expected", known=list(LIMIT_KINDS))
    return WRONG


def _mappings(value: Any, where: Where) -> Any:
    """Read the mappings with what is right of each; the list keeps its length, for places count."""
    if not isinstance(value, list):
        where.wrong("sections_expected", key=f"{DIRECTORY}.mapping")
        return WRONG
    readers = {key: column(FieldMapping, key) for key in MAPPING_KEYS}
    read = table(readers, required=["field", "attribute"])
    return [read(entry, mapping_place(where, number, entry)) for number, entry in enumerate(value, start=1)]


def mapping_place(where: Where, number: int, mapping: Any) -> Where:
    """Return the place of a mapping, `where` being that of the list."""
    field = mapping.get("field") if isinstance(mapping, dict) else None
    return where.numbered(number, field if field in list(Field) else "")
