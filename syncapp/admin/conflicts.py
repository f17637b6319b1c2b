"""Open matters: what a person has to decide."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter
from unfold.views import ChangeList

from syncapp.admin import search
from syncapp.admin.base import ReadOnlyAdmin, SiteChangeList
from syncapp.choices import MatterKind
from syncapp.core.vocabulary import Resolution
from syncapp.models import Conflict
from syncapp.services import matches
from syncapp.services.conflicts import Choice
from syncapp.services.disputes import VALUE_KINDS, seen_of
from syncapp.services.matters_report import who_is_meant
from syncapp.store.naming import with_naming
from syncapp.views import conflicts as views
from syncapp.views.access import may_decide, may_explain, may_synchronise
from syncapp.views.decisions import DecisionView, kept_photos, standing
from syncapp.views.display import admin_link, breakable_dn, moment, value_of_matter
from syncapp.views.matters import CandidateView, MatterView

MOST_AT_ONCE = 500  # each is decided in a transaction of its own while the browser waits
COLUMNS = search.Columns(
    folded=("record__employee__name_key", "record__employee__email_key"),
    plain=("record__name", "record__dn"),
    extension=("record__employee__extension", "remote"),
    mobile=("record__employee__mobile",),
)


class OpenFilter(DropdownFilter):
    """Open matters are shown unless one asks for the closed ones."""

    title = _("decided")
    parameter_name = "closed"
    all_option = ("", _("open"))

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[Any, Any]]:
        return [("1", _("closed")), ("all", _("open and closed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        return queryset.filter(closed_at__isnull=not self.value())


class MatterList(SiteChangeList):
    """The matters of a page get their candidates with one query, and so what is here of their photos."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        people, own = matches.candidate_names(self.result_list), matches.own_entries(self.result_list)
        kept = kept_photos(self.result_list)
        for conflict in self.result_list:
            conflict.view = MatterView.of(conflict, people, own)
            conflict.standing = standing(conflict, kept)


