"""Looking at a directory without synchronising: Test connection and Run query."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils import timezone

from syncapp.choices import Kind
from syncapp.core.composition import attributes_as_typed
from syncapp.core.converters import read_person
from syncapp.core.records import Message, RemotePerson
from syncapp.core.vocabulary import TEXT_FIELDS, Field
from syncapp.directory.connection import open_directory
from syncapp.directory.kinds import PROFILES
from syncapp.directory.search import iter_pages
from syncapp.directory.steps import Examination, Step, StepName, StepOutcome, examine
from syncapp.exceptions import ConfigurationError
from syncapp.models import DirectoryServer
from syncapp.services.endpoints import directory_config, field_rules, store_findings, sync_options
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


def test_connection(server: DirectoryServer) -> Iterator[Step]:
    """Yield the steps as they finish; the first that fails is the last. Stores nothing."""
    try:
        config = directory_config(server)
    except ConfigurationError as exc:
        yield Step(StepName.SETTINGS, StepOutcome.FAILED, Message(exc.code, exc.params))
        return
    yield from examine(
        Examination(
            config=config,
            rules_of=lambda kind: field_rules(server, kind),
            region=server.region,
            now=timezone.now(),
            seconds=SECONDS,
            write_back=server.write_back,
            expected=known_identity(server.pk),
        )
    )


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
    store_findings(server, kind)
    yield Step(StepName.SETTINGS, StepOutcome.OK, Message("test_stored", {"kind": PROFILES[kind].label}))


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
        options = sync_options(server, directory.kind, write_back=False)
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
