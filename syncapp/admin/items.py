"""What a run did to whom, or would do: the items of runs."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.views import ChangeList

from syncapp.admin import search
from syncapp.admin.base import ReadOnlyAdmin, SiteChangeList
from syncapp.admin.filters import ChangedFieldFilter, HappeningFilter
from syncapp.choices import Field, ItemOutcome
from syncapp.models import RunItem, SyncRun
from syncapp.services.call_routes import call_routes
from syncapp.store.naming import naming_of, with_naming
from syncapp.views.call_routes import routes_text
from syncapp.views.display import breakable_dn, changes_table, outcome_label, paragraphs, person_link, sentence

COLUMNS = search.Columns(
    folded=("employee__name_key", "employee__email_key"),
    plain=("name", "dn"),
    extension=("employee__extension",),
    mobile=("employee__mobile",),
)


class ItemList(SiteChangeList):
    """The list knows the run that it is narrowed to, to lead back there."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        run_id = request.GET.get("run__id__exact", "")
        self.result_list = list(self.result_list)
        found = call_routes([item.employee_id for item in self.result_list if item.employee_id and _renumbers(item)])
        for item in self.result_list:
            item.routes = found.get(item.employee_id, ()) if _renumbers(item) else ()
        self.run = SyncRun.objects.select_related("endpoint").filter(pk=run_id).first() if run_id.isdigit() else None


@admin.register(RunItem)
class RunItemAdmin(ReadOnlyAdmin):
    list_display = ("name_shown", "outcome_shown", "changed", "message", "run")
    list_display_links = None
    list_select_related = ("run", "run__endpoint", "employee")
    list_filter = (
        HappeningFilter,
        ChangedFieldFilter,
        ("outcome", ChoicesDropdownFilter),
        ("expected", ChoicesDropdownFilter),
    )
    list_before_template = "admin/syncapp/runitem/of_run.html"
    list_fullwidth = True
    search_fields = ("name",)  # what is searched is in `get_search_results`
    search_help_text = _("Name, DN, e-mail or number")
    ordering = ("-run", "position")
    fieldsets = ((None, {"fields": ("run", "name_shown", "dn", "outcome_shown", "changed", "message")}),)
    readonly_fields = ("name_shown", "outcome_shown", "changed", "message")

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Without the run where the list is of one run."""
        columns = list(super().get_list_display(request))
        return columns[:-1] if "run__id__exact" in request.GET else columns

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ItemList

    def get_queryset(self, request: HttpRequest) -> QuerySet[RunItem]:
        return with_naming(super().get_queryset(request).defer("plan"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[RunItem], search_term: str
    ) -> tuple[QuerySet[RunItem], bool]:
        if not search_term.strip():
            return queryset, False
        found = search.person_q(search_term, COLUMNS, regions=search.regions())
        return search.only(queryset, found), False

    @admin.display(description=_("name"), ordering="name")
    def name_shown(self, item: RunItem) -> str:
        return format_html(
            '<div class="sync-name">{}</div><div class="sync-dn">{}</div>', person_link(item), breakable_dn(item.dn)
        )

    @admin.display(description=_("changes: before and after"))
    def changed(self, item: RunItem) -> str:
        return changes_table(item.changes, naming_of(item), unwritten=item.unwritten)

    @admin.display(description=_("outcome"), ordering="outcome")
    def outcome_shown(self, item: RunItem) -> str:
        """What came of it; before that what is planned, and the plan where it came differently."""
        if item.outcome == ItemOutcome.PLANNED:
            return format_html('{}<div class="sync-side">{}</div>', outcome_label(item.expected), gettext("planned"))
        if item.outcome == item.expected:
            return outcome_label(item.outcome)
        planned = gettext("planned: %(outcome)s") % {"outcome": item.get_expected_display()}
        return format_html('{}<div class="sync-side">{}</div>', outcome_label(item.outcome), planned)

    @admin.display(description=_("message"))
    def message(self, item: Any) -> str:
        """What was said, and of a number that changes what leads to it: the list has looked that up."""
        said = sentence(item.message_code, item.message_params, naming_of(item))
        routes = getattr(item, "routes", None)
        if routes is None:
            routes = call_routes([item.employee_id]).get(item.employee_id, ()) if _renumbers(item) else ()
        texts = routes_text(routes)
        return paragraphs([said, *texts] if said else texts) if texts else said


def _renumbers(item: RunItem) -> bool:
    """Whether somebody's number is another one afterwards."""
    return any(
        change["field"] == Field.EXTENSION and change["before"] and change["after"] != change["before"]
        for change in item.changes
    )
