"""The steps of a run, from reading to writing back (design, section 6)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import MappingProxyType

from django.utils import timezone

from syncapp.choices import ReadMode, RunMode, RunPhase
from syncapp.core import limits
from syncapp.core.options import SyncOptions
from syncapp.core.outward import Outward
from syncapp.core.phones import FEW_STRANGE, looks_like_another
from syncapp.core.planned import PlanItem
from syncapp.core.records import Message
from syncapp.core.vocabulary import Field, State
from syncapp.exceptions import ConfigurationError, PlanHeldError
from syncapp.models import DirectoryServer, PhoneSystem, SyncRecord, SyncRun
from syncapp.services.afterwards import NAMED, name_rekeyed, name_renumbered, say_what_was_written
from syncapp.services.aside import AsideItem
from syncapp.services.brakes import too_much
from syncapp.services.contents import incoming
from syncapp.services.counts import NAMES, Tally, applied_counts, planned_counts
from syncapp.services.endpoints import keeping_what_is_seen, run_config, sends, store_kind
from syncapp.services.execution import Execution, Wave
from syncapp.services.identity import recognise
from syncapp.services.looking import how_many_known, last_look, leave_bookmark, read_people
from syncapp.services.making import forget_freed_numbers, plan_those_to_make
from syncapp.services.mapping_state import mapping_state, remapped_fields
from syncapp.services.phone_numbers import PhoneLook, keep_numbers
from syncapp.services.photos import FOLDERS, keep_for, sweep
from syncapp.services.planning import Planning, make_plan
from syncapp.services.ports import EndpointSession
from syncapp.services.reading import DirectoryReader
from syncapp.services.remote_read import RemoteRead
from syncapp.services.seals import Seal, configuration_digest, scope_of
from syncapp.services.secrets import forget_unmapped_secrets
from syncapp.services.sending import Sending
from syncapp.services.settled import Settled
from syncapp.store.bulk import in_chunks
from syncapp.store.elsewhere import let_waiting_go_on
from syncapp.store.items import PlannedRow, dump_scope, insert_items, iter_planned
from syncapp.store.newcomers import Newcomers, from_now_on
from syncapp.store.phone_tasks import forget_settled
from syncapp.store.records import confirm_missing
from syncapp.store.sent import last_full_count, last_whole_run, waiting_for
from syncapp.store.writer import apply_items, apply_refreshed, apply_touches, settle_the_rest
from syncapp.telephony.endpoint import PhoneEndpoint


def take_steps(execution: Execution) -> None:
    """Read, plan, brake; then stop for a preview, or apply and write back."""
    run, server = execution.run, execution.server
    if server.being_added:
        raise ConfigurationError("server_being_added", server=server.name)
    with ExitStack() as stack:
        last = last_whole_run(server.pk)
        began = timezone.now()
        with execution.timed(RunPhase.READ):
            # How many came the last time tells how far this read is.
            expected = last_full_count(server.pk) if run.read == ReadMode.FULL else None
            session = stack.enter_context(
                execution.open_session(
                    run_config(server, while_waiting=execution.keeper.pulse),
                    lambda: execution.beat(RunPhase.READ, 0, expected),
                )
            )
            stack.enter_context(keeping_what_is_seen(server, session))
            recognise(run, session)
            # First in, then out (rule E2).
            outward = Outward(
                allowed=sends(server) and last is not None,
                withheld=sends(server) and last is None,
                asked=bool(run.anchors),
            )
            reader = DirectoryReader(server, session, execution.keeper, sends=outward.allowed)
            _close_read_only(execution, session, reader.options, outward)
            mapping = mapping_state(reader.options, last.mapping if last else {})
            remapped = remapped_fields(last.mapping if last else {}, mapping)
            settled = None if reader.options.phone else Settled(server, reader.options, outward, remapped)
            read = read_people(execution, session, reader, last_look(last), settled)
        if read.scope is not None:
            SyncRun.objects.filter(pk=run.pk).update(mapping=mapping, scope=dump_scope(read.scope))
        planned_at = timezone.now()
        wave = _plan(execution, session, reader, read, outward, remapped)
        held = _judge(execution, wave, remapped, last)
        execution.seal = Seal(
            digest=configuration_digest(server, read.options),
            planned_at=planned_at,
            newest=wave.newcomers.newest,
            brakes=[message.code for message in held],
            kinds=wave.ledger.changes.counts,
            joined=wave.ledger.changes.joined,
            remapped=sorted(remapped),
            scope=scope_of(server),
        ).dump()
        if run.mode == RunMode.PREVIEW or (held and not run.forced):
            execution.counts = planned_counts(
                endpoint_id=server.pk, read=read.count, tally=wave.ledger.tally, known=how_many_known(execution)
            )
            name_rekeyed(execution, wave.ledger.tally, "phone_secrets_planned")
        brake(execution, held)
        if run.mode == RunMode.PREVIEW:
            return
        tally = Tally()
        with finishing(execution, session, tally, read=read.count):
            _apply(execution, session, wave, tally)
            if outward.allowed:
                _write_back(execution, session, reader, wave, outward, tally)
        leave_bookmark(execution, reader, read, began)


@contextmanager
def finishing(execution: Execution, session: EndpointSession, tally: Tally, *, read: int) -> Iterator[None]:
    """Tidy up after applying; a run that was stopped half-way says what it did, not what it would have done."""
    run, server = execution.run, execution.server
    if not run.forced:  # what a person let through does not count against later runs
        execution.keeper.kinds = tally.kinds
    try:
        yield
        if isinstance(server, DirectoryServer):
            store_kind(server, session.kind)
        if isinstance(session, PhoneEndpoint) and isinstance(server, PhoneSystem) and not keep_numbers(server, session):
            execution.note(Message("phone_numbers_not_read"))
        forget_settled()
        if execution.went_on_from is None:  # both look through everybody: once a night is enough
            forget_unmapped_secrets()
            sweep(now=timezone.now(), folders=[FOLDERS[run.pk % len(FOLDERS)]])
    finally:
        # What was done comes first: the totals are asked of a database that may be away just now.
        execution.counts = dict.fromkeys(NAMES, 0) | dict(tally.done) | {"read": read}
        execution.counts = applied_counts(
            endpoint_id=server.pk, read=read, tally=tally, known=how_many_known(execution)
        )
        name_renumbered(execution, tally)
        name_rekeyed(execution, tally, "phone_secrets_sent")


def _close_read_only(execution: Execution, session: EndpointSession, options: SyncOptions, outward: Outward) -> None:
    """What the server alone writes is said once, and not tried for each person."""
    if outward.allowed:
        outward.closed = session.read_only([rule.attribute for rule in options.rules if rule.pushes])
        for attribute in outward.closed:
            execution.note(Message("write_read_only", {"attribute": attribute}))


def _plan(
    execution: Execution,
    session: EndpointSession,
    reader: DirectoryReader,
    read: RemoteRead,
    outward: Outward,
    remapped: frozenset[Field],
) -> Wave:
    """Decide what happens to whom, and store it as `planned` items before anything is changed."""
    with execution.timed(RunPhase.PLAN):
        alone, total = len(read.kept), len(read.people) + len(read.kept)
        execution.beat(RunPhase.PLAN, 0, total)
        reader.decide_alone(read, lambda done: execution.beat(RunPhase.PLAN, done, total))
        newcomers = from_now_on()
        if isinstance(session, PhoneEndpoint):
            forget_freed_numbers(read, session)
        look = PhoneLook(execution.keeper.beat, stores=execution.run.mode != RunMode.PREVIEW)
        planning = make_plan(
            execution.server, read, execution.keeper.beat, outward=outward, remapped=remapped, phones=look
        )
        if isinstance(session, PhoneEndpoint) and isinstance(execution.server, PhoneSystem) and read.whole:
            may_send = outward.allowed
            planning.making = plan_those_to_make(execution.server, session, planning, may_send=may_send)
            read.known_by_id |= {each.record.id: each.record for each in planning.unplaced.values() if each.record}
            planning.notes += _phones_of_leavers(planning)
        wave = Wave(read, planning, newcomers, first=execution.stored)
        _store_plan(execution, wave, lambda done: execution.beat(RunPhase.PLAN, min(alone + done, total), total))
    if read.whole:
        say_what_was_written(execution, read)
    return wave


def _judge(execution: Execution, wave: Wave, remapped: frozenset[Field], last: SyncRun | None) -> list[Message]:
    """Return every reason for which somebody has to look at the plan first, with the likely causes."""
    read, planning, server = wave.read, wave.planning, execution.server
    for message in planning.notes:
        execution.note(message)
    held = limits.brakes(
        read=read.count if read.whole and not _is_empty_box(read) else None,
        first_meeting=planning.first_meeting,
        numbers_missing=planning.numbers_missing,
        pools=[pool.name for pool in read.options.pools],
        remapped={name: wave.ledger.tally.fields[name] for name in sorted(remapped)},
        left_out=wave.ledger.tally.released + wave.ledger.tally.done["missing"] if read.scope_changed else 0,
    )
    held += _another_box(execution, wave)
    if wave.ledger.tally.secrets_left:
        execution.note(Message("phone_secrets_left", {"count": wave.ledger.tally.secrets_left}))
    return held + too_much(
        server,
        wave.ledger.changes,
        rules=read.options.rules,
        unfilled=read.never_filled,
        scopes=(last.seal.get("scope", {}) if last else {}, scope_of(server)),
        now=timezone.now(),
    )


def _phones_of_leavers(planning: Planning) -> list[Message]:
    """Name people who have left and have phones, as far as this run looked at them: nobody can be switched off there."""
    sides = planning.sides
    active = [person for person in sides.people if person.state is State.ACTIVE]
    gone = {sides.employee_of(person.anchor) or 0 for person in active} & {*sides.left}
    names = sorted(sides.locals[employee_id].values[Field.NAME] for employee_id in gone)
    return [Message("phones_of_leavers", {"count": len(names), "people": names[:NAMED]})] if names else []


def _is_empty_box(read: RemoteRead) -> bool:
    """Whether a phone system has nobody, and never had: unlike a directory, a new one is filled by us."""
    return read.options.phone and not read.count and not read.absent


def _another_box(execution: Execution, wave: Wave) -> list[Message]:
    """Hold where so many rows are somebody else's, or gone, that this is another or a restored phone system (A11)."""
    strange = wave.ledger.tally.strange + len(wave.ledger.tally.lost)
    if not wave.read.options.phone or strange <= FEW_STRANGE:
        return []
    tied = SyncRecord.objects.filter(endpoint=execution.server, employee__isnull=False).count()
    params = {"count": strange, "tied": tied}
    return [Message("phone_looks_like_another", params)] if looks_like_another(strange, tied) else []


