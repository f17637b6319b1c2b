"""What the model test plays with: a directory, the hub, everything that can come in between, and what was seen.

Nothing here asks the product what it meant to do: all that a program changed is
found by comparing what stood on both sides before and after.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, Protocol

import ldap
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from syncapp.choices import Kind, RunMode, RunStatus, RunTrigger, Security
from syncapp.core.records import RemoteRecord
from syncapp.core.writes import AttributeWrite, WriteJob, WriteResult
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.session import open_session
from syncapp.models import (
    Conflict,
    CoolingNumber,
    DirectoryServer,
    Employee,
    Endpoint,
    EndpointPool,
    FieldMapping,
    NumberPool,
    Photo,
    RunItem,
    SyncRecord,
    SyncRun,
)
from syncapp.models.employees import SYNCHRONISED
from syncapp.services.ports import EndpointSession, OpenSession
from syncapp.services.sync import run_sync
from tests.factories import make_pool, make_server
from tests.fakes.directory import FakeDirectory
from tests.services.company import Company

Values = dict[str, str]
Raws = dict[str, list[bytes]]

# How fields and attributes belong together at first: attribute, direction.
MAPPING = {
    "name": ("displayName", "pull"),
    "email": ("mail", "pull"),
    "mobile": ("mobile", "both"),
    "extension": ("telephoneNumber", "both"),
    "department": ("departmentNumber", "both"),
    "title": ("title", "both"),
    "photo": ("jpegPhoto", "both"),
}
EXTENSION_PATTERN = r"^(\d{2,5})$"
ATTRIBUTES = sorted({*(attribute.lower() for attribute, _ in MAPPING.values()), "employeetype", "description"})


class Killed(BaseException):
    """The process is dead: nothing that it tries from now on happens."""


class Remote(Protocol):
    """The directory, as somebody with all rights sees it."""

    base: str

    @property
    def password(self) -> str: ...
    def add(self, uid: str, attributes: Mapping[str, list[bytes]]) -> str: ...
    def put(self, anchor: str, attribute: str, values: Sequence[bytes]) -> None: ...
    def move(self, anchor: str, *, unit: str) -> None:
        """Put the entry below `inner`, the unit's own `base`, or `outside` of what is read."""

    def rename(self, anchor: str, uid: str) -> None: ...
    def delete(self, anchor: str) -> None: ...
    def snapshot(self) -> dict[str, Raws]:
        """Map anchors to the values of ATTRIBUTES, sorted."""

    def in_scope(self) -> set[str]: ...
    def dn(self, anchor: str) -> str: ...
    def open(self, config: DirectoryConfig, attempt: Callable[[], None]) -> AbstractContextManager[EndpointSession]: ...
    def settings(self) -> dict[str, Any]:
        """Columns of the server's row."""


class FakeRemote:
    """A directory in memory."""

    password = "secret"

    def __init__(self) -> None:
        self.directory = FakeDirectory(hopeless=3)
        self.base = f"ou=people,{self.directory.base}"
        self.open = self.directory.open

    def add(self, uid: str, attributes: Mapping[str, list[bytes]]) -> str:
        return self.directory.add(f"uid={uid}", below=self.base, **attributes)

    def put(self, anchor: str, attribute: str, values: Sequence[bytes]) -> None:
        self.directory.put(anchor, attribute, *values)

    def move(self, anchor: str, *, unit: str) -> None:
        above = {"inner": f"ou=inner,{self.base}", "base": self.base, "outside": self.directory.base}[unit]
        self.directory.move(anchor, f"{self.dn(anchor).partition(',')[0]},{above}")

    def rename(self, anchor: str, uid: str) -> None:
        self.directory.move(anchor, f"uid={uid},{self.dn(anchor).partition(',')[2]}")

    def delete(self, anchor: str) -> None:
        self.directory.delete(anchor)

    def snapshot(self) -> dict[str, Raws]:
        return {
            entry.anchor: {name: sorted(entry.attributes[name]) for name in ATTRIBUTES if name in entry.attributes}
            for entry in self.directory.present()
        }

    def in_scope(self) -> set[str]:
        return {entry.anchor for entry in self.directory.present() if entry.dn.endswith(self.base)}

    def dn(self, anchor: str) -> str:
        return self.directory.entries[anchor].dn

    def settings(self) -> dict[str, Any]:
        return {"uris": ["ldap://fake.example.test"], "base_dn": self.base}


