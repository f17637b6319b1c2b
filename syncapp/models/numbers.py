"""Ranges of extensions that may be given out."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from syncapp.models.employees import Employee
from syncapp.models.endpoints import Endpoint

digits_only = RegexValidator(r"^\d{1,20}$", _("Digits only."))


class NumberPool(models.Model):
    """From `first` to `last`, both included, as texts of equal length: leading zeros count."""

    name = models.CharField(
        pgettext_lazy("number pool", "name"), max_length=100, unique=True, help_text=_("How this range is called.")
    )
    first = models.CharField(
        _("first number"), max_length=20, validators=[digits_only], help_text=_("Lowest extension of the range.")
    )
    last = models.CharField(
        _("last number"),
        max_length=20,
        validators=[digits_only],
        help_text=_("Highest extension of the range, with as many digits as the first."),
    )
    reserved = models.JSONField(
        _("reserved"),
        default=list,
        blank=True,
        help_text=_("Numbers of the range that are never given out."),
    )
    cool_down_days = models.PositiveSmallIntegerField(
        _("cool-down in days"),
        default=90,
        help_text=_("How long a released number rests before somebody else gets it."),
    )
    number_plan = models.CharField(
        _("number plan"),
        max_length=50,
        default="default",
        help_text=_("Extensions are unique within a plan. One plan is right for almost everybody."),
    )

    class Meta:
        ordering = ("name",)
        verbose_name = _("number pool")
        verbose_name_plural = _("number pools")

    def __str__(self) -> str:
        return f"{self.name} ({self.first}-{self.last})"


class CoolingNumber(models.Model):
    """A number that an archived employee gave up: nobody else is given it before `until` (rule C8).

    Afterwards the row only tells what number the employee had. `issued`: this program gave it out.
    """

    number_plan = models.CharField(max_length=50, default="default")
    extension = models.CharField(max_length=20)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="cooling_numbers")
    issued = models.BooleanField(default=False)
    freed_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        ordering = ("until", "id")
        verbose_name = _("cooling number")
        verbose_name_plural = _("cooling numbers")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["number_plan", "extension"], name="cooling_once_per_number"),
        ]

    def __str__(self) -> str:
        return self.extension


class EndpointPool(models.Model):
    """A pool that new people of a server get their numbers from, perhaps of one OU or department."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="pools", verbose_name=_("server"))
    pool = models.ForeignKey(
        NumberPool, on_delete=models.PROTECT, related_name="endpoint_pools", verbose_name=_("number pool")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0, help_text=_("Pools are asked in this order."))
    ou = models.CharField(
        _("OU"), max_length=500, blank=True, help_text=_("Only for people below this DN; empty: for everybody.")
    )
    department = models.CharField(
        _("department"), max_length=255, blank=True, help_text=_("Only for people of this department.")
    )

    class Meta:
        ordering = ("endpoint", "position", "id")
        verbose_name = _("pool of a server")
        verbose_name_plural = _("pools of a server")

    def __str__(self) -> str:
        return str(self.pool)
