"""A directory in memory that behaves as the real ones do, and misbehaves when it is told to.

It is held to the same contract as the LDAP adapter (`tests/directory/contract.py`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

from syncapp.core.account_state import account_state
from syncapp.core.records import Identity, Message, RemoteRecord, Scope, Whereabouts
from syncapp.core.vocabulary import RefusalKind
from syncapp.core.watermark import Delta, Watermark
from syncapp.core.writes import AttributeWrite, WriteJob, WriteRefusal, WriteResult
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.kinds import PROFILES
from syncapp.directory.scope import is_below, search_bases
from syncapp.directory.writeback import HOPELESS
from syncapp.exceptions import ConfigurationError, DirectoryUnavailableError

FOUND_AT_MOST = 21
PAGE = 3  # entries; small, so that a few people are several pages
WINDOW = 4  # jobs that are under way together
# Attributes of which no value can be compared, so that they are replaced as a whole.
PICTURES = frozenset({"jpegphoto", "thumbnailphoto"})
# Telephone numbers are compared without spaces and hyphens (RFC 4517, section 4.2.29).
TELEPHONES = frozenset({"telephonenumber", "mobile", "pager", "homephone"})
SINGLE = frozenset({"displayname", "employeenumber", "preferredlanguage"})


@dataclass
class Entry:
    """One person. Attribute names are lower-cased."""

    anchor: str
    dn: str
    attributes: dict[str, list[bytes]]
    change: int = 0

    @property
    def marker(self) -> bytes:
        return f"20261123120000.{self.change:06}Z#000000#000#000000".encode()


@dataclass(frozen=True)
class Modified:
    """One attribute that a session wrote: all its raw values before and after."""

    anchor: str
    attribute: str
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]


class _LostError(Exception):
    """The connection broke while a modify was under way."""


@dataclass
class FakeDirectory:
    """Entries by anchor, and how the server behaves.

    `watch` is called before each operation with its name: `page`, `changes`, `fetch`, `find`,
    `sample`, `read`, `write`, `wrote` (carried out, not answered), `read_back`; it may do what somebody else does
    meanwhile, or raise. `meddle` is called with the anchor between our read of an
    entry and our write of it.

    `forbids`: lower-cased attributes that the account may not write. `rejects`: raw
    values that break a rule of the server. `busy`: anchors whose entries cannot be
    written now. `stores` gives the form in which a value is kept. `lose_after`: so
    many modifies are answered before the connection is lost; `lost_but_done`: the
    one that was under way then was carried out.
    """

    base: str = "dc=example,dc=test"
    id: str = "1"  # of the entry of its naming context
    uri: str = "ldap://fake.example.test"  # of the controller that answers
    entries: dict[str, Entry] = field(default_factory=dict)
    schema: frozenset[str] | None = None
    read_only: frozenset[str] = frozenset()
    forbids: set[str] = field(default_factory=set)
    rejects: set[bytes] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    stores: Callable[[str, bytes], bytes] = lambda _attribute, value: value
    lose_after: int | None = None
    lost_but_done: bool = False
    watch: Callable[[str], None] = lambda _operation: None
    meddle: Callable[[str], None] = lambda _anchor: None
    hopeless: int = HOPELESS
    written: list[Modified] = field(default_factory=list)
    changes: int = 0

    @contextmanager
    def open(self, config: DirectoryConfig, attempt: Callable[[], None] = lambda: None) -> "Iterator[FakeSession]":
        """What `services.ports.OpenSession` asks for."""
        attempt()
        yield FakeSession(self, config)

    def add(self, rdn: str, *, below: str = "", **attributes: str | bytes | list[bytes]) -> str:
        """Add a person and return the anchor."""
        anchor = str(UUID(int=len(self.entries) + 1))
        values = {"objectClass": b"inetOrgPerson", **attributes}
        filled = {name.lower(): _bytes(value) for name, value in values.items() if value}
        self.entries[anchor] = Entry(anchor, f"{rdn},{below or self.base}", filled)
        self._touch(anchor)
        return anchor

    def put(self, anchor: str, attribute: str, *values: bytes) -> None:
        """Have somebody else put these values in the place of all that stand there."""
        self._store(self.entries[anchor], attribute.lower(), list(values))

    def values(self, anchor: str, attribute: str) -> list[bytes]:
        return list(self.entries[anchor].attributes.get(attribute.lower(), []))

    def move(self, anchor: str, dn: str) -> None:
        self.entries[anchor].dn = dn
        self._touch(anchor)

    def delete(self, anchor: str) -> None:
        """Take an entry away; its place stays counted, so that no other ever gets its anchor."""
        self.entries[anchor].dn = ""
        self._touch(anchor)

    def at(self, dn: str) -> Entry | None:
        return next((entry for entry in self.present() if entry.dn.casefold() == dn.casefold()), None)

    def of(self, anchor: str) -> Entry | None:
        entry = self.entries.get(anchor)
        return entry if entry is not None and entry.dn else None

    def present(self) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.dn]

    def modify(self, anchor: str, writes: Sequence[AttributeWrite], read: RemoteRecord) -> "str | WriteRefusal | None":
        """Carry out one modify, all of it or nothing; return None, "drifted", or why it is refused."""
        self.watch("write")
        done = self._count_down()
        entry = self.of(anchor)
        answer: str | WriteRefusal | None = None
        if done and entry is not None:
            answer = self._try(entry, writes, read)
        self.watch("wrote")
        if self.lose_after is not None and self.lose_after < 0:
            raise _LostError
        return answer

    def _count_down(self) -> bool:
        """Whether the server gets the request, and does what it says."""
        if self.lose_after is None:
            return True
        self.lose_after -= 1
        return self.lose_after >= 0 or (self.lose_after == -1 and self.lost_but_done)

    def _try(self, entry: Entry, writes: Sequence[AttributeWrite], read: RemoteRecord) -> "str | WriteRefusal | None":
        if entry.anchor in self.busy:
            return _refused(RefusalKind.BUSY, "write_busy", writes[0].attribute, "Busy")
        results: dict[str, list[bytes]] = {}
        for write in writes:
            name = write.attribute.lower()
            if name in self.forbids:
                return _refused(RefusalKind.RIGHT, "write_no_right", write.attribute, "Insufficient access")
            if write.new in self.rejects:
                return _refused(RefusalKind.VALUE, "write_syntax", write.attribute, "Invalid syntax")
            after = _after(name, entry, write, read)
            if after is None:
                return "drifted"
            results[name] = after
        for name, values in results.items():
            before = entry.attributes.get(name, [])
            kept = [value if value in before else self.stores(name, value) for value in values]
            self.written.append(Modified(entry.anchor, name, tuple(before), tuple(kept)))
            self._store(entry, name, kept)
        return None

    def _store(self, entry: Entry, name: str, values: list[bytes]) -> None:
        entry.attributes.pop(name, None)
        if values:
            entry.attributes[name] = values
        self._touch(entry.anchor)

    def _touch(self, anchor: str) -> None:
        self.changes += 1
        self.entries[anchor].change = self.changes


def same_raw(name: str, one: bytes, other: bytes) -> bool:
    """Whether two values are equal by the attribute's matching rule."""
    return _compared(name, one) == _compared(name, other)


