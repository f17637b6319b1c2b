"""Test connection: the page shows all steps at once, and asks for one after the other."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from syncapp.directory.examination import ORDER, StepName
from syncapp.messages.directory import STEP_LABELS
from syncapp.models import DirectoryServer
from syncapp.services import probing
from syncapp.views.access import allow, may_query
from syncapp.views.probes import StepRow
from syncapp.views.servers import page_of

_FOLDER = "admin/syncapp/directoryserver"


@require_POST
def test_view(request: HttpRequest, server_id: int) -> HttpResponse:
    """Answer with the steps as they wait, with one of them when the page asks for it, or with all where it cannot.

    Nothing is kept from one step to the next but what the page sends along: the address
    that answered, and how much of the time is left.
    """
    allow(may_query(request))
    server = get_object_or_404(DirectoryServer, pk=server_id)
    if "HX-Request" in request.headers:
        return render(request, f"{_FOLDER}/test_step.html", _one_step(server, request.POST))
    context = page_of(request, server, _("Test connection"))
    if "whole" in request.POST:
        context["steps"] = [StepRow.of(step) for step in probing.test_connection(server)]
    else:
        context.update(_waiting(ORDER), left=probing.SECONDS)
    return render(request, f"{_FOLDER}/test.html", context)


def _one_step(server: DirectoryServer, sent: Any) -> dict[str, Any]:
    asked = StepName(sent["step"]) if sent.get("step") in ORDER else ORDER[0]
    answer = probing.take_step(server, asked, seconds=_left(sent.get("left", "")), uri=sent.get("uri", ""))
    return {
        "server": server,
        "steps": [StepRow.of(step) for step in answer.steps],
        "failed": answer.failed,
        "uri": answer.uri,
        "left": round(answer.seconds, 3),
        **_waiting(answer.upcoming(asked)),
    }


def _waiting(names: Iterable[StepName]) -> dict[str, Any]:
    waiting = [(name.value, STEP_LABELS[name]) for name in names]
    return {"waiting": waiting, "next": waiting[0][0] if waiting else ""}


def _left(sent: str) -> float:
    """Return the seconds that a page says are left: never more than there are."""
    try:
        return min(probing.SECONDS, max(0.0, float(sent)))
    except ValueError:
        return probing.SECONDS
