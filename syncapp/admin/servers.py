"""Directory servers, with their mappings and pools."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import BooleanField, Model, QuerySet, Value
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from unfold.admin import TabularInline

from syncapp.admin.renames import follow_new_name
from syncapp.admin.settings_shown import ShownSettingsAdmin
from syncapp.admin.standing import StandingColumns, with_standing
from syncapp.choices import RunMode
from syncapp.core.converters import cautions
from syncapp.forms import DirectoryServerForm, EndpointPoolFormSet, MappingFormSet, NewServerForm
from syncapp.models import DirectoryServer, EndpointPool, FieldMapping
from syncapp.services import schedules
from syncapp.services.directory_settings import anchor_caution, rule_of
from syncapp.services.standing import Health, standings
from syncapp.views import servers as views
from syncapp.views.access import allow, may_examine, may_manage, may_query, may_synchronise
from syncapp.views.adding import found_view
from syncapp.views.connection_test import test_view
from syncapp.views.display import sentence
from syncapp.views.health import health_csv_view, health_view
from syncapp.views.mapping import mapping_view
from syncapp.views.scope import scope_view
from syncapp.views.standings import next_text, trouble_text
from syncapp.views.tabs import opened, tabs_of


class MappingInline(TabularInline):
    """Only who manages servers sees mappings, whatever other rights to these rows say."""

    model = FieldMapping
    fk_name = "endpoint"
    formset = MappingFormSet
    fields = ("field", "attribute", "direction", "policy", "on_empty", "pattern", "relay", "push_secret")
    extra = 0
    in_tab = "mapping"
    hide_title = True
    template_before = "admin/syncapp/directoryserver/about_mappings.html"
    template_after = "admin/syncapp/directoryserver/mapping_live.html"

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_manage(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None) -> bool:
        return may_manage(request) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_manage(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_manage(request) and super().has_delete_permission(request, obj)


class PoolInline(TabularInline):
    model = EndpointPool
    fk_name = "endpoint"
    formset = EndpointPoolFormSet
    fields = ("position", "pool", "ou", "department")
    extra = 0
    in_tab = "rules"
    hide_title = True
    verbose_name_plural = _("number pools")
    template_before = "admin/syncapp/directoryserver/about_pools.html"


ACCOUNT = ("bind_dn", "password")


def _without_account(title: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return title, {**options, "fields": tuple(name for name in options["fields"] if name not in ACCOUNT)}


def _is_being_added(server: DirectoryServer | None) -> bool:
    return server is None or server.being_added


Counted = Any  # a DirectoryServer with what `get_queryset` adds to it


@method_decorator(sensitive_post_parameters("password"), name="changeform_view")
@admin.register(DirectoryServer)
class DirectoryServerAdmin(StandingColumns, ShownSettingsAdmin):
    form = DirectoryServerForm
    inlines = (MappingInline, PoolInline)
    tabs: ClassVar = {
        "connection": _("Connection"),
        "scope": _("Scope"),
        "mapping": _("Mapping"),
        "rules": _("Rules and brakes"),
        "schedule": _("Schedule"),
    }
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "enabled", "kind", "uris", "security", "ca_certificate", "bind_dn", "password"),
                "classes": ("connection",),
            },
        ),
        (
            _("Who is read"),
            {
                "fields": ("base_dn", "search_bases", "department_attribute", "departments", "user_filter"),
                "classes": ("scope",),
            },
        ),
        (
            _("Who is who"),
            {"fields": ("anchor_attribute", "disabled_attribute", "disabled_value"), "classes": ("scope",)},
        ),
        (
            _("Rules"),
            {
                "fields": ("match_keys", "create", "taken_number", "region", "rank", "number_plan"),
                "classes": ("rules",),
            },
        ),
        (_("Brakes"), {"fields": ("limits",), "classes": ("rules",)}),
        (None, {"fields": ("schedule",), "classes": ("schedule",)}),
    )
    list_display = ("name", "kind", "enabled", "last_run", "next_run", "open_matters", "people")
    add_form = NewServerForm
    add_fieldsets = (
        (None, {"fields": ("name",)}),
        (_("Connection"), {"fields": ("uris", "security", "ca_certificate", "bind_dn", "password")}),
    )
    change_form_template = "admin/syncapp/directoryserver/change_form.html"
    add_form_template = change_form_template

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:server_id>/found/", wrap(found_view), name="syncapp_directoryserver_found"),
            path("<int:server_id>/scope/", wrap(scope_view), name="syncapp_directoryserver_scope"),
            path("<int:server_id>/test/", wrap(test_view), name="syncapp_directoryserver_test"),
            path("<int:server_id>/mapping/", wrap(mapping_view), name="syncapp_directoryserver_mapping"),
            path("<int:server_id>/health/", wrap(health_view), name="syncapp_directoryserver_health"),
            path("<int:server_id>/health.csv", wrap(health_csv_view), name="syncapp_directoryserver_health_csv"),
            path("<int:server_id>/query/", wrap(views.query_view), name="syncapp_directoryserver_query"),
            path(
                "<int:server_id>/preview/",
                wrap(views.start_view),
                {"mode": RunMode.PREVIEW},
                name="syncapp_directoryserver_preview",
            ),
            path(
                "<int:server_id>/synchronise/",
                wrap(views.start_view),
                {"mode": RunMode.APPLY},
                name="syncapp_directoryserver_synchronise",
            ),
            path("<int:server_id>/write-back/", wrap(views.write_back_view), name="syncapp_directoryserver_write_back"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DirectoryServer]:
        may_finish = Value(may_manage(request), output_field=BooleanField())
        return with_standing(super().get_queryset(request)).annotate(may_finish=may_finish)

    # A server that is being added is asked for address and account alone: the rest is found out.

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and may_manage(request)

    def get_form(
        self, request: HttpRequest, obj: DirectoryServer | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        form = self.add_form if _is_being_added(obj) else self.form
        return super().get_form(request, obj, change=change, **{"form": form, **kwargs})

    def get_fieldsets(self, request: HttpRequest, obj: DirectoryServer | None = None) -> Any:
        """Without the account for who does not manage servers."""
        fieldsets = self.add_fieldsets if _is_being_added(obj) else super().get_fieldsets(request, obj)
        return fieldsets if may_manage(request) else [_without_account(*each) for each in fieldsets]

    def get_inlines(self, request: HttpRequest, obj: DirectoryServer | None) -> Any:
        return () if _is_being_added(obj) else super().get_inlines(request, obj)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        if not _is_being_added(kwargs.get("obj")):
            tabs = tabs_of(self.tabs, context)
            context = {**context, "tabs": tabs, "opened": opened(tabs)}
        return super().render_change_form(request, context, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: DirectoryServer, post_url_continue: str | None = None
    ) -> HttpResponse:
        return redirect("admin:syncapp_directoryserver_found", obj.pk)

    def response_change(self, request: HttpRequest, obj: DirectoryServer) -> HttpResponse:
        if obj.being_added:
            return redirect("admin:syncapp_directoryserver_found", obj.pk)
        return super().response_change(request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        rights = {
            "may_query": may_query(request),
            "may_synchronise": may_synchronise(request),
            "may_manage": may_manage(request),
            "may_examine": may_examine(request),
        }
        said = {}
        for standing in standings([int(object_id)] if object_id.isdigit() else []).values():
            said = {
                "trouble": trouble_text(standing),
                "next_run": next_text(standing),
                "refused": standing.health is Health.STOPPED,
            }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **rights, **said})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Edits name the mappings that they changed."""
        allow(may_manage(request))
        return super().history_view(request, object_id, extra_context)

    def save_model(self, request: HttpRequest, obj: DirectoryServer, form: ModelForm, change: bool) -> None:
        """Write what was changed and nothing else: somebody may be editing another part of the row."""
        if not change:
            obj.enabled, obj.being_added = False, True
            obj.save()
            return
        names = [name for name in form.changed_data if name in form.fields and name != "password"]
        obj.save(update_fields=[*names, *obj.secret_columns()])
        follow_new_name(request, form, way="directories")

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        about_anchor = anchor_caution(form.instance.anchor_attribute)
        if about_anchor and "anchor_attribute" in form.changed_data:
            messages.warning(request, sentence(about_anchor.code, about_anchor.params))
        for row in form.instance.mappings.order_by("id"):
            if caution := cautions(rule_of(row)):
                messages.warning(request, sentence(caution.code, caution.params))
        schedules.keep_schedules([form.instance.pk])

    @admin.display(description=_("last run"), ordering="last_run_at")
    def last_run(self, server: Counted) -> str:
        if server.being_added and server.may_finish:
            url = reverse("admin:syncapp_directoryserver_found", args=[server.pk])
            return format_html('<a class="text-link" href="{}">{}</a>', url, _("Finish adding it"))
        return super().last_run(server)
