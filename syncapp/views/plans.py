"""The plan of a preview or held run: applied exactly as it was shown, or discarded."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from syncapp.exceptions import SyncError
from syncapp.models import SyncRun
from syncapp.services import seals
from syncapp.views.access import allow, current_user, may_apply, may_override, may_stop
from syncapp.views.display import sentence
from syncapp.views.run_view import RunView


def apply_view(request: HttpRequest, run_id: int) -> HttpResponse:
    """Queue the carrying out of a plan; for one that a brake holds ask first, with the numbers.

    Brakes are looked at once more when the plan is carried out: who may not override
    them may not say so beforehand either.
    """
    run = get_object_or_404(SyncRun.objects.select_related("endpoint"), pk=run_id)
    force = bool(request.POST.get("force"))
    asks = request.method != "POST"
    allow(may_override(request) if asks or force else may_apply(request, run))
    if asks:
        context = {
            **admin.site.each_context(request),
            "title": _("Apply a held plan after all"),
            "subtitle": str(run),
            "view": RunView(run),
            "original": run,
            "opts": SyncRun._meta,
        }
        return render(request, "admin/syncapp/syncrun/apply.html", context)
    try:
        queued = seals.enqueue_plan(run, user=current_user(request), force=force)
    except SyncError as error:
        messages.error(request, sentence(error.code, error.params))
        return redirect("admin:syncapp_syncrun_change", run.pk)
    messages.success(request, _("The run is in the queue. This page shows how far it is."))
    return redirect("admin:syncapp_syncrun_change", queued.pk)


@require_POST
def discard_view(request: HttpRequest, run_id: int) -> HttpResponse:
    allow(may_stop(request, get_object_or_404(SyncRun, pk=run_id)))
    try:
        seals.discard_plan(run_id, who=current_user(request).get_username())
    except SyncError as error:
        messages.error(request, sentence(error.code, error.params))
    else:
        messages.success(request, _("The plan was discarded. Its items stay to be read."))
    return redirect("admin:syncapp_syncrun_change", run_id)
