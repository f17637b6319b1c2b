"""Notifications: whom to tell, and what became of the last messages."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from syncapp.admin.base import ReadOnlyInline, SiteAdmin
from syncapp.choices import NoticeStatus
from syncapp.forms import NotificationChannelForm
from syncapp.models import Notice, NotificationChannel
from syncapp.views.access import may_manage
from syncapp.views.display import label, moment, sentence
from syncapp.views.notifications import test_view

LAST_NOTICES = 10
STATUSES: dict[str, tuple[str, str]] = {
    NoticeStatus.WAITING: ("info", "schedule"),
    NoticeStatus.SENT: ("success", "check_circle"),
    NoticeStatus.GIVEN_UP: ("danger", "error"),
}


class NoticeInline(ReadOnlyInline):
    """The last messages, newest first."""

    model = Notice
    verbose_name_plural = _("messages")
    fields = ("created", "happened", "server", "status_shown", "attempts", "trouble")
    readonly_fields = fields
    per_page = LAST_NOTICES

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        return super().get_queryset(request).select_related("endpoint").order_by("-pk")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_manage(request)

    @admin.display(description=_("when"))
    def created(self, notice: Notice) -> str:
        return moment(notice.created_at)

    @admin.display(description=_("server"))
    def server(self, notice: Notice) -> str:
        return str(notice.endpoint or "–")

    @admin.display(description=_("status"))
    def status_shown(self, notice: Notice) -> SafeString:
        return label(NoticeStatus(notice.status).label, *STATUSES[notice.status])

    @admin.display(description=_("message"))
    def trouble(self, notice: Notice) -> str:
        said = sentence(notice.error_code, notice.error_params) if notice.error_code else ""
        if said and notice.status == NoticeStatus.WAITING:
            said += " " + str(_("Next attempt: %(at)s") % {"at": moment(notice.next_at)})
        return said or "–"


@admin.register(NotificationChannel)
class NotificationChannelAdmin(SiteAdmin):
    """For who may manage servers alone; a channel can be deleted, with what it has said."""

    form = NotificationChannelForm
    fieldsets = (
        (None, {"fields": ("kind", "enabled", "endpoint", "events", "language")}),
        (_("Mail"), {"fields": ("addresses",)}),
        (_("Webhook"), {"fields": ("url", "password")}),
    )
    list_display = ("__str__", "kind", "endpoint_shown", "language", "enabled", "last_notice")
    list_select_related = ("endpoint",)
    inlines = (NoticeInline,)
    change_form_template = "admin/syncapp/notificationchannel/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        test = path("<int:channel_id>/test/", wrap(test_view), name="syncapp_notificationchannel_test")
        return [test, *super().get_urls()]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_manage(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_manage(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_manage(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_manage(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_manage(request)

    def get_inlines(self, request: HttpRequest, obj: NotificationChannel | None) -> Any:
        return self.inlines if obj is not None and obj.notices.exists() else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[NotificationChannel]:
        newest = Notice.objects.filter(channel=OuterRef("pk")).order_by("-pk")
        return super().get_queryset(request).annotate(last_status=Subquery(newest.values("status")[:1]))

    @admin.display(description=_("server"))
    def endpoint_shown(self, channel: NotificationChannel) -> str:
        return str(channel.endpoint or _("all servers"))

    @admin.display(description=_("last message"))
    def last_notice(self, channel: Any) -> str:
        last = channel.last_status
        return label(NoticeStatus(last).label, *STATUSES[last]) if last is not None else "–"
