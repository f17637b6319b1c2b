"""Three-way merge of one field (rules B1 to B4, B6).

`base` holds one value per side, because converters and servers may change a
value on its way: each side is compared with its own base, so that our own write
coming back is nobody's change. What is compared is what the converter reads,
never raw bytes.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from syncapp.core.normalise import collapse, fold
from syncapp.core.options import FieldRule
from syncapp.core.records import Base, Message, Reading
from syncapp.core.vocabulary import OPAQUE_FIELDS, Field, OnEmpty, Policy


class Decision(StrEnum):
    UNCHANGED = "unchanged"  # nobody changed anything since it was agreed
    AGREED = "agreed"  # both sides have the same: nothing to write, the base moves
    PULL = "pull"  # copy remote to local
    PUSH = "push"  # copy local to remote, as soon as it may
    CONFLICT = "conflict"  # a person decides
    DIFFERENCE = "difference"  # shown; the mapping carries it neither way
    KEPT = "kept"  # emptied on one side, kept on the other (B3)
    BEHIND = "behind"  # this controller has not got our write yet: nothing can be said (B12)
    UNREADABLE = "unreadable"  # foreign (B4), or several values of which none was agreed (B6)


class FieldMerge(NamedTuple):
    """What becomes of one field. `remote` is the value that was chosen of the reading.

    `base` is the base afterwards if all goes well; None: not agreed.
    """

    decision: Decision
    remote: str = ""
    base: Base | None = None
    remark: Message | None = None


# Looked up once: to fetch a member from its class takes Python 3.11 longer than to use it.
_AGREED, _PULL = Decision.AGREED, Decision.PULL
_SHOWN = frozenset({Decision.KEPT, Decision.DIFFERENCE})
_MOVES_BASE = frozenset({Decision.AGREED, Decision.PULL})
_BOTH_EMPTY = FieldMerge(_AGREED, base=Base("", ""))


def same_value(field: Field, one: str, other: str) -> bool:
    """Whether two values of a field mean the same: case of mail and white space do not count."""
    if one == other:
        return True
    if not one or not other:
        return not (one or other).strip()
    if field is Field.EMAIL:
        return fold(one) == fold(other)
    return collapse(one) == collapse(other)


def choose_remote(field: Field, reading: Reading, base: Base | None) -> tuple[str | None, Message | None]:
    """Choose the value of a reading that counts (rule B6), or None with the remark why not.

    The one that was agreed, else the only readable one; of several departments
    the first, for nobody dials a department. Foreign values are neither empty
    nor an error (rule B4).
    """
    values = reading.values
    if base is not None and base.remote in values:
        return base.remote, reading.remark
    if len(values) > 1 and field in OPAQUE_FIELDS:
        return None, Message("several_contents", {"field": field.value})
    if len(values) > 1 and field is not Field.DEPARTMENT:
        return None, Message("several_values", {"field": field.value, "values": list(values)})
    if values:
        return values[0], reading.remark
    if reading.foreign:
        return None, reading.remark
    return "", reading.remark


def merge_field(
    *,
    rule: FieldRule,
    base: Base | None,
    local: str,
    reading: Reading,
    twins: Collection[str] = (),
    larger_here: bool = False,
    remapped: bool = False,
) -> FieldMerge:
    """Decide one field from its last agreed values and its value on each side.

    `twins` are remote digests that mean the local value: a picture has another one
    as it is kept here than as it stands there. `larger_here`: of two photos the one
    here has more pixels. `remapped`: the field was read in another way before, so
    that what differs now is nobody's change (rule B8).
    """
    if base is None and not local and not reading.foreign and len(reading.values) < 2:
        return _newcomer(rule, reading)
    remote, remark = choose_remote(rule.field, reading, base)
    if remote is None:
        return FieldMerge(Decision.UNREADABLE, base=base, remark=remark)
    if base is not None:
        if len(reading.values) > 1 and not same_value(rule.field, local, base.local):
            # Ours stands there already beside the agreed one: nothing would be written (rule B6).
            ours = (value for value in reading.values if same_value(rule.field, value, local) or value in twins)
            remote = next(ours, remote)
        decision = _later(rule, base, local, remote, twins)
    elif same_value(rule.field, local, remote) or remote in twins:
        decision = _AGREED
    elif remapped and local and remote and not rule.abroad:
        decision = Decision.CONFLICT
    elif rule.field is Field.PHOTO and local and remote:
        decision = _larger(rule, larger_here)
    else:
        decision = _first(rule, local, remote)
    if decision in _MOVES_BASE:
        pulled = decision is _PULL
        base = Base(local=remote if pulled else local, remote=remote, pulled=pulled)
    if decision in _SHOWN:
        remark = remark or _remark(rule, decision, local, remote)
    return FieldMerge(decision, remote=remote, base=base, remark=remark)


def _newcomer(rule: FieldRule, reading: Reading) -> FieldMerge:
    """What `_first` would say of an empty local value: most of a first import, so said quickly."""
    if not reading.values:
        return _BOTH_EMPTY
    (remote,) = reading.values
    if rule.pulls:
        return FieldMerge(_PULL, remote, Base(remote, remote, pulled=True), reading.remark)
    return FieldMerge(
        Decision.DIFFERENCE, remote, None, reading.remark or _remark(rule, Decision.DIFFERENCE, "", remote)
    )


def _first(rule: FieldRule, local: str, remote: str) -> Decision:
    """Nothing was agreed yet (rule B1): the directory's non-empty values win, an empty one never wipes.

    The extension is the login of a phone on a desk: a first match changes it only
    where the mapping says that the domain wins. A mapping that lets the PBX win
    names its winner, so it does so at first sight too.
    """
    if not remote:
        return Decision.PUSH if rule.pushes else Decision.DIFFERENCE
    if not local:
        return Decision.PULL if rule.pulls else Decision.DIFFERENCE
    if rule.policy is Policy.LOCAL_WINS:
        return Decision.PUSH if rule.pushes else Decision.DIFFERENCE
    if not rule.pulls:
        return Decision.DIFFERENCE
    if rule.field is Field.EXTENSION and rule.policy is Policy.ASK:
        return Decision.CONFLICT
    return Decision.PULL


def _larger(rule: FieldRule, larger_here: bool) -> Decision:
    """Of two photos that were never agreed the larger one stays (rule B1)."""
    if larger_here:
        return Decision.PUSH if rule.pushes else Decision.DIFFERENCE
    return Decision.PULL if rule.pulls else Decision.DIFFERENCE


def _later(rule: FieldRule, base: Base, local: str, remote: str, twins: Collection[str]) -> Decision:
    """Both sides are compared each with its own last agreed value (rule B2)."""
    local_changed = not same_value(rule.field, local, base.local)
    remote_changed = not same_value(rule.field, remote, base.remote)
    if not local_changed and not remote_changed:
        return Decision.UNCHANGED
    if remote_changed and not local_changed:
        return _travel(rule, remote, carried=rule.pulls, there=Decision.PULL)
    if local_changed and not remote_changed:
        return _travel(rule, local, carried=rule.pushes, there=Decision.PUSH)
    if same_value(rule.field, local, remote) or remote in twins:
        return Decision.AGREED
    if rule.policy is Policy.REMOTE_WINS:
        return _travel(rule, remote, carried=rule.pulls, there=Decision.PULL)
    if rule.policy is Policy.LOCAL_WINS:
        return _travel(rule, local, carried=rule.pushes, there=Decision.PUSH)
    return Decision.CONFLICT if rule.pulls or rule.pushes else Decision.DIFFERENCE


def _travel(rule: FieldRule, value: str, *, carried: bool, there: Decision) -> Decision:
    """Whether a value may travel: by direction (B2), and if it is empty by `on_empty` (B3).

    An extension is never emptied by a run.
    """
    if not carried:
        return Decision.DIFFERENCE
    if not value and (rule.on_empty is OnEmpty.KEEP or rule.field is Field.EXTENSION):
        return Decision.KEPT
    return there


def _remark(rule: FieldRule, decision: Decision, local: str, remote: str) -> Message:
    """Say what was left as it is on both sides; of pictures and secrets without their values."""
    params = {"field": rule.field.value}
    if rule.field in OPAQUE_FIELDS:
        return Message("content_difference", params)
    if decision is Decision.KEPT:
        code = "emptied_kept_there" if remote else "emptied_kept_here"
        return Message(code, {**params, "value": remote or local})
    code = "difference_abroad" if rule.abroad else "difference"
    return Message(code, {**params, "local": local, "remote": remote})
