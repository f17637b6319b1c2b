"""What became of the values that went out to the endpoint: records, items and conflicts, in bulk."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from django.db import transaction
from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast

from syncapp.choices import ReadMode, RunMode, RunStatus
from syncapp.core.lag import still_remembered
from syncapp.core.matters import Matter
from syncapp.core.records import Base, Message, Refused, Written
from syncapp.core.vocabulary import Field, Outcome, Side
from syncapp.models import RunItem, SyncRecord, SyncRun
from syncapp.store import phone_entries
from syncapp.store.bulk import CHUNK, as_json, as_time, unless_null, update_rows
from syncapp.store.items import PlannedRow, dump_base, dump_refusals, dump_written, iter_planned, load_written
from syncapp.store.matters import open_matters

_PLACES = {outcome.value: place for place, outcome in enumerate(Outcome)}  # that of rule E1
_STILL_WRITING = ("id", "outcome")


@dataclass(slots=True)
class Sent:
    """One item's part for the domain, carried out.

    `agreed` are the new bases of fields that went through; `replaced` maps those that
    were written to what stood there before. `refused` are to be remembered; `matters`
    opened because somebody was quicker; `waits` maps fields that still wait to what
    stands there. `due`: look again in the next run. `anchor`: of somebody who was made.
    """

    row: PlannedRow
    agreed: dict[Field, Base] = field(default_factory=dict)
    replaced: dict[Field, str] = field(default_factory=dict)
    refused: dict[Field, Refused] = field(default_factory=dict)
    matters: list[Matter] = field(default_factory=list)
    waits: dict[Field, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    failed: bool = False
    due: bool = False
    anchor: str = ""

    @property
    def wrote(self) -> bool:
        return bool(self.replaced)

    def fail(self, message: Message) -> None:
        """Say why it did not go out; the first reason is the record's."""
        self.messages.insert(0 if not self.failed else 1, message)
        self.failed = True

    @property
    def outcome(self) -> Outcome:
        """The first that fits of what the hub's part and this part were (rule E1)."""
        own = Outcome.SKIPPED
        if self.failed:
            own = Outcome.FAILED
        elif self.matters:
            own = Outcome.CONFLICT
        elif self.wrote:
            own = Outcome.UPDATED
        here = self.row.outcome_here(changed=self.row.changed_here)
        return own if _PLACES[own] <= _PLACES[here] else Outcome(here)

    @property
    def unwritten(self) -> list[str]:
        return [f"{Side.REMOTE}:{name}" for name in self.row.pushes if Field(name) not in self.agreed]


