"""The page of what is to be done in phone systems by hand."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from syncapp.exceptions import SyncError
from syncapp.models import Leaver
from syncapp.services import phone_tasks
from syncapp.services.call_routes import call_routes
from syncapp.views.access import allow, current_user, may_archive, may_see_employees
from syncapp.views.call_routes import routes_shown
from syncapp.views.display import sentence

LIST = "admin:syncapp_phone_tasks"


@require_safe
def phone_tasks_view(request: HttpRequest) -> HttpResponse:
    """People who have left and still have a phone, with what leads calls to them."""
    allow(may_see_employees(request))
    tasks = phone_tasks.phone_tasks()
    found = call_routes([task.record.employee_id for task in tasks if task.record.employee_id and not task.done])
    waiting = [
        (task, [each for each in routes_shown(found.get(task.record.employee_id or 0, ())) if each.url == _url(task)])
        for task in tasks
        if task.done is None
    ]
    context = {
        **admin.site.each_context(request),
        "title": _("Left, and still in a phone system"),
        "opts": Leaver._meta,
        "waiting": waiting,
        "done": [task for task in tasks if task.done is not None],
        "may_tick": may_archive(request),
    }
    return render(request, "admin/syncapp/leaver/phones.html", context)


def _url(task: phone_tasks.PhoneTask) -> str:
    url: str = task.record.endpoint.phonesystem.url
    return url


@require_POST
def tick_off_view(request: HttpRequest, record_id: int) -> HttpResponse:
    """Note that somebody has been seen to, or that this was a mistake."""
    allow(may_archive(request))
    if "back" in request.POST:
        phone_tasks.put_back(record_id)
        return redirect(LIST)
    try:
        record = phone_tasks.tick_off(record_id, who=current_user(request).get_username(), now=timezone.now())
    except SyncError as error:
        messages.error(request, sentence(error.code, error.params))
    else:
        messages.success(request, _("%(name)s is ticked off.") % {"name": record.employee or record})
    return redirect(LIST)
