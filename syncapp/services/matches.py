"""Deciding who an entry is: joining it with an employee, or saying that it is none of them (A3 to A5, A7, C8)."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from syncapp.choices import ItemOutcome, MatterKind, RunStatus, State, Status
from syncapp.core.absence import Evidence
from syncapp.core.phones import RENAMED
from syncapp.core.vocabulary import INACTIVE_STATES
from syncapp.exceptions import RunAlreadyActiveError, SyncError
from syncapp.models import Conflict, Employee, Endpoint, SyncRecord, SyncRun
from syncapp.services.edits import name_of, record_edit, set_archived

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MATCH_KINDS = (
    MatterKind.MATCH_AMBIGUOUS,
    MatterKind.MATCH_PROPOSED,
    MatterKind.MATCH_SIMILAR,
    MatterKind.MATCH_RECREATED,
    MatterKind.MATCH_REHIRED,
    MatterKind.MATCH_RENAMED,
    MatterKind.MATCH_TWICE,
)
_ABOUT_ACCOUNTS = (MatterKind.MATCH_RECREATED, MatterKind.MATCH_REHIRED, MatterKind.MATCH_TWICE)
# Of these the employee may have another entry of this server that is switched off, not only a missing one.
_MOVED_WHEN_OFF = (MatterKind.MATCH_REHIRED, MatterKind.MATCH_TWICE)


@dataclass(slots=True)
class Answered:
    """What became of many decisions: records that were tied or freed, and refusals by the conflict's id."""

    records: list[SyncRecord] = field(default_factory=list)
    refused: dict[int, SyncError] = field(default_factory=dict)


def join(*, conflict_id: int, employee_id: int, user: "User | str") -> SyncRecord:
    """Tie the entry of a match matter to one of its candidates; return the employee's record.

    The next run merges their values by the rules of a first match. Of somebody whose
    own entry is missing, the record moves to the new entry, with base and history
    (rule A7); who is archived is taken back, with his number if it is free (rule C8).
    Raise SyncError when the matter is closed, the employee is no candidate, or either
    of the two was tied meanwhile. A run that is going on leaves both alone: the entry
    is tied, and the employee has another version, than it planned with.
    """
    with transaction.atomic():
        # In the order in which a run locks: employee, record, conflict.
        Employee.rows.filter(pk=employee_id).update(version=F("version") + 1)
        conflict = _open_match(conflict_id)
        if employee_id not in candidate_ids(conflict):
            raise SyncError("match_no_candidate", employee=employee_id)
        before = SyncRecord.objects.select_for_update().filter(endpoint=conflict.endpoint_id, employee=employee_id)
        if conflict.kind == MatterKind.MATCH_RENAMED:
            return _believe(conflict, employee_id, user)
        old = before.exclude(pk=conflict.record_id).first()
        set_archived(employee_id, archived=False, user=user)
        if old is None:
            record, code, params = _tie(conflict, employee_id, user), "match_confirmed", {"who": name_of(user)}
            _close(conflict, user)
        else:
            record, params = _move(conflict, old, user)
            code = "match_moved"
        _remember(record, employee_id, code, user, params)
    return record


def _believe(conflict: Conflict, employee_id: int, user: "User | str") -> SyncRecord:
    """Say that the person of a phone system's row was only renamed (rule A11): values travel again."""
    record = conflict.record
    params = {"who": name_of(user), "name": record.name}
    SyncRecord.objects.filter(pk=record.pk).update(
        due=True, fingerprint="", status=Status.SKIPPED, message_code=RENAMED, message_params=params
    )
    _close(conflict, user)
    _remember(record, employee_id, RENAMED, user, params)
    record.refresh_from_db()
    return record


def _part(record: SyncRecord, employee_id: int) -> None:
    """Free a phone system's row that is another person's by now; the one whose it was is gone from there (rule D5)."""
    SyncRecord.objects.filter(pk=record.pk).update(
        employee=None, base={}, fingerprint="", waits={}, waiting=False, refusals={}, written={}
    )
    SyncRecord.objects.create(
        endpoint_id=record.endpoint_id,
        anchor=f"{record.anchor} before",
        employee_id=employee_id,
        name=str(Employee.rows.get(pk=employee_id)),
        dn=record.dn,
        state=State.MISSING,
        message_code=Evidence.FROM_PHONES,
        base=record.base,
        state_since=timezone.now(),
    )


