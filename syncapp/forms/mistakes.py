"""Mistakes that the services found, shown beside the fields they are about."""

from collections.abc import Iterable, Sequence

from django import forms

from syncapp.messages import render
from syncapp.services.directory_settings import Mistake


def add_mistakes(form: forms.BaseForm, mistakes: Iterable[Mistake]) -> None:
    """Add each mistake to its field, or to the form as a whole where it has no such field."""
    for mistake in mistakes:
        field = mistake.field if mistake.field in form.fields else None
        form.add_error(field, render(mistake.message.code, mistake.message.params))


def add_row_mistakes(rows: Sequence[forms.BaseForm], mistakes: Iterable[Mistake]) -> None:
    """Add mistakes to the rows of a formset that their positions name."""
    for mistake in mistakes:
        if mistake.position is not None:
            add_mistakes(rows[mistake.position], [mistake])
