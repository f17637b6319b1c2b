"""Step 2 and 3 of a run: what the directory says, beside what is known of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils import timezone

from syncapp.core.composition import attributes_as_typed
from syncapp.core.converters import attributes_of, read_person
from syncapp.core.fingerprint import fingerprint, settings_digest
from syncapp.core.records import KnownRecord, RemotePerson, SyncOptions
from syncapp.directory.connection import open_directory
from syncapp.directory.scope import check_attributes
from syncapp.directory.search import iter_pages
from syncapp.models import DirectoryServer
from syncapp.services.endpoints import directory_config, field_rules, sync_options
from syncapp.services.runs import RunKeeper
from syncapp.store import snapshots


@dataclass(slots=True)
class RemoteRead:
    """A complete read. `people` are those who need a look; of the settled rest only the number is kept.

    `count`: entries that came. `known` are the records of `people`.
    """

    kind: str
    options: SyncOptions
    count: int = 0
    people: list[RemotePerson] = field(default_factory=list)
    known: dict[str, KnownRecord] = field(default_factory=dict)
    known_by_id: dict[int, KnownRecord] = field(default_factory=dict)


def read_directory(server: DirectoryServer, keeper: RunKeeper, beat: Callable[[int], None]) -> RemoteRead:
    """Read everybody in scope, or raise: never a part of them (promise 4).

    A person whose fingerprint is the stored one, and who is not due, is passed
    over before anything is decoded.
    """
    config = directory_config(server)
    with open_directory(config, attempt=lambda: beat(0)) as directory:
        options = sync_options(server, directory.kind)
        # Also what is mapped and not read yet, such as the photo.
        mapped = {name for rule in field_rules(server, directory.kind) for name in attributes_as_typed(rule.attribute)}
        check_attributes(config, sorted(mapped), directory.schema)
        wanted = sorted({name for rule in options.rules for name in attributes_of(rule.attribute)})
        digest = settings_digest(options)
        read = RemoteRead(directory.kind, options)
        for note in directory.notes:
            keeper.note(note.code, **note.params)
        passports = snapshots.passports(server.pk)
        record_ids = []
        for page in iter_pages(directory, config, wanted, now=timezone.now()):
            for record in page:
                mark = fingerprint(record, wanted, digest)
                passport = passports.get(record.anchor)
                if passport is not None and passport.fingerprint == mark and not passport.due:
                    continue
                read.people.append(read_person(record, options, fingerprint=mark))
                if passport is not None:
                    record_ids.append(passport.record_id)
            read.count += len(page)
            beat(read.count)
    read.known = snapshots.known_records(server.pk, record_ids)
    read.known_by_id = {record.id: record for record in read.known.values()}
    return read
