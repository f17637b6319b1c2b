"""Settings of a directory server."""

from typing import Any

from django import forms
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminExpandableTextareaWidget

from syncapp.choices import Field
from syncapp.core.vocabulary import MatchKey
from syncapp.fields import Secret
from syncapp.forms.brakes import LIMITS_HELP, LimitsField, ScheduleField
from syncapp.forms.fields import LinesField, OrderedChoicesField, WriteOnlyPasswordField
from syncapp.forms.mistakes import add_mistakes, add_row_mistakes
from syncapp.models import DirectoryServer
from syncapp.models.endpoints import default_match_keys
from syncapp.services.directory_settings import (
    DirectoryValues,
    anchor_change_mistakes,
    rule_of,
    validate_directory,
    validate_mappings,
)


class DirectoryServerForm(forms.ModelForm):
    """Everything but writing back, which has a page of its own."""

    uris = LinesField(
        label=capfirst(_("addresses")),
        help_text=_(
            "One per line, such as ldaps://dc1.corp.example: controllers of one directory. The one that was used last is tried first, then the others in this order."
        ),
    )
    password = WriteOnlyPasswordField(label=capfirst(_("password")))
    search_bases = LinesField(
        label=capfirst(_("search bases")),
        required=False,
        help_text=_("One per line: branches below the base DN that are read; none means everything below the base DN."),
    )
    departments = LinesField(
        label=capfirst(_("departments")),
        required=False,
        help_text=_("One per line: departments that are read; none means all of them."),
    )
    match_keys = OrderedChoicesField(
        label=capfirst(_("match keys")),
        choices=[(key.value, Field(key.value).label) for key in MatchKey],
        initial=default_match_keys,
        help_text=_("By what an entry is recognised as an employee at first meeting, in this order."),
    )
    limits = LimitsField(
        label=capfirst(_("limits")),
        required=False,
        help_text=format_lazy("{} {}", LIMITS_HELP, _("An empty figure means the default.")),
    )
    schedule = ScheduleField(
        label=capfirst(_("schedule")),
        required=False,
        help_text=_(
            "When to synchronise without being asked. A cron expression has five parts: minute, hour, day of the "
            "month, month, day of the week; */5 8-19 * * 1-5 means every five minutes in working hours."
        ),
    )

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
        # Somebody who may only look sees a form without fields.
        if "password" in self.fields:
            self.fields["password"].help_text = (
                _("A password is stored. Leave this empty to keep it; it is never shown.")
                if self.instance.bind_password
                else _("No password is stored.")
            )

    def clean_region(self) -> str:
        return self.cleaned_data["region"].upper()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        mistakes = validate_directory(DirectoryValues.from_mapping(values))
        if self.instance.pk and self.instance.records.exists() and {"kind", "anchor_attribute"} <= values.keys():
            mistakes += anchor_change_mistakes(
                before=self._known_by, after=(values["kind"], values["anchor_attribute"])
            )
        # What a field could not read is missing from `values` and has been named already.
        add_mistakes(self, [mistake for mistake in mistakes if mistake.field in values])
        return values

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs do not know it; Django's own user forms hook in here too
        self._take_password(self.cleaned_data.get("password") or Secret())

    def _take_password(self, typed: Secret) -> None:
        """Keep a typed password for this address and account only (promise 9)."""
        server: DirectoryServer = self.instance
        if typed:
            server.set_bind_password(typed.reveal())
        elif not server.bind_dn:
            server.set_bind_password("")
        elif not server.bind_password_fits:
            self.add_error(
                "password",
                _(
                    "Enter the password again: the stored one was entered for another address, security or account "
                    "and is never sent anywhere else."
                ),
            )
        if typed and not server.bind_dn:
            self.add_error("bind_dn", _("A password needs an account to log in with."))


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
