"""Adding a directory server: address and account, then what was found there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from syncapp.choices import Direction, Field, Kind
from syncapp.core.options import FieldRule
from syncapp.core.proposal import ProposedLine
from syncapp.core.vocabulary import TEXT_FIELDS
from syncapp.fields import Secret
from syncapp.forms.mistakes import add_mistakes
from syncapp.forms.parts import RegionMixin
from syncapp.forms.servers import ServerAccessForm
from syncapp.messages import render
from syncapp.models import DirectoryServer, FieldMapping
from syncapp.services.directory_settings import (
    DirectoryValues,
    rule_of,
    validate_account,
    validate_directory,
    validate_mappings,
)

# A SIP secret is mapped only when somebody asks for it, later (rule B15).
OFFERED = (*(field.value for field in TEXT_FIELDS), Field.PHOTO.value)


class NewServerForm(ServerAccessForm):
    """The first step: where the directory is, and who asks."""

    class Meta:
        model = DirectoryServer
        fields = ("name", "uris", "security", "ca_certificate", "bind_dn")

    def take_secret(self, typed: Secret) -> None:
        super().take_secret(typed)
        server: DirectoryServer = self.instance
        if not self.errors:
            judged = validate_account(bind_dn=server.bind_dn, has_password=bool(server.bind_password))
            for mistake in judged:
                self.add_error("password", render(mistake.message.code, mistake.message.params))


class FoundForm(RegionMixin, forms.ModelForm):
    """The second step: the directory as a whole."""

    class Meta:
        model = DirectoryServer
        fields = ("kind", "base_dn", "region", "anchor_attribute", "disabled_attribute", "disabled_value")
        widgets = {
            "kind": UnfoldAdminSelectWidget,
            "base_dn": UnfoldAdminTextInputWidget(attrs={"list": "naming-contexts"}),
            "region": UnfoldAdminTextInputWidget,
            "anchor_attribute": UnfoldAdminTextInputWidget,
            "disabled_attribute": UnfoldAdminTextInputWidget,
            "disabled_value": UnfoldAdminTextInputWidget,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [choice for choice in Kind.choices if choice[0] != Kind.AUTO]  # type: ignore[attr-defined]  # a field with choices

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        server = self.instance
        given = {name: getattr(server, name) for name in ("uris", "security", "bind_dn")}
        mistakes = validate_directory(DirectoryValues.from_mapping({**given, **values}))
        # The account was given in the first step; that it does not go with the kind is said all the same.
        add_mistakes(self, [mistake for mistake in mistakes if mistake.field in (*values, "bind_dn")])
        return values


class LineForm(forms.Form):
    """One field of the proposed mapping; its prefix is the field."""

    use = forms.BooleanField(required=False, widget=UnfoldBooleanWidget)
    attribute = forms.CharField(
        required=False, max_length=200, label=capfirst(_("attribute")), widget=UnfoldAdminTextInputWidget
    )
    direction = forms.ChoiceField(
        choices=Direction.choices, label=capfirst(_("direction")), widget=UnfoldAdminSelectWidget
    )
    pattern = forms.CharField(
        required=False, max_length=300, label=capfirst(_("pattern")), widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, field: str, data: Any = None, *, rule: FieldRule | None = None, use: bool = True) -> None:
        self.field = field
        self.title = capfirst(str(Field(field).label))
        initial: dict[str, Any] = {"use": False, "direction": Direction.PULL}
        if rule is not None:
            initial = {"use": use, **{name: getattr(rule, name) for name in ("attribute", "direction", "pattern")}}
        super().__init__(data, prefix=field, initial=initial)
        for name in self.fields:
            shown = _("map this field") if name == "use" else self.fields[name].label
            self.fields[name].widget.attrs["aria-label"] = f"{self.title}: {shown}"

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("use") and not values.get("attribute"):
            self.add_error("attribute", _("Name an attribute, or leave this field out."))
        return values

    @property
    def used(self) -> bool:
        return bool(self.cleaned_data.get("use"))

    def mapping(self) -> FieldMapping:
        values = self.cleaned_data
        return FieldMapping(
            field=self.field,
            attribute=values["attribute"],
            direction=values["direction"],
            pattern=values["pattern"],
        )


def proposed_lines(lines: Iterable[ProposedLine], *, kept: Iterable[FieldRule] = ()) -> list[LineForm]:
    """Return a form for every field, filled in with what is proposed.

    With `kept`, what was confirmed before, the fields that were left out are not ticked again.
    """
    left_in = {rule.field.value for rule in kept}
    rules: Mapping[str, FieldRule] = {line.field.value: line.best.rule for line in lines}
    return [LineForm(field, rule=rules.get(field), use=not left_in or field in left_in) for field in OFFERED]


def typed_lines(data: Any, *, region: str) -> tuple[list[LineForm], list[FieldMapping], bool]:
    """Return the forms as typed, the mappings they make, and whether all of them can be kept."""
    forms_typed = [LineForm(field, data) for field in OFFERED]
    whole = [form for form in forms_typed if form.is_valid() and form.used]
    mappings = [form.mapping() for form in whole]
    _judge(whole, mappings, region)
    valid = all(form.is_valid() for form in forms_typed)
    return forms_typed, [mapping for form, mapping in zip(whole, mappings, strict=True) if form.is_valid()], valid


def _judge(lines: Sequence[LineForm], mappings: Sequence[FieldMapping], region: str) -> None:
    for mistake in validate_mappings([rule_of(mapping) for mapping in mappings], region=region):
        add_mistakes(lines[mistake.position or 0], [mistake])
