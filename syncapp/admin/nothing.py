"""What a list says while it is empty: why, and what to do next."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Nothing:
    """A sentence or two, and where to go on: text and address."""

    text: str
    links: tuple[tuple[str, str], ...] = ()


def nothing_yet(model: str, request: HttpRequest) -> Nothing | None:
    """Return what the list of a model says, with links for those alone who may go there; None for other lists."""
    said = _SAID.get(model)
    return said(request) if said is not None else None


def _page(name: str, query: str = "") -> str:
    return reverse(f"admin:syncapp_{name}") + query


def _servers(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    """To the servers, for the first synchronisation begins there."""
    if request.user.has_perm("syncapp.view_directoryserver"):
        return ((_("Go to the directory servers"), _page("directoryserver_changelist")),)
    return ()


def _add(request: HttpRequest, model: str, text: str) -> tuple[tuple[str, str], ...]:
    return ((text, _page(f"{model}_add")),) if request.user.has_perm(f"syncapp.add_{model}") else ()


def _directoryserver(request: HttpRequest) -> Nothing:
    links = _add(request, "directoryserver", _("Add a directory server"))
    if not links:
        return Nothing(_("No directory server is set up yet. An administrator adds one."))
    text = _(
        "No directory server is set up yet. Add one: nothing is read before you ask for it, and nothing is written before you have seen it."
    )
    return Nothing(text, links)


def _employee(request: HttpRequest) -> Nothing:
    links = _servers(request)
    if request.user.has_perm("syncapp.change_employee"):
        links += ((_("Import a sheet"), _page("employee_import")),)
    return Nothing(
        _("Nobody is here yet. Employees come with the first synchronisation of a server, or from a sheet."),
        links + _add(request, "employee", _("Add an employee")),
    )


def _syncrecord(request: HttpRequest) -> Nothing:
    text = _("No entry of a directory is known yet: the first synchronisation of a server brings them.")
    return Nothing(text, _servers(request))


def _conflict(request: HttpRequest) -> Nothing:
    text = _("Nothing waits for a decision. What runs cannot decide by themselves will stand here.")
    return Nothing(text, ((_("Show what was decided"), _page("conflict_changelist", "?closed=1")),))


def _leaver(request: HttpRequest) -> Nothing:
    return Nothing(_("Nobody has left: everybody whom a directory knows is active in it."))


def _syncrun(request: HttpRequest) -> Nothing:
    text = _("Nothing was synchronised yet. Open a server and begin with a preview: it changes nothing.")
    return Nothing(text, _servers(request))


def _runitem(request: HttpRequest) -> Nothing:
    return Nothing(_("Nobody: nothing was changed, and there is nothing to say of anybody that is not on the records."))


def _numberpool(request: HttpRequest) -> Nothing:
    text = _(
        "No number pool yet. A pool is a range of extensions for new people; without one nobody is given a number."
    )
    return Nothing(text, _add(request, "numberpool", _("Add a number pool")))


_SAID: dict[str, Callable[[HttpRequest], Nothing]] = {
    "directoryserver": _directoryserver,
    "employee": _employee,
    "syncrecord": _syncrecord,
    "conflict": _conflict,
    "leaver": _leaver,
    "syncrun": _syncrun,
    "runitem": _runitem,
    "numberpool": _numberpool,
}
