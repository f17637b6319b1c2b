"""What a person has to decide."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from syncapp.choices import Field, MatterKind, Resolution
from syncapp.models.employees import Employee
from syncapp.models.endpoints import Endpoint
from syncapp.models.records import SyncRecord
from syncapp.models.runs import SyncRun


class Conflict(models.Model):
    """One open or closed matter of one record.

    `candidates` is a list of {"employee", "agrees", "disagrees"}: who the entry
    may be, and which match keys speak for and against it.
    """

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="conflicts", verbose_name=_("server"))
    record = models.ForeignKey(
        SyncRecord, on_delete=models.PROTECT, related_name="conflicts", verbose_name=_("sync record")
    )
    kind = models.CharField(_("what"), max_length=30, choices=MatterKind)
    field = models.CharField(_("field"), max_length=20, choices=Field, blank=True)
    base = models.TextField(_("last agreed"), null=True, blank=True)
    local = models.TextField(_("in the PBX"), blank=True)
    remote = models.TextField(_("in the domain"), blank=True)
    owner = models.ForeignKey(
        Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    candidates = models.JSONField(_("candidates"), default=list, blank=True)
    opened_at = models.DateTimeField(_("since"), default=timezone.now)
    opened_run = models.ForeignKey(SyncRun, on_delete=models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    resolution = models.CharField(_("decision"), max_length=10, choices=Resolution, blank=True)
    resolved_by = models.CharField(_("decided by"), max_length=150, blank=True)

    class Meta:
        ordering = ("-opened_at", "id")
        verbose_name = _("conflict")
        verbose_name_plural = _("conflicts")
        constraints = [
            models.UniqueConstraint(
                fields=["record", "kind", "field"], condition=Q(closed_at__isnull=True), name="open_matter_once"
            ),
        ]
        indexes = [models.Index(fields=["endpoint"], condition=Q(closed_at__isnull=True), name="conflict_open")]

    def __str__(self) -> str:
        return f"{self.record}: {self.get_kind_display()}"
