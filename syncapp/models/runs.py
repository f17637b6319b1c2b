"""Runs, and what each did to whom: the audit trail."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from syncapp.choices import ItemOutcome, ReadMode, RunMode, RunPhase, RunStatus, RunTrigger, Status
from syncapp.models.employees import Employee
from syncapp.models.endpoints import Endpoint
from syncapp.models.records import SyncRecord


class SyncRun(models.Model):
    """One execution. A row with status `running` is the claim on its endpoint.

    `mapping` says how each field was read (rule B8), `scope` whom the read was to
    bring (rule D3), `uri` which controller answered and `identity` whose directory
    that is: naming contexts with their ids (rule A10). `accepted_by`: who said that
    the other directory, for which the run failed, is meant. `anchors` are the only
    entries of a run for certain people, none for a run over everybody. `kinds` are
    what the brakes count (rule E3): how many people had which kind of change, of a
    preview or held run would have. `seal` is what applying its plan later has to
    know (rule E5), as `services.seals` writes and reads it. `plan_end_code`: why a
    held or previewed plan cannot be applied any more. `phase_at`: when the phase began.
    `pruned_at`: when house-keeping removed the items that are nobody's history.
    `bookmark`: from where the next run may read changes alone, as `services.bookmarks`
    writes and reads it; a run that stored nothing, or not all, leaves none.
    """

    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.PROTECT, related_name="runs", null=True, blank=True, verbose_name=_("server")
    )
    mode = models.CharField(_("mode"), max_length=10, choices=RunMode, default=RunMode.APPLY)
    trigger = models.CharField(_("started"), max_length=10, choices=RunTrigger, default=RunTrigger.MANUAL)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("user"),
    )
    who = models.CharField(_("who"), max_length=150, blank=True)
    read = models.CharField(_("read"), max_length=12, choices=ReadMode, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=RunStatus, default=RunStatus.QUEUED)
    phase = models.CharField(_("phase"), max_length=12, choices=RunPhase, blank=True)
    phase_at = models.DateTimeField(null=True, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(null=True, blank=True)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    seconds = models.JSONField(_("seconds"), default=dict, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict, blank=True)
    notes = models.JSONField(default=list, blank=True)
    forced = models.BooleanField(_("brakes overridden"), default=False)
    mapping = models.JSONField(default=dict, blank=True)
    scope = models.JSONField(default=dict, blank=True)
    bookmark = models.JSONField(default=dict, blank=True)
    uri = models.CharField(_("answered by"), max_length=500, blank=True)
    identity = models.JSONField(default=dict, blank=True)
    accepted_by = models.CharField(_("directory accepted by"), max_length=150, blank=True)
    anchors = models.JSONField(default=list, blank=True)
    kinds = models.JSONField(default=dict, blank=True)
    seal = models.JSONField(default=dict, blank=True)
    plan_end_code = models.CharField(max_length=60, blank=True)
    plan_end_params = models.JSONField(default=dict, blank=True)
    applies = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="applied_by")
    cancel_requested = models.BooleanField(default=False)
    queued_at = models.DateTimeField(_("queued"), default=timezone.now)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(default=timezone.now)
    worker = models.CharField(_("worker"), max_length=150, blank=True)
    left_out = models.PositiveIntegerField(default=0)
    access = models.CharField(max_length=64, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    pruned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=Q(status=RunStatus.RUNNING), name="one_running_run_per_endpoint"
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="run_of_endpoint"),
            models.Index(fields=["finished_at"], name="run_finished"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.endpoint or self.get_mode_display()}"

    @property
    def server_id(self) -> int:
        """Key of the endpoint; only an edit has none, and nobody asks it."""
        if self.endpoint_id is None:
            raise ValueError("an edit has no endpoint")
        return self.endpoint_id


class RunItem(models.Model):
    """One person in one run. `plan` is what was decided, as `store.items` writes and reads it.

    Carrying out fills in `outcome` and `message`, and for a person who is written
    to the domain `unwritten`: fields whose change on that side did not happen.
    Nothing else of an item is ever edited.
    """

    run = models.ForeignKey(
        SyncRun, on_delete=models.CASCADE, related_name="items", db_index=False, verbose_name=_("run")
    )
    position = models.PositiveIntegerField(default=0)
    anchor = models.CharField(max_length=255, blank=True)
    record = models.ForeignKey(
        SyncRecord, on_delete=models.SET_NULL, null=True, blank=True, related_name="items", db_index=False
    )
    employee = models.ForeignKey(
        Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="items", db_index=False
    )
    name = models.CharField(_("name"), max_length=255, blank=True)
    dn = models.TextField(_("DN"), blank=True)
    expected = models.CharField(_("planned outcome"), max_length=10, choices=Status, default=Status.SKIPPED)
    outcome = models.CharField(_("outcome"), max_length=10, choices=ItemOutcome, default=ItemOutcome.PLANNED)
    changes = models.JSONField(_("changes"), default=list, blank=True)
    message_code = models.CharField(max_length=60, blank=True)
    message_params = models.JSONField(default=dict, blank=True)
    plan = models.JSONField(default=dict, blank=True)
    fingerprint = models.CharField(max_length=40, blank=True)
    employee_version = models.PositiveIntegerField(null=True, blank=True)
    unwritten = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("run", "position")
        verbose_name = _("run item")
        verbose_name_plural = _("run items")
        indexes = [
            models.Index(fields=["run", "position"], name="item_of_run"),
            models.Index(fields=["employee"], condition=Q(employee__isnull=False), name="item_of_employee"),
        ]

    def __str__(self) -> str:
        return self.name or self.dn or self.anchor
