"""The tie between an entry of a server and an employee."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from syncapp.choices import Side, State, Status
from syncapp.models.employees import Employee
from syncapp.models.endpoints import Endpoint


class SyncRecord(models.Model):
    """One known entry of one endpoint, with what was last agreed and what the last run did.

    `base` maps a field to its two last agreed values, local and remote. `keys`
    are the entry's match keys. `fingerprint` is kept for a settled person only.
    `due`: look at this person in the next run, whatever the endpoint reports.
    `waits` maps the fields whose value has yet to go out to what stands there now;
    `refusals` maps fields to the write that the server refused (rule B10), as
    `store.items` writes and reads it. `written` maps fields to what our writes replaced,
    when that was, and which controllers have it since (rule B12). `evidence_since`: when
    a full read first said of a missing person what the message says, `confirmed_at`:
    when one last agreed (rule D2). `former_employee`: whose record it was until a change
    of our own scope left the entry out (rule D3); who comes back is the same person.
    `abroad`: the person's home was another server when a run looked last (rule B11).
    """

    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.PROTECT, related_name="records", db_index=False, verbose_name=_("server")
    )
    anchor = models.CharField(_("anchor"), max_length=255, help_text=_("The entry's immutable id."))
    employee = models.ForeignKey(
        Employee,
        on_delete=models.PROTECT,
        related_name="records",
        null=True,
        blank=True,
        db_index=False,  # the constraint below serves
        verbose_name=_("employee"),
    )
    name = models.CharField(_("name in the directory"), max_length=255, blank=True)
    dn = models.TextField(_("DN"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.SKIPPED)
    updated_at = models.DateTimeField(_("updated"), null=True, blank=True)
    updated_side = models.CharField(_("updated where"), max_length=10, choices=Side, blank=True)
    message_code = models.CharField(max_length=60, blank=True)
    message_params = models.JSONField(default=dict, blank=True)
    remarks = models.JSONField(default=list, blank=True)
    base = models.JSONField(default=dict, blank=True)
    keys = models.JSONField(default=dict, blank=True)
    refused = models.JSONField(default=list, blank=True)
    fingerprint = models.CharField(max_length=40, blank=True)
    due = models.BooleanField(default=False)
    waiting = models.BooleanField(_("waits for the domain"), default=False)
    waits = models.JSONField(default=dict, blank=True)
    refusals = models.JSONField(default=dict, blank=True)
    written = models.JSONField(default=dict, blank=True)
    # With an index: without one each run that is removed would have all records looked through.
    run = models.ForeignKey("SyncRun", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    state_since = models.DateTimeField(_("since"), null=True, blank=True)
    evidence_since = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    former_employee = models.ForeignKey(
        Employee, on_delete=models.PROTECT, related_name="former_records", null=True, blank=True
    )
    abroad = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("endpoint", "dn")
        verbose_name = _("sync record")
        verbose_name_plural = _("sync records")
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "anchor"], name="record_once_per_anchor"),
            models.UniqueConstraint(
                fields=["employee", "endpoint"], condition=Q(employee__isnull=False), name="record_once_per_employee"
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "status"], name="record_status"),
            models.Index(fields=["state"], name="record_state"),
            models.Index(fields=["endpoint"], condition=Q(due=True), name="record_due"),
            models.Index(fields=["endpoint"], condition=Q(waiting=True), name="record_waiting"),
        ]

    def __str__(self) -> str:
        return self.name or self.dn or self.anchor
