"""Settings of a phone system."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from syncapp.exceptions import ConfigurationError
from syncapp.fields import Secret
from syncapp.forms.fields import WriteOnlyPasswordField
from syncapp.forms.mistakes import add_mistakes
from syncapp.forms.parts import RegionMixin, limits_field, match_keys_field, schedule_field
from syncapp.forms.secrets import SecretForm
from syncapp.forms.serves import ServesField
from syncapp.messages import render
from syncapp.models import PhoneSystem
from syncapp.services.phone_systems import (
    directory_names,
    key_mistakes,
    pool_names,
    stored_serves_mistakes,
    validate_phone_system,
)
from syncapp.telephony.tls import normalised_fingerprint


class PhoneSystemForm(RegionMixin, SecretForm):
    """Everything that a configuration file may say of a phone system but its mappings."""

    write_only = "key"
    key = WriteOnlyPasswordField(label=_("API key"))
    match_keys = match_keys_field(
        help_text=_(
            "By what a person in the phone system is recognised as an employee at first meeting, in this order."
        )
    )
    limits = limits_field()
    schedule = schedule_field()
    serves = ServesField(
        label=capfirst(_("serves")),
        required=False,
        help_text=_("Who may be created here. Whoever has a phone here is synchronised, whomever it serves."),
    )

    class Meta:
        model = PhoneSystem
        fields = (
            "name",
            "enabled",
            "url",
            "verify_tls",
            "ca_certificate",
            "fingerprint",
            "region",
            "mobile_form",
            "match_keys",
            "create",
            "serves",
            "rank",
            "number_plan",
            "requests_per_minute",
            "limits",
            "schedule",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        serves = self.fields.get("serves")
        if isinstance(serves, ServesField):  # somebody who may only look sees a form without fields
            serves.offer(self.instance.serves, directories=directory_names(), pools=pool_names())

    def secret_help(self) -> str:
        if self.instance.api_key:
            return str(_("A key is stored. Leave this empty to keep it; it is never shown."))
        return str(_("Made on the phone system, under System → API keys, with the rights that Test connection lists."))

    def clean_fingerprint(self) -> str:
        try:
            return normalised_fingerprint(self.cleaned_data["fingerprint"])
        except ConfigurationError as exc:
            raise forms.ValidationError(render(exc.code, exc.params)) from None

    def take_secret(self, typed: Secret) -> None:
        # What a field could not read has been named already.
        found = [each for each in validate_phone_system(self.instance) if each.field in self.cleaned_data]
        add_mistakes(self, found)
        if "serves" in self.cleaned_data:
            add_mistakes(self, stored_serves_mistakes(self.instance))
        if typed:
            for mistake in key_mistakes(typed.reveal()):
                self.add_error("key", render(mistake.message.code, mistake.message.params))
            self.instance.set_secret(typed.reveal())
        elif not self.instance.api_key:
            self.add_error("key", render("phone_key_missing"))
        elif not self.instance.secret_fits:
            self.add_error("key", render("phone_key_needed_again"))
