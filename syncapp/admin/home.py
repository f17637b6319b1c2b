"""The first page: how the servers stand, what waits for a person, and whether the worker runs."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _

from syncapp.models import DirectoryServer, Employee, PhoneSystem
from syncapp.services.queue import worker_is_running
from syncapp.views.access import may_synchronise
from syncapp.views.overview import overview


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Named in settings.UNFOLD; what the user may not see is not counted either."""
    user = request.user
    context["title"] = _("Overview")
    if user.has_perm("syncapp.view_directoryserver"):
        page: Any = admin.site._registry[DirectoryServer]
        servers: list[Any] = list(page.get_queryset(request))
        if user.has_perm("syncapp.view_phonesystem"):
            page = admin.site._registry[PhoneSystem]
            servers += page.get_queryset(request)
        context |= overview(servers)
        context["may_synchronise"] = may_synchronise(request)
        context["worker_running"] = worker_is_running()
    if user.has_perm("syncapp.view_employee"):
        context["employees"] = Employee.objects.filter(archived_at__isnull=True).count()
    return context
