"""Finding people: any spelling of a number, either order of the name.

Only the folded keys are searched: SQLite itself folds ASCII alone, so that
`icontains` would not find "Иванов" under "иванов".
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import phonenumbers
from django.db.models import Q, QuerySet

from syncapp.core import normalise
from syncapp.core.telephones import read_mobile
from syncapp.models import Endpoint

_NUMBER = re.compile(r"[\d\s()+./\-‑–]+")
_NOBODY = Q(pk__in=[])
MIN_DIGITS = 2  # fewer are in everybody's number
MANY = 500  # who is found among more was not looked for by name


def regions() -> list[str]:
    """Countries in whose form a number without country code may be meant."""
    known = list(Endpoint.objects.order_by().values_list("region", flat=True).distinct())
    return sorted(known) or [Endpoint._meta.get_field("region").default]


@dataclass(frozen=True, slots=True)
class Columns:
    """Where to look. `folded` columns hold compared forms, `plain` ones what people wrote."""

    folded: tuple[str, ...]
    plain: tuple[str, ...]
    extension: tuple[str, ...]
    mobile: tuple[str, ...]


EMPLOYEE = Columns(
    folded=("name_key", "email_key"), plain=("department", "title"), extension=("extension",), mobile=("mobile",)
)


def person_q(term: str, columns: Columns, *, regions: Collection[str]) -> Q:
    """Who is meant by `term`: a number in any spelling, or words. Every word must be found somewhere."""
    term = term.strip()
    if _NUMBER.fullmatch(term):
        return _number_q(term, columns, regions=regions)
    words = normalise.name_words(term)
    if not words:
        return _NOBODY
    found = Q()
    for word in words:
        found &= _word_q(word, columns)
    return found


def only(queryset: QuerySet[Any], found: Q) -> QuerySet[Any]:
    """Return those of the rows who were found.

    A list counts its rows and then reads a page of them, and no index helps to find a
    part of a word: so everybody is looked through once, and not once for each.
    """
    rows = queryset.filter(found)
    ids = list(rows.order_by().prefetch_related(None).values_list("pk", flat=True)[: MANY + 1])
    return rows if len(ids) > MANY else queryset.filter(pk__in=ids)


def _word_q(word: str, columns: Columns) -> Q:
    found = _in_any(columns.folded, word)
    for column in columns.plain:
        found |= any_case(column, word)
    if word.isdigit() and len(word) >= MIN_DIGITS:
        found |= _in_any((*columns.extension, *columns.mobile), word)
    return found


def _in_any(columns: Iterable[str], text: str) -> Q:
    found = Q()
    for column in columns:
        found |= Q(**{f"{column}__contains": text})
    return found


def any_case(column: str, word: str) -> Q:
    """The spellings that people use of a word, for columns without a folded key."""
    found = Q(**{f"{column}__icontains": word})
    if not word.isascii():  # else every database folds it
        for spelling in sorted({word.capitalize(), word.upper()}):
            found |= Q(**{f"{column}__contains": spelling})
    return found


def _number_q(term: str, columns: Columns, *, regions: Collection[str]) -> Q:
    digits = re.sub(r"\D", "", term)
    if len(digits) < MIN_DIGITS:
        return _NOBODY
    found = _in_any(columns.extension, digits)
    for spelling in sorted({spelling for region in regions for spelling in _spellings(term, digits, region)}):
        found |= _in_any(columns.mobile, spelling)
    return found


def _spellings(term: str, digits: str, region: str) -> set[str]:
    """What a stored E.164 number may contain when somebody typed `term`, whole or in part."""
    whole = read_mobile(term, region)
    if isinstance(whole, str):
        return {whole}
    spellings = {digits}
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    trunk = metadata.national_prefix if metadata else None
    # The beginning of a national number, such as 8 916 in Russia: E.164 has no trunk prefix.
    if trunk and digits.startswith(trunk) and len(digits) > len(trunk) + 2:
        spellings.add(digits.removeprefix(trunk))
    return spellings