def brake(execution: Execution, held: Sequence[Message]) -> None:
    """Hold the plan, unless a person said to go on; then the reasons stay as notes."""
    if held and not execution.run.forced:
        raise PlanHeldError([(message.code, dict(message.params)) for message in held])
    for message in held:
        execution.note(message)


def _store_plan(execution: Execution, wave: Wave, beat: Callable[[int], None]) -> None:
    """Write the plan as `planned` items before anything is changed; `beat` is told how many were decided for it."""
    people = {person.anchor: person for person in wave.read.people if person.raw is not None}
    done = 0
    for chunk in in_chunks(wave.planning.people(wave.read.aside.in_order())):
        rows = []
        for news in chunk:
            if isinstance(news, AsideItem):
                rows.append(news.row())
                continue
            done += 1
            record = wave.read.known_by_id.get(news.record_id) if news.record_id is not None else None
            local = wave.planning.local_of(news) if isinstance(news, PlanItem) else None
            person = people.get(news.anchor) if isinstance(news, PlanItem) else None
            row = wave.ledger.enter(news, record=record, local=local, person=person)
            if row is not None:
                rows.append(row)
        insert_items(execution.run, rows, start=execution.stored)
        execution.stored += len(rows)
        beat(done)


def _apply(execution: Execution, session: EndpointSession, wave: Wave, tally: Tally) -> None:
    """Carry the hub's part out, chunk by chunk, each one a transaction with its items; count what was done."""
    run, done, planned = execution.run, 0, execution.stored - wave.first
    with execution.timed(RunPhase.APPLY):
        execution.beat(RunPhase.APPLY, 0, planned)
        for rows in iter_planned(run.pk, after=wave.first - 1):
            apply_rows(execution, session, wave.read.options, rows, newcomers=wave.newcomers, tally=tally)
            done += len(rows)
            execution.beat(RunPhase.APPLY, done, planned)
        for chunk in in_chunks(wave.ledger.touches):
            execution.keeper.beat()
            touched = apply_touches(chunk)
            if wave.read.options.phone:
                let_waiting_go_on(run, touched)
        for refreshed in in_chunks(wave.read.aside.refreshed):
            execution.keeper.beat()
            apply_refreshed(refreshed)
        settle_the_rest(run)
        if any(absence.record.state is State.MISSING for absence in wave.read.absent):
            confirm_missing(run, seen=wave.read.seen, now=timezone.now())


