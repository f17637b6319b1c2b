"""Deciding a match: join with a candidate, or a new person."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from syncapp.exceptions import SyncError
from syncapp.models import Conflict
from syncapp.services import matches
from syncapp.views.access import allow, current_user, may_decide
from syncapp.views.display import sentence


@require_POST
def join_view(request: HttpRequest, conflict_id: int) -> HttpResponse:
    conflict = _conflict_or_403(request, conflict_id)
    employee = request.POST.get("employee", "")
    if not employee.isdecimal():
        return HttpResponseBadRequest()
    if decide(request, matches.join, conflict_id=conflict.pk, employee_id=int(employee)):
        messages.success(request, _("Joined. The next run carries the values over."))
        return redirect("admin:syncapp_conflict_changelist")
    return redirect("admin:syncapp_conflict_change", conflict.pk)


@require_POST
def create_new_view(request: HttpRequest, conflict_id: int) -> HttpResponse:
    conflict = _conflict_or_403(request, conflict_id)
    if decide(request, matches.create_new, conflict_id=conflict.pk):
        messages.success(request, _("None of these. The next run creates a new person."))
        return redirect("admin:syncapp_conflict_changelist")
    return redirect("admin:syncapp_conflict_change", conflict.pk)


def decide(request: HttpRequest, decision: Callable[..., Any], **what: int) -> bool:
    """Carry out one decision; say why when it is no longer possible."""
    try:
        decision(user=current_user(request), **what)
    except SyncError as error:
        messages.error(request, sentence(error.code, error.params))
        return False
    return True


def _conflict_or_403(request: HttpRequest, conflict_id: int) -> Conflict:
    allow(may_decide(request))
    return get_object_or_404(Conflict, pk=conflict_id)
