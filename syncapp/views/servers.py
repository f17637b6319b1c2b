"""What an administrator does with a directory server: test, query, preview, synchronise, write back."""

from collections.abc import Callable
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
from syncapp.views.access import allow, current_user, may_manage, may_query, may_synchronise
from syncapp.views.display import sentence
from syncapp.views.probes import QueryTable, StepRow

PEOPLE_SHOWN = 20


@require_POST
def test_view(request: HttpRequest, server_id: int) -> HttpResponse:
    return _probe(request, server_id, title=_("Test connection"), template="test_result.html", answer=_steps)


@require_POST
def query_view(request: HttpRequest, server_id: int) -> HttpResponse:
    return _probe(request, server_id, title=_("Run query"), template="query_result.html", answer=_people)


def _steps(server: DirectoryServer) -> dict[str, Any]:
    return {"steps": [StepRow.of(step) for step in probing.test_connection(server)]}


def _people(server: DirectoryServer) -> dict[str, Any]:
    return {"table": QueryTable.of(probing.run_query(server, limit=PEOPLE_SHOWN)), "limit": PEOPLE_SHOWN}


def _probe(
    request: HttpRequest,
    server_id: int,
    *,
    title: str,
    template: str,
    answer: Callable[[DirectoryServer], dict[str, Any]],
) -> HttpResponse:
    """Answer with the page at once; the page then asks for the result, which may take some seconds."""
    allow(may_query(request))
    server = get_object_or_404(DirectoryServer, pk=server_id)
    if "HX-Request" not in request.headers:
        context = {
            **admin.site.each_context(request),
            "title": title,
            "subtitle": server.name,
            "server": server,
            "original": server,  # with `opts` the theme shows where this page stands
            "opts": DirectoryServer._meta,
        }
        return render(request, "admin/syncapp/directoryserver/probe.html", context)
    try:
        context = answer(server)
    except SyncError as error:
        context = {"error": sentence(error.code, error.params)}
    return render(request, f"admin/syncapp/directoryserver/{template}", context)


@require_POST
def start_view(request: HttpRequest, server_id: int, *, mode: RunMode) -> HttpResponse:
    """Queue a run and lead to its page, where it can be watched."""
    allow(may_query(request) if mode == RunMode.PREVIEW else may_synchronise(request))
    server = get_object_or_404(DirectoryServer, pk=server_id)
    if mode == RunMode.APPLY and not server.enabled:
        messages.error(request, _("“%(server)s” is switched off. Switch it on first.") % {"server": server})
        return redirect("admin:syncapp_directoryserver_change", server.pk)
    try:
        run = runs.enqueue_run(endpoint_id=server.pk, mode=mode, trigger=RunTrigger.MANUAL, user=current_user(request))
    except RunAlreadyActiveError as error:
        url = reverse("admin:syncapp_syncrun_change", args=[error.params["run"]])
        text = sentence(error.code, error.params)
        messages.warning(request, format_html('{} <a class="underline" href="{}">{}</a>', text, url, _("Show it")))
        return redirect("admin:syncapp_directoryserver_change", server.pk)
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
        **admin.site.each_context(request),
        "title": _("Writing back to the domain"),
        "subtitle": server.name,
        "server": server,
        "original": server,
        "opts": DirectoryServer._meta,
        "has_met": write_back.has_met(server),
        "waiting_url": f"{reverse('admin:syncapp_syncrecord_changelist')}?endpoint__id__exact={server.pk}&waiting__exact=1",
        "rows": [
            {"label": capfirst(str(labels[row.field])), "published": row.published, "changed": row.changed}
            for row in write_back.publishing(server)
        ],
    }
    return render(request, "admin/syncapp/directoryserver/write_back.html", context)
