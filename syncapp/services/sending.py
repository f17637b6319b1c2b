"""Step 9 of a run: what the hub has for the endpoint is written there (promise 5, rules B2, B10, E2)."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from django.utils import timezone

from syncapp.choices import RunPhase
from syncapp.core.composition import attributes_of
from syncapp.core.mobile_form import prevailing_form
from syncapp.core.number_moves import in_order
from syncapp.core.options import SyncOptions
from syncapp.core.vocabulary import OPAQUE_FIELDS, Action, Field
from syncapp.core.writes import MakeJob, MakeResult, WriteJob, WriteResult
from syncapp.exceptions import ClaimLostError, SyncError
from syncapp.models import SyncRun
from syncapp.services import contents
from syncapp.services.drafts import Draft, Spelling
from syncapp.services.endpoints import dumped_seen
from syncapp.services.making import Making
from syncapp.services.packed import PackedEntries
from syncapp.services.ports import EndpointSession
from syncapp.services.runs import RunKeeper
from syncapp.store import snapshots
from syncapp.store.items import PlannedRow, iter_planned
from syncapp.store.sent import Sent, close_unsent, store_sent
from syncapp.telephony.endpoint import PhoneEndpoint
from syncapp.telephony.pictures import SMALLEST_PICTURE

# People who are written and stored together: a killed process leaves no more than these in doubt.
BATCH = 500
# The same where each person takes a request of his own, and half a second with it.
ONE_BY_ONE = 20
# Seconds; a slow server may need long for one batch.
BETWEEN_BEATS = 10.0


@dataclass(slots=True)
class Sending:
    """Writes what a run has for the endpoint, batch by batch, and stores what became of it.

    `told` is called with each person's result, `beat` with how many are done.
    """

    run: SyncRun
    session: EndpointSession
    options: SyncOptions
    keeper: RunKeeper
    beat: Callable[[RunPhase, int, int | None], None]
    told: Callable[[Sent], None]
    proven: set[str] = field(default_factory=set)  # attributes that were written, as the mapping spells them
    _drafts: dict[str, Draft] = field(default_factory=dict)  # of the batch that is under way, by anchor
    _making: dict[str, Making] = field(default_factory=dict)
    _stopped: SyncError | None = None
    _shown: float = field(default_factory=time.monotonic)
    _form: str | None = None

    def send(self, entries: PackedEntries, *, total: int, after: int = -1) -> None:
        """Write everything that is to go out of items behind a position; raise what ends the run.

        `entries` are those of which this run knows how they were when it read them.

        Whatever happens, everybody whom the server has answered is stored, and nobody
        is said to be written who may not be.
        """
        done = 0
        self.beat(RunPhase.WRITE_BACK, 0, total)
        try:
            for rows in self._batches(after):
                self._send_batch(rows, entries)
                done += len(rows)
                self.beat(RunPhase.WRITE_BACK, done, total)
        except ClaimLostError:  # the run is somebody else's business by now
            raise
        except BaseException:
            # Whose write began and was not stored may stand there: the connection was lost, the process was told to
            # end, or the database refused to store what the server had answered.
            begun: dict[str, Draft | Making] = {**self._drafts, **self._making}
            unsure = {anchor for anchor, draft in begun.items() if draft.begun}
            for sent in close_unsent(self.run, unsure=unsure):
                self.told(sent)
            raise
        finally:
            for attribute, refusal in sorted(self.session.dropped.items()):
                self.keeper.note("write_dropped", attribute=attribute, text=refusal.message.params["text"])

    def _batches(self, after: int) -> Iterator[Sequence[PlannedRow]]:
        if not isinstance(self.session, PhoneEndpoint):
            yield from iter_planned(self.run.pk, after=after, outcome="writing", size=BATCH)
            return
        rows = [row for chunk in iter_planned(self.run.pk, after=after, outcome="writing") for row in chunk]
        moves = {
            row.anchor: row.pushes[Field.EXTENSION]
            for row in rows
            if Field.EXTENSION in row.pushes and row.plan["action"] != Action.MAKE
        }
        self.session.expect(len(rows))
        order, aside = in_order(moves)
        self.session.step_aside(aside)
        place = {anchor: number for number, anchor in enumerate(order)}
        # Those who are made come last: a number of theirs may be one that is given up.
        rows.sort(key=lambda row: (row.plan["action"] == Action.MAKE, place.get(row.anchor, len(place))))
        for first in range(0, len(rows), ONE_BY_ONE):
            yield rows[first : first + ONE_BY_ONE]

    def _send_batch(self, rows: Sequence[PlannedRow], entries: PackedEntries) -> None:
        people = snapshots.local_people({row.employee_id for row in rows if row.employee_id is not None})
        drafts: dict[str, Draft] = {}
        making: dict[str, Making] = {}
        self._drafts, self._making = drafts, making
        rules = {rule.field: rule for rule in self.options.rules}
        finished: list[Sent] = []
        for row in rows:
            draft: Draft | Making
            if row.plan["action"] == Action.MAKE:
                draft = making[row.anchor] = Making(Sent(row), rules, self.options.region)
            else:
                draft = drafts[row.anchor] = Draft(Sent(row), rules, self._spelling(row))
            local = people.get(row.employee_id or 0)
            if local is None or any(local.values[Field(name)] != after for name, (_, after) in row.pushes.items()):
                finished.append(draft.leave())
                (making if isinstance(draft, Making) else drafts).pop(row.anchor)
                continue
            draft.contents = contents.outgoing(row, local, smallest=SMALLEST_PICTURE if self.options.phone else 0)
        try:
            with closing(self._write(drafts, entries)) as results:
                for result in results:
                    finished.append(drafts[result.anchor].conclude(result))
                    self.proven |= result.written
            for made in self._make(making):
                finished.append(making[made.anchor].conclude(made))
        finally:
            store_sent(
                self.run,
                finished,
                uri=self.session.uri,
                now=timezone.now(),
                beat=self._keep_claim,
                takes_first=self.options.phone,
                seen=dumped_seen(self.session),
            )
            for sent in finished:
                self.told(sent)
        if self._stopped is not None:
            raise self._stopped

    def _write(self, drafts: dict[str, Draft], entries: PackedEntries) -> Generator[WriteResult, None, None]:
        # Not those that nobody of the batch writes: a photo is a thousand times as long as a number.
        going_out = {name for draft in drafts.values() for name in draft.pushes}
        rules = [rule for rule in self.options.rules if rule.field in going_out]
        attributes = sorted({name for rule in rules for name in attributes_of(rule.attribute)})
        yield from self.session.write(self._jobs(drafts, entries), attributes, now=timezone.now())

    def _make(self, making: Mapping[str, Making]) -> Iterator[MakeResult]:
        """Make people, one after the other; none in a directory, ever (rule A9)."""
        if making and isinstance(self.session, PhoneEndpoint):
            yield from self.session.make(self._make_jobs(making))

    def _make_jobs(self, making: Mapping[str, Making]) -> Iterator[MakeJob]:
        for each in making.values():
            self._renew()
            if self._stopped is None:
                yield each.job()

    def _jobs(self, drafts: dict[str, Draft], entries: PackedEntries) -> Iterator[WriteJob]:
        """Hand out one job after the other, none any more once the run should stop."""
        for anchor, draft in drafts.items():
            self._renew()
            if self._stopped is None:
                # A picture is not part of what was read: the entry has to be read once more.
                entry = entries.get(anchor) if draft.pushes.keys().isdisjoint(OPAQUE_FIELDS) else None
                yield WriteJob(anchor, draft.sent.row.dn, draft.prepare, entry)

    def _renew(self) -> None:
        """Show now and then that the run lives; what is under way is still ended when it should stop."""
        if self._stopped is None and time.monotonic() - self._shown > BETWEEN_BEATS:
            try:
                self._keep_claim()
            except ClaimLostError as error:
                self._stopped = error

    def _keep_claim(self) -> None:
        """Raise ClaimLostError when the run is not ours any more; other reasons to stop wait for the batch's end."""
        try:
            self.keeper.beat()
        except ClaimLostError:
            raise
        except SyncError as error:
            self._stopped = error
        self._shown = time.monotonic()

    def _spelling(self, row: PlannedRow) -> Spelling:
        """How a mobile is written here, which is looked up only when one goes out."""
        if Field.MOBILE in row.pushes and self._form is None:
            (attribute,) = [rule.attribute for rule in self.options.rules if rule.field is Field.MOBILE]
            self._form = prevailing_form(self.session.sample(attribute), region=self.options.region)
        return Spelling(self.options.region, self._form or "")
