"""A small company in a branch of its own on the real OpenLDAP, and runs over it."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import ldap

from fixtures.openldap import OpenLdap
from syncapp.choices import Kind, RunMode, RunTrigger, Security
from syncapp.models import DirectoryServer, EndpointPool, RunItem, SyncRun
from syncapp.services.execution import Progress, no_progress
from syncapp.services.sync import apply_plan, run_sync
from tests.factories import make_pool, make_server

_branches = count(1)

PULLED = ("displayName", "mail", "mobile", "telephoneNumber", "title", "departmentNumber")


@dataclass
class Company:
    """Entries below an OU that no other test sees, and the server that reads them."""

    directory: OpenLdap
    base: str = ""
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ldap = self.directory.connect()
        ou = f"company-{next(_branches)}"
        self.base = f"ou={ou},{self.directory.suffix}"
        self.ldap.add_s(self.base, [("objectClass", [b"organizationalUnit"]), ("ou", [ou.encode()])])

    def add(self, uid: str, name: str, **attributes: str | bytes | list[bytes]) -> str:
        """Add a person and return the DN. `name` becomes displayName; cn is the uid, sn a constant."""
        dn = f"uid={uid},{self.base}"
        values: dict[str, Any] = {"cn": uid, "sn": "x", "displayName": name, **attributes}
        listed = [(key, _bytes(value)) for key, value in values.items() if value]
        self.ldap.add_s(dn, [("objectClass", [b"inetOrgPerson"]), ("uid", [uid.encode()]), *listed])
        return dn

    def add_many(self, number: int, family: str = "Person", **attributes: str) -> None:
        for person in range(number):
            filled = {key: value.format(person) for key, value in attributes.items()}
            self.add(f"p{person:04}", f"{family} Number{person:04}", **filled)

    def change(self, uid: str, **attributes: str | bytes | None) -> None:
        self.ldap.modify_s(
            f"uid={uid},{self.base}",
            [(ldap.MOD_REPLACE, key, None if value is None else _bytes(value)) for key, value in attributes.items()],
        )

    def value(self, uid: str, attribute: str) -> list[str]:
        """What stands in the directory, sorted."""
        ((_dn, found),) = self.ldap.search_s(f"uid={uid},{self.base}", ldap.SCOPE_BASE, attrlist=[attribute])
        return sorted(value.decode() for value in found.get(attribute, []))

    def delete(self, uid: str) -> None:
        self.ldap.delete_s(f"uid={uid},{self.base}")

    def server(self, *, pool: tuple[str, str] | None = ("200", "299"), **values: Any) -> DirectoryServer:
        return server_of(self.directory, base=self.base, pool=pool, **values)


def server_of(directory: OpenLdap, *, base: str, pool: tuple[str, str] | None, **values: Any) -> DirectoryServer:
    """A server that reads what is below `base`, with a pool of its own."""
    server = make_server(
        **{
            "kind": Kind.OPENLDAP,
            "uris": [directory.uri],
            "security": Security.NONE,
            "bind_dn": directory.service_dn,
            "base_dn": base,
            **values,
        }
    )
    server.set_secret(directory.service_password)
    server.save()
    if pool is not None:
        EndpointPool.objects.create(endpoint=server, pool=make_pool(first=pool[0], last=pool[1]))
    return server


def port_of(directory: OpenLdap) -> int:
    return int(directory.uri.rpartition(":")[2])


def _bytes(value: str | bytes | list[bytes]) -> list[bytes]:
    if isinstance(value, list):
        return value
    return [value.encode() if isinstance(value, str) else value]


def sync(
    server: DirectoryServer,
    *,
    preview: bool = False,
    force: bool = False,
    incremental: bool = False,
    progress: Progress = no_progress,
) -> SyncRun:
    return run_sync(
        server=server,
        mode=RunMode.PREVIEW if preview else RunMode.APPLY,
        trigger=RunTrigger.COMMAND,
        who="test",
        force=force,
        incremental=incremental,
        progress=progress,
    )


def apply(plan: SyncRun, *, force: bool = False) -> SyncRun:
    """Carry out the plan of a preview or held run."""
    plan.refresh_from_db()
    return apply_plan(plan, trigger=RunTrigger.COMMAND, who="test", force=force)


def counted(run: SyncRun) -> dict[str, int]:
    """The counts that are not 0."""
    return {name: number for name, number in run.counts.items() if number}


def item_of(run: SyncRun, name: str) -> RunItem:
    return RunItem.objects.get(run=run, name=name)


def changes_of(item: RunItem) -> dict[str, tuple[str, str]]:
    return {change["field"]: (change["before"], change["after"]) for change in item.changes}
