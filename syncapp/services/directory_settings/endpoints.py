"""Settings that directories and phone systems have in common."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import phonenumbers

from syncapp.core import schedule as core_schedule
from syncapp.core.vocabulary import MatchKey
from syncapp.services.directory_settings.mistakes import Mistake, mistake

# Kinds of change that have a brake (rule E3).
LIMIT_KINDS = (
    "lost",
    "disabled",
    "created",
    "replaced",
    "emptied",
    "renumbered",
    "written_back",
    "conflicts",
)


def region_mistakes(region: str) -> Iterator[Mistake]:
    if region not in phonenumbers.SUPPORTED_REGIONS:
        yield mistake("region", "region_unknown", region=region)


def match_key_mistakes(keys: Sequence[Any]) -> Iterator[Mistake]:
    if not keys:
        yield mistake("match_keys", "match_keys_missing", known=list(MatchKey))
    for key in dict.fromkeys(map(str, keys)):
        if key not in list(MatchKey):
            yield mistake("match_keys", "match_key_unknown", key=key, known=list(MatchKey))
        elif list(keys).count(key) > 1:
            yield mistake("match_keys", "match_key_twice", key=key)


def limit_mistakes(limits: Mapping[str, Any]) -> Iterator[Mistake]:
    """Limits are stored as a kind of change to a list of count, percent and ceiling."""
    for kind, figures in limits.items():
        if kind not in LIMIT_KINDS:
            yield mistake("limits", "limit_kind_unknown", kind=kind, known=list(LIMIT_KINDS))
        elif not _are_figures(figures):
            yield mistake("limits", "limit_malformed", kind=kind)


def _are_figures(figures: Any) -> bool:
    return (
        isinstance(figures, list | tuple)
        and len(figures) == 3
        and all(type(figure) is int and figure >= 0 for figure in figures)
        and figures[1] <= 100
    )


def schedule_mistakes(schedule: Mapping[str, Any]) -> Iterator[Mistake]:
    for code, params in core_schedule.mistakes(schedule):
        yield mistake("schedule", code, **params)
