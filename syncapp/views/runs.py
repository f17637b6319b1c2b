"""A run that is watched and stopped."""

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from syncapp.exceptions import ConfigurationError
from syncapp.models import DirectoryServer, SyncRun
from syncapp.services import runs
from syncapp.services.endpoints import take_over_base
from syncapp.services.identity import accept_directory, identity_of_run
from syncapp.services.run_table import run_as_csv
from syncapp.views.access import (
    allow,
    current_user,
    may_manage,
    may_see_runs,
    may_stop,
    rights_over,
)
from syncapp.views.display import sentence
from syncapp.views.download import download
from syncapp.views.run_view import RunView


@never_cache
@require_GET
def progress_view(request: HttpRequest, run_id: int) -> HttpResponse:
    """The live part of a run's page; the page asks for it while the run is going.

    Whose session ended meanwhile gets the whole page anew, which leads to the log-in.
    """
    if not (request.user.is_staff and request.user.has_perm("syncapp.view_syncrun")):
        response = HttpResponse(status=403)
        if not request.user.is_authenticated:
            response["HX-Refresh"] = "true"
        return response
    run = get_object_or_404(SyncRun.objects.select_related("endpoint", "applies"), pk=run_id)
    context = {"view": RunView(run, may_see_items=may_see_runs(request)), **rights_over(request, run)}
    return render(request, "admin/syncapp/syncrun/live.html", context)


@require_safe
def csv_view(request: HttpRequest, run_id: int) -> StreamingHttpResponse:
    """The people of a run as a table, written as it is read."""
    allow(may_see_runs(request))
    run = get_object_or_404(SyncRun.objects.select_related("endpoint"), pk=run_id)
    return download(run_as_csv(run), f"run-{run.pk}.csv")


@require_POST
def cancel_view(request: HttpRequest, run_id: int) -> HttpResponse:
    allow(may_stop(request, get_object_or_404(SyncRun, pk=run_id)))
    if runs.request_cancel(run_id):
        messages.info(request, _("The run was asked to stop. What it has done already stays and is in its items."))
    else:
        messages.warning(request, _("The run has ended already."))
    return redirect("admin:syncapp_syncrun_change", run_id)


@require_POST
def accept_view(request: HttpRequest, run_id: int) -> HttpResponse:
    """Expect from now on the directory that the run found instead of the known one."""
    allow(may_manage(request))
    run = get_object_or_404(SyncRun.objects.select_related("endpoint"), pk=run_id)
    user = current_user(request)
    try:
        accept_directory(run.pk, who=user.get_username())
    except ConfigurationError as error:
        messages.error(request, sentence(error.code, error.params))
        return redirect("admin:syncapp_syncrun_change", run_id)
    text = _("The directory %(directory)s was accepted.") % {"directory": identity_of_run(run)}
    LogEntry.objects.log_actions(user.pk, [DirectoryServer.objects.get(pk=run.server_id)], CHANGE, change_message=text)
    messages.success(request, text + " " + _("Look at a preview before you synchronise."))
    return redirect("admin:syncapp_syncrun_change", run_id)


@require_POST
def take_over_view(request: HttpRequest, run_id: int) -> HttpResponse:
    """Enter the new DN of a base that the run found renamed."""
    allow(may_manage(request))
    run = get_object_or_404(SyncRun, pk=run_id, error_code="base_renamed")
    server = get_object_or_404(DirectoryServer, pk=run.endpoint_id)
    try:
        take_over_base(server, base=run.error_params["base"], now=run.error_params["now"])
    except ConfigurationError as error:
        messages.error(request, sentence(error.code, error.params))
    else:
        messages.success(request, _("“%(base)s” was taken over.") % {"base": run.error_params["now"]})
    return redirect("admin:syncapp_syncrun_change", run_id)
