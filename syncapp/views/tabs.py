"""The tabs of a form page: which part of the form stands where, and where something has to be corrected."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.helpers import AdminField, Fieldset, InlineAdminFormSet
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Tab:
    """`slug` stands in the address behind #; `mistakes` are those of all its inputs."""

    slug: str
    title: str | Promise
    fieldsets: Sequence[Fieldset]
    formsets: Sequence[InlineAdminFormSet]
    mistakes: int


def tabs_of(titles: Mapping[str, Promise], context: dict[str, Any]) -> list[Tab]:
    """Sort what the admin would show one below the other into tabs, leaving out those of which nothing is shown.

    A fieldset says by its class where it belongs, an inline by its `in_tab`.
    """
    tabs = []
    for slug, title in titles.items():
        fieldsets = [each for each in context["adminform"] if slug in each.classes.split()]
        formsets = [each for each in context["inline_admin_formsets"] if each.opts.in_tab == slug]
        if fieldsets or formsets:
            mistakes = sum(1 for _mistake in _mistakes(fieldsets, formsets))
            tabs.append(Tab(slug, title, fieldsets, formsets, mistakes))
    return tabs


def opened(tabs: Sequence[Tab]) -> str:
    """Return the tab to open: the first with something to correct, else the first."""
    return next((tab.slug for tab in tabs if tab.mistakes), tabs[0].slug if tabs else "")


def _mistakes(fieldsets: Iterable[Fieldset], formsets: Iterable[InlineAdminFormSet]) -> Iterator[Any]:
    for fieldset in fieldsets:
        for line in fieldset:
            for field in line:
                if isinstance(field, AdminField) and field.errors():
                    yield field
    for each in formsets:
        yield from each.formset.non_form_errors()
        for errors in each.formset.errors:
            yield from errors
