"""Writing to a directory: one conditional modify for each entry, several in flight (promise 5, rules B2, B10).

Each entry is read just before it is written, found by its immutable id where it
has moved. A modify deletes the value that was read and adds ours, so that the
server refuses when somebody was quicker. What the server really stored is read
back. No request is ever sent a second time after its answer was lost.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

import ldap
from ldap.controls.libldap import AssertionControl

from syncapp.core.records import AttributeWrite, RemoteRecord, WriteJob, WriteRefusal, WriteResult
from syncapp.core.vocabulary import RefusalKind
from syncapp.directory.answers import receive
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.errors import connection_error
from syncapp.directory.fetching import IN_FLIGHT, Fetcher
from syncapp.directory.refusals import DRIFTED, MAYBE_FILLED, is_lost, refusal
from syncapp.directory.survey import Directory
from syncapp.exceptions import SyncError

# So many people in a row refused the same right mean that nobody has it.
HOPELESS = 20

_Modification = tuple[int, str, list[bytes] | None]


class _Stage(Enum):
    READ = auto()
    WRITE = auto()
    READ_BACK = auto()


@dataclass(slots=True)
class _Task:
    """One job under way. `queue` are the modifies that are still to be sent, `sent` the one in flight."""

    job: WriteJob
    stage: _Stage
    number: int
    dn: str
    before: RemoteRecord | None = None
    after: RemoteRecord | None = None
    queue: deque[Sequence[AttributeWrite]] = field(default_factory=deque)
    sent: Sequence[AttributeWrite] = ()
    located: bool = False
    written: set[str] = field(default_factory=set)
    drifted: set[str] = field(default_factory=set)
    refused: dict[str, WriteRefusal] = field(default_factory=dict)
    left_out: dict[str, WriteRefusal] = field(default_factory=dict)
    maybe_filled: set[str] = field(default_factory=set)

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


class Writer:
    """Writes entries over one connection, and remembers for its time which attributes nobody may write."""

    def __init__(self, directory: Directory, config: DirectoryConfig) -> None:
        self.dropped: dict[str, WriteRefusal] = {}
        self._directory = directory
        self._config = config
        self._refusals: Counter[str] = Counter()
        self._proven: set[str] = set()
        controls = directory.root_dse.get("supportedcontrol", ())
        self._asserts = AssertionControl.controlType.encode() in controls

    def write(self, jobs: Iterable[WriteJob], fetcher: Fetcher) -> Iterator[WriteResult]:
        """Carry out jobs and yield what became of each, in the order in which they end.

        On a lost connection what is known is yielded first, then
        DirectoryUnavailableError is raised. `jobs` is asked for the next one only when it can begin.
        """
        pending: deque[_Task] = deque()
        waiting = iter(jobs)
        more = True
        try:
            while more or pending:
                while more and len(pending) < self._window():
                    job = next(waiting, None)
                    more = job is not None
                    if job is not None:
                        pending.append(_Task(job, _Stage.READ, fetcher.ask(job.dn), job.dn))
                if pending and self._go_on(pending[0], fetcher):
                    pending.rotate(-1)
                elif pending:
                    yield pending.popleft().result()
        except (ldap.LDAPError, SyncError) as error:
            yield from [task.result() for task in pending if task.stage is _Stage.READ_BACK]
            if isinstance(error, SyncError):
                raise
            seconds = self._config.operation_timeout
            raise connection_error(error, uri=self._directory.uri, seconds=seconds) from None

    def _window(self) -> int:
        """How many may be under way: never more than it takes to know that a right is missing."""
        hopeful = [count for name, count in self._refusals.items() if name not in self.dropped]
        return min(IN_FLIGHT, HOPELESS - max(hopeful, default=0))

    def _go_on(self, task: _Task, fetcher: Fetcher) -> bool:
        """Take the answer to the task's request and send the next one; False when there is none."""
        if task.stage is _Stage.READ:
            record = fetcher.receive(task.number, task.job.anchor) or self._locate(task, fetcher)
            return record is not None and self._begin(task, record)
        if task.stage is _Stage.READ_BACK:
            task.after = fetcher.receive(task.number, task.job.anchor) or fetcher.locate(task.job.anchor)
            self._tell_filled_from_refused(task)
            return False
        if not self._take_answer(task, fetcher):
            return False
        if self._send_next(task):
            return True
        task.stage, task.number = _Stage.READ_BACK, fetcher.ask(task.dn)
        return True

    def _locate(self, task: _Task, fetcher: Fetcher) -> RemoteRecord | None:
        task.located = True
        return fetcher.locate(task.job.anchor)

    def _begin(self, task: _Task, record: RemoteRecord) -> bool:
        task.before, task.dn = record, record.dn
        writes = []
        for write in task.job.prepare(record):
            if write.attribute in self.dropped:
                task.left_out[write.attribute] = self.dropped[write.attribute]
            else:
                writes.append(write)
        task.queue = deque([writes] if writes else [])
        return self._send_next(task)

    def _send_next(self, task: _Task) -> bool:
        if not task.queue:
            return False
        task.stage, task.sent = _Stage.WRITE, task.queue.popleft()
        changes, replaces = [], False
        for write in task.sent:
            conditional = self._compares(write.attribute)
            replaces = replaces or not conditional
            changes += _delete_and_add(write) if conditional else _replace(write)
        controls = self._unchanged_since(task.before) if replaces else None
        task.number = self._directory.connection.modify_ext(task.dn, changes, serverctrls=controls)
        return True

    def _compares(self, attribute: str) -> bool:
        """Whether a value of the attribute can be named to be deleted; pictures often cannot."""
        schema = self._directory.schema
        return schema is None or schema.compares(attribute)

    def _unchanged_since(self, record: RemoteRecord | None) -> list[AssertionControl] | None:
        """Make the server refuse when the entry is another than we read, where it knows how to (RFC 4528)."""
        profile = self._directory.profile
        marker = record.attributes.get(profile.change_marker.lower()) if record is not None else None
        if not self._asserts or not marker:
            return None
        value = marker[0].decode("ascii")
        return [AssertionControl(True, f"({profile.change_marker}={value})")]

    def _take_answer(self, task: _Task, fetcher: Fetcher) -> bool:
        """Note what became of a modify; False when the entry is gone."""
        try:
            receive(self._directory.connection, task.number, limit=self._config.operation_timeout)
        except ldap.NO_SUCH_OBJECT:
            return self._moved(task, fetcher)
        except ldap.LDAPError as error:
            if is_lost(error):
                raise
            self._take_refusal(task, error)
        else:
            for write in task.sent:
                task.written.add(write.attribute)
                self._proven.add(write.attribute)
                self._refusals.pop(write.attribute, None)
        return True

    def _moved(self, task: _Task, fetcher: Fetcher) -> bool:
        """The entry was moved between our read and our write: once more, from what it is now."""
        task.stage = _Stage.READ  # answered: nothing of it is in doubt
        record = None if task.located else self._locate(task, fetcher)
        if record is None:
            task.before = task.before if task.written else None
            return False
        task.before, task.dn = record, record.dn
        names = {write.attribute for writes in (task.sent, *task.queue) for write in writes}
        task.queue.clear()
        writes = [write for write in task.job.prepare(record) if write.attribute in names]
        if writes:
            task.queue.append(writes)
        return True

    def _take_refusal(self, task: _Task, error: ldap.LDAPError) -> None:
        if len(task.sent) > 1:  # one by one tells which of them it was, and lets the others through
            task.queue.extendleft([write] for write in reversed(task.sent))
            return
        (write,) = task.sent
        if isinstance(error, DRIFTED):
            task.drifted.add(write.attribute)
            return
        found = refusal(error, write.attribute, account=self._config.bind_dn)
        task.refused[write.attribute] = found
        if write.old is None and isinstance(error, MAYBE_FILLED):
            task.maybe_filled.add(write.attribute)
        if found.kind is RefusalKind.RIGHT and write.attribute not in self._proven:
            self._refusals[write.attribute] += 1
            if self._refusals[write.attribute] >= HOPELESS:
                self.dropped[write.attribute] = found

    def _tell_filled_from_refused(self, task: _Task) -> None:
        """Where nothing stood and something stands now, somebody was quicker: no fault of our value."""
        if task.after is None or task.before is None:
            return
        for attribute in task.maybe_filled:
            name = attribute.lower()
            if task.after.attributes.get(name) and not task.before.attributes.get(name):
                del task.refused[attribute]
                task.drifted.add(attribute)


def _delete_and_add(write: AttributeWrite) -> list[_Modification]:
    """The old value is named: the server refuses when it is not there any more."""
    changes: list[_Modification] = []
    if write.old is not None:
        changes.append((ldap.MOD_DELETE, write.attribute, [write.old]))
    if write.new is not None:
        changes.append((ldap.MOD_ADD, write.attribute, [write.new]))
    return changes


def _replace(write: AttributeWrite) -> list[_Modification]:
    """All values at once, for an attribute of which the server compares none."""
    values = [*write.others, *([write.new] if write.new is not None else [])]
    return [(ldap.MOD_REPLACE, write.attribute, values or None)]
