"""Brakes: what must not happen without somebody looking at it first (rules A6, C9, E3)."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from syncapp.core.planned import PlanItem
from syncapp.core.records import KnownRecord, Message
from syncapp.core.vocabulary import INACTIVE_STATES, SWITCHED_OFF_STATES, Action, Field, Side, State

FIRST_MEETING_MINIMUM = 10


class Limit(NamedTuple):
    """How many people may have one kind of change.

    The larger of `number` and `percent` of the people tied to the server, but never
    more than `ceiling`.
    """

    number: int
    percent: int
    ceiling: int

    def of(self, tied: int) -> int:
        return min(max(self.number, tied * self.percent // 100), self.ceiling)


DEFAULTS: Mapping[str, Limit] = {
    "lost": Limit(5, 10, 1000),
    "disabled": Limit(5, 10, 1000),
    "created": Limit(20, 10, 1000),
    "replaced": Limit(50, 50, 5000),
    "emptied": Limit(5, 2, 100),
    "renumbered": Limit(3, 2, 50),
    "written_back": Limit(50, 20, 5000),
    "conflicts": Limit(20, 10, 500),
}
# After so many applied runs of the server the brake begins to count: before that it is expected.
BEGINS_AFTER: Mapping[str, int] = {"created": 1, "conflicts": 1, "written_back": 2}
# The kinds of somebody new about whom there is nothing to be decided.
ONLY_CREATED = ("created",)
# What a record says from a person's decision until the run that carries it out.
_DECISIONS = frozenset({"decided_local", "decided_remote", "decided_value"})


def kinds_of(item: PlanItem, record: KnownRecord | None) -> tuple[str, ...]:
    """Return the kinds of change that happen to one person, each once, sorted.

    `record` as it was planned with. Filling an empty value is no change here, and
    only a number that is replaced by another is `renumbered`. A value may be emptied
    on either side; what is replaced in the directory is `written_back`. What a
    person has decided about this one is nobody's accident and no change here.
    """
    kinds = set()
    decided = _decided_field(record)
    if item.action is Action.CREATE:
        kinds.add("created")
    before = record.state if record is not None and record.employee_id is not None else None
    if before is not None and before not in INACTIVE_STATES:  # who was gone before cannot go once more
        if item.state is State.MISSING:
            kinds.add("lost")
        elif item.state in SWITCHED_OFF_STATES:
            kinds.add("disabled")
    for change in item.changes:
        if change.field == decided:
            continue
        if change.side is Side.REMOTE:
            kinds.add("written_back")
        elif change.before and change.after:
            kinds.add("renumbered" if change.field is Field.EXTENSION else "replaced")
        if change.before and not change.after:
            kinds.add("emptied")
    known = {(matter.kind, matter.field) for matter in record.open_matters} if record is not None else set()
    if any((matter.kind, matter.field) not in known for matter in item.matters):
        kinds.add("conflicts")
    return tuple(sorted(kinds))


def _decided_field(record: KnownRecord | None) -> str:
    """The field about which somebody decided since the last run, or ''."""
    if record is None or not record.due or record.message is None or record.message.code not in _DECISIONS:
        return ""
    return str(record.message.params.get("field", ""))


def exceeded(
    *,
    planned: Mapping[str, int],
    recent: Mapping[str, int],
    tied: int,
    applied: int,
    limits: Mapping[str, Sequence[int]],
) -> dict[str, Message]:
    """Return the kinds of change of which there would be too many, each with its figures (rule E3).

    `planned`: people with each kind of change, in this plan; `recent`: those that runs
    of the last 24 hours applied without anybody letting them through. `tied`: people
    tied to the server. `applied`: how many runs over everybody were applied before.
    `limits`: the server's own, for kinds that differ from the defaults.
    """
    held = {}
    for kind, default in DEFAULTS.items():
        count, before = planned.get(kind, 0), recent.get(kind, 0)
        limit = Limit(*limits.get(kind, default)).of(tied)
        if count and count + before > limit and applied >= BEGINS_AFTER.get(kind, 0):
            held[kind] = Message(f"limit_{kind}", {"count": count, "recent": before, "limit": limit, "tied": tied})
    return held


def brakes(
    *,
    read: int | None,
    first_meeting: Message | None,
    numbers_missing: int,
    pools: Collection[str],
    remapped: Mapping[str, int],
    left_out: int = 0,
) -> list[Message]:
    """Return every reason for which a plan is held; none means that it may be applied.

    `read` are the entries that came in a full read, None for another read.
    `numbers_missing`: how many people would newly be left without a number because
    the pools are empty. `remapped`: of how many people a field that is read in
    another way than before would be changed or disputed (rule B8). `left_out`: how many
    known people a scope that was changed here no longer brings (rule D3).
    """
    held = []
    if read == 0:
        held.append(Message("nobody_found"))
    if first_meeting is not None:
        held.append(first_meeting)
    if numbers_missing:
        held.append(Message("pool_too_small", {"count": numbers_missing, "pools": sorted(pools)}))
    changed = {name: count for name, count in remapped.items() if count}
    if changed:
        held.append(Message("mapping_changed", {"fields": sorted(changed), "count": max(changed.values())}))
    if left_out:
        held.append(Message("scope_changed", {"count": left_out}))
    return held


def first_meeting(*, strangers: int, recognised: int, created: int, met_before: bool = False) -> Message | None:
    """Hold a first meeting that would bring most people in a second time (rule A6).

    `met_before`: somebody is tied to this server already. Then a few hires among
    people who will never be in the directory are no reason to stop, but a scope
    that was widened to the whole company is.
    `strangers` are employees tied to no directory before the run; `recognised`
    those of them whom an entry was joined with or may be. Typical cause: the
    phone system knows names without patronymic and no e-mail.
    """
    left = strangers - recognised
    few = created < (FIRST_MEETING_MINIMUM if met_before else 1)
    if strangers < FIRST_MEETING_MINIMUM or few or left * 2 <= strangers:
        return None
    return Message("first_meeting", {"employees": strangers, "recognised": recognised, "count": left})