class RealRemote:
    """A branch of a real OpenLDAP."""

    def __init__(self, company: Company) -> None:
        self._company, self._ldap = company, company.ldap
        self._numbers = count(1)

    def begin(self) -> None:
        """Give the next game a unit of its own."""
        above = self._unit(self._company.base, f"game{next(self._numbers)}")
        self._above = above
        self.base = self._unit(above, "people")
        self._unit(self.base, "inner")

    def add(self, uid: str, attributes: Mapping[str, list[bytes]]) -> str:
        dn = f"uid={uid},{self.base}"
        values = {"cn": [b"x"], "sn": [b"x"], "uid": [uid.encode()], **attributes}
        self._ldap.add_s(dn, [("objectClass", [b"inetOrgPerson"]), *values.items()])
        ((_dn, found),) = self._ldap.search_s(dn, ldap.SCOPE_BASE, attrlist=["entryUUID"])
        return str(found["entryUUID"][0].decode())

    def put(self, anchor: str, attribute: str, values: Sequence[bytes]) -> None:
        with suppress(ldap.INVALID_SYNTAX):  # the server takes no such value from anybody
            self._ldap.modify_s(self.dn(anchor), [(ldap.MOD_REPLACE, attribute, list(values) or None)])

    def move(self, anchor: str, *, unit: str) -> None:
        dn = self.dn(anchor)
        above = {"inner": f"ou=inner,{self.base}", "base": self.base, "outside": self._above}[unit]
        self._ldap.rename_s(dn, dn.partition(",")[0], newsuperior=above)

    def rename(self, anchor: str, uid: str) -> None:
        self._ldap.rename_s(self.dn(anchor), f"uid={uid}")

    def delete(self, anchor: str) -> None:
        self._ldap.delete_s(self.dn(anchor))

    def snapshot(self) -> dict[str, Raws]:
        found = {}
        for _dn, row in self._people(self._above, *ATTRIBUTES):
            values = {name.lower(): sorted(raws) for name, raws in row.items()}
            found[values.pop("entryuuid")[0].decode()] = {name: values[name] for name in ATTRIBUTES if name in values}
        return found

    def in_scope(self) -> set[str]:
        return {row["entryUUID"][0].decode() for _dn, row in self._people(self.base)}

    def dn(self, anchor: str) -> str:
        for dn, row in self._people(self._above):
            if row["entryUUID"][0].decode() == anchor:
                return dn
        return ""

    def open(self, config: DirectoryConfig, attempt: Callable[[], None]) -> AbstractContextManager[EndpointSession]:
        return open_session(config, attempt)

    def settings(self) -> dict[str, Any]:
        directory = self._company.directory
        return {"uris": [directory.uri], "base_dn": self.base, "bind_dn": directory.writer_dn}

    @property
    def password(self) -> str:
        return self._company.directory.service_password

    def _people(self, base: str, *attributes: str) -> list[tuple[str, Any]]:
        found = "(objectClass=inetOrgPerson)"
        rows = self._ldap.search_s(base, ldap.SCOPE_SUBTREE, found, ["entryUUID", *attributes])
        return sorted(rows, key=lambda row: row[1]["entryUUID"][0])  # type: ignore[no-any-return]

    def _unit(self, above: str, ou: str) -> str:
        self._ldap.add_s(f"ou={ou},{above}", [("objectClass", [b"organizationalUnit"]), ("ou", [ou.encode()])])
        return f"ou={ou},{above}"


@dataclass(frozen=True)
class HubChange:
    employee_id: int
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class EntryChange:
    """One attribute of one entry: the values that went and that came. `left`: those that stayed."""

    anchor: str
    attribute: str
    went: tuple[bytes, ...]
    came: tuple[bytes, ...]


@dataclass
class Seen:
    """What a program changed in the time that was watched; edits of others are left out."""

    hub: list[HubChange] = field(default_factory=list)
    entries: list[EntryChange] = field(default_factory=list)
    created: set[int] = field(default_factory=set)

    def moves(self, field_name: str, attribute: str) -> bool:
        """Whether a value of this field or attribute was changed anywhere."""
        here = any(change.field == field_name for change in self.hub)
        return here or any(change.attribute == attribute for change in self.entries)

    @property
    def nothing(self) -> bool:
        return not (self.hub or self.entries or self.created)


def hub_snapshot() -> dict[int, Values]:
    return {row.pop("id"): row for row in Employee.rows.order_by("id").values("id", *SYNCHRONISED)}