def apply_rows(
    execution: Execution,
    session: EndpointSession,
    options: SyncOptions,
    rows: Sequence[PlannedRow],
    *,
    newcomers: Newcomers,
    tally: Tally,
    drifted: Mapping[str, Message] = MappingProxyType({}),
) -> None:
    """Carry out one chunk in the hub, and count it; who is in `drifted` is left as he is."""
    beat = execution.keeper.beat
    contents = incoming(session, options, [row for row in rows if row.anchor not in drifted], beat)
    keep_for([(row.changes[Field.PHOTO][0], row.id) for row in rows if row.changes.get(Field.PHOTO, ("",))[0]])
    now = timezone.now()
    for written in apply_items(
        execution.run, rows, now=now, beat=beat, newcomers=newcomers, contents=contents, drifted=drifted
    ):
        if not written.due:
            tally.add_written(written)
        elif execution.run.applies_id is not None:
            execution.refused += 1
        else:
            execution.lost_sight |= written.row.record_id is None
            execution.keeper.note("edited_meanwhile_note")


def _write_back(
    execution: Execution, session: EndpointSession, reader: DirectoryReader, wave: Wave, outward: Outward, tally: Tally
) -> None:
    """Write to the directory; then everybody who waited for a right that turned out to be there (rule B10)."""
    run = execution.run
    sending = Sending(run, session, wave.read.options, execution.keeper, execution.beat, tally.add_sent)
    with execution.timed(RunPhase.WRITE_BACK):
        sending.send(wave.ledger.entries, total=tally.writing, after=wave.first - 1)
    waiting = waiting_for(execution.server.pk, sending.proven) if sending.proven else []
    if not waiting:
        return
    with execution.timed(RunPhase.READ):
        read = reader.some(waiting)
    outward.opened = sending.proven
    second = _plan(execution, session, reader, read, outward, frozenset())
    before = tally.writing
    _apply(execution, session, second, tally)
    with execution.timed(RunPhase.WRITE_BACK):
        sending.send(second.ledger.entries, total=tally.writing - before, after=second.first - 1)
