"""Sync records: the list that shows who is synchronised, and how it went last."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.views import ChangeList

from syncapp.admin import search
from syncapp.admin.base import ReadOnlyAdmin, SiteChangeList
from syncapp.admin.filters import AttentionFilter
from syncapp.admin.sheets import ExportMixin
from syncapp.choices import State, Status
from syncapp.models import SyncRecord
from syncapp.resources import RecordResource
from syncapp.services.made_again import may_be_made_again
from syncapp.services.untying import is_joined
from syncapp.store.items import load_keys
from syncapp.store.naming import naming_of, with_naming
from syncapp.views.access import may_decide, may_explain, may_synchronise
from syncapp.views.display import (
    admin_link,
    agreed_table,
    breakable_email,
    label,
    outcome_label,
    record_brief,
    record_sentences,
    state_label,
    when_and_where,
)
from syncapp.views.employees import start_runs
from syncapp.views.made_again import make_again_view
from syncapp.views.untying import untie_view

COLUMNS = search.Columns(
    folded=("employee__name_key", "employee__email_key"),
    plain=("employee__department", "dn", "name"),
    extension=("employee__extension",),
    mobile=("employee__mobile",),
)
# As the filter by status has them.
STATUS_PARAMETERS = ["status__exact", "status__isnull"]
# An entry that is tied to nobody is found by its own match keys, as `store` keeps them. Only such
# an entry: to take everybody's keys apart takes longer than all the rest.
RECORD_KEYS = {
    "key_name": KT("keys__1"),
    "key_emails": KT("keys__2"),
    "key_mobiles": KT("keys__3"),
    "key_extensions": KT("keys__4"),
}
KEY_COLUMNS = search.Columns(
    folded=("key_name", "key_emails"), plain=("dn",), extension=("key_extensions",), mobile=("key_mobiles",)
)


class KeysFirst(Paginator):
    """Finds out whose rows a page shows before it reads them.

    Else a database that has to sort everybody carries along each whole row with those
    that are joined to it: of 100,000 people, page 900 took ten times as long.
    """

    object_list: Any

    def page(self, number: int | str) -> Page:
        page: Any = super().page(number)
        page.object_list = self.object_list.filter(pk__in=page.object_list.values("pk"))
        return page


class RecordList(SiteChangeList):
    """The list with a count for each status, to filter by with one click: of those whom the other filters leave."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str] | None = None) -> QuerySet[SyncRecord]:
        """The status comes last: what is counted by it and what is shown are looked for at one go."""
        if exclude_parameters is not None:
            return super().get_queryset(request, exclude_parameters)
        self.of_every_status = super().get_queryset(request, STATUS_PARAMETERS)
        [by_status] = [spec for spec in self.filter_specs if spec.expected_parameters() == STATUS_PARAMETERS]
        return by_status.queryset(request, self.of_every_status)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        counted = dict(self.of_every_status.order_by().values_list("status").annotate(Count("pk")))
        chosen = self.get_filters_params().get("status__exact") or []
        self.all_records = sum(counted.values())
        self.all_query = self.get_query_string({}, ["status__exact", "p"])
        self.quick_filters = [
            {
                "title": title,
                "count": counted.get(value, 0),
                "active": value in chosen,
                "query": self.get_query_string({"status__exact": value}, ["p"]),
            }
            for value, title in Status.choices
            if counted.get(value) or value in chosen
        ]


