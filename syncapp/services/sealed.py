"""The steps of a run that carries out what another run has planned, and nothing else (rule E5)."""

from collections import Counter
from contextlib import ExitStack

from django.utils import timezone

from syncapp.choices import RunPhase
from syncapp.core.identity import same_directory
from syncapp.core.limits import exceeded
from syncapp.core.records import Identity, Message, RemoteRecord
from syncapp.exceptions import PlanStaleError
from syncapp.models import SyncRun
from syncapp.services.brakes import history
from syncapp.services.counts import Tally
from syncapp.services.drift import find_drift
from syncapp.services.endpoints import keeping_what_is_seen, run_config, sends
from syncapp.services.execution import Execution
from syncapp.services.identity import recognise
from syncapp.services.packed import PackedEntries
from syncapp.services.phone_numbers import PhoneLook
from syncapp.services.ports import EndpointSession
from syncapp.services.reading import DirectoryReader
from syncapp.services.seals import Seal, check_plan, configuration_digest, needs_force
from syncapp.services.sending import Sending
from syncapp.services.steps import apply_rows, brake, finishing
from syncapp.store.items import iter_planned
from syncapp.store.newcomers import Newcomers
from syncapp.store.sealed import copy_plan
from syncapp.store.sent import last_whole_run
from syncapp.store.writer import settle_the_rest


def take_sealed_steps(execution: Execution) -> None:
    """Take over a plan, look at its people anew, and carry out the rows that are as they were."""
    run, server = execution.run, execution.server
    source = SyncRun.objects.select_related("endpoint").get(applied_by=run)
    # Asked once more: between the button and the worker somebody may have applied it.
    check_plan(source, force=run.forced, now=timezone.now())
    seal = Seal.load(source.seal)
    with ExitStack() as stack:
        with execution.timed(RunPhase.READ):
            session = stack.enter_context(
                execution.open_session(
                    run_config(server, while_waiting=execution.keeper.pulse), lambda: execution.beat(RunPhase.READ, 0)
                )
            )
            stack.enter_context(keeping_what_is_seen(server, session))
            if not same_directory(recognise(run, session), Identity(source.identity)):
                raise PlanStaleError("plan_other_directory", run=source.pk)
            may_send = sends(server) and last_whole_run(server.pk) is not None  # rule E2
            reader = DirectoryReader(server, session, execution.keeper, sends=may_send)
        if configuration_digest(server, reader.options) != seal.digest:
            raise PlanStaleError("plan_settings_changed", run=source.pk)
        with execution.timed(RunPhase.PLAN):
            _take_over(execution, source)
        _brake(execution, source, seal)
        tally = Tally()
        with finishing(execution, session, tally, read=execution.stored):
            if _was_looked_at(source):
                execution.keeper.kinds = {}
            _carry_out(execution, session, reader, seal, tally)
            _remember_mapping(run, source, seal)


def _take_over(execution: Execution, source: SyncRun) -> None:
    execution.beat(RunPhase.PLAN, 0)
    execution.stored, done = copy_plan(source, execution.run, beat=execution.keeper.beat)
    if done:
        execution.note(Message("plan_continued", {"run": source.pk, "count": done}))


def _was_looked_at(source: SyncRun) -> bool:
    """Whether a brake of the plan was satisfied by looking at it: then a person let it through."""
    return bool(source.seal["brakes"]) and not needs_force(source)


def _brake(execution: Execution, source: SyncRun, seal: Seal) -> None:
    """Count once more with what was applied since: plans that are within the limits one by one add up."""
    execution.counts = dict(source.counts)
    past = history(execution.server, now=timezone.now())
    planned = Counter(seal.kinds)
    for done in SyncRun.objects.filter(applies=source).values_list("kinds", flat=True):
        planned.subtract(done)  # counted among what was applied already
    held = exceeded(
        planned=planned,
        recent=past.recent,
        tied=past.tied + seal.joined,
        applied=past.applied,
        limits=execution.server.limits,
    )
    execution.seal = {**source.seal, "brakes": [*seal.brakes, *(message.code for message in held.values())]}
    brake(execution, list(held.values()))


def _carry_out(
    execution: Execution, session: EndpointSession, reader: DirectoryReader, seal: Seal, tally: Tally
) -> None:
    run, done = execution.run, 0
    newcomers = Newcomers(seal.newest, since=seal.planned_at)
    entries = PackedEntries()
    look = PhoneLook(execution.keeper.beat, stores=True)
    with execution.timed(RunPhase.APPLY):
        execution.beat(RunPhase.APPLY, 0, execution.stored)
        for rows in iter_planned(run.pk):
            people = reader.again([(row.anchor, row.dn) for row in rows], execution.keeper.beat)
            drifted = find_drift(run, rows, people, look)
            for row in rows:
                person = people.get(row.anchor)
                if row.pushes and person is not None and person.raw is not None and row.anchor not in drifted:
                    entries.add(RemoteRecord(person.anchor, person.dn, person.raw, person.state))
            apply_rows(execution, session, reader.options, rows, newcomers=newcomers, tally=tally, drifted=drifted)
            done += len(rows)
            execution.beat(RunPhase.APPLY, done, execution.stored)
        settle_the_rest(run)
    if execution.refused:
        execution.note(Message("plan_rows_refused", {"count": execution.refused}))
    with execution.timed(RunPhase.WRITE_BACK):
        sending = Sending(run, session, reader.options, execution.keeper, execution.beat, tally.add_sent)
        sending.send(entries, total=tally.writing)


def _remember_mapping(run: SyncRun, source: SyncRun, seal: Seal) -> None:
    """Say how fields were read, but for those of which bases are yet to be forgotten (rule B8).

    A plan holds only people to whom something happens; the next run settles the others.
    """
    last = last_whole_run(run.server_id)
    before = last.mapping if last is not None else {}
    mapping = {name: before.get(name, read) if name in seal.remapped else read for name, read in source.mapping.items()}
    SyncRun.objects.filter(pk=run.pk).update(mapping=mapping)
