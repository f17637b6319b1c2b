"""Looking at a directory without synchronising: Test connection and Run query."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from django.utils import timezone

from syncapp.choices import Kind
from syncapp.core.composition import attributes_as_typed
from syncapp.core.converters import read_person
from syncapp.core.options import FieldRule
from syncapp.core.records import Message, RemotePerson
from syncapp.core.vocabulary import TEXT_FIELDS, Field
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.connection import open_directory
from syncapp.directory.examination import ORDER, Examination, Step, StepName, StepOutcome
from syncapp.directory.kinds import PROFILES, usual_mapping
from syncapp.directory.mapping import MappingFound
from syncapp.directory.mapping import look_at_mapping as read_by_mapping
from syncapp.directory.sampling import Look
from syncapp.directory.search import iter_pages
from syncapp.directory.steps import examine, examine_one
from syncapp.exceptions import ConfigurationError
from syncapp.models import DirectoryServer
from syncapp.services.endpoints import (
    directory_config,
    extension_pattern,
    field_rules,
    pool_specs,
    store_kind,
    sync_options,
)
from syncapp.services.identity import known_identity

# Both run in the web process (design, section 3).
SECONDS = 20.0
_LONGEST_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The first people of a directory, as the server's mapping reads them.

    `fields` are the mapped fields in the order of the mapping; a person's
    readings have them all. `more`: there are further people.
    """

    kind: str
    fields: tuple[Field, ...]
    people: tuple[RemotePerson, ...]
    more: bool
    notes: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """What came of one step; `uri` is the address that is asked, `seconds` what is left of the time."""

    steps: tuple[Step, ...]
    uri: str
    seconds: float

    @property
    def failed(self) -> bool:
        return any(step.outcome is StepOutcome.FAILED for step in self.steps)

    def upcoming(self, asked: StepName) -> tuple[StepName, ...]:
        """Return the steps that come after the one that was asked for, in their order."""
        shown = {step.name for step in self.steps if not step.elsewhere}
        return tuple(name for name in ORDER[ORDER.index(asked) :] if name not in shown)


def test_connection(server: DirectoryServer) -> Iterator[Step]:
    """Yield the steps as they finish; the first that fails is the last. Stores nothing."""
    try:
        config = directory_config(server)
    except ConfigurationError as exc:
        yield Step(StepName.SETTINGS, StepOutcome.FAILED, Message(exc.code, exc.params))
        return
    yield from examine(_examination(server, config, seconds=SECONDS))


def _examination(server: DirectoryServer, config: DirectoryConfig, *, seconds: float) -> Examination:
    return Examination(
        config=config,
        rules_of=lambda kind: field_rules(server, kind),
        region=server.region,
        now=timezone.now(),
        seconds=seconds,
        write_back=server.write_back,
        expected=known_identity(server.pk),
    )


def take_step(server: DirectoryServer, name: StepName, *, seconds: float, uri: str) -> StepAnswer:
    """Take one step of the test, in `seconds` at most, at the address that answered before. Stores nothing."""
    try:
        config = replace(directory_config(server), first=uri)
    except ConfigurationError as exc:
        return StepAnswer((Step(StepName.SETTINGS, StepOutcome.FAILED, Message(exc.code, exc.params)),), "", 0.0)
    examination = _examination(server, config, seconds=seconds)
    steps = tuple(examine_one(examination, name))
    return StepAnswer(steps, examination.uri, max(0.0, examination.ends - monotonic()))


def test_connection_and_store(server: DirectoryServer) -> Iterator[Step]:
    """Test the connection and, when all went well, keep what was left open: kind and usual mapping."""
    was_open = server.kind == Kind.AUTO
    kind, failed = "", False
    for step in test_connection(server):
        kind = kind or step.kind
        # A missing right says nothing against what was found.
        failed = step.outcome is StepOutcome.FAILED and step.name is not StepName.RIGHTS
        yield step
    if not was_open or failed:
        return
    store_kind(server, kind)
    yield Step(StepName.SETTINGS, StepOutcome.OK, Message("test_stored", {"kind": PROFILES[kind].label}))


def look_at_mapping(server: DirectoryServer, *, own: Sequence[FieldRule]) -> MappingFound:
    """Show how rules, or the usual ones where there are none, read the first people; raise SyncError. Stores nothing."""
    pattern = extension_pattern(pool_specs(server))
    return read_by_mapping(
        Look(
            config=directory_config(server),
            usual=lambda kind: usual_mapping(kind, extension_pattern=pattern),
            region=server.region,
            now=timezone.now(),
            seconds=SECONDS,
            own=own,
        )
    )


def run_query(server: DirectoryServer, *, limit: int = 20) -> QueryResult:
    """Read the first `limit` people and their mapped values; raise SyncError. Writes and stores nothing."""
    config = replace(
        directory_config(server),
        page_size=limit + 1,
        connect_timeout=_LONGEST_WAIT,
        login_timeout=_LONGEST_WAIT,
        operation_timeout=_LONGEST_WAIT,
    )
    with open_directory(config) as directory:
        options = sync_options(server, directory.kind)
        wanted = sorted({name for rule in options.rules for name in attributes_as_typed(rule.attribute)})
        people: list[RemotePerson] = []
        for page in iter_pages(directory, config, wanted, now=timezone.now()):
            people.extend(read_person(record, options) for record in page)
            if len(people) > limit:
                break
        return QueryResult(
            kind=directory.kind,
            fields=tuple(rule.field for rule in options.rules if rule.field in TEXT_FIELDS),
            people=tuple(people[:limit]),
            more=len(people) > limit,
            notes=directory.notes,
        )
