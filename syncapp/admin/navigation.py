"""The side bar: what there is, in the order of daily use; who may not look sees no entry."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from syncapp.models import Conflict

PAGES = (
    (
        None,
        (
            (_("Overview"), "dashboard", "index", ""),
            (_("Employees"), "groups", "syncapp_employee_changelist", "syncapp.view_employee"),
            (
                _("Disabled and missing"),
                "person_off",
                "syncapp_leaver_changelist",
                "syncapp.view_employee",
            ),
            (_("Sync records"), "sync_alt", "syncapp_syncrecord_changelist", "syncapp.view_syncrecord"),
            (_("Explain"), "help", "syncapp_explain", "syncapp.view_employee syncapp.view_syncrecord"),
            (_("Conflicts"), "call_split", "syncapp_conflict_changelist", "syncapp.view_conflict"),
            (_("Runs"), "history", "syncapp_syncrun_changelist", "syncapp.view_syncrun"),
        ),
    ),
    (
        _("Settings"),
        (
            (_("Directory servers"), "dns", "syncapp_directoryserver_changelist", "syncapp.view_directoryserver"),
            (_("Phone systems"), "call", "syncapp_phonesystem_changelist", "syncapp.view_phonesystem"),
            (_("Number pools"), "dialpad", "syncapp_numberpool_changelist", "syncapp.view_numberpool"),
            (
                _("Notifications"),
                "notifications",
                "syncapp_notificationchannel_changelist",
                "syncapp.change_directoryserver",
            ),
        ),
    ),
    (
        _("Access"),
        (
            (_("Users"), "person", "auth_user_changelist", "auth.view_user"),
            (_("Groups"), "shield_person", "auth_group_changelist", "auth.view_group"),
        ),
    ),
)


def _open_matters() -> int:
    return Conflict.objects.filter(closed_at__isnull=True).count()


# Lists that are reached from another page and stand under it.
ALSO = {"syncapp_syncrun_changelist": reverse_lazy("admin:syncapp_runitem_changelist")}
# Pages that stand in the side bar themselves, though their address is below that of a list.
APART = {"syncapp_employee_changelist": reverse_lazy("admin:syncapp_explain")}
BADGES: dict[str, Callable[[], int]] = {"syncapp_conflict_changelist": _open_matters}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Named in settings.UNFOLD; a group without a visible page is hidden by the theme."""
    return [
        {"title": title, "separator": title is not None, "items": [_item(request, *page) for page in pages]}
        for title, pages in PAGES
    ]


def _item(request: HttpRequest, title: Any, icon: str, url_name: str, permission: str) -> dict[str, Any]:
    permitted = all(request.user.has_perm(each) for each in permission.split())
    item = {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{url_name}"),
        "permission": lambda request: permitted,
    }
    if url_name in ALSO:
        item["active"] = any(request.path.startswith(str(link)) for link in (item["link"], ALSO[url_name]))
    if url_name in APART and request.path.startswith(str(APART[url_name])):
        item["active"] = False
    if permitted and url_name in BADGES and (number := BADGES[url_name]()):
        item["badge"] = str(number)
    return item
