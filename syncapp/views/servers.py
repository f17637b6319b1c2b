"""What an administrator does with a directory server: query, preview, synchronise, write back."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from syncapp.choices import Field, RunMode, RunTrigger
from syncapp.exceptions import RunAlreadyActiveError, SyncError
from syncapp.models import DirectoryServer
from syncapp.services import probing, runs, write_back
from syncapp.services.endpoints import Synchronised
from syncapp.views.access import allow, current_user, may_manage, may_query, may_synchronise
from syncapp.views.display import sentence
from syncapp.views.probes import QueryTable

PEOPLE_SHOWN = 20
_FOLDER = "admin/syncapp/directoryserver"


@require_POST
def query_view(request: HttpRequest, server_id: int) -> HttpResponse:
    """Answer with the page at once; the page then asks for the result, which may take some seconds."""
    allow(may_query(request))
    server = get_object_or_404(DirectoryServer, pk=server_id)
    if "HX-Request" in request.headers:
        return render(request, f"{_FOLDER}/query_result.html", _people(server))
    context = {**page_of(request, server, _("Run query")), **(_people(server) if "whole" in request.POST else {})}
    return render(request, f"{_FOLDER}/query.html", context)


def _people(server: DirectoryServer) -> dict[str, Any]:
    try:
        return {"table": QueryTable.of(probing.run_query(server, limit=PEOPLE_SHOWN)), "limit": PEOPLE_SHOWN}
    except SyncError as error:
        return {"error": sentence(error.code, error.params)}


def page_of(request: HttpRequest, server: DirectoryServer, title: str) -> dict[str, Any]:
    """Return what every page about one server needs."""
    return {
        **admin.site.each_context(request),
        "title": title,
        "subtitle": server.name,
        "server": server,
        "original": server,  # with `opts` the theme shows where this page stands
        "opts": DirectoryServer._meta,
    }


@require_POST
def start_view(request: HttpRequest, server_id: int, *, mode: RunMode) -> HttpResponse:
    """Queue a run and lead to its page, where it can be watched."""
    allow(may_query(request) if mode == RunMode.PREVIEW else may_synchronise(request))
    server = get_object_or_404(DirectoryServer, pk=server_id)
    return start(request, server, mode)


def start(request: HttpRequest, server: Synchronised, mode: RunMode) -> HttpResponse:
    """Queue a run, by somebody who may, and lead to its page."""
    page = f"admin:syncapp_{server._meta.model_name}_change"
    if mode == RunMode.APPLY and not server.enabled:
        messages.error(request, _("“%(server)s” is switched off. Switch it on first.") % {"server": server})
        return redirect(page, server.pk)
    try:
        run = runs.enqueue_run(endpoint_id=server.pk, mode=mode, trigger=RunTrigger.MANUAL, user=current_user(request))
    except RunAlreadyActiveError as error:
        url = reverse("admin:syncapp_syncrun_change", args=[error.params["run"]])
        text = sentence(error.code, error.params)
        messages.warning(request, format_html('{} <a class="underline" href="{}">{}</a>', text, url, _("Show it")))
        return redirect(page, server.pk)
    messages.success(request, _("The run is in the queue. This page shows how far it is."))
    return redirect("admin:syncapp_syncrun_change", run.pk)


def write_back_view(request: HttpRequest, server_id: int) -> HttpResponse:
    """Show what would go out, and switch writing back on or off."""
    allow(may_manage(request))
    server = get_object_or_404(DirectoryServer, pk=server_id)
    if request.method == "POST":
        on = bool(request.POST.get("on"))
        if write_back.switch_write_back(server.pk, on=on):
            text = _("Writing back was switched on.") if on else _("Writing back was switched off.")
            LogEntry.objects.log_actions(current_user(request).pk, [server], CHANGE, change_message=text)
            messages.success(request, text)
        return redirect("admin:syncapp_directoryserver_change", server.pk)
    labels = dict(Field.choices)
    context = {
        **page_of(request, server, _("Writing back to the domain")),
        "has_met": write_back.has_met(server),
        "waiting_url": f"{reverse('admin:syncapp_syncrecord_changelist')}?endpoint__id__exact={server.pk}&waiting__exact=1",
        "rows": [
            {"label": capfirst(str(labels[row.field])), "published": row.published, "changed": row.changed}
            for row in write_back.publishing(server)
        ],
    }
    return render(request, f"{_FOLDER}/write_back.html", context)
