"""Ranges of extensions, and which servers use them."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet

from syncapp.forms.fields import LinesField
from syncapp.forms.mistakes import add_mistakes
from syncapp.models import DirectoryServer, NumberPool
from syncapp.services.directory_settings import validate_pool
from syncapp.services.directory_settings.scope import branch_mistakes


class NumberPoolForm(forms.ModelForm):
    reserved = LinesField(
        label=capfirst(_("reserved")),
        required=False,
        help_text=_("One per line: numbers of the range that are never given out."),
    )

    class Meta:
        model = NumberPool
        fields = ("name", "first", "last", "reserved", "cool_down_days", "number_plan")

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if {"first", "last", "reserved"} <= values.keys():
            add_mistakes(self, validate_pool(first=values["first"], last=values["last"], reserved=values["reserved"]))
        return values


class EndpointPoolFormSet(PaginationInlineFormSet):
    """The pools of one server: an OU must lie where people are read."""

    def clean(self) -> None:
        super().clean()
        base_dn = self.instance.base_dn if isinstance(self.instance, DirectoryServer) else ""
        for form in self.forms:
            ou = form.cleaned_data.get("ou", "") if form.is_valid() and form not in self.deleted_forms else ""
            if ou:
                add_mistakes(form, branch_mistakes("ou", ou, base_dn=base_dn))
