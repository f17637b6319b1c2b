"""What an administrator does with a person apart from editing."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from syncapp.models import Employee
from syncapp.services import edits
from syncapp.views.access import allow, current_user, may_archive


@require_POST
def archive_view(request: HttpRequest, employee_id: int, *, archived: bool) -> HttpResponse:
    """Archive a person or take him back. Nobody is ever deleted (rule A9)."""
    allow(may_archive(request))
    employee = get_object_or_404(Employee, pk=employee_id)
    edits.set_archived(employee.pk, archived=archived, user=current_user(request))
    text = _("%(name)s is archived.") if archived else _("%(name)s is back from the archive.")
    messages.success(request, text % {"name": employee})
    return redirect("admin:syncapp_employee_change", employee.pk)
