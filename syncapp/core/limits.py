"""Brakes: what must not happen without somebody looking at it first (rules A6, C9, E3)."""

from collections.abc import Collection, Mapping

from syncapp.core.records import Message

FIRST_MEETING_MINIMUM = 10


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
