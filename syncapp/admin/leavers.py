"""Disabled and missing employees: who left, since when, by what evidence, and what may be done about it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, Model, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from syncapp.admin import search
from syncapp.admin.base import ReadOnlyAdmin
from syncapp.choices import State
from syncapp.core import vocabulary as words
from syncapp.models import DirectoryServer, Leaver, SyncRecord
from syncapp.services import edits
from syncapp.services.call_routes import call_routes
from syncapp.store import leavers
from syncapp.store.naming import naming_of, with_naming
from syncapp.views.access import current_user, may_archive, may_see_employees
from syncapp.views.call_routes import routes_shown
from syncapp.views.display import (
    admin_link,
    breakable_dn,
    label,
    moment,
    paragraphs,
    sentence,
    state_label,
    when_and_where,
)
from syncapp.views.phone_tasks import phone_tasks_view, tick_off_view

# More at once would be no decision about people any more.
MOST_AT_ONCE = 1000


class LeaverFilter(DropdownFilter):
    """Who is shown: those who have left and are not archived, unless something else is asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[Any, Any]]:
        left = [(value, name) for value, name in State.choices if value not in (State.ACTIVE, State.RELEASED)]
        return [
            *left,
            (State.RELEASED, _("out of scope by our settings")),
            ("archived", _("archived")),
            ("contradiction", _("archived here, active in the domain")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if value == "archived":
            return queryset.filter(archived_at__isnull=False)
        if value == "contradiction":
            return queryset.filter(leavers.archived_here_active_there())
        present = queryset.filter(archived_at__isnull=True)
        return present.filter(leavers.in_state(words.State(value)) if value else leavers.have_left())


class ServerFilter(DropdownFilter):
    title = _("server")
    parameter_name = "server"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[Any, Any]]:
        return [(str(pk), name) for pk, name in DirectoryServer.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not (self.value() or "").isdigit():
            return queryset
        here = SyncRecord.objects.filter(endpoint=self.value())
        known, former = here.filter(employee=OuterRef("pk")), here.filter(former_employee=OuterRef("pk"))
        return queryset.filter(Exists(known) | Exists(former))


class MayArchiveFilter(DropdownFilter):
    title = _("may be archived now")
    parameter_name = "may_archive"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[Any, Any]]:
        return [("yes", _("yes")), ("no", _("not yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "yes":
            return queryset.filter(archived_at__isnull=True).exclude(leavers.too_early())
        return queryset.filter(leavers.too_early()) if self.value() == "no" else queryset


@admin.register(Leaver)
class LeaverAdmin(ReadOnlyAdmin):
    list_display = ("who", "extension", "state_shown", "since", "where", "evidence", "updated")
    list_display_links = None
    list_filter = (LeaverFilter, ServerFilter, MayArchiveFilter)
    list_fullwidth = True
    search_fields = ("name_key",)  # what is searched is in `get_search_results`
    search_help_text = _("Name in any order, number in any spelling, e-mail or department")
    actions = ("archive", "take_back")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("phones/", wrap(phone_tasks_view), name="syncapp_phone_tasks"),
            path("phones/<int:record_id>/done/", wrap(tick_off_view), name="syncapp_phone_task_done"),
            *super().get_urls(),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_see_employees(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_see_employees(request)

    def has_archive_permission(self, request: HttpRequest) -> bool:
        return may_archive(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Leaver]:
        rows = with_naming(SyncRecord.objects.select_related("endpoint"))
        known, former = Prefetch("records", leavers.with_directory(rows)), Prefetch("former_records", rows)
        return super().get_queryset(request).prefetch_related(known, former)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Leaver], search_term: str
    ) -> tuple[QuerySet[Leaver], bool]:
        if not search_term.strip():
            return queryset, False
        found = search.person_q(search_term, search.EMPLOYEE, regions=search.regions())
        return search.only(queryset, found), False

    @admin.display(description=_("name"), ordering="name")
    def who(self, leaver: Leaver) -> str:
        return admin_link("syncapp_employee_change", leaver.pk, leaver)

    @admin.display(description=_("state"))
    def state_shown(self, leaver: Leaver) -> str:
        if leaver.archived_at:
            return label(gettext("archived"), "", "inventory_2")
        return state_label(leavers.state_over_all(leaver.records.all()) or words.State.RELEASED)

    @admin.display(description=_("since"))
    def since(self, leaver: Leaver) -> str:
        return paragraphs(moment(record.state_since) or "–" for record in _records(leaver))

    @admin.display(description=_("where"))
    def where(self, leaver: Leaver) -> str:
        places = ((str(record.endpoint), breakable_dn(record.dn)) for record in _records(leaver))
        return paragraphs(text for place in places for text in place)

    @admin.display(description=_("evidence"))
    def evidence(self, leaver: Leaver) -> str:
        said = [sentence(record.message_code, record.message_params, naming_of(record)) for record in _records(leaver)]
        confirmed = [
            gettext("Confirmed %(when)s.") % {"when": moment(record.confirmed_at)}
            for record in _records(leaver)
            if record.confirmed_at
        ]
        return paragraphs([*said, *confirmed])

    @admin.display(description=_("updated"))
    def updated(self, leaver: Leaver) -> str:
        """When something last changed, and where; the newest of all records."""
        times = [record for record in _records(leaver) if record.updated_at is not None]
        newest = max(times, key=lambda record: (record.updated_at, record.pk), default=None)
        return when_and_where(newest) if newest else "–"

    @admin.action(description=_("Archive"), permissions=["archive"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Leaver]) -> HttpResponse | None:
        """Show first what will happen, in numbers; then do it."""
        chosen = list(queryset.filter(archived_at__isnull=True).order_by("pk")[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            text = gettext("At most %(count)d at once. Nobody was archived.")
            messages.error(request, text % {"count": MOST_AT_ONCE})
            return None
        early = set(queryset.filter(leavers.too_early()).values_list("pk", flat=True))
        ready = [each for each in chosen if each.pk not in early]
        if "confirmed" not in request.POST:
            found = call_routes([each.pk for each in ready])
            for each in ready:
                each.routes = routes_shown(found.get(each.pk, ()))  # type: ignore[attr-defined]  # for the page alone
            context = {
                **self.admin_site.each_context(request),
                "title": gettext("Archive"),
                "opts": self.model._meta,
                "ready": ready,
                "numbers": sum(bool(each.extension) for each in ready),
                "early": [each for each in chosen if each.pk in early],
            }
            return TemplateResponse(request, "admin/syncapp/leaver/archive.html", context)
        done = sum(edits.set_archived(each.pk, archived=True, user=current_user(request)) for each in ready)
        text = ngettext("%(count)d person was archived.", "%(count)d people were archived.", done)
        messages.success(request, text % {"count": done})
        return None

    @admin.action(description=_("Take back from the archive"), permissions=["archive"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Leaver]) -> None:
        done = sum(
            edits.set_archived(pk, archived=False, user=current_user(request))
            for pk in queryset.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]
        )
        text = ngettext("%(count)d person was taken back.", "%(count)d people were taken back.", done)
        messages.success(request, text % {"count": done})


def _records(leaver: Leaver) -> list[SyncRecord]:
    """Where the person is or was known, by server."""
    former = [record for record in leaver.former_records.all() if record.state == State.RELEASED]
    return sorted((*leaver.records.all(), *former), key=lambda record: record.endpoint_id)
