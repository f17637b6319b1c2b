"""Employees: the hub."""

from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError
from django.db.models import F, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from syncapp.admin import search
from syncapp.admin.base import ReadOnlyInline, SiteAdmin
from syncapp.admin.filters import DepartmentFilter, EmployeeStateFilter, RecordStatusFilter
from syncapp.admin.sheets import ExportMixin
from syncapp.choices import RunMode
from syncapp.core.phones import is_before
from syncapp.exceptions import SyncError
from syncapp.forms import EmployeeForm
from syncapp.models import Employee, Endpoint, RunItem, SyncRecord
from syncapp.resources import EmployeeResource
from syncapp.services import edits
from syncapp.services.call_routes import call_routes
from syncapp.services.untying import joined_records
from syncapp.store.leavers import state_over_all, with_directory
from syncapp.store.naming import naming_of, with_naming
from syncapp.views.access import current_user, may_change_employees, may_decide, may_explain, may_synchronise
from syncapp.views.call_routes import RoutesShown, routes_shown
from syncapp.views.display import (
    admin_link,
    breakable_dn,
    breakable_email,
    changes_table,
    label,
    moment,
    outcome_label,
    record_sentences,
    sentence,
    state_label,
    when_and_where,
)
from syncapp.views.employees import archive_view, photo_view, synchronise_view
from syncapp.views.explain import explain_view
from syncapp.views.sheets import apply_import_view, import_view
from syncapp.views.side_by_side import SideBySide, side_by_side

HISTORY_PER_PAGE = 20
# Columns of a record that can be long, and that the list does not show.
NOT_LISTED = ("base", "keys", "remarks", "refusals", "written", "waits", "message_params")


class RecordInline(ReadOnlyInline):
    """Where the person is known."""

    model = SyncRecord
    fk_name = "employee"
    verbose_name_plural = _("on servers")
    template_after = "admin/syncapp/employee/records.html"
    fields = ("record_link", "entry", "state_shown", "status_shown", "updated", "message")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncRecord]:
        records = super().get_queryset(request).select_related("endpoint").order_by("endpoint__rank", "endpoint", "id")
        return with_naming(records).annotate(phones_url=F("endpoint__phonesystem__url"))

    @admin.display(description=_("server"))
    def record_link(self, record: Any) -> str:
        return admin_link("syncapp_syncrecord_change", record.pk, record.endpoint)

    @admin.display(description=_("entry"))
    def entry(self, record: Any) -> str:
        """Where the person stands there: the DN, or the row of a phone system with a link to it."""
        if record.phones_url is None:
            return breakable_dn(record.dn)
        if is_before(record.anchor):
            return gettext("not made there yet")
        text = gettext("No. %(row)s in the phone system") % {"row": record.anchor}
        return format_html('<a class="text-link" href="{}" rel="noreferrer">{}</a>', record.phones_url, text)

    @admin.display(description=_("state"))
    def state_shown(self, record: SyncRecord) -> str:
        return state_label(record.state)

    @admin.display(description=_("status"))
    def status_shown(self, record: SyncRecord) -> str:
        return outcome_label(record.status)

    @admin.display(description=_("updated"))
    def updated(self, record: SyncRecord) -> str:
        return when_and_where(record)

    @admin.display(description=_("message"))
    def message(self, record: SyncRecord) -> str:
        return record_sentences(record)


class HistoryInline(ReadOnlyInline):
    """What happened to the person, newest first: a timeline. What a preview showed did not happen."""

    model = RunItem
    fk_name = "employee"
    template = "admin/syncapp/employee/timeline.html"
    verbose_name_plural = _("history")
    fields = ("when", "run", "who", "outcome_shown", "changed", "message")
    readonly_fields = fields
    per_page = HISTORY_PER_PAGE

    def get_queryset(self, request: HttpRequest) -> QuerySet[RunItem]:
        items = super().get_queryset(request).exclude(run__mode=RunMode.PREVIEW)
        items = items.defer("plan").select_related("run", "run__endpoint").order_by("-run_id", "-id")
        return with_naming(items)

    @admin.display(description=_("when"))
    def when(self, item: RunItem) -> str:
        return moment(item.run.started_at or item.run.queued_at)

    @admin.display(description=_("who"))
    def who(self, item: RunItem) -> str:
        return item.run.who or "–"

    @admin.display(description=_("outcome"))
    def outcome_shown(self, item: RunItem) -> str:
        return outcome_label(item.outcome)

    @admin.display(description=_("changes"))
    def changed(self, item: RunItem) -> str:
        return changes_table(item.changes, naming_of(item), unwritten=item.unwritten)

    @admin.display(description=_("message"))
    def message(self, item: RunItem) -> str:
        return sentence(item.message_code, item.message_params, naming_of(item))


