"""Which attribute of a directory belongs to which field of an employee."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from syncapp.choices import Direction, Field, OnEmpty, Policy
from syncapp.models.endpoints import Endpoint


class FieldMapping(models.Model):
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="mappings", verbose_name=_("server"))
    field = models.CharField(
        _("field"), max_length=20, choices=Field, help_text=_("What it is here, in the phone system.")
    )
    attribute = models.CharField(
        _("attribute"),
        max_length=200,
        help_text=_(
            "What it is there: an attribute such as telephoneNumber, several of which the first that has a value "
            "counts (displayName|cn), or a composition such as {givenName} {sn}."
        ),
    )
    direction = models.CharField(
        _("direction"),
        max_length=10,
        choices=Direction,
        default=Direction.PULL,
        help_text=_("Which way changes travel."),
    )
    policy = models.CharField(
        _("who wins"),
        max_length=20,
        choices=Policy,
        default=Policy.ASK,
        help_text=_("What happens when both sides changed differently between two runs."),
    )
    on_empty = models.CharField(
        _("when emptied"),
        max_length=10,
        choices=OnEmpty,
        default=OnEmpty.KEEP,
        help_text=_("What happens here when somebody empties the value there, and the other way round."),
    )
    pattern = models.CharField(
        _("pattern"),
        max_length=300,
        blank=True,
        help_text=_("Regular expression; its first group is the part of the attribute that is ours."),
    )
    relay = models.BooleanField(
        _("relay"),
        default=False,
        help_text=_("Whether values that came from another directory may be written here."),
    )

    push_secret = models.BooleanField(
        _("write SIP secrets"),
        default=False,
        help_text=_(
            "Asked a second time on purpose: the passwords of telephones would be written into the directory, where "
            "others may read them."
        ),
    )

    class Meta:
        ordering = ("endpoint", "id")
        verbose_name = _("field mapping")
        verbose_name_plural = _("field mappings")
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "field"], name="mapping_once_per_field"),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.attribute}"
