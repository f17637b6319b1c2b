"""Settings of a phone system."""

from typing import Any

from django import forms
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from syncapp.choices import Field
from syncapp.core.vocabulary import MatchKey
from syncapp.exceptions import ConfigurationError
from syncapp.fields import Secret
from syncapp.forms.brakes import LIMITS_HELP, LimitsField
from syncapp.forms.fields import OrderedChoicesField, WriteOnlyPasswordField
from syncapp.forms.mistakes import add_mistakes
from syncapp.messages import render
from syncapp.models import PhoneSystem
from syncapp.models.endpoints import default_match_keys
from syncapp.services.phone_systems import key_mistakes, validate_phone_system
from syncapp.telephony.tls import normalised_fingerprint


class PhoneSystemForm(forms.ModelForm):
    """Everything but whom it serves and the schedule, which a file says and later versions carry out."""

    key = WriteOnlyPasswordField(label=_("API key"))
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
            "rank",
            "number_plan",
            "requests_per_minute",
            "limits",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Somebody who may only look sees a form without fields.
        if "key" in self.fields:
            self.fields["key"].help_text = (
                _("A key is stored. Leave this empty to keep it; it is never shown.")
                if self.instance.api_key
                else _("Made on the phone system, under System → API keys, with the rights that Test connection lists.")
            )

    def clean_region(self) -> str:
        return self.cleaned_data["region"].upper()

    def clean_fingerprint(self) -> str:
        try:
            return normalised_fingerprint(self.cleaned_data["fingerprint"])
        except ConfigurationError as exc:
            raise forms.ValidationError(render(exc.code, exc.params)) from None

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs do not know it; Django's own user forms hook in here too
        # What a field could not read has been named already.
        found = [each for each in validate_phone_system(self.instance) if each.field in self.cleaned_data]
        add_mistakes(self, found)
        self._take_key(self.cleaned_data.get("key") or Secret())

    def _take_key(self, typed: Secret) -> None:
        """Keep a typed key for this address only (promise 9)."""
        if typed:
            for mistake in key_mistakes(typed.reveal()):
                self.add_error("key", render(mistake.message.code, mistake.message.params))
            self.instance.set_api_key(typed.reveal())
        elif not self.instance.api_key:
            self.add_error("key", render("phone_key_missing"))
        elif not self.instance.api_key_fits:
            self.add_error("key", render("phone_key_needed_again"))
