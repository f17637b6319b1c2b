"""What it means that a full read did not bring a known entry (rules D2, D3)."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from syncapp.core.fingerprint import record_mark
from syncapp.core.normalise import fold
from syncapp.core.planned import PlanItem
from syncapp.core.records import KnownRecord, LocalPerson, Message, Scope, Whereabouts
from syncapp.core.vocabulary import INACTIVE_STATES, Action, Outcome, State


class Evidence(StrEnum):
    """What a look for the entry by its immutable id showed; the codes of the messages that say so."""

    MOVED_TO = "missing_moved_to"
    LEFT_FILTER = "missing_left_filter"
    DISABLED = "missing_disabled"
    DELETED_OR_UNREADABLE = "missing_deleted_or_unreadable"
    NOT_ON_THIS_CONTROLLER = "missing_not_on_this_controller"
    FROM_PHONES = "missing_from_phones"


OUT_OF_SCOPE = "released_by_scope"


class Absence(NamedTuple):
    """A known entry that did not come, and what is to be said of it."""

    record: KnownRecord
    state: State
    message: Message
    dn: str  # where it is, or was last


def judge(record: KnownRecord, where: Whereabouts | None, *, uri: str, shown_by: str) -> Absence | None:
    """Say what became of an entry that did not come; None for one that is in scope by now.

    `uri` is the controller that was asked, `shown_by` the one that showed everybody
    last ('' where that is not known): of two controllers one may be behind, and
    nobody is deleted because of that. Somebody who moves while the pages are read
    may slip through between them.
    """
    if where is None:
        return Absence(record, State.MISSING, _not_found(record, uri=uri, shown_by=shown_by), record.dn)
    if where.in_scope:
        return None
    if where.was_in_scope and where.state not in INACTIVE_STATES:
        return Absence(record, State.RELEASED, Message(OUT_OF_SCOPE), where.dn)
    if where.state in INACTIVE_STATES:
        evidence = Evidence.DISABLED
    elif where.in_bases:
        evidence = Evidence.LEFT_FILTER
    else:
        evidence = Evidence.MOVED_TO
    return Absence(record, State.MISSING, Message(evidence, {"dn": where.dn}), where.dn)


def _not_found(record: KnownRecord, *, uri: str, shown_by: str) -> Message:
    said = record.message.code if record.message is not None and record.state is State.MISSING else ""
    if said == Evidence.DELETED_OR_UNREADABLE:
        return Message(said)
    if said == Evidence.NOT_ON_THIS_CONTROLLER and record.message is not None:
        shown_by = record.message.params["shown_by"]
    if shown_by and shown_by != uri:
        return Message(Evidence.NOT_ON_THIS_CONTROLLER, {"uri": uri, "shown_by": shown_by})
    return Message(Evidence.DELETED_OR_UNREADABLE)


def is_news(absence: Absence) -> bool:
    """Whether it was not known before; of an entry that is tied to nobody only that it is gone."""
    record = absence.record
    if record.state is not absence.state:
        return True
    return record.employee_id is not None and absence.message != record.message


def is_newly_lost(item: PlanItem) -> bool:
    """Whether somebody of ours who was active is missing now: who had left before is not lost once more."""
    return item.state is State.MISSING and item.state_before is State.ACTIVE and item.employee_id is not None


def plan_absences(absences: Iterable[Absence], locals_: Mapping[int, LocalPerson]) -> Iterator[PlanItem]:
    """Yield an item for each entry of whom it is news that it is missing or released, sorted.

    Values travel neither way, and base and keys stay for the return (rules B9, D2).
    """
    for absence in sorted(absences, key=lambda each: (fold(each.record.name), each.record.anchor)):
        record = absence.record
        local = locals_[record.employee_id] if record.employee_id is not None else None
        state_changed = record.state is not absence.state
        yield PlanItem(
            anchor=record.anchor,
            dn=absence.dn,
            name=record.name,
            action=_action(absence),
            outcome=_outcome(absence, state_changed=state_changed),
            state=absence.state,
            record_id=record.id,
            employee_id=local.id if local is not None else None,
            employee_version=local.version if local is not None else None,
            base=record.base,
            keys=record.keys,
            message=absence.message,
            state_changed=state_changed,
            state_before=record.state,
            abroad=record.abroad,
            record_seen=record_mark(record),
        )


def _action(absence: Absence) -> Action:
    if absence.record.employee_id is None:
        return Action.WAIT
    return Action.RELEASE if absence.state is State.RELEASED else Action.UPDATE


def _outcome(absence: Absence, *, state_changed: bool) -> Outcome:
    if absence.record.employee_id is None or absence.state is State.RELEASED:
        return Outcome.IGNORED
    return Outcome.UPDATED if state_changed else Outcome.SKIPPED


def same_scope(one: Scope, other: Scope) -> bool:
    """Whether both bring the same people; a base that was renamed is still the same base."""
    return one.filter == other.filter and _identities(one) == _identities(other)


def _identities(scope: Scope) -> set[str]:
    return {anchor or fold(dn) for dn, anchor in scope.bases.items()}


def renamed_base(scope: Scope, dn: str) -> str:
    """Return the immutable id of the base that stood at a DN; '' when it is not known."""
    return next((anchor for known, anchor in scope.bases.items() if fold(known) == fold(dn)), "")