def _tie(conflict: Conflict, employee_id: int, user: "User | str") -> SyncRecord:
    try:
        with transaction.atomic():
            tied = SyncRecord.objects.filter(pk=conflict.record_id, employee__isnull=True).update(
                employee_id=employee_id,
                due=True,
                base={},
                fingerprint="",
                status=Status.SKIPPED,
                message_code="match_confirmed",
                message_params={"who": name_of(user)},
            )
    except IntegrityError:
        tied = 0
    if not tied:
        raise SyncError("match_tied_meanwhile", name=conflict.record.name)
    conflict.record.refresh_from_db()
    return conflict.record


def _move(conflict: Conflict, old: SyncRecord, user: "User | str") -> tuple[SyncRecord, dict[str, str]]:
    """Let the employee's record have the new entry, and the entry's own row remember the old one.

    Whoever comes back under the old immutable id is known by that, and nobody is
    created because of it. No run may be under way: of the row that remembers nobody is
    tied whose version could tell.
    """
    new = conflict.record
    if not may_move(conflict, old) or new.employee_id is not None:
        code = "match_other_account" if conflict.kind in _ABOUT_ACCOUNTS else "match_tied_meanwhile"
        raise SyncError(code, name=new.name, employee=str(old.employee), dn=old.dn)
    refuse_while_running(conflict.endpoint)
    _close(conflict, user)
    who, employee_id = name_of(user), old.employee_id
    params = {"who": who, "dn": new.dn, "anchor": new.anchor, "old_dn": old.dn, "old_anchor": old.anchor}
    of_entry = ("anchor", "dn", "name", "state", "keys", "state_since", "evidence_since", "confirmed_at", "refused")
    mine, theirs = ({name: getattr(record, name) for name in of_entry} for record in (old, new))
    rows = SyncRecord.objects
    rows.filter(pk=new.pk).update(anchor=f"moving {new.pk}")  # no two records may have one anchor at any moment
    rows.filter(pk=old.pk).update(
        **theirs, due=True, fingerprint="", refusals={}, written={}, status=Status.SKIPPED, message_code="match_moved",
        message_params=params,
    )  # fmt: skip
    # What the old entry claimed holds nobody's number any more; who comes back is read anew.
    mine["keys"] = []
    rows.filter(pk=new.pk).update(
        **mine, former_employee_id=employee_id, due=False, fingerprint="", remarks=[], status=Status.IGNORED,
        message_code="account_replaced", message_params={"name": str(old.employee), "who": who, "dn": new.dn},
    )  # fmt: skip
    # What was decided about the new entry stays with it.
    Conflict.objects.filter(record=new.pk).update(record=old.pk)
    old.refresh_from_db()
    return old, params


def may_move(conflict: Conflict, old: SyncRecord) -> bool:
    """Whether the employee's record may leave his old entry for the one that the matter is about."""
    return old.state == State.MISSING or (conflict.kind in _MOVED_WHEN_OFF and old.state in INACTIVE_STATES)


def create_new(*, conflict_id: int, user: "User | str") -> SyncRecord:
    """Say that the entry is none of its candidates; they are never proposed for it again (rule A4).

    The next run creates a new employee if the server's rules allow it.
    """
    with transaction.atomic():
        conflict = _open_match(conflict_id)
        refuse_while_running(conflict.endpoint)
        record = SyncRecord.objects.select_for_update().get(pk=conflict.record_id)
        if conflict.kind == MatterKind.MATCH_RENAMED:
            _part(record, candidate_ids(conflict)[0])
            record.refresh_from_db()
        record.refused = sorted({*record.refused, *candidate_ids(conflict)})
        record.due = True
        record.status = Status.SKIPPED
        record.message_code = "match_refused"
        record.message_params = {"who": name_of(user)}
        record.save(update_fields=["refused", "due", "status", "message_code", "message_params"])
        _close(conflict, user)
        for employee_id in candidate_ids(conflict):
            _remember(record, employee_id, "match_refused", user, {"who": name_of(user)})
    return record