@admin.register(Conflict)
class ConflictAdmin(ReadOnlyAdmin):
    list_display = ("who", "what", "field", "agreed", "ours", "theirs", "candidates_shown", "endpoint", "since")
    list_select_related = ("endpoint", "record", "record__employee", "owner")
    list_filter = (
        OpenFilter,
        ("endpoint", RelatedDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("field", ChoicesDropdownFilter),
    )
    list_fullwidth = True
    search_fields = ("record__name",)  # what is searched is in `get_search_results`
    search_help_text = _("Name, DN, e-mail or number")
    actions = (
        "take_local",
        "take_local_now",
        "take_remote",
        "take_remote_now",
        "hand_over",
        "hand_over_now",
        "confirm_matches",
        "refuse_matches",
    )
    change_form_template = "admin/syncapp/conflict/change_form.html"
    fieldsets = ((None, {"fields": ()}),)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:conflict_id>/decide/", wrap(views.decide_view), name="syncapp_conflict_decide"),
            path("<int:conflict_id>/join/", wrap(views.join_view), name="syncapp_conflict_join"),
            path("<int:conflict_id>/new/", wrap(views.create_new_view), name="syncapp_conflict_create_new"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MatterList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conflict]:
        return with_naming(super().get_queryset(request).select_related(*self.list_select_related))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conflict], search_term: str
    ) -> tuple[QuerySet[Conflict], bool]:
        if not search_term.strip():
            return queryset, False
        found = search.person_q(search_term, COLUMNS, regions=search.regions())
        return search.only(queryset, found), False

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        """Closed matters say who decided what, and when, instead of who was in question."""
        closed = request.GET.get(OpenFilter.parameter_name)
        shown = tuple(super().get_list_display(request))
        return tuple("ending" if closed and name == "candidates_shown" else name for name in shown)

    def has_decide_now_permission(self, request: HttpRequest) -> bool:
        return may_decide(request) and may_synchronise(request)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return may_decide(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        conflict = self.get_object(request, object_id)
        context = {**(extra_context or {}), "may_decide": may_decide(request)}
        context["may_explain"] = may_explain(request)
        if conflict is not None:
            context["view"] = MatterView.of(
                conflict, matches.candidate_names([conflict]), matches.own_entries([conflict])
            )
            context["decision"] = DecisionView.of(conflict)
            context["may_synchronise"] = may_synchronise(request)
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description=_("who"), ordering="record__name")
    def who(self, conflict: Conflict) -> str:
        return who_is_meant(conflict)

    @admin.display(description=_("what"), ordering="kind")
    def what(self, conflict: Conflict) -> str:
        return conflict.get_kind_display()

    @admin.display(description=_("last agreed"), ordering="base")
    def agreed(self, conflict: Conflict) -> str:
        return value_of_matter(conflict.field, conflict.base)

    @admin.display(description=pgettext_lazy("where", "here"), ordering="local")
    def ours(self, conflict: Conflict) -> str:
        """With the mark of both values: a decision in the list is about what the list showed."""
        seen = format_html('<input type="hidden" name="seen-{}" value="{}">', conflict.pk, seen_of(conflict))
        return format_html("{}{}", value_of_matter(conflict.field, conflict.local), seen if conflict.field else "")

    @admin.display(description=_("on the server"), ordering="remote")
    def theirs(self, conflict: Any) -> str:  # with what the list has added
        return str(conflict.standing)

    @admin.display(description=_("decision"), ordering="closed_at")
    def ending(self, conflict: Any) -> str:  # with the `view` that the list has added
        if conflict.closed_at is None:
            return "–"
        return format_html(
            '<div>{}</div><div class="sync-side">{}</div>', moment(conflict.closed_at), conflict.view.ending
        )

    @admin.display(description=_("candidates"))
    def candidates_shown(self, conflict: Any) -> str:  # with the `view` that the list has added
        if conflict.owner_id:
            return admin_link("syncapp_employee_change", conflict.owner_id, conflict.owner)
        return format_html_join(
            "",
            '<div class="sync-message">{} {}{}</div>',
            (
                (candidate.link, candidate.evidence, _accounts(conflict, candidate))
                for candidate in conflict.view.candidates
            ),
        )

    @admin.display(description=_("since"), ordering="opened_at")
    def since(self, conflict: Conflict) -> str:
        return moment(conflict.opened_at)

    @admin.action(description=_("Take our value"), permissions=["decide"])
    def take_local(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> None:
        self._take(request, queryset, Resolution.LOCAL, now=False)

    @admin.action(description=_("Take our value, and carry it out at once"), permissions=["decide_now"])
    def take_local_now(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> None:
        self._take(request, queryset, Resolution.LOCAL, now=True)

    @admin.action(description=_("Take the server's value"), permissions=["decide"])
    def take_remote(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> None:
        self._take(request, queryset, Resolution.REMOTE, now=False)

    @admin.action(description=_("Take the server's value, and carry it out at once"), permissions=["decide_now"])
    def take_remote_now(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> None:
        self._take(request, queryset, Resolution.REMOTE, now=True)

    @admin.action(description=_("Hand the number over from its owner, who has left"), permissions=["decide"])
    def hand_over(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> None:
        self._take(request, queryset, Resolution.HAND_OVER, now=False)

    @admin.action(
        description=_("Hand the number over from its owner, who has left, and carry it out at once"),
        permissions=["decide_now"],
    )
    def hand_over_now(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> None:
        self._take(request, queryset, Resolution.HAND_OVER, now=True)

    def _take(self, request: HttpRequest, queryset: QuerySet[Conflict], side: Resolution, *, now: bool) -> None:
        chosen = self._chosen(request, queryset)
        kinds = (MatterKind.NUMBER_TAKEN,) if side is Resolution.HAND_OVER else VALUE_KINDS
        about_values = [conflict for conflict in chosen if conflict.kind in kinds]
        views.decide_values(request, views.seen_on_page(request, about_values), Choice(side), now=now)
        self._report(request, 0, left=len(chosen) - len(about_values))

    @admin.action(description=_("Confirm the proposed person"), permissions=["decide"])
    def confirm_matches(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> None:
        chosen = self._chosen(request, queryset)
        proposed = matches.confirmable(chosen)
        done = sum(
            views.decide(request, matches.join, conflict_id=conflict.pk, employee_id=employee_id)
            for conflict, employee_id in proposed
        )
        self._report(request, done, left=len(chosen) - len(proposed))

    @admin.action(description=_("Refuse: none of these, a new person"), permissions=["decide"])
    def refuse_matches(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> None:
        chosen = self._chosen(request, queryset)
        proposed = [conflict for conflict in chosen if conflict.kind in matches.MATCH_KINDS]
        done = sum(views.decide(request, matches.create_new, conflict_id=conflict.pk) for conflict in proposed)
        self._report(request, done, left=len(chosen) - len(proposed))

    def _chosen(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> list[Conflict]:
        chosen = list(queryset.order_by("pk")[: MOST_AT_ONCE + 1])
        if len(chosen) <= MOST_AT_ONCE:
            return chosen
        messages.error(request, gettext("At most %(count)d at once. Nothing was decided.") % {"count": MOST_AT_ONCE})
        return []

    def _report(self, request: HttpRequest, done: int, *, left: int) -> None:
        if done:
            text = ngettext(
                "%(count)d matter was decided. The next run carries it out.",
                "%(count)d matters were decided. The next run carries them out.",
                done,
            )
            messages.success(request, text % {"count": done})
        if left:
            text = ngettext(
                "%(count)d matter was left out: it needs a look at its own page.",
                "%(count)d matters were left out: they need a look at their own pages.",
                left,
            )
            messages.warning(request, text % {"count": left})


def _accounts(conflict: Conflict, candidate: CandidateView) -> str:
    """Of a re-created account both entries: many are confirmed in the list."""
    if candidate.own is None:
        return ""
    entries = ((gettext("this entry"), conflict.record), (gettext("entry so far"), candidate.own))
    lines = ((when, breakable_dn(record.dn), record.anchor) for when, record in entries)
    return format_html_join("", '<div class="sync-side">{}: {}<br>{}</div>', lines)