def store_sent(
    run: SyncRun,
    batch: Sequence[Sent],
    *,
    uri: str,
    now: datetime,
    beat: Callable[[], None],
    takes_first: bool = False,
    seen: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> None:
    """Store what became of a batch, in one transaction with the claim's renewal; `uri` is where it was written.

    `takes_first`: others have waited for it to take new numbers (rule C6). `seen`: what
    a phone system keeps of them now. Where its list shows no change, what was seen before
    would come back as somebody's change.
    """
    with transaction.atomic():
        beat()
        records = _stored([sent.row.record_id for sent in batch if sent.row.record_id is not None])
        known = [(sent, records[sent.row.record_id]) for sent in batch if sent.row.record_id in records]
        _update_records(run, known, uri, now)
        made = [(sent.anchor, sent.anchor, record.id) for sent, record in known if sent.anchor]
        update_rows(SyncRecord, made, assign=["anchor", "dn"])
        if takes_first:
            taken = [sent.row.employee_id for sent, _record in known if Field.EXTENSION in sent.agreed]
            others = SyncRecord.objects.filter(employee__in=[each for each in taken if each], due=False)
            others.exclude(endpoint_id=run.server_id).update(due=True)
        open_matters(run, [(record.id, matter) for sent, record in known for matter in sent.matters], now=now)
        phone_entries.remember(run.server_id, seen)
        _finish(batch)


class _Stored(NamedTuple):
    """What is needed of a record to be brought up to date: 200 at a time, so without the rest of the row."""

    id: int
    message_code: str
    params: str  # JSON
    base: str
    refusals: str
    waits: str
    written: str
    due: bool


def _stored(record_ids: Collection[int]) -> dict[int, _Stored]:
    """Lock records and map their ids to what stands in them."""
    texts = {
        f"{name}_text": Cast(name, TextField()) for name in ("message_params", "base", "refusals", "waits", "written")
    }
    rows = SyncRecord.objects.select_for_update().filter(id__in=record_ids).order_by("id").annotate(**texts)
    columns = ("id", "message_code", *texts, "due")
    return {row[0]: _Stored._make(row) for row in rows.values_list(*columns)}


def _update_records(run: SyncRun, known: Sequence[tuple[Sent, _Stored]], uri: str, now: datetime) -> None:
    at = as_time(now)
    rows = []
    for sent, record in known:
        pushes = sent.row.pushes
        refusals = {name: value for name, value in _object(record.refusals).items() if name not in pushes}
        waits = {name: value for name, value in _object(record.waits).items() if name not in pushes}
        waits |= {name.value: standing for name, standing in sent.waits.items()}
        # What is no matter is said of this run alone: it would stand on the record for ever.
        code, params = _sentence(sent) if sent.failed or sent.matters else ("", "")
        rows.append(
            (
                sent.outcome.value,
                code or record.message_code,
                params or record.params,
                as_json(orjson.loads(record.base) | dump_base(sent.agreed)),
                as_json(refusals | dump_refusals(sent.refused)),
                as_json(waits),
                _remembered(sent, record, uri, now),
                bool(waits),
                at if sent.wrote else None,
                _updated_side(sent),
                record.due or sent.due,
                run.pk,
                "",
                record.id,
            )
        )
    update_rows(
        SyncRecord,
        rows,
        assign=[
            "status", "message_code", "message_params", "base", "refusals", "waits", "written", "waiting",
            unless_null("updated_at"), unless_null("updated_side"), "due", "run_id", "fingerprint",
        ],
    )  # fmt: skip


def _object(text: str) -> dict[str, Any]:
    """Read a JSON object; of most people it is an empty one."""
    return orjson.loads(text) if len(text) > len("{}") else {}


def _remembered(sent: Sent, record: _Stored, uri: str, now: datetime) -> str:
    """What other controllers may not know yet: this write and those of the last day (rule B12)."""
    written = still_remembered(load_written(_object(record.written)), now)
    for name, before in sent.replaced.items():
        earlier = written[name].replaced if name in written else ()
        written[name] = Written(tuple(dict.fromkeys((*earlier, before))), now, (uri,))
    return as_json(dump_written(written))


def _updated_side(sent: Sent) -> str | None:
    """Where something really changed, a state included; None where nothing went out."""
    if not sent.wrote:
        return None
    here = sent.row.changed_here or sent.row.plan["state_changed"]
    return (Side.BOTH if here else Side.REMOTE).value


def _sentence(sent: Sent) -> tuple[str, str]:
    """The first message of this part as code and parameters, '' where it has none."""
    if not sent.messages:
        return "", ""
    return sent.messages[0].code, as_json(dict(sent.messages[0].params))


def _finish(batch: Sequence[Sent]) -> None:
    said, silent = [], []
    for sent in batch:
        code, params = _sentence(sent)
        end = (sent.row.id, "writing")
        unwritten = as_json([*sent.row.unwritten, *sent.unwritten])
        if code and (sent.failed or sent.matters or not sent.row.message_code):
            said.append((sent.outcome.value, unwritten, code, params, *end))
        else:
            silent.append((sent.outcome.value, unwritten, *end))
    update_rows(RunItem, silent, assign=["outcome", "unwritten"], where=_STILL_WRITING)
    said_columns = ["outcome", "unwritten", "message_code", "message_params"]
    update_rows(RunItem, said, assign=said_columns, where=_STILL_WRITING)


def close_unsent(run: SyncRun, *, unsure: Collection[str]) -> Iterator[Sent]:
    """Say of everybody whose values were not sent, because the run ended, that nothing was written; yield each.

    Who is `unsure`, by anchor, stays `writing`: not known, and the next run looks.
    """
    for rows in iter_planned(run.pk, outcome="writing"):
        left = [Sent(row, messages=[Message("write_not_sent")]) for row in rows if row.anchor not in unsure]
        with transaction.atomic():
            _finish(left)
        yield from left


@dataclass(frozen=True, slots=True)
class UnknownWrite:
    """Values of which it is not known whether a run that ended in the middle wrote them."""

    run_id: int
    name: str
    values: Mapping[Field, str]


def unknown_writes(endpoint_id: int) -> dict[str, UnknownWrite]:
    """Map anchors to what runs may have written since the last one that looked at everybody.

    Only people whom no run has touched since.
    """
    runs = SyncRun.objects.filter(endpoint_id=endpoint_id, mode=RunMode.APPLY)
    ended = runs.filter(status__in=[RunStatus.CRASHED, RunStatus.FAILED, RunStatus.CANCELLED])
    whole = last_whole_run(endpoint_id)
    items = RunItem.objects.filter(
        run__in=ended.filter(id__gt=whole.pk if whole else 0), outcome="writing", record__run_id=F("run_id")
    ).order_by("run_id")
    found: dict[str, UnknownWrite] = {}
    columns = ("run_id", "anchor", "name", "changes")
    for run_id, anchor, name, changes in items.values_list(*columns).iterator(chunk_size=CHUNK):
        values = {Field(each["field"]): each["after"] for each in changes if each["side"] == Side.REMOTE}
        found[anchor] = UnknownWrite(run_id, name, values)
    return found


def whole_runs(endpoint_id: int) -> QuerySet[SyncRun]:
    """Return the runs over everybody that were applied to their end, those of a sealed plan included."""
    ended = [RunStatus.COMPLETED, RunStatus.PARTIAL]
    return SyncRun.objects.filter(endpoint_id=endpoint_id, mode=RunMode.APPLY, status__in=ended, anchors=[])


def last_whole_run(endpoint_id: int) -> SyncRun | None:
    return whole_runs(endpoint_id).order_by("-id").first()


def last_full_count(endpoint_id: int) -> int | None:
    """Return how many entries the last full read brought; None where there was none, or it brought nobody."""
    counts = whole_runs(endpoint_id).filter(read=ReadMode.FULL).order_by("-id").values_list("counts", flat=True).first()
    return (counts or {}).get("read") or None


def last_uri(endpoint_id: int) -> str:
    """Return the controller that runs have used last, however they ended; '' where none is known (rule B12)."""
    runs = SyncRun.objects.filter(endpoint_id=endpoint_id, mode=RunMode.APPLY).exclude(uri="")
    return runs.order_by("-id").values_list("uri", flat=True).first() or ""


def waiting_for(endpoint_id: int, attributes: Collection[str]) -> list[tuple[str, str]]:
    """Return anchor and DN of everybody whose value was refused for lack of a right on one of the attributes."""
    rows = SyncRecord.objects.filter(endpoint_id=endpoint_id, employee__isnull=False).exclude(refusals={})
    return [
        (anchor, dn)
        for anchor, dn, refusals in rows.order_by("id").values_list("anchor", "dn", "refusals").iterator()
        if any(refused["kind"] == "right" and refused["attribute"] in attributes for refused in refusals.values())
    ]
