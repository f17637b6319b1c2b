"""Which entries of a directory are read: bases, departments, filter."""

from collections.abc import Iterator, Sequence

from syncapp.directory.filters import check_filter
from syncapp.directory.scope import check_attribute_names, is_below, parse_dn
from syncapp.services.directory_settings.mistakes import Mistake, mistake, mistakes_of


def base_mistakes(*, base_dn: str, search_bases: Sequence[str]) -> Iterator[Mistake]:
    of_base = branch_mistakes("base_dn", base_dn, base_dn="") if base_dn else []
    yield from of_base
    for base in search_bases:
        yield from branch_mistakes("search_bases", base, base_dn="" if of_base else base_dn)


def branch_mistakes(field: str, dn: str, *, base_dn: str) -> list[Mistake]:
    """Judge one DN that must be the base DN or below it; `base_dn` is empty or a DN."""
    malformed = mistakes_of(field, lambda: parse_dn(dn))
    if not malformed and base_dn and not is_below(dn, base_dn):
        return [mistake(field, "dn_outside_base", dn=dn, base=base_dn)]
    return malformed


def department_mistakes(*, attribute: str, departments: Sequence[str]) -> Iterator[Mistake]:
    if attribute:
        yield from mistakes_of("department_attribute", lambda: check_attribute_names([attribute]))
    elif departments:
        yield mistake("department_attribute", "department_attribute_missing")
    if any(not department.strip() for department in departments):
        yield mistake("departments", "department_empty")


def filter_mistakes(user_filter: str) -> list[Mistake]:
    text = user_filter.strip()
    return mistakes_of("user_filter", lambda: check_filter(text)) if text else []
