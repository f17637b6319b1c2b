"""Phone systems beside directory servers: entered, tested, previewed, synchronised."""

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from syncapp.admin.settings_shown import ShownSettingsAdmin
from syncapp.admin.standing import StandingColumns, with_standing
from syncapp.choices import RunMode
from syncapp.forms.phone_systems import PhoneSystemForm
from syncapp.models import PhoneSystem
from syncapp.services import schedules
from syncapp.services.phone_systems import serving_cautions
from syncapp.services.standing import standings
from syncapp.views import phone_systems as views
from syncapp.views.access import allow, may_manage, may_query, may_synchronise
from syncapp.views.display import sentence
from syncapp.views.standings import next_text, trouble_text
from syncapp.views.tabs import opened, tabs_of


@method_decorator(sensitive_post_parameters("key"), name="changeform_view")
@admin.register(PhoneSystem)
class PhoneSystemAdmin(StandingColumns, ShownSettingsAdmin):
    form = PhoneSystemForm
    tabs: ClassVar = {
        "connection": _("Connection"),
        "served": _("Whom it serves"),
        "rules": _("Rules and brakes"),
        "schedule": _("Schedule"),
    }
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *("name", "enabled", "url", "key", "verify_tls", "ca_certificate", "fingerprint"),
                    "requests_per_minute",
                ),
                "classes": ("connection",),
            },
        ),
        (None, {"fields": ("serves", "create"), "classes": ("served",)}),
        (
            _("Rules"),
            {"fields": ("match_keys", "region", "mobile_form", "rank", "number_plan"), "classes": ("rules",)},
        ),
        (_("Brakes"), {"fields": ("limits",), "classes": ("rules",)}),
        (None, {"fields": ("schedule",), "classes": ("schedule",)}),
    )
    list_display = ("name", "url", "enabled", "last_run", "next_run", "open_matters", "people")
    change_form_template = "admin/syncapp/phonesystem/change_form.html"
    add_form_template = change_form_template

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:phones_id>/test/", wrap(views.test_view), name="syncapp_phonesystem_test"),
            path("<int:phones_id>/confirm/", wrap(views.confirm_view), name="syncapp_phonesystem_confirm"),
            path(
                "<int:phones_id>/preview/",
                wrap(partial(views.start_view, mode=RunMode.PREVIEW)),
                name="syncapp_phonesystem_preview",
            ),
            path(
                "<int:phones_id>/synchronise/",
                wrap(partial(views.start_view, mode=RunMode.APPLY)),
                name="syncapp_phonesystem_synchronise",
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PhoneSystem]:
        return with_standing(super().get_queryset(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and may_manage(request)

    def has_change_permission(self, request: HttpRequest, obj: PhoneSystem | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_manage(request)

    def get_fieldsets(self, request: HttpRequest, obj: PhoneSystem | None = None) -> Any:
        """Without the key for who does not manage servers: nothing of it is shown, but it is no question for him."""
        fieldsets = super().get_fieldsets(request, obj)
        if may_manage(request):
            return fieldsets
        return [
            (title, {**options, "fields": tuple(name for name in options["fields"] if name != "key")})
            for title, options in fieldsets
        ]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        tabs = tabs_of(self.tabs, context)
        phones = kwargs.get("obj")
        said = [sentence(each.code, each.params) for each in serving_cautions(phones)] if phones is not None else []
        context = {**context, "tabs": tabs, "opened": opened(tabs), "cautions": said}
        return super().render_change_form(request, context, **kwargs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        rights = {
            "may_query": may_query(request),
            "may_synchronise": may_synchronise(request),
            "may_manage": may_manage(request),
        }
        said = {}
        for standing in standings([int(object_id)] if object_id.isdigit() else []).values():
            said = {"trouble": trouble_text(standing), "next_run": next_text(standing)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **rights, **said})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        allow(may_manage(request))
        return super().history_view(request, object_id, extra_context)

    def save_model(self, request: HttpRequest, obj: PhoneSystem, form: ModelForm, change: bool) -> None:
        """Write what was changed and nothing else: somebody may be editing another part of the row."""
        if not change:
            obj.save()
            return
        names = [name for name in form.changed_data if name in form.fields and name != "key"]
        obj.save(update_fields=[*names, *obj.secret_columns()])

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        schedules.keep_schedules([form.instance.pk])
