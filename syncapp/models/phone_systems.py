"""Phone systems, and what runs have seen of their people."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from syncapp.choices import MobileForm, NumberKind, PhoneKind
from syncapp.exceptions import ConfigurationError
from syncapp.fields import EncryptedTextField, Secret
from syncapp.models.bound_secrets import BoundSecret
from syncapp.models.endpoints import Endpoint


class PhoneSystem(BoundSecret, Endpoint):
    """One phone system, spoken to over its web interface."""

    secret_field = "api_key"  # noqa: S105 - the name of a column

    kind = models.CharField(_("kind"), max_length=20, choices=PhoneKind, default=PhoneKind.MIKOPBX)
    url = models.CharField(
        _("address"),
        max_length=500,
        help_text=_("Such as https://pbx.corp.example. Always https: the key must not be readable on the way."),
    )
    api_key = EncryptedTextField(_("API key"), blank=True, default=Secret, editable=False)
    api_key_scope = models.TextField(blank=True, default="", editable=False)
    verify_tls = models.BooleanField(
        _("check the certificate"),
        default=True,
        help_text=_("Without the check whoever answers at the address gets the key."),
    )
    ca_certificate = models.CharField(
        _("CA certificate"),
        max_length=500,
        blank=True,
        help_text=_("File with the certificates that are trusted here; empty means those of the system."),
    )
    fingerprint = models.CharField(
        _("confirmed certificate"),
        max_length=200,
        blank=True,
        help_text=_(
            "SHA-256 fingerprint of the only certificate that is talked to, for a phone system that signs its own. Test connection shows it for confirmation."
        ),
    )
    requests_per_minute = models.PositiveSmallIntegerField(
        _("requests a minute"),
        default=150,
        help_text=_("At most so many, 10 to 180: MikoPBX shuts out whoever sends more than 200 for five minutes."),
    )
    create = models.BooleanField(
        _("create people"), default=True, help_text=_("Whether people may be created in the phone system.")
    )
    serves = models.JSONField(
        _("serves"),
        default=dict,
        blank=True,
        help_text=_("Whose people have their phones here: directories, departments or pools. Empty means everybody."),
    )
    mobile_form = models.CharField(
        _("form of mobiles"),
        max_length=20,
        choices=MobileForm,
        default=MobileForm.AUTO,
        help_text=_("How Russian mobiles are written there."),
    )

    being_added = False  # it is entered as a whole, unlike a directory

    class Meta:
        verbose_name = _("phone system")
        verbose_name_plural = _("phone systems")

    def address_scope(self) -> str:
        return self._scope("checked" if self.verify_tls or self.fingerprint else "unchecked")

    def fitting_scopes(self) -> tuple[str, ...]:
        """A key that was entered while nothing was checked may go to a checked address as well."""
        return self.address_scope(), self._scope("unchecked")

    def _scope(self, checked: str) -> str:
        return "\n".join([checked, self.url.strip().lower().rstrip("/")])

    def secret_refusal(self) -> ConfigurationError:
        return ConfigurationError("phone_key_for_another_address", server=self.name)

    def reveal_secret(self) -> str:
        """Return the key; raise ConfigurationError where there is none, too: nothing can be asked without."""
        if not self.api_key:
            raise ConfigurationError("phone_key_missing")
        return super().reveal_secret()


class PhoneEntry(models.Model):
    """A person of a phone system as a run saw him last: `seen` as `telephony.attributes` writes and reads it.

    Details take a request each, so they are asked for again only where the list shows
    something else. It holds no secret, and nothing is decided by it.
    """

    endpoint = models.ForeignKey(PhoneSystem, on_delete=models.PROTECT, related_name="entries", db_index=False)
    anchor = models.CharField(max_length=255)
    seen = models.JSONField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["endpoint", "anchor"], name="phone_entry_once")]

    def __str__(self) -> str:
        return self.anchor


class PhoneBudget(models.Model):
    """What all processes together have sent to a phone system lately, and for how long it refuses us.

    `sent` has pairs of a time (seconds since 1970) and the number of requests that were taken then.
    """

    endpoint = models.OneToOneField(PhoneSystem, on_delete=models.PROTECT, related_name="budget", primary_key=True)
    url = models.CharField(max_length=500, blank=True)
    sent = models.JSONField(default=list)
    shut_out_until = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.endpoint)


class PhoneReading(models.Model):
    """When every number of a phone system was read last. Nothing is known of one without a row."""

    endpoint = models.OneToOneField(PhoneSystem, on_delete=models.PROTECT, related_name="reading", primary_key=True)
    read_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.endpoint)


class PhoneNumber(models.Model):
    """A number that was in use in a phone system when it was read last, and what has it (rule C5)."""

    endpoint = models.ForeignKey(PhoneSystem, on_delete=models.PROTECT, related_name="numbers", db_index=False)
    number = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=NumberKind)
    name = models.CharField(max_length=255, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["endpoint", "number"], name="phone_number_once")]

    def __str__(self) -> str:
        return self.number