def _left_over(one: Sequence[bytes], other: Sequence[bytes]) -> tuple[bytes, ...]:
    rest = list(one)
    for value in other:
        if value in rest:
            rest.remove(value)
    return tuple(rest)


class Watcher:
    """Compares both sides before and after, and keeps apart what somebody else did in the meantime."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self.seen = Seen()
        self._begin()

    def _begin(self) -> None:
        self._hub, self._entries = hub_snapshot(), self._remote.snapshot()

    def look(self) -> Seen:
        """Take in what has changed since the last look."""
        hub, entries = hub_snapshot(), self._remote.snapshot()
        assert set(self._hub) <= set(hub), "an employee was deleted (promise 3)"
        assert set(self._entries) == set(entries), "an entry came or went (rule A9)"
        for employee_id, values in hub.items():
            before = self._hub.get(employee_id, {})
            if employee_id not in self._hub:
                self.seen.created.add(employee_id)
            self.seen.hub += [
                HubChange(employee_id, name, before.get(name, ""), value)
                for name, value in values.items()
                if value != before.get(name, "")
            ]
        for anchor, raws in entries.items():
            for name in ATTRIBUTES:
                old, new = self._entries[anchor].get(name, []), raws.get(name, [])
                if old != new:
                    change = EntryChange(anchor, name, _left_over(old, new), _left_over(new, old))
                    self.seen.entries.append(change)
        self._hub, self._entries = hub, entries
        return self.seen

    @contextmanager
    def somebody_else(self) -> Iterator[None]:
        self.look()
        yield
        self._begin()


@dataclass
class Event:
    """Something that happens in the middle of a run: `kind` at the tick of that number."""

    kind: str
    tick: int
    act: Callable[[], None] = lambda: None


class Clockwork:
    """Counts every statement and every operation of a run, and lets the event happen when its time has come."""

    def __init__(self, event: Event | None, watcher: Watcher) -> None:
        self._event, self._watcher = event, watcher
        self.ticks = 0
        self.happened = False
        self.stop = False
        self._dead = False
        self._busy = False

    def tick(self, *, sql: bool = False) -> None:
        if self._busy:  # what others do meanwhile
            return
        if self._dead:
            raise Killed
        self.ticks += 1
        event = self._event
        if event is None or self.happened or self.ticks <= event.tick:
            return
        if event.kind == "locked" and not sql:
            return
        if event.kind == "edit" and connection.in_atomic_block:
            return
        self.happened = True
        self._happen(event)

    def _happen(self, event: Event) -> None:
        if event.kind == "kill":
            self._dead = True
            raise Killed
        if event.kind == "exit":
            raise SystemExit(1)
        if event.kind == "locked":
            raise OperationalError("database is locked")
        if event.kind == "cancel":
            self.stop = True
        if event.kind == "edit":
            self.others(event.act)

    def others(self, act: Callable[[], None]) -> None:
        """Let somebody else do something now."""
        self._busy = True
        with self._watcher.somebody_else():
            act()
        self._busy = False

    def sql(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.tick(sql=True)
        return execute(sql, params, many, context)


class WatchedSession:
    """A session that ticks at each step, and lets others act between our read and our write."""

    def __init__(self, session: EndpointSession, clockwork: Clockwork, between: Callable[[str], None]) -> None:
        self._session, self._clockwork, self._between = session, clockwork, between

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def pages(self, *args: Any, **kwargs: Any) -> Iterator[list[RemoteRecord]]:
        for page in self._session.pages(*args, **kwargs):
            self._clockwork.tick()
            yield page

    def fetch(self, *args: Any, **kwargs: Any) -> Iterator[tuple[str, RemoteRecord | None]]:
        for found in self._session.fetch(*args, **kwargs):
            self._clockwork.tick()
            yield found

    def write(self, jobs: Any, *args: Any, **kwargs: Any) -> Iterator[WriteResult]:
        results = self._session.write(map(self._watched, jobs), *args, **kwargs)
        try:
            for result in results:
                self._clockwork.tick()
                yield result
        finally:
            results.close()  # type: ignore[attr-defined]  # as whoever stops listening does

    def _watched(self, job: WriteJob) -> WriteJob:
        def prepare(record: RemoteRecord) -> Sequence[AttributeWrite]:
            writes = job.prepare(record)
            self._clockwork.tick()
            self._between(job.anchor)
            return writes

        return job._replace(prepare=prepare)


@dataclass
class Ran:
    """A run that has ended, what it changed, and whether something happened in its middle."""

    run: SyncRun
    seen: Seen
    disturbed: bool
    ticks: int
    statuses: dict[int, str]  # of the records, before
    states: dict[int, str]
    first: bool  # no run over everybody was applied before

    @property
    def normal(self) -> bool:
        return self.run.status in (RunStatus.COMPLETED, RunStatus.PARTIAL)


class Hub:
    """One example's rows, begun from nothing."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        _empty_tables()
        self.server: DirectoryServer = make_server(
            kind=Kind.OPENLDAP, security=Security.NONE, write_back=True, **remote.settings()
        )
        self.server.set_secret(remote.password)
        self.server.save()
        EndpointPool.objects.create(endpoint=self.server, pool=make_pool(first="400", last="439"))
        for name, (attribute, direction) in MAPPING.items():
            pattern = EXTENSION_PATTERN if name == "extension" else ""
            FieldMapping.objects.create(
                endpoint=self.server, field=name, attribute=attribute, direction=direction, pattern=pattern
            )

    def run(
        self,
        *,
        preview: bool = False,
        anchors: Sequence[str] = (),
        force: bool = False,
        incremental: bool = False,
        event: Event | None = None,
        between: Callable[[str], None] | None = None,
    ) -> Ran:
        """Do a run, whatever happens in its middle. A process that was killed leaves it open, as it would."""
        self.server.refresh_from_db()
        statuses = dict(SyncRecord.objects.values_list("id", "status"))
        states = dict(SyncRecord.objects.values_list("id", "state"))
        done = SyncRun.objects.filter(mode=RunMode.APPLY, status__in=["completed", "partial"], anchors=[])
        first = not done.exists()
        newest = SyncRun.objects.order_by("-id").values_list("id", flat=True).first() or 0
        watcher = Watcher(self.remote)
        clockwork = Clockwork(event, watcher)

        def meddle(anchor: str) -> None:
            if between is not None:
                clockwork.others(partial(between, anchor))

        try:
            with connection.execute_wrapper(clockwork.sql):
                run_sync(
                    server=self.server,
                    mode=RunMode.PREVIEW if preview else RunMode.APPLY,
                    trigger=RunTrigger.COMMAND,
                    who="model",
                    force=force,
                    incremental=incremental,
                    anchors=[(anchor, self.remote.dn(anchor)) for anchor in anchors],
                    stop=lambda: clockwork.stop,
                    open_session=_watched(self.remote, clockwork, meddle),
                )
        except (Killed, SystemExit, OperationalError):
            assert clockwork.happened
        assert not connection.in_atomic_block
        two_minutes_ago = timezone.now() - timedelta(minutes=3)
        SyncRun.objects.filter(status=RunStatus.RUNNING).update(heartbeat_at=two_minutes_ago)
        run = SyncRun.objects.exclude(mode=RunMode.EDIT).filter(pk__gt=newest).first()
        if run is None:  # killed before there was one
            run = SyncRun(pk=0, mode=RunMode.APPLY, status=RunStatus.RUNNING)
        return Ran(run, watcher.look(), clockwork.happened, clockwork.ticks, statuses, states, first)


