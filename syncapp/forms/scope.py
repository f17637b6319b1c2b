"""Adding a directory server, third step: who is read, and by which rules."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from syncapp.forms.mistakes import add_mistakes
from syncapp.forms.parts import departments_field, match_keys_field, search_bases_field
from syncapp.models import DirectoryServer, NumberPool
from syncapp.services.directory_settings import DirectoryValues, validate_directory, validate_pool
from syncapp.services.directory_settings.directories import VALIDATED


class BranchesWidget(UnfoldAdminExpandableTextareaWidget):
    """Branches that are ticked, and others that are typed, one per line: all have one name."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return "\n".join(data.getlist(name))


class ScopeForm(forms.ModelForm):
    search_bases = search_bases_field(widget=BranchesWidget)
    departments = departments_field()
    match_keys = match_keys_field()
    pool = forms.ModelChoiceField(
        label=capfirst(_("number pool")),
        queryset=NumberPool.objects.order_by("name"),
        required=False,
        empty_label=_("none: nobody is issued a number"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Where new people without a number of their own get one from."),
    )
    first = forms.CharField(
        label=_("New pool: first number"),
        required=False,
        max_length=20,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Instead of a pool that is there already: the first number to give out, such as 200."),
    )
    last = forms.CharField(
        label=_("New pool: last number"),
        required=False,
        max_length=20,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The last number of the new pool, such as 299. The pool gets the name of the server."),
    )

    class Meta:
        model = DirectoryServer
        fields = ("search_bases", "department_attribute", "departments", "user_filter", "match_keys", "create")
        widgets = {
            "department_attribute": UnfoldAdminTextInputWidget,
            "user_filter": UnfoldAdminExpandableTextareaWidget,
            "create": UnfoldAdminSelectWidget,
        }

    def __init__(self, *args: Any, may_add_pools: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_add_pools:
            del self.fields["first"], self.fields["last"]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        given = {name: getattr(self.instance, name) for name in VALIDATED}
        mistakes = validate_directory(DirectoryValues.from_mapping({**given, **values}))
        add_mistakes(self, [mistake for mistake in mistakes if mistake.field in values])
        self._judge_pool(values)
        return values

    def new_range(self) -> tuple[str, str] | None:
        """First and last number of the pool to be made; None where none is asked for."""
        first, last = self.cleaned_data.get("first", ""), self.cleaned_data.get("last", "")
        return (first, last) if first or last else None

    def _judge_pool(self, values: dict[str, Any]) -> None:
        new = self.new_range()
        if new is None:
            return
        if values.get("pool"):
            self.add_error("pool", _("Choose a pool or give a new range, not both."))
        add_mistakes(self, validate_pool(first=new[0], last=new[1]))
        if NumberPool.objects.filter(name=self.instance.name).exists():
            self.add_error("first", _("There is a pool of the name of this server already: choose it above."))
