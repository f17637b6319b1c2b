"""Runs: what was synchronised, when, by whom, and how it ended."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from syncapp.admin.base import ReadOnlyAdmin
from syncapp.admin.sheets import ExportMixin
from syncapp.models import SyncRun
from syncapp.resources import RunResource
from syncapp.store.naming import with_naming
from syncapp.views.access import may_see_runs, rights_over
from syncapp.views.display import moment, run_status_label
from syncapp.views.plans import apply_view, discard_view
from syncapp.views.run_view import RunView
from syncapp.views.runs import accept_view, cancel_view, csv_view, progress_view, take_over_view

# What the list shows of a run's counts: enough to see whether something happened.
MAIN_COUNTS = (
    ("read", pgettext_lazy("count", "read")),
    ("created", pgettext_lazy("count", "created")),
    ("updated", pgettext_lazy("count", "changed")),
    ("conflicts", pgettext_lazy("count", "conflicts")),
    ("proposed", pgettext_lazy("count", "proposed")),
    ("failed", pgettext_lazy("count", "failed")),
)


@admin.register(SyncRun)
class SyncRunAdmin(ExportMixin, ReadOnlyAdmin):
    resource = RunResource
    list_display = ("number", "endpoint", "mode", "status_shown", "started", "lasted", "counted", "who_shown")
    list_select_related = ("endpoint",)
    list_filter = (
        ("endpoint", RelatedDropdownFilter),
        ("mode", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("trigger", ChoicesDropdownFilter),
    )
    change_form_template = "admin/syncapp/syncrun/change_form.html"
    fieldsets = ((None, {"fields": ()}),)

    def get_urls(self) -> list[URLPattern]:
        return [
            # Not behind `admin_view`: that would answer a poll without log-in with the log-in page.
            path("<int:run_id>/progress/", progress_view, name="syncapp_syncrun_progress"),
            path(
                "<int:run_id>/take-over/", self.admin_site.admin_view(take_over_view), name="syncapp_syncrun_take_over"
            ),
            path("<int:run_id>.csv", self.admin_site.admin_view(csv_view), name="syncapp_syncrun_csv"),
            path("<int:run_id>/accept/", self.admin_site.admin_view(accept_view), name="syncapp_syncrun_accept"),
            path("<int:run_id>/cancel/", self.admin_site.admin_view(cancel_view), name="syncapp_syncrun_cancel"),
            path("<int:run_id>/apply/", self.admin_site.admin_view(apply_view), name="syncapp_syncrun_apply"),
            path("<int:run_id>/discard/", self.admin_site.admin_view(discard_view), name="syncapp_syncrun_discard"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncRun]:
        return with_naming(super().get_queryset(request).select_related("endpoint", "applies"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        view = RunView(run, may_see_items=may_see_runs(request)) if run else None
        context = {**(extra_context or {}), "view": view}
        if run is not None:
            context |= rights_over(request, run)
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description=_("run"), ordering="id")
    def number(self, run: SyncRun) -> str:
        return f"#{run.pk}"

    @admin.display(description=_("status"), ordering="status")
    def status_shown(self, run: SyncRun) -> str:
        return run_status_label(run.status)

    @admin.display(description=_("started at"), ordering="started_at")
    def started(self, run: SyncRun) -> str:
        return moment(run.started_at or run.queued_at)

    @admin.display(description=_("lasted"))
    def lasted(self, run: SyncRun) -> str:
        return RunView(run).lasted if run.finished_at else ""

    @admin.display(description=_("counts"))
    def counted(self, run: SyncRun) -> str:
        counts = [(run.counts.get(name, 0), label) for name, label in MAIN_COUNTS]
        return " · ".join(f"{label} {value}" for value, label in counts if value)

    @admin.display(description=_("who"), ordering="who")
    def who_shown(self, run: SyncRun) -> str:
        if not run.who:
            return run.get_trigger_display()
        return gettext("%(who)s, %(how)s") % {"who": run.who, "how": run.get_trigger_display()}
