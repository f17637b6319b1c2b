"""Settings of a directory server."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminExpandableTextareaWidget

from syncapp.fields import Secret
from syncapp.forms.fields import LinesField, WriteOnlyPasswordField
from syncapp.forms.mistakes import add_mistakes, add_row_mistakes
from syncapp.forms.parts import (
    RegionMixin,
    departments_field,
    limits_field,
    match_keys_field,
    schedule_field,
    search_bases_field,
)
from syncapp.forms.secrets import SecretForm
from syncapp.models import DirectoryServer
from syncapp.services.directory_settings import (
    DirectoryValues,
    anchor_change_mistakes,
    rule_of,
    validate_directory,
    validate_mappings,
)


class ServerAccessForm(SecretForm):
    """Where a directory is, and who asks."""

    uris = LinesField(
        label=capfirst(_("addresses")),
        help_text=_(
            "One per line, such as ldaps://dc1.corp.example: controllers of one directory. The one that was used last is tried first, then the others in this order."
        ),
    )
    password = WriteOnlyPasswordField(label=capfirst(_("password")))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        # What a field could not read is missing from `values` and has been named already.
        mistakes = validate_directory(DirectoryValues.from_mapping(values))
        add_mistakes(self, [mistake for mistake in mistakes if mistake.field in values])
        return values

    def secret_help(self) -> str:
        if self.instance.bind_password:
            return str(_("A password is stored. Leave this empty to keep it; it is never shown."))
        return str(_("No password is stored."))

    def take_secret(self, typed: Secret) -> None:
        server: DirectoryServer = self.instance
        if typed:
            server.set_secret(typed.reveal())
        elif not server.bind_dn:
            server.set_secret("")
        elif not server.secret_fits:
            self.add_error(
                "password",
                _(
                    "Enter the password again: the stored one was entered for another address, security or account "
                    "and is never sent anywhere else."
                ),
            )
        if typed and not server.bind_dn:
            self.add_error("bind_dn", _("A password needs an account to log in with."))


class DirectoryServerForm(RegionMixin, ServerAccessForm):
    """Everything but writing back, which has a page of its own."""

    search_bases = search_bases_field()
    departments = departments_field()
    match_keys = match_keys_field()
    limits = limits_field()
    schedule = schedule_field()

    class Meta:
        model = DirectoryServer
        fields = (
            "name",
            "enabled",
            "kind",
            "uris",
            "security",
            "ca_certificate",
            "bind_dn",
            "base_dn",
            "search_bases",
            "department_attribute",
            "departments",
            "user_filter",
            "anchor_attribute",
            "disabled_attribute",
            "disabled_value",
            "rank",
            "region",
            "match_keys",
            "create",
            "taken_number",
            "number_plan",
            "limits",
            "schedule",
        )
        widgets = {"user_filter": UnfoldAdminExpandableTextareaWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known_by = (self.instance.kind, self.instance.anchor_attribute)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.instance.pk and self.instance.records.exists() and {"kind", "anchor_attribute"} <= values.keys():
            after = values["kind"], values["anchor_attribute"]
            add_mistakes(self, anchor_change_mistakes(before=self._known_by, after=after))
        return values


class MappingFormSet(PaginationInlineFormSet):
    """The mappings of one server, judged together."""

    def clean(self) -> None:
        rows = [form for form in self.forms if self._is_whole(form)]
        add_row_mistakes(
            rows, validate_mappings([rule_of(form.instance) for form in rows], region=self.instance.region)
        )

    def _is_whole(self, form: forms.BaseForm) -> bool:
        kept = form not in self.deleted_forms
        return kept and form.is_valid() and bool(form.cleaned_data)
