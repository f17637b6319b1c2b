"""What deciding a conflict about values would do, in words."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from syncapp.choices import Side
from syncapp.core.options import FieldRule
from syncapp.core.resolution import Settlement
from syncapp.core.vocabulary import OPAQUE_FIELDS, Field, Resolution
from syncapp.exceptions import SyncError
from syncapp.messages.naming import Naming
from syncapp.models import Conflict
from syncapp.services.conflicts import Prospect, foresee
from syncapp.services.disputes import VALUE_KINDS, seen_of
from syncapp.services.endpoints import sends
from syncapp.services.photos import kept_of
from syncapp.store.naming import naming_of_server
from syncapp.views.display import sentence, value_of_matter


@dataclass(frozen=True, slots=True)
class SideView:
    """One side: its value, what taking it does, or why that is refused."""

    take: str
    title: str
    value: str
    button: str
    consequence: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class DecisionView:
    """Everything that the page of an open conflict about values offers."""

    conflict: Conflict
    agreed: str
    sides: Sequence[SideView]
    typed: str  # what a third value does; '' where none can be typed
    hand_over: str  # what handing the number over does; '' where it is not offered
    seen: str
    can_run: bool

    @classmethod
    def of(cls, conflict: Conflict) -> Self | None:
        """None for a matter about people, and for one that is closed."""
        if conflict.kind not in VALUE_KINDS or conflict.closed_at is not None:
            return None
        prospect = foresee(conflict)
        naming = naming_of_server(prospect.server)
        return cls(
            conflict=conflict,
            agreed=value_of_matter(conflict.field, conflict.base),
            sides=[_ours(conflict, prospect, naming), _theirs(conflict, prospect, naming)],
            hand_over=_hand_over(conflict) if prospect.hand_over is True else "",
            typed=_typed(prospect.rule, naming, writes=sends(prospect.server)),
            seen=seen_of(conflict),
            can_run=prospect.server.enabled,
        )


def _ours(conflict: Conflict, prospect: Prospect, naming: Naming) -> SideView:
    what, rule = _what(conflict, conflict.local), prospect.rule
    if rule is None or not rule.pushes:
        text = _("%(what)s stays here. The mapping does not carry it %(to_it)s, so the difference stays, too.")
    elif sends(prospect.server):
        text = _("%(what)s is written %(to_it)s in the next run.")
    else:
        text = _("%(what)s stays here and waits %(for_it)s: writing back is off.")
    return SideView(
        take=Resolution.LOCAL.value,
        title=capfirst(naming.side(Side.LOCAL)),
        value=value_of_matter(conflict.field, conflict.local),
        button=_("Take %(whose)s value") % {"whose": naming.of_hub},
        **_told(prospect.outcomes[Resolution.LOCAL], text % {**naming.words(), "what": what}, naming),
    )


def _theirs(conflict: Conflict, prospect: Prospect, naming: Naming) -> SideView:
    outcome = prospect.outcomes[Resolution.REMOTE]
    if isinstance(outcome, Settlement) and outcome.value is not None:
        text = _("%(what)s is entered here at once, for no run brings it in.")
    else:
        text = _("%(what)s comes %(to_hub)s in the next run.")
    return SideView(
        take=Resolution.REMOTE.value,
        title=capfirst(naming.side(Side.REMOTE)),
        value=standing(conflict, kept_photos([conflict])),
        button=_("Take %(whose)s value") % {"whose": naming.its},
        **_told(outcome, text % {**naming.words(), "what": _what(conflict, conflict.remote)}, naming),
    )


def kept_photos(conflicts: Iterable[Conflict]) -> set[str]:
    """Which of the other side's photos can be shown (one query): those that were never brought in are not here."""
    return kept_of({each.remote for each in conflicts if each.field == Field.PHOTO and each.remote})


def standing(conflict: Conflict, kept: Collection[str]) -> str:
    """The other side's value."""
    if conflict.field == Field.PHOTO and conflict.remote and conflict.remote not in kept:
        return _("another photo, which is not here yet")
    return value_of_matter(conflict.field, conflict.remote)


def _told(outcome: Settlement | SyncError, consequence: str, naming: Naming) -> dict[str, str]:
    if isinstance(outcome, SyncError):
        return {"refusal": sentence(outcome.code, outcome.params, naming)}
    return {"consequence": consequence}


def _what(conflict: Conflict, value: str) -> str:
    if conflict.field == Field.PHOTO:
        return _("This photo")
    if conflict.field in OPAQUE_FIELDS:
        return _("This secret")
    return _("“%(value)s”") % {"value": value} if value else _("The empty value")


def _hand_over(conflict: Conflict) -> str:
    text = _(
        "%(owner)s has left, or the owner's own entry no longer names this number. It is taken from %(owner)s and given to this person, here and at once."
    )
    return text % {"owner": conflict.owner}


def _typed(rule: FieldRule | None, naming: Naming, *, writes: bool) -> str:
    if rule is None or rule.field in OPAQUE_FIELDS:
        return ""
    if not rule.pushes:
        text = _("It is entered here at once. The mapping does not carry it %(to_it)s.")
    elif writes:
        text = _("It is entered here at once, and written %(to_it)s in the next run.")
    else:
        text = _("It is entered here at once, and waits %(for_it)s: writing back is off.")
    return text % naming.words()
