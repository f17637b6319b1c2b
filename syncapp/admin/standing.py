"""What the lists of servers and the first page say of each: its last run, what is open, how many people."""

from typing import Any

from django.contrib import admin
from django.db.models import CharField, Count, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django_q.models import Schedule

from syncapp.choices import Status
from syncapp.models import Conflict, SyncRecord, SyncRun
from syncapp.services.standing import schedule_name
from syncapp.views.display import admin_link, label, moment, run_status_label
from syncapp.views.server_matters import matters_of

Counted = Any  # an endpoint with what `with_standing` adds to it


def _number_of(rows: QuerySet) -> Coalesce:
    """How many of `rows` belong to the server: a subquery, for joins would multiply each other."""
    mine = rows.filter(endpoint=OuterRef("pk")).order_by().values("endpoint")
    return Coalesce(Subquery(mine.annotate(number=Count("pk")).values("number")), 0, output_field=IntegerField())


def with_standing(servers: QuerySet[Any]) -> QuerySet[Any]:
    """Add to endpoints what is said of each, by one query."""
    runs = SyncRun.objects.filter(endpoint=OuterRef("pk")).order_by("-id")
    return servers.annotate(
        last_run_id=Subquery(runs.values("pk")[:1]),
        last_run_status=Subquery(runs.values("status")[:1]),
        last_run_at=Coalesce(Subquery(runs.values("finished_at")[:1]), Subquery(runs.values("queued_at")[:1])),
        conflicts_open=_number_of(Conflict.objects.filter(closed_at__isnull=True)),
        people_failed=_number_of(SyncRecord.objects.filter(status=Status.FAILED)),
        people_known=_number_of(SyncRecord.objects.all()),
        next_run_at=Subquery(
            Schedule.objects.filter(name=Concat(Value(schedule_name("")), Cast(OuterRef("pk"), CharField()))).values(
                "next_run"
            )[:1]
        ),
    )


class StandingColumns:
    """Columns of a list whose rows `with_standing` has counted."""

    @admin.display(description=_("last run"), ordering="last_run_at")
    def last_run(self, server: Counted) -> str:
        if server.last_run_id is None:
            return "–"
        link = admin_link("syncapp_syncrun_change", server.last_run_id, moment(server.last_run_at))
        return format_html("{} {}", run_status_label(server.last_run_status), link)

    @admin.display(description=_("next run"), ordering="next_run_at")
    def next_run(self, server: Counted) -> str:
        return moment(server.next_run_at) or "–"

    @admin.display(description=_("open matters"), ordering="conflicts_open")
    def open_matters(self, server: Counted) -> str:
        links = [(url, text) for text, url in matters_of(server)]
        if not links:
            return label(_("none"), "success", "check") if server.last_run_id else "–"
        return format_html_join(" · ", '<a class="text-link" href="{}">{}</a>', links)

    @admin.display(description=_("people"), ordering="people_known")
    def people(self, server: Counted) -> str:
        url = reverse("admin:syncapp_syncrecord_changelist")
        return format_html(
            '<a class="text-link" href="{}?endpoint__id__exact={}">{}</a>', url, server.pk, server.people_known
        )