def answer_many(conflicts: Collection[Conflict], *, confirm: bool, user: "User | str") -> Answered:
    """Confirm the one candidate of each matter, or say of each that it is a new person.

    Each in a transaction of its own. Refused are matters that are no question of who
    is whom, and those with several candidates, or whose candidate others claim, too.
    """
    answered = Answered()
    candidates = {conflict.pk: employee_id for conflict, employee_id in confirmable(conflicts)} if confirm else {}
    for conflict in conflicts:
        try:
            if conflict.kind not in MATCH_KINDS:
                raise SyncError("match_about_values")
            if not confirm:
                answered.records.append(create_new(conflict_id=conflict.pk, user=user))
            elif conflict.pk in candidates:
                employee_id = candidates[conflict.pk]
                answered.records.append(join(conflict_id=conflict.pk, employee_id=employee_id, user=user))
            else:
                raise SyncError("match_needs_a_look")
        except SyncError as error:
            answered.refused[conflict.pk] = error
    return answered


def confirmable(conflicts: Collection[Conflict]) -> list[tuple[Conflict, int]]:
    """Those of the matters that have exactly one candidate, who is none of another open matter, each with him."""
    proposed = [(conflict, candidate_ids(conflict)) for conflict in conflicts if conflict.kind in MATCH_KINDS]
    servers = {conflict.endpoint_id for conflict, _ids in proposed}
    rows = Conflict.objects.filter(endpoint__in=servers, kind__in=MATCH_KINDS, closed_at__isnull=True)
    named = Counter(
        (endpoint_id, candidate["employee"])
        for endpoint_id, candidates in rows.values_list("endpoint_id", "candidates")
        for candidate in candidates
    )
    return [
        (conflict, ids[0]) for conflict, ids in proposed if len(ids) == 1 and named[conflict.endpoint_id, ids[0]] <= 1
    ]


def own_entries(conflicts: Collection[Conflict]) -> dict[tuple[int, int], SyncRecord]:
    """Map server and candidate to the entry that each has there now (one query): shown beside the new one."""
    servers = {conflict.endpoint_id for conflict in conflicts}
    people = {id_ for conflict in conflicts for id_ in candidate_ids(conflict)}
    rows = SyncRecord.objects.filter(endpoint__in=servers, employee__in=people) if people else []
    return {(row.endpoint_id, row.employee_id): row for row in rows if row.employee_id is not None}


def candidate_ids(conflict: Conflict) -> list[int]:
    return [candidate["employee"] for candidate in conflict.candidates]


def candidate_names(conflicts: Collection[Conflict]) -> dict[int, Employee]:
    """Map ids to the employees that any of the matters names (one query)."""
    return Employee.objects.in_bulk({id_ for conflict in conflicts for id_ in candidate_ids(conflict)})


def _open_match(conflict_id: int) -> Conflict:
    record_of = Conflict.objects.filter(pk=conflict_id).values("record_id")
    SyncRecord.objects.select_for_update().filter(pk__in=record_of).first()
    conflict = Conflict.objects.select_for_update().filter(pk=conflict_id).first()
    if conflict is None or conflict.closed_at is not None or conflict.kind not in MATCH_KINDS:
        raise SyncError("match_closed")
    return conflict


def refuse_while_running(endpoint: Endpoint) -> None:
    """Raise RunAlreadyActiveError while a run of the server is under way."""
    running = SyncRun.objects.filter(endpoint=endpoint, status=RunStatus.RUNNING).first()
    if running is not None:
        raise RunAlreadyActiveError("run_already_active", run=running.pk, server=str(endpoint))


def _remember(record: SyncRecord, employee_id: int, code: str, user: "User | str", params: Mapping[str, Any]) -> None:
    """Leave a row in the audit trail, and so in the employee's history: who decided what."""
    employee = Employee.rows.get(pk=employee_id)
    record_edit(employee, [], outcome=ItemOutcome.SKIPPED, user=user, code=code, record=record, **params)


def _close(conflict: Conflict, user: "User | str") -> None:
    Conflict.objects.filter(pk=conflict.pk).update(closed_at=timezone.now(), resolved_by=name_of(user))
