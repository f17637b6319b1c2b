"""Items of runs by what happens to the person, as the run's counts say it (rule E7)."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from syncapp.choices import Happening, ItemOutcome
from syncapp.core.vocabulary import INACTIVE_STATES, SWITCHED_OFF_STATES, Action, Outcome, Side, State
from syncapp.models import RunItem

_CREATED = Q(plan__action=Action.CREATE) | Q(outcome=ItemOutcome.CREATED)
_TIED = Q(employee__isnull=False) & ~_CREATED  # before the run
_NEW_STATE = _TIED & Q(plan__state_changed=True)
_ON = [state.value for state in State if state not in SWITCHED_OFF_STATES]
# The lists of changes are looked at as text, for SQLite looks into no list: compact as runs write them, with
# spaces as edits do, and in PostgreSQL's own order of keys, the short ones first.
_RENUMBERED = "|".join(
    (
        r'"field": ?"extension", ?"side": ?"pbx", ?"before": ?"[^"]',
        r'"side": ?"pbx", ?"after": ?"[^"]*", ?"field": ?"extension", ?"before": ?"[^"]',
    )
)


def with_text(items: QuerySet[RunItem]) -> QuerySet[RunItem]:
    """Items whose changes `holds` and `happens` can look at."""
    return items.alias(changes_text=Cast("changes", TextField()))


def holds(name: str, value: str) -> Q:
    """Items of `with_text` of which a change has this value under `name`: a field or a side."""
    texts = (f'"{name}":{space}"{value}"' for space in ("", " "))
    return reduce(or_, (Q(changes_text__contains=text) for text in texts))


def happens(what: Happening) -> Q:
    """Items of `with_text` to whose person this happens, in a plan: would happen.

    Whom a run was to write to the domain, and could not, is among the written ones.
    """
    here = holds("side", Side.LOCAL)
    return {
        Happening.CREATED: _CREATED,
        Happening.CHANGED: (here & ~_CREATED) | _NEW_STATE,
        Happening.WRITTEN: holds("side", Side.REMOTE),
        Happening.DECIDE: _comes_to(Outcome.CONFLICT, Outcome.PROPOSED),
        Happening.FAILED: _comes_to(Outcome.FAILED),
        Happening.STATE: _NEW_STATE,
        Happening.DISABLED: _NEW_STATE & _became(SWITCHED_OFF_STATES, of=_ON),
        Happening.MISSING: _NEW_STATE & _became([State.MISSING], of=[each for each in State if each != State.MISSING]),
        Happening.RETURNED: _NEW_STATE & _became([State.ACTIVE], of=INACTIVE_STATES),
        Happening.RENUMBERED: ~_CREATED & Q(changes_text__regex=_RENUMBERED),
    }[what]


def with_news() -> Q:
    """Items of `with_text` that a person wants to see first: something happens, or has to be decided."""
    return ~Q(changes=[]) | reduce(or_, map(happens, (Happening.STATE, Happening.DECIDE, Happening.FAILED)))


def _comes_to(*outcomes: Outcome) -> Q:
    return Q(outcome__in=outcomes) | Q(outcome=ItemOutcome.PLANNED, expected__in=outcomes)


def _became(states: Iterable[str], *, of: Iterable[str]) -> Q:
    return Q(plan__state__in=[str(each) for each in states], plan__state_before__in=[str(each) for each in of])
