"""What deciding a conflict about values would do, in words."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.translation import gettext as _

from syncapp.core.options import FieldRule
from syncapp.core.resolution import Settlement
from syncapp.core.vocabulary import OPAQUE_FIELDS, Field, Resolution
from syncapp.exceptions import SyncError
from syncapp.models import Conflict
from syncapp.services.conflicts import Prospect, foresee
from syncapp.services.disputes import VALUE_KINDS, seen_of
from syncapp.services.endpoints import sends
from syncapp.services.photos import kept_of
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
        return cls(
            conflict=conflict,
            agreed=value_of_matter(conflict.field, conflict.base),
            sides=[_ours(conflict, prospect), _theirs(conflict, prospect)],
            hand_over=_hand_over(conflict) if prospect.hand_over is True else "",
            typed=_typed(prospect.rule, writes=sends(prospect.server)),
            seen=seen_of(conflict),
            can_run=prospect.server.enabled,
        )


def _ours(conflict: Conflict, prospect: Prospect) -> SideView:
    what, rule = _what(conflict, conflict.local), prospect.rule
    if rule is None or not rule.pushes:
        text = _("%(what)s stays here. The mapping does not carry it to the domain, so the difference stays, too.")
    elif sends(prospect.server):
        text = _("%(what)s is written to the domain in the next run.")
    else:
        text = _("%(what)s stays here and waits for the domain: writing back is off.")
    return SideView(
        take=Resolution.LOCAL.value,
        title=_("In the PBX"),
        value=value_of_matter(conflict.field, conflict.local),
        button=_("Take the PBX's value"),
        **_told(prospect.outcomes[Resolution.LOCAL], text % {"what": what}),
    )


def _theirs(conflict: Conflict, prospect: Prospect) -> SideView:
    outcome = prospect.outcomes[Resolution.REMOTE]
    if isinstance(outcome, Settlement) and outcome.value is not None:
        text = _("%(what)s is entered here at once, for no run brings it in.")
    else:
        text = _("%(what)s comes into the PBX in the next run.")
    return SideView(
        take=Resolution.REMOTE.value,
        title=_("In the domain"),
        value=standing(conflict, kept_photos([conflict])),
        button=_("Take the domain's value"),
        **_told(outcome, text % {"what": _what(conflict, conflict.remote)}),
    )


def kept_photos(conflicts: Iterable[Conflict]) -> set[str]:
    """Which of the domain's photos can be shown (one query): those that were never brought in are not here."""
    return kept_of({each.remote for each in conflicts if each.field == Field.PHOTO and each.remote})


def standing(conflict: Conflict, kept: Collection[str]) -> str:
    """The domain's value."""
    if conflict.field == Field.PHOTO and conflict.remote and conflict.remote not in kept:
        return _("another photo, which is not here yet")
    return value_of_matter(conflict.field, conflict.remote)


def _told(outcome: Settlement | SyncError, consequence: str) -> dict[str, str]:
    if isinstance(outcome, SyncError):
        return {"refusal": sentence(outcome.code, outcome.params)}
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


def _typed(rule: FieldRule | None, *, writes: bool) -> str:
    if rule is None or rule.field in OPAQUE_FIELDS:
        return ""
    if not rule.pushes:
        return _("It is entered here at once. The mapping does not carry it to the domain.")
    if writes:
        return _("It is entered here at once, and written to the domain in the next run.")
    return _("It is entered here at once, and waits for the domain: writing back is off.")
