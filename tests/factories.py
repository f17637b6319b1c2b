"""Rows with sane defaults; a test names what matters to it."""

from itertools import count
from typing import Any

from syncapp.models import DirectoryServer, Employee, NumberPool, PhoneSystem, SyncRecord

_numbers = count(1)


def make_employee(**values: Any) -> Employee:
    return Employee.objects.create(**{"name": f"Employee {next(_numbers)}", **values})


def make_server(**values: Any) -> DirectoryServer:
    defaults = {
        "name": f"Server {next(_numbers)}",
        "uris": ["ldaps://dc.corp.example"],
        "base_dn": "DC=corp,DC=example",
    }
    return DirectoryServer.objects.create(**{**defaults, **values})


def make_phone_system(*, key: str = "", **values: Any) -> PhoneSystem:
    defaults = {"name": f"Phones {next(_numbers)}", "url": "https://pbx.corp.example"}
    phones = PhoneSystem(**{**defaults, **values})
    phones.set_secret(key)
    phones.save()
    return phones


def make_pool(**values: Any) -> NumberPool:
    return NumberPool.objects.create(**{"name": f"Pool {next(_numbers)}", "first": "200", "last": "299", **values})


def make_record(**values: Any) -> SyncRecord:
    """Make a record, with a server of its own where none is given, tied to nobody."""
    number = next(_numbers)
    if "endpoint" not in values:
        values["endpoint"] = make_server()
    return SyncRecord.objects.create(**{"anchor": f"anchor-{number}", "dn": f"cn=entry {number}", **values})
