"""A sheet to be imported."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from syncapp.exceptions import SyncError
from syncapp.messages import render
from syncapp.resources import LARGEST, read_sheet
from syncapp.services.sheets.columns import Sheet


class SheetForm(forms.Form):
    """Gives the table that was read; what is no table is said beside the field."""

    file = forms.FileField(
        label=_("Sheet"),
        help_text=_(
            "XLSX or CSV, at most 10 MB. The first row names the columns; an export of this list has them all."
        ),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".xlsx,.csv"}),
    )

    def clean_file(self) -> Sheet:
        chosen: Any = self.cleaned_data["file"]
        try:
            return read_sheet(chosen.read(LARGEST + 1))
        except SyncError as error:
            raise ValidationError(render(error.code, error.params)) from None