def _watched(remote: Remote, clockwork: Clockwork, between: Callable[[str], None]) -> OpenSession:
    @contextmanager
    def open_session(config: DirectoryConfig, attempt: Callable[[], None]) -> Iterator[Any]:
        with remote.open(config, attempt) as session:
            if isinstance(remote, FakeRemote):
                remote.directory.watch = lambda _operation: clockwork.tick()
            try:
                yield WatchedSession(session, clockwork, between)
            finally:
                if isinstance(remote, FakeRemote):
                    remote.directory.watch = lambda _operation: None

    return open_session


TABLES = (
    Conflict, Photo, RunItem, SyncRecord, SyncRun, FieldMapping, EndpointPool, NumberPool, DirectoryServer, Endpoint,
    CoolingNumber, Employee,
)  # fmt: skip


def _empty_tables() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for model in TABLES:
            cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: S608 - names of ours
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence")


def everything_stored() -> dict[str, Any]:
    """All rows that a preview may not touch, and the files."""
    kept = [model for model in TABLES if model not in (SyncRun, RunItem)]
    rows = {model.__name__: list(model._default_manager.order_by("pk").values()) for model in kept}
    folder = settings.PHOTO_DIR
    return {**rows, "files": sorted(str(path) for path in folder.rglob("*")) if folder.exists() else []}


def rules_by_attribute() -> dict[str, FieldMapping]:
    return {row.attribute.lower(): row for row in FieldMapping.objects.all()}
