"""Word of it: who is told what, what was said last, and what is on its way."""

from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from syncapp.choices import ChannelKind, Happened, NoticeStatus
from syncapp.exceptions import ConfigurationError
from syncapp.fields import EncryptedTextField, Secret
from syncapp.models.bound_secrets import BoundSecret
from syncapp.models.endpoints import Endpoint
from syncapp.models.runs import SyncRun


def default_events() -> list[str]:
    return list(Happened.values)


class NotificationChannel(BoundSecret, models.Model):
    """A way to tell somebody how servers stand: mail to addresses, or a signed request to a program.

    `conflicts_told_at`: when the last digest of open conflicts was made.
    """

    secret_field = "secret"  # noqa: S105 - the name of a column

    kind = models.CharField(
        _("kind"), max_length=10, choices=ChannelKind, default=ChannelKind.MAIL, help_text=_("How the word gets out.")
    )
    enabled = models.BooleanField(_("enabled"), default=True, help_text=_("Switched off, it says nothing."))
    endpoint = models.ForeignKey(
        Endpoint,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="channels",
        verbose_name=_("server"),
        help_text=_("Only of this server; empty: of all."),
    )
    events = models.JSONField(_("tells"), default=default_events, help_text=_("What is worth a message."))
    language = models.CharField(
        _("language"), max_length=10, default="en", choices=settings.LANGUAGES, help_text=_("Of the messages.")
    )
    addresses = models.JSONField(
        _("addresses"), default=list, blank=True, help_text=_("Who gets the mail; one address per line.")
    )
    url = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        help_text=_("Where the request goes, such as https://chat.corp.example/hooks/directory."),
    )
    secret = EncryptedTextField(_("secret"), blank=True, default=Secret, editable=False)
    secret_scope = models.TextField(blank=True, default="", editable=False)
    conflicts_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("id",)
        default_permissions = ()  # whoever may manage servers
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")

    def __str__(self) -> str:
        text = gettext("Mail to %(to)s") if self.kind == ChannelKind.MAIL else gettext("Webhook at %(to)s")
        return text % {"to": self.target}

    @property
    def target(self) -> str:
        """Where it goes: the addresses, or the host without what may be a key in the path."""
        return ", ".join(self.addresses) if self.kind == ChannelKind.MAIL else urlsplit(self.url).netloc

    def address_scope(self) -> str:
        return self.url

    def secret_refusal(self) -> ConfigurationError:
        return ConfigurationError("secret_for_another_address")


class LastSaid(models.Model):
    """What a channel was last told of how a server stands: each state is said once."""

    channel = models.ForeignKey(NotificationChannel, on_delete=models.CASCADE, related_name="said")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="+")
    health = models.CharField(max_length=20)
    since = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["channel", "endpoint"], name="said_once")]

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.health}"


class Notice(models.Model):
    """One message, from the moment at which it was decided until it is delivered or given up.

    `facts` are what its text is made of when it is sent; they name nobody. `next_at`:
    when to try next; whoever tries moves it first, so that one does.
    """

    channel = models.ForeignKey(NotificationChannel, on_delete=models.CASCADE, related_name="notices")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, null=True, related_name="+")
    run = models.ForeignKey(SyncRun, on_delete=models.SET_NULL, null=True, related_name="+")
    happened = models.CharField(_("what"), max_length=20, choices=Happened)
    facts = models.JSONField(default=dict)
    status = models.CharField(_("status"), max_length=10, choices=NoticeStatus, default=NoticeStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    sent_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-id",)
        default_permissions = ()
        indexes = [models.Index(fields=["next_at"], condition=Q(status=NoticeStatus.WAITING), name="notice_waiting")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.happened}"
