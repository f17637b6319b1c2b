"""Whom to tell, of what, and how."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from syncapp.choices import ChannelKind, Happened
from syncapp.fields import Secret
from syncapp.forms.fields import LinesField, WriteOnlyPasswordField
from syncapp.forms.secrets import SecretForm
from syncapp.models import NotificationChannel
from syncapp.models.notifications import default_events

SHORTEST_SECRET = 16


class NotificationChannelForm(SecretForm):
    addresses = LinesField(
        label=capfirst(_("addresses")), required=False, help_text=_("For mail: who gets it, one address per line.")
    )
    password = WriteOnlyPasswordField(label=capfirst(_("secret")))
    events = forms.MultipleChoiceField(
        label=capfirst(_("tells")),
        choices=Happened.choices,
        initial=default_events,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_(
            "Each state of a server is told once, and matters once a day at most. Of people a message has numbers alone."
        ),
    )

    class Meta:
        model = NotificationChannel
        fields = ("kind", "enabled", "endpoint", "events", "language", "addresses", "url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "endpoint" in self.fields:
            self.fields["endpoint"].empty_label = _("all servers")  # type: ignore[attr-defined]  # a ModelChoiceField

    def secret_help(self) -> str:
        if self.instance.secret:
            return str(_("A secret is stored. Leave this empty to keep it; it is never shown."))
        return str(
            _("For webhooks: what requests are signed with, 16 characters at least. The receiver knows it, too.")
        )

    def clean_addresses(self) -> list[str]:
        addresses: list[str] = self.cleaned_data["addresses"]
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError(
                    _("“%(address)s” is no e-mail address."), code="address", params={"address": address}
                ) from None
        return addresses

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        if not url:
            return url
        try:
            parts = urlsplit(url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or not url.isascii() or any(each.isspace() for each in url):
            raise ValidationError(_("Write the address such as https://chat.corp.example/hooks/directory."), code="url")
        if parts.username is not None or parts.password is not None:
            raise ValidationError(_("Leave account and password out of the address: it is shown."), code="account")
        return url

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("kind") == ChannelKind.MAIL and values.get("addresses") == []:
            self.add_error("addresses", _("Name at least one address."))
        if values.get("kind") == ChannelKind.WEBHOOK and values.get("url") == "":
            self.add_error("url", _("Name the address."))
        return values

    def take_secret(self, typed: Secret) -> None:
        channel: NotificationChannel = self.instance
        if channel.kind != ChannelKind.WEBHOOK:
            channel.set_secret("")
        elif typed and len(typed.reveal()) < SHORTEST_SECRET:
            self.add_error("password", _("Take at least 16 characters: whoever guesses it can send messages as we do."))
        elif typed:
            channel.set_secret(typed.reveal())
        elif not channel.secret:
            self.add_error("password", _("Requests are signed: enter a secret that the receiver knows, too."))
        elif not channel.secret_fits:
            self.add_error(
                "password", _("Enter the secret again: the stored one was entered for another address.")
            )  # fmt: skip