def _compared(name: str, value: bytes) -> bytes:
    if name in PICTURES:
        return value
    if name in TELEPHONES:
        return value.lower().replace(b" ", b"").replace(b"-", b"")
    return b" ".join(value.decode("utf-8", "surrogateescape").casefold().encode("utf-8", "surrogateescape").split())


def _after(name: str, entry: Entry, write: AttributeWrite, read: RemoteRecord) -> list[bytes] | None:
    """Return the attribute's values after a conditional write, or None where the condition does not hold."""
    values = list(entry.attributes.get(name, []))
    if name in PICTURES:
        if read.attributes.get(MARKER) != [entry.marker]:
            return None
        return [*write.others, *([write.new] if write.new is not None else [])]
    if write.old is not None:
        left = [value for value in values if not same_raw(name, value, write.old)]
        if len(left) == len(values):
            return None
        values = left
    if write.new is None:
        return values
    if any(same_raw(name, value, write.new) for value in values) or (values and name in SINGLE):
        return None
    return [*values, write.new]


MARKER = "entrycsn"


@dataclass
class _Task:
    job: WriteJob
    before: RemoteRecord | None = None
    after: RemoteRecord | None = None
    writes: list[AttributeWrite] = field(default_factory=list)
    sent: bool = False  # and not answered
    told: bool = False
    written: set[str] = field(default_factory=set)
    drifted: set[str] = field(default_factory=set)
    refused: dict[str, WriteRefusal] = field(default_factory=dict)
    left_out: dict[str, WriteRefusal] = field(default_factory=dict)

    def result(self) -> WriteResult:
        return WriteResult(
            self.job.anchor,
            before=self.before,
            written=frozenset(self.written),
            drifted=frozenset(self.drifted),
            refused=self.refused,
            left_out=self.left_out,
            after=self.after,
        )


