"""Comfortable inputs for what the database keeps as JSON, and for passwords."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from unfold.widgets import UnfoldAdminExpandableTextareaWidget, UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from syncapp.exceptions import SyncError
from syncapp.fields import Secret
from syncapp.messages import render


def lines_of(text: str | None) -> list[str]:
    """Return the lines of what was typed, each once, without the empty ones."""
    lines = (line.strip() for line in (text or "").splitlines())
    return list(dict.fromkeys(line for line in lines if line))


class LinesField(forms.CharField):
    """A list of texts, one per line; repeated and empty lines are left out."""

    widget = UnfoldAdminExpandableTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # a list and not the text it is typed as
        return value if isinstance(value, list) else lines_of(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)


class OrderedChoicesField(forms.MultiValueField):
    """Some of a few choices in an order of one's own: as many drop-downs as there are choices."""

    def __init__(self, *, choices: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        options = [("", "—"), *choices]
        parts = [forms.ChoiceField(choices=options, required=False) for _choice in choices]
        super().__init__(parts, widget=OrderedChoicesWidget(options), require_all_fields=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value

    def compress(self, data_list: Sequence[str]) -> list[str]:
        chosen = [choice for choice in data_list if choice]
        if len(set(chosen)) != len(chosen):
            raise ValidationError(_("Choose each of them once."), code="twice")
        return chosen

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [choice for choice in initial or [] if choice] != [choice for choice in data or [] if choice]


class OrderedChoicesWidget(forms.MultiWidget):
    def __init__(self, options: Sequence[tuple[str, Any]]) -> None:
        parts = [
            UnfoldAdminSelectWidget(attrs={"class": "sync-ordered"}, choices=list(options)) for _option in options[1:]
        ]
        super().__init__(parts)

    def decompress(self, value: Any) -> list[str]:
        return list(value or [])

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        # A stored list is shorter than the row of drop-downs.
        values = list(value or [])[: len(self.widgets)]
        return super().get_context(name, values + [""] * (len(self.widgets) - len(values)), attrs)


class WriteOnlyPasswordField(forms.CharField):
    """A password that is never sent to the page; empty means that nothing was typed.

    It is sealed as soon as it is read, so that neither `cleaned_data` nor a
    traceback holds it in clear.
    """

    widget = UnfoldAdminPasswordWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, strip=False, max_length=1000, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "autocomplete": "new-password"}

    @sensitive_variables("value", "typed")
    def clean(self, value: Any) -> Secret:
        typed = super().clean(value)
        try:
            return Secret.seal(typed)
        except SyncError as error:
            raise ValidationError(render(error.code, error.params), code=error.code) from None