@admin.register(SyncRecord)
class SyncRecordAdmin(ExportMixin, ReadOnlyAdmin):
    resource = RecordResource
    list_display = ("name_and_server", "extension", "mobile", "email", "status_and_state", "updated", "brief_message")
    list_select_related = ("endpoint", "employee")
    list_filter = (
        ("endpoint", RelatedDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        AttentionFilter,
    )
    list_fullwidth = True
    paginator = KeysFirst
    ordering = ("name", "id")
    search_fields = ("dn",)  # what is searched is in `get_search_results`
    search_help_text = _("Name, e-mail, number in any spelling, or DN")
    fieldsets = (
        (None, {"fields": ("name_shown", "employee_link", "endpoint", "state_shown", "status_shown", "updated")}),
        (_("What to know"), {"fields": ("message", "waiting_shown")}),
        (_("On the server"), {"fields": ("name_there", "dn", "anchor")}),
        (_("Last agreed values"), {"fields": ("agreed",)}),
    )
    readonly_fields = (
        *("name_shown", "employee_link", "state_shown", "status_shown", "updated", "message"),
        *("waiting_shown", "name_there", "agreed"),
    )

    actions = ("synchronise_people",)
    change_form_template = "admin/syncapp/syncrecord/change_form.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = self.get_object(request, object_id) if may_decide(request) else None
        context = {
            **(extra_context or {}),
            "may_explain": may_explain(request),
            "may_untie": record is not None and is_joined(record),
            "may_make_again": record is not None and may_be_made_again(record),
        }
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:record_id>/untie/", wrap(untie_view), name="syncapp_syncrecord_untie"),
            path("<int:record_id>/make-again/", wrap(make_again_view), name="syncapp_syncrecord_make_again"),
            *super().get_urls(),
        ]

    def has_synchronise_permission(self, request: HttpRequest) -> bool:
        return may_synchronise(request)

    @admin.action(description=_("Synchronise these people"), permissions=["synchronise"])
    def synchronise_people(self, request: HttpRequest, queryset: QuerySet[SyncRecord]) -> None:
        start_runs(request, queryset)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RecordList

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncRecord]:
        return with_naming(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SyncRecord], search_term: str
    ) -> tuple[QuerySet[SyncRecord], bool]:
        if not search_term.strip():
            return queryset, False
        regions = search.regions()
        by_keys = search.person_q(search_term, KEY_COLUMNS, regions=regions)
        found = search.person_q(search_term, COLUMNS, regions=regions) | (Q(employee__isnull=True) & by_keys)
        return search.only(queryset.alias(**RECORD_KEYS), found), False

    @admin.display(description=_("name"), ordering="name")
    def name_shown(self, record: SyncRecord) -> str:
        name = (record.employee.name if record.employee else "") or record.name or str(record)
        return format_html('<div class="sync-name">{}</div>', name)

    @admin.display(description=_("name"), ordering="name")
    def name_and_server(self, record: SyncRecord) -> str:
        return format_html('{}<div class="sync-side">{}</div>', self.name_shown(record), record.endpoint)

    @admin.display(description=_("extension"), ordering="employee__extension")
    def extension(self, record: SyncRecord) -> str:
        return record.employee.extension if record.employee else ", ".join(load_keys(record.keys).extensions)

    @admin.display(description=_("mobile"), ordering="employee__mobile")
    def mobile(self, record: SyncRecord) -> str:
        return record.employee.mobile if record.employee else ", ".join(load_keys(record.keys).mobiles)

    @admin.display(description=_("e-mail"), ordering="employee__email_key")
    def email(self, record: SyncRecord) -> str:
        return breakable_email(record.employee.email if record.employee else ", ".join(load_keys(record.keys).emails))

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, record: SyncRecord) -> str:
        return state_label(record.state)

    @admin.display(description=_("status"), ordering="status")
    def status_shown(self, record: SyncRecord) -> str:
        return outcome_label(record.status)

    @admin.display(description=_("status"), ordering="status")
    def status_and_state(self, record: SyncRecord) -> str:
        """The state too, where it is worth a word: nearly everybody is active."""
        if record.state == State.ACTIVE:
            return outcome_label(record.status)
        return format_html("{} {}", outcome_label(record.status), state_label(record.state))

    @admin.display(description=_("updated"), ordering="updated_at")
    def updated(self, record: SyncRecord) -> str:
        return when_and_where(record)

    @admin.display(description=_("message"))
    def message(self, record: SyncRecord) -> str:
        return record_sentences(record)

    @admin.display(description=_("message"))
    def brief_message(self, record: SyncRecord) -> str:
        return record_brief(record)

    @admin.display(description=_("waits for the server"), boolean=True)
    def waiting_shown(self, record: SyncRecord) -> bool:
        return record.waiting

    @admin.display(description=_("name"))
    def name_there(self, record: SyncRecord) -> str:
        return record.name

    @admin.display(description=_("employee"))
    def employee_link(self, record: SyncRecord) -> str:
        if record.employee is None:
            return label(_("tied to nobody"), "", "link_off")
        return admin_link("syncapp_employee_change", record.employee_id, record.employee)

    @admin.display(description=_("agreed"))
    def agreed(self, record: SyncRecord) -> str:
        return agreed_table(record.base, naming_of(record))