class FakeSession:
    """An open `FakeDirectory`: an `EndpointSession` (see `syncapp.services.ports`)."""

    kind = "openldap"
    people = "(objectClass=inetOrgPerson)"
    notes: Sequence[Message] = ()
    change_marker = MARKER
    marker_is_coarse = False
    watermark: Watermark | None = None

    def __init__(self, directory: FakeDirectory, config: DirectoryConfig) -> None:
        self.dropped: dict[str, WriteRefusal] = {}
        self._directory = directory
        self._config = config
        self._profile = PROFILES[self.kind]
        self._refusals: Counter[str] = Counter()
        self._proven: set[str] = set()
        self._bases = search_bases(config, config.base_dn or directory.base)
        if config.user_filter:
            raise ValueError("this directory knows no filters")

    @property
    def uri(self) -> str:
        return self._directory.uri

    def identity(self) -> Identity:
        return Identity({self._directory.base: self._directory.id})

    def check_attributes(self, names: Sequence[str]) -> None:
        schema = self._directory.schema
        unknown = [name for name in names if schema is not None and name.lower() not in schema]
        if unknown:
            raise ConfigurationError("mapping_attribute_unknown", attributes=unknown)

    def read_only(self, names: Sequence[str]) -> Sequence[str]:
        return [name for name in names if name.lower() in self._directory.read_only]

    def pages(
        self, attributes: Sequence[str], *, now: datetime, having: str = "", mark: bool = False
    ) -> Iterator[list[RemoteRecord]]:
        if mark:
            self.watermark = Watermark("fake", self.uri, "", {"": str(self._directory.changes)}, "")
        people = iter([entry for entry in self._in_scope() if not having or having.lower() in entry.attributes])
        while True:
            self._directory.watch("page")
            page = list(islice(people, PAGE))
            yield [self._record(entry, attributes, now) for entry in page if entry.dn]
            if not page:
                return

    def whole(self, record: RemoteRecord) -> RemoteRecord:
        return record

    def changes(self, watermark: Watermark, *, now: datetime) -> Delta:
        self._directory.watch("changes")
        since, changes = int(watermark.position[""]), self._directory.changes
        changed = [entry for entry in self._directory.entries.values() if entry.change > since]
        entries = [(entry.anchor, entry.dn) for entry in changed if entry.dn and self._is_in_scope(entry)]
        gone = {entry.anchor for entry in changed} - {anchor for anchor, _dn in entries}
        return Delta(watermark._replace(position={"": str(changes)}), entries, gone)

    def fetch(
        self, entries: Iterable[tuple[str, str]], attributes: Sequence[str], *, now: datetime, in_scope: bool = False
    ) -> Iterator[tuple[str, RemoteRecord | None]]:
        for anchor, dn in entries:
            self._directory.watch("fetch")
            entry = self._directory.of(anchor) if anchor else self._directory.at(dn)
            if entry is not None and in_scope and not self._is_in_scope(entry):
                entry = None
            yield anchor, self._record(entry, attributes, now) if entry is not None else None

    def scope(self) -> Scope:
        """The filter is the departments, one after the other, for nobody but this class reads it."""
        attribute = self._config.department_attribute
        departments = "".join(f"({attribute}={name})" for name in self._config.departments)
        return Scope(dict.fromkeys(self._bases, ""), self.people + departments)

    def find_base(self, anchor: str) -> str:
        return ""

    def whereabouts(
        self, entries: Iterable[tuple[str, str]], *, now: datetime, previous: Scope | None = None
    ) -> Iterator[tuple[str, Whereabouts | None]]:
        for anchor, _dn in entries:
            self._directory.watch("fetch")
            entry = self._directory.of(anchor)
            if entry is None:
                yield anchor, None
                continue
            yield (
                anchor,
                Whereabouts(
                    dn=entry.dn,
                    state=self._record(entry, [], now).state,
                    in_bases=any(is_below(entry.dn, base) for base in self._bases),
                    in_scope=self._passes(entry, self.scope()),
                    was_in_scope=previous is not None and self._passes(entry, previous),
                ),
            )

    def find(
        self,
        conditions: Sequence[Sequence[tuple[str, str, bool]]],
        attributes: Sequence[str],
        *,
        now: datetime,
        anywhere: bool = False,
    ) -> list[RemoteRecord]:
        self._directory.watch("find")
        found = [
            entry
            for entry in (self._directory.present() if anywhere else self._in_scope())
            if any(all(_holds(entry, *clause) for clause in condition) for condition in conditions)
        ]
        records = [self._record(entry, attributes, now) for entry in found]
        return sorted(records, key=lambda record: record.dn)[:FOUND_AT_MOST]

    def exclusions(self, dn: str, *, now: datetime) -> list[Message]:
        entry = self._directory.at(dn)
        if entry is None:
            return [Message("scope_kind", {"kind": self._profile.label, "filter": self._profile.people_filter})]
        reasons = []
        if not self._is_in_a_base(entry):
            reasons.append(Message("scope_outside", {"bases": "; ".join(self._bases)}))
        if not _is_person(entry):
            reasons.append(Message("scope_kind", {"kind": self._profile.label, "filter": self._profile.people_filter}))
        if not self._is_of_a_department(entry):
            found = entry.attributes.get(self._config.department_attribute.lower(), [])
            params = {
                "attribute": self._config.department_attribute,
                "departments": list(self._config.departments),
                "found": sorted(value.decode() for value in found),
            }
            reasons.append(Message("scope_department", params))
        return reasons

    def sample(self, attribute: str) -> list[bytes]:
        self._directory.watch("sample")
        return [value for entry in self._in_scope() for value in entry.attributes.get(attribute.lower(), [])]

    def write(self, jobs: Iterable[WriteJob], attributes: Sequence[str], *, now: datetime) -> Iterator[WriteResult]:
        """Several jobs are under way together: all are read, then written, then read back."""
        wanted = [*attributes, MARKER]
        waiting = iter(jobs)
        while tasks := [_Task(job) for job in islice(waiting, WINDOW)]:
            try:
                for task in tasks:
                    self._begin(task, wanted, now)
                for task in tasks:
                    self._send(task, wanted, now)
                for task in tasks:
                    if task.written or task.drifted or task.refused:
                        self._directory.watch("read_back")
                        task.after = self._read(task.job.anchor, wanted, now)
                    task.told = True
                    yield task.result()
            except _LostError:
                yield from self._what_is_known(tasks)
                raise DirectoryUnavailableError("connection_lost", retryable=True, uri=self.uri) from None

    def _what_is_known(self, tasks: Sequence[_Task]) -> Iterator[WriteResult]:
        for task in tasks:
            if task.sent or task.told:
                continue
            if task.written or task.drifted or task.refused:
                task.told = True
                yield task.result()

    def _begin(self, task: _Task, wanted: Sequence[str], now: datetime) -> None:
        self._directory.watch("read")
        task.before = self._read(task.job.anchor, wanted, now)
        if task.before is None:
            return
        self._prepare(task, task.before)
        self._directory.meddle(task.job.anchor)

    def _prepare(self, task: _Task, record: RemoteRecord, only: frozenset[str] | None = None) -> None:
        task.before, task.writes = record, []
        for write in task.job.prepare(record):
            if only is not None and write.attribute not in only:
                continue
            if write.attribute in self.dropped:
                task.left_out[write.attribute] = self.dropped[write.attribute]
            else:
                task.writes.append(write)

    def _send(self, task: _Task, wanted: Sequence[str], now: datetime) -> None:
        """Send one modify for everything, and where it is refused one for each attribute."""
        if not task.writes or task.before is None:
            return
        present = self._directory.of(task.job.anchor)
        if present is None:
            task.before = None
            return
        if present.dn != task.before.dn:  # moved since it was read: once more, from what it is now
            names = frozenset(write.attribute for write in task.writes)
            self._prepare(task, self._record(present, wanted, now), names)
            if not task.writes:
                return
        record = task.before
        assert record is not None
        if self._modify(task, task.writes, record) or len(task.writes) == 1:
            return
        for write in task.writes:
            self._modify(task, [write], record)

    def _modify(self, task: _Task, writes: Sequence[AttributeWrite], record: RemoteRecord) -> bool:
        task.sent = True
        answer = self._directory.modify(task.job.anchor, writes, record)
        task.sent = False
        if answer is None:
            for write in writes:
                task.written.add(write.attribute)
                self._proven.add(write.attribute)
                self._refusals.pop(write.attribute, None)
            return True
        if len(writes) > 1:
            return False
        attribute = writes[0].attribute
        if isinstance(answer, str):
            task.drifted.add(attribute)
            return False
        task.refused[attribute] = answer
        if answer.kind is RefusalKind.RIGHT and attribute not in self._proven:
            self._refusals[attribute] += 1
            if self._refusals[attribute] >= self._directory.hopeless:
                self.dropped[attribute] = answer
        return False

    def _in_scope(self) -> list[Entry]:
        return [entry for entry in self._directory.present() if self._is_in_scope(entry)]

    def _is_in_scope(self, entry: Entry) -> bool:
        return self._is_in_a_base(entry) and _is_person(entry) and self._is_of_a_department(entry)

    def _is_in_a_base(self, entry: Entry) -> bool:
        return any(is_below(entry.dn, base) for base in self._bases)

    def _is_of_a_department(self, entry: Entry) -> bool:
        wanted = self._config.departments
        found = entry.attributes.get(self._config.department_attribute.lower(), [])
        return not wanted or any(same_raw("", value, name.encode()) for value in found for name in wanted)

    def _passes(self, entry: Entry, scope: Scope) -> bool:
        wanted = [
            part.partition("=") for part in scope.filter.removeprefix(self.people).strip("()").split(")(") if part
        ]
        return (
            any(is_below(entry.dn, base) for base in scope.bases)
            and _is_person(entry)
            and (
                not wanted
                or any(
                    same_raw("", value, name.encode())
                    for attribute, _sign, name in wanted
                    for value in entry.attributes.get(attribute.lower(), [])
                )
            )
        )

    def _read(self, anchor: str, wanted: Sequence[str], now: datetime) -> RemoteRecord | None:
        entry = self._directory.of(anchor)
        return self._record(entry, wanted, now) if entry is not None else None

    def _record(self, entry: Entry, wanted: Sequence[str], now: datetime) -> RemoteRecord:
        values: Mapping[str, list[bytes]] = {
            **entry.attributes,
            MARKER: [entry.marker],
            "entryuuid": [entry.anchor.encode()],
        }
        names = dict.fromkeys(name.lower() for name in wanted)
        known = self._profile.state_attributes
        return RemoteRecord(
            anchor=entry.anchor,
            dn=entry.dn,
            attributes={name: list(values[name]) for name in names if name in values},
            state=account_state(known, values, now=now, rule=self._config.disabled_when),
        )


def _is_person(entry: Entry) -> bool:
    return b"inetOrgPerson" in entry.attributes.get("objectclass", [])


def _holds(entry: Entry, attribute: str, text: str, whole: bool) -> bool:
    name = attribute.lower()
    wanted = _compared(name, text.encode())
    found = [_compared(name, value) for value in entry.attributes.get(name, [])]
    return any(value == wanted if whole else wanted in value for value in found)


def _refused(kind: RefusalKind, code: str, attribute: str, text: str) -> WriteRefusal:
    params = {"attribute": attribute, "text": text}
    return WriteRefusal(kind, Message(code, {**params, "account": "cn=sync"} if code == "write_no_right" else params))


def _bytes(value: str | bytes | list[bytes]) -> list[bytes]:
    if isinstance(value, list):
        return list(value)
    return [value.encode() if isinstance(value, str) else value]
