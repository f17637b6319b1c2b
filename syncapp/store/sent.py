"""What became of the values that went out to the endpoint: records, items and conflicts, in bulk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from syncapp.choices import RunMode, RunStatus
from syncapp.core.records import Base, Matter, Message, Refused
from syncapp.core.vocabulary import Field, Outcome, Side
from syncapp.models import RunItem, SyncRecord, SyncRun
from syncapp.store.bulk import CHUNK, as_json, as_time, unless_null, update_rows
from syncapp.store.items import PlannedRow, dump_base, dump_messages, dump_refusals, iter_planned
from syncapp.store.matters import open_matters
from syncapp.store.writer import leave_the_lock_alone

_ORDER = tuple(Outcome)  # that of rule E1
_STILL_WRITING = ("id", "outcome")


@dataclass(slots=True)
class Sent:
    """One item's part for the domain, carried out.

    `agreed` are the new bases of fields that went through. `refused` are to be
    remembered; `matters` opened because somebody was quicker; `waits` maps fields
    that still wait to what stands there. `due`: look again in the next run.
    """

    row: PlannedRow
    agreed: dict[Field, Base] = field(default_factory=dict)
    refused: dict[Field, Refused] = field(default_factory=dict)
    matters: list[Matter] = field(default_factory=list)
    waits: dict[Field, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    failed: bool = False
    due: bool = False

    @property
    def outcome(self) -> Outcome:
        """The first that fits of what the hub's part and this part were (rule E1)."""
        own = Outcome.SKIPPED
        if self.failed:
            own = Outcome.FAILED
        elif self.matters:
            own = Outcome.CONFLICT
        elif self.agreed:
            own = Outcome.UPDATED
        return min(own, Outcome(self.row.plan["here"]), key=_ORDER.index)

    @property
    def unwritten(self) -> list[str]:
        return [f"{Side.REMOTE}:{name}" for name in self.row.pushes if Field(name) not in self.agreed]


def store_sent(run: SyncRun, batch: Sequence[Sent], *, now: datetime, beat: Callable[[], None]) -> None:
    """Store what became of a batch, in one transaction with the claim's renewal."""
    ids = [sent.row.record_id for sent in batch if sent.row.record_id is not None]
    with transaction.atomic():
        beat()
        records = {row.pk: row for row in SyncRecord.objects.select_for_update().filter(id__in=ids).order_by("id")}
        known = [(sent, records[sent.row.record_id]) for sent in batch if sent.row.record_id in records]
        _update_records(run, known, now)
        open_matters(run, [(record, matter) for sent, record in known for matter in sent.matters], now=now)
        _finish(batch)
    leave_the_lock_alone()


def _update_records(run: SyncRun, known: Sequence[tuple[Sent, SyncRecord]], now: datetime) -> None:
    at = as_time(now)
    rows = []
    for sent, record in known:
        refusals = {name: value for name, value in record.refusals.items() if name not in sent.row.pushes}
        waits = {name: value for name, value in record.waits.items() if name not in sent.row.pushes}
        waits |= {name.value: standing for name, standing in sent.waits.items()}
        code, params, remarks = _sentence(sent)
        rows.append(
            (
                sent.outcome.value,
                code if code is not None else record.message_code,
                params if code is not None else as_json(record.message_params),
                as_json([*record.remarks, *dump_messages(tuple(remarks))]),
                as_json(record.base | dump_base(sent.agreed)),
                as_json(refusals | dump_refusals(sent.refused)),
                as_json(waits),
                bool(waits),
                at if sent.agreed else None,
                (Side.BOTH if sent.row.changes else Side.REMOTE).value if sent.agreed else None,
                record.due or sent.due,
                run.pk,
                "",
                record.pk,
            )
        )
    update_rows(
        SyncRecord,
        rows,
        assign=[
            "status", "message_code", "message_params", "remarks", "base", "refusals", "waits", "waiting",
            unless_null("updated_at"), unless_null("updated_side"), "due", "run_id", "fingerprint",
        ],
    )  # fmt: skip


def _sentence(sent: Sent) -> tuple[str | None, str, list[Message]]:
    """The message of this part, if it has one, as code and parameters; what is left over becomes remarks."""
    if not sent.messages:
        return None, "{}", []
    first, *others = sent.messages
    return first.code, as_json(dict(first.params)), others


def _finish(batch: Sequence[Sent]) -> None:
    said, silent = [], []
    for sent in batch:
        code, params, _remarks = _sentence(sent)
        end = (sent.row.id, "writing")
        unwritten = as_json([*sent.row.unwritten, *sent.unwritten])
        if code is None:
            silent.append((sent.outcome.value, unwritten, *end))
        else:
            said.append((sent.outcome.value, unwritten, code, params, *end))
    update_rows(RunItem, silent, assign=["outcome", "unwritten"], where=_STILL_WRITING)
    said_columns = ["outcome", "unwritten", "message_code", "message_params"]
    update_rows(RunItem, said, assign=said_columns, where=_STILL_WRITING)


def close_unsent(run: SyncRun, *, unsure: frozenset[str]) -> None:
    """Say of everybody whose values were not sent, because the run ended, that nothing was written.

    Who is `unsure`, by anchor, stays `writing`: not known, and the next run looks.
    """
    for rows in iter_planned(run.pk, outcome="writing"):
        left = [Sent(row, messages=[Message("write_not_sent")]) for row in rows if row.anchor not in unsure]
        with transaction.atomic():
            _finish(left)


def unknown_writes(endpoint_id: int) -> dict[str, tuple[int, frozenset[Field]]]:
    """Map anchors to the run of which it is not known whether it wrote them, and to the fields.

    Only runs since the last one that looked at everybody, and people whom no run has
    touched since.
    """
    runs = SyncRun.objects.filter(endpoint_id=endpoint_id, mode=RunMode.APPLY)
    whole = runs.filter(status__in=[RunStatus.COMPLETED, RunStatus.PARTIAL], anchors=[]).order_by("-id")
    ended = runs.filter(status__in=[RunStatus.CRASHED, RunStatus.FAILED, RunStatus.CANCELLED])
    ended = ended.filter(id__gt=whole.values_list("id", flat=True).first() or 0)
    found: dict[str, tuple[int, frozenset[Field]]] = {}
    for run_id in ended.order_by("id").values_list("id", flat=True):
        items = RunItem.objects.filter(run_id=run_id, outcome="writing", record__run_id=run_id)
        for anchor, changes in items.values_list("anchor", "changes").iterator(chunk_size=CHUNK):
            fields = frozenset(Field(change["field"]) for change in changes if change["side"] == Side.REMOTE)
            found[anchor] = (run_id, fields)
    return found


def waiting_for(endpoint_id: int, attributes: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return anchor and DN of everybody whose value was refused for lack of a right on one of the attributes."""
    rows = SyncRecord.objects.filter(endpoint_id=endpoint_id, employee__isnull=False).exclude(refusals={})
    return [
        (anchor, dn)
        for anchor, dn, refusals in rows.order_by("id").values_list("anchor", "dn", "refusals").iterator()
        if any(refused["kind"] == "right" and refused["attribute"] in attributes for refused in refusals.values())
    ]
