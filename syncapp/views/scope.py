"""Adding a directory server, third step: who is read and by which rules; then it is switched on."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from syncapp.choices import RunMode
from syncapp.exceptions import SyncError
from syncapp.forms.scope import ScopeForm
from syncapp.models import DirectoryServer
from syncapp.services import adding
from syncapp.views.access import allow, current_user, may_manage, may_query
from syncapp.views.adding import SET_UP
from syncapp.views.display import sentence, trouble
from syncapp.views.servers import page_of, start

_FOLDER = "admin/syncapp/directoryserver"


@require_http_methods(["GET", "HEAD", "POST"])
def scope_view(request: HttpRequest, server_id: int) -> HttpResponse:
    """Answer with the page at once; the page then asks for the branches, and for a count whenever the scope changes.

    One after the other, and not by itself where the account is refused.
    """
    allow(may_manage(request))
    server = get_object_or_404(DirectoryServer, pk=server_id)
    if not server.being_added:
        messages.info(request, SET_UP)
        return redirect("admin:syncapp_directoryserver_change", server.pk)
    if not server.mappings.exists():
        return redirect("admin:syncapp_directoryserver_found", server.pk)
    may_add_pools = request.user.has_perm("syncapp.add_numberpool")
    form = ScopeForm(request.POST or None, instance=server, may_add_pools=may_add_pools)
    if "HX-Request" in request.headers:
        asked = "branches" if request.GET.get("ask") == "branches" else "count"
        return render(request, f"{_FOLDER}/scope_{asked}.html", ANSWERS[asked](server, form))
    if request.method == "POST" and form.is_valid():
        return _confirmed(request, server, form)
    context = {**page_of(request, server, _("Scope and rules")), "form": form, "may_query": may_query(request)}
    return render(request, f"{_FOLDER}/scope.html", context)


def _confirmed(request: HttpRequest, server: DirectoryServer, form: ScopeForm) -> HttpResponse:
    if not adding.confirm(server, pool=form.cleaned_data["pool"], new_range=form.new_range()):
        messages.info(request, SET_UP)
        return redirect("admin:syncapp_directoryserver_change", server.pk)
    text = _("Scope and rules are confirmed, and the server is switched on.")
    LogEntry.objects.log_actions(current_user(request).pk, [server], CHANGE, change_message=text)
    ready = _("“%(server)s” is ready. Preview sync shows everything that would happen.") % {"server": server}
    messages.success(request, ready)
    if "preview" in request.POST and may_query(request):
        return start(request, server, RunMode.PREVIEW)
    return redirect("admin:syncapp_directoryserver_change", server.pk)


def _count(server: DirectoryServer, form: ScopeForm) -> Mapping[str, Any]:
    """How many people the scope would bring as it is typed."""
    form.is_valid()
    wrong = [str(text) for name in adding.SCOPE if name in form.errors for text in form.errors[name]]
    if wrong:
        return {"server": server, "error": " ".join(wrong)}
    try:
        found = adding.count_scope(server)
    except SyncError as error:
        return {"server": server, **trouble(error)}
    said = adding.said_of_scope(found)
    return {"server": server, "people": sentence(said.code, said.params), "nobody": not found.people}


def _branches(server: DirectoryServer, form: ScopeForm) -> Mapping[str, Any]:
    """The branches that were found, ticked as they are chosen; what else is chosen stays to be typed."""
    form.is_valid()
    chosen = form.cleaned_data.get("search_bases", [])
    try:
        found = adding.branches(server)
    except SyncError as error:
        return {"form": form, "server": server, **trouble(error)}
    names = {branch.dn.casefold() for branch in found}
    ticked = {dn.casefold() for dn in chosen}
    rest = ScopeForm(
        initial={"search_bases": [dn for dn in chosen if dn.casefold() not in names]},
        instance=server,
        may_add_pools=False,
    )
    rows = [(branch, branch.dn.casefold() in ticked) for branch in found]
    return {"form": rest, "server": server, "rows": rows}


ANSWERS: Mapping[str, Callable[[DirectoryServer, ScopeForm], Mapping[str, Any]]] = {
    "branches": _branches,
    "count": _count,
}
