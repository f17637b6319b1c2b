"""What the pages of this site have in common."""

from typing import Any

from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.db.models import Model
from django.http import HttpRequest, QueryDict
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList

from syncapp.admin.nothing import nothing_yet


class SiteChangeList(ChangeList):
    """Offers “Show all” only where something is left out: nobody counts all rows for that."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not (self.has_active_filters or self.query):
            self.full_result_count = self.result_count
        if not self.result_count:
            self.nothing = nothing_yet(self.opts.model_name, request)

    @property
    def unfiltered_query(self) -> str:
        """The list with nothing left out, but still that of its run."""
        query = QueryDict(self.clear_all_filters_qs.removeprefix("?"), mutable=True)
        for name in (SEARCH_VAR, PAGE_VAR):
            query.pop(name, None)
        return f"?{query.urlencode()}"


class SiteAdmin(ModelAdmin):
    """A page that never deletes (rule A9); long lists stay quick."""

    show_full_result_count = False
    list_filter_submit = True
    list_per_page = 50
    warn_unsaved_form = True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SiteChangeList

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyMixin:
    """Rows that only the program writes: they can be looked at and nothing else."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnlyMixin, SiteAdmin):
    change_form_template = "admin/syncapp/read_only.html"


class ReadOnlyInline(ReadOnlyMixin, TabularInline):
    extra = 0
    can_delete = False
    hide_title = True