@admin.register(Employee)
class EmployeeAdmin(ExportMixin, SiteAdmin):
    """Only what was changed on the page is saved; every edit becomes a run with its item."""

    form = EmployeeForm
    resource = EmployeeResource
    fieldsets = (
        (None, {"fields": ("name", "extension", "mobile", "email", "picture")}),
        (_("Work"), {"fields": ("department", "title")}),
    )
    inlines = (RecordInline, HistoryInline)
    list_display = ("face", "name_shown", "extension", "mobile", "email_shown", "department", "state_shown")
    list_display_links = ("name_shown",)
    list_fullwidth = True
    list_filter = (DepartmentFilter, EmployeeStateFilter, RecordStatusFilter)
    search_fields = (
        "name_key",
    )  # what is searched is in `get_search_results`; without any there is no field to type in
    search_help_text = _("Name in any order, number in any spelling, e-mail or department")
    change_form_template = "admin/syncapp/employee/change_form.html"
    change_form_before_template = "admin/syncapp/employee/version.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(archive_view)
        synchronise = self.admin_site.admin_view(synchronise_view)
        photo = self.admin_site.admin_view(photo_view, cacheable=True)
        return [
            path("photo/<str:digest>/", photo, name="syncapp_photo"),
            path("photo/<str:digest>/small/", photo, {"small": True}, name="syncapp_photo_small"),
            path("import/", self.admin_site.admin_view(import_view), name="syncapp_employee_import"),
            path("import/apply/", self.admin_site.admin_view(apply_import_view), name="syncapp_employee_import_apply"),
            path("explain/", self.admin_site.admin_view(explain_view), name="syncapp_explain"),
            path("<int:employee_id>/synchronise/", synchronise, name="syncapp_employee_synchronise"),
            path("<int:employee_id>/archive/", view, {"archived": True}, name="syncapp_employee_archive"),
            path("<int:employee_id>/take-back/", view, {"archived": False}, name="syncapp_employee_take_back"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {**(extra_context or {}), "may_import": may_change_employees(request)}
        return super().changelist_view(request, context)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """What a server says in columns of its own where there is one, in one for all where there are several."""
        several = Endpoint.objects.count() > 1
        return [*super().get_list_display(request), *(("servers",) if several else ("status", "updated"))]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Employee]:
        records = SyncRecord.objects.select_related("endpoint").defer(*NOT_LISTED).order_by("endpoint__rank", "id")
        return super().get_queryset(request).prefetch_related(Prefetch("records", with_naming(with_directory(records))))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Employee], search_term: str
    ) -> tuple[QuerySet[Employee], bool]:
        if not search_term.strip():
            return queryset, False
        found = search.person_q(search_term, search.EMPLOYEE, regions=search.regions())
        return search.only(queryset, found), False

    @admin.display(description=_("name"), ordering="name")
    def name_shown(self, employee: Employee) -> str:
        return str(employee)

    @admin.display(description=_("e-mail"), ordering="email", empty_value="-")
    def email_shown(self, employee: Employee) -> str | None:
        return breakable_email(employee.email) if employee.email else None

    @admin.display(description=_("state"))
    def state_shown(self, employee: Employee) -> str:
        if employee.archived_at:
            return label(gettext("archived"), "", "inventory_2")
        state = state_over_all(employee.records.all())
        return state_label(state) if state else label(gettext("only here"), "", "home")

    @admin.display(description="")
    def face(self, employee: Employee) -> str:
        if not employee.photo:
            return SafeString('<span class="sync-face material-symbols-outlined" aria-hidden="true">person</span>')
        url = reverse("admin:syncapp_photo_small", args=[employee.photo])
        return format_html('<img class="sync-face" src="{}" alt="" loading="lazy" width="36" height="36">', url)

    @admin.display(description=_("status"))
    def status(self, employee: Employee) -> str:
        return format_html_join("", "{}", ((outcome_label(each.status),) for each in employee.records.all()))

    @admin.display(description=_("updated"))
    def updated(self, employee: Employee) -> str:
        shown = ((when_and_where(each),) for each in employee.records.all())
        return format_html_join("", "{}", shown)

    @admin.display(description=_("on servers"))
    def servers(self, employee: Employee) -> str:
        return format_html_join(
            "",
            '<div class="sync-server"><span>{}</span> {} <span class="sync-side">{} {}</span></div>',
            (
                (
                    *(each.endpoint, outcome_label(each.status), moment(each.updated_at)),
                    naming_of(each).side(each.updated_side),
                )
                for each in employee.records.all()
            ),
        )

    def save_model(self, request: HttpRequest, obj: Employee, form: EmployeeForm, change: bool) -> None:
        values = form.changed_values()
        if change:
            edits.change_employee(obj.pk, values, version=form.cleaned_data["version"], user=current_user(request))
        else:
            obj.pk = edits.create_employee(values, user=current_user(request)).pk
        obj.refresh_from_db()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            **(extra_context or {}),
            "may_synchronise": may_synchronise(request),
            "may_explain": may_explain(request),
            "joined": joined_records(int(object_id)) if may_decide(request) and object_id.isdecimal() else [],
            "routes": _routes(object_id),
            "sides": _sides(object_id),
        }
        return super().change_view(request, object_id, form_url, context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except SyncError as error:
            messages.error(request, sentence(error.code, error.params))
            return HttpResponseRedirect(request.get_full_path())
        except IntegrityError:
            # Somebody else got the number between the look and the save; the database says who was first.
            messages.error(request, gettext("Somebody else was given this extension just now. Nothing was saved."))
            return HttpResponseRedirect(request.get_full_path())


def _sides(object_id: str) -> SideBySide | None:
    employee = Employee.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
    return side_by_side(employee) if employee is not None else None


def _routes(object_id: str) -> list[RoutesShown]:
    if not object_id.isdecimal():
        return []
    return routes_shown(call_routes([int(object_id)]).get(int(object_id), ()))
