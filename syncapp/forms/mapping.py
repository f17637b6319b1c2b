"""The lines of a mapping as they are being typed: to look at, not to store."""

from typing import Any

from django import forms

from syncapp.models import FieldMapping

PREFIX = "mappings"
# More lines than there are fields are a mistake, and nobody waits for hundreds.
_MOST = 20


class TypedLineForm(forms.ModelForm):
    class Meta:
        model = FieldMapping
        fields = ("field", "attribute", "direction", "policy", "on_empty", "pattern", "relay", "push_secret")


def typed_mappings(data: Any) -> list[FieldMapping]:
    """Return the lines that are whole and not to be deleted, not stored."""
    sent = str(data.get(f"{PREFIX}-TOTAL_FORMS", ""))
    number = min(int(sent), _MOST) if sent.isascii() and sent.isdigit() else 0
    mappings = []
    for position in range(number):
        form = TypedLineForm(data, prefix=f"{PREFIX}-{position}")
        if not data.get(f"{PREFIX}-{position}-DELETE") and form.is_valid():
            mappings.append(form.instance)
    return mappings
