"""The first step of a run: read everybody, certain people, or what has changed; and where the next run goes on."""

from datetime import datetime

from syncapp.choices import ReadMode
from syncapp.core.absence import renamed_base
from syncapp.core.records import Message
from syncapp.exceptions import ConfigurationError, FullReadNeededError
from syncapp.models import SyncRun
from syncapp.services.bookmarks import bookmark_for, dump_bookmark, known_entries, new_bookmark
from syncapp.services.execution import Execution
from syncapp.services.ports import EndpointSession
from syncapp.services.reading import DirectoryReader
from syncapp.services.remote_read import NEVER_LOOKED, LastLook, RemoteRead
from syncapp.services.settled import Settled
from syncapp.store.items import load_scope
from syncapp.store.sent import last_full_count


def read_people(
    execution: Execution, session: EndpointSession, reader: DirectoryReader, look: LastLook, settled: Settled | None
) -> RemoteRead:
    anchors = [(anchor, dn) for anchor, dn in execution.run.anchors]
    if anchors:
        return reader.some(anchors)
    changes = _read_changes(execution, session, reader)
    if changes is not None:
        return changes
    expected = last_full_count(execution.server.pk)
    try:
        return reader.everybody(lambda done: execution.came(done, expected), look, settled)
    except ConfigurationError as error:
        raise _where_the_base_went(error, session, look) from error


def _read_changes(execution: Execution, session: EndpointSession, reader: DirectoryReader) -> RemoteRead | None:
    """Read what has changed, where the run is to and it can; None where everybody has to be read, and the run says why."""
    run = execution.run
    if run.read != ReadMode.INCREMENTAL:
        return None
    try:
        before = bookmark_for(run, settings_digest=reader.settings(), uri=session.uri)
        if before is not None:
            read = reader.changed(before.watermark, lambda done: execution.came(done, None))
            execution.went_on_from = before
            return read
    except FullReadNeededError as reason:
        execution.note(Message(reason.code, reason.params))
    run.read = ReadMode.FULL
    SyncRun.objects.filter(pk=run.pk).update(read=run.read)
    return None


def how_many_known(execution: Execution) -> int | None:
    """How many entries are known; None where all have to be counted (rule E7)."""
    before = execution.went_on_from
    return known_entries(execution.server.pk, before)[0] if before is not None else None


def leave_bookmark(execution: Execution, reader: DirectoryReader, read: RemoteRead, began: datetime) -> None:
    """Let the next run go on from here: everybody who was read is applied, or marked on the record.

    One person's failure is on the record and holds nothing; but who was left out and
    has none must come again.
    """
    if read.watermark is None or execution.lost_sight:
        return
    before = execution.went_on_from
    bookmark = new_bookmark(
        execution.server.pk,
        read.watermark,
        settings_digest=reader.settings(),
        read_at=before.read_at if before is not None else began,
        before=before,
    )
    execution.bookmark = dump_bookmark(bookmark)


def last_look(last: SyncRun | None) -> LastLook:
    """Who was looked at last, and where; a run that carried a plan out relied on what the plan's run had seen."""
    looked = last.applies if last is not None and last.applies is not None else last
    if looked is None or last is None:
        return NEVER_LOOKED
    return LastLook(looked.uri, load_scope(looked.scope))


def _where_the_base_went(error: ConfigurationError, session: EndpointSession, look: LastLook) -> ConfigurationError:
    """Name the new place of a search base that is not where it was in the last run (rule D3)."""
    base = error.params.get("base", "")
    if error.code not in ("base_not_found", "base_not_here") or look.scope is None:
        return error
    anchor = renamed_base(look.scope, base)
    now = session.find_base(anchor) if anchor else ""
    return ConfigurationError("base_renamed", base=base, now=now) if now else error
