"""Adding a directory server, second step: what was found, and the mapping that is proposed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from syncapp.choices import Kind
from syncapp.core.options import FieldRule
from syncapp.core.proposal import Candidate, ProposedLine
from syncapp.core.records import Message
from syncapp.directory.discovery import Found
from syncapp.exceptions import SyncError
from syncapp.forms.adding import FoundForm, LineForm, proposed_lines, typed_lines
from syncapp.models import DirectoryServer, FieldMapping
from syncapp.services import adding
from syncapp.services.directory_settings import anchor_caution, rule_of
from syncapp.views.access import allow, current_user, may_manage
from syncapp.views.display import sentence
from syncapp.views.servers import page_of

_FOLDER = "admin/syncapp/directoryserver"
SET_UP = gettext_lazy("This server is set up already. What it is and does is changed here.")


@dataclass(frozen=True, slots=True)
class OtherRow:
    """Another attribute in which something stands."""

    attribute: str
    figures: str
    examples: str

    @classmethod
    def of(cls, candidate: Candidate) -> Self:
        figures = _("%(readable)d of %(people)d") % {"readable": candidate.readable, "people": candidate.people}
        return cls(candidate.rule.attribute, figures, _joined(candidate))


@dataclass(frozen=True, slots=True)
class LineRow:
    """One field: what may be changed, and what the directory has."""

    form: LineForm
    filled: str
    readable: str
    examples: str
    reasons: Sequence[str]
    others: Sequence[OtherRow]

    @classmethod
    def of(cls, form: LineForm, line: ProposedLine | None) -> Self:
        if line is None:
            return cls(
                form, "–", "–", "", [_("The directory knows no attribute for this.")] if not form.is_bound else [], ()
            )
        best = line.best
        counted = bool(best.people) and best.filled is not None
        return cls(
            form=form,
            filled=f"{round(100 * (best.filled or 0) / best.people)} %" if counted else "–",
            readable=_("%(readable)d of %(people)d") % {"readable": best.readable, "people": best.people}
            if counted
            else "–",
            examples=_joined(best),
            reasons=[sentence(reason.code, reason.params) for reason in line.reasons] if best.people else [],
            others=[OtherRow.of(other) for other in line.others],
        )


@require_http_methods(["GET", "HEAD", "POST"])
def found_view(request: HttpRequest, server_id: int) -> HttpResponse:
    """Answer with the page at once; the page then asks for what the directory says, which takes up to 20 seconds."""
    allow(may_manage(request))
    server = get_object_or_404(DirectoryServer, pk=server_id)
    if not server.being_added:
        messages.info(request, SET_UP)
        return redirect("admin:syncapp_directoryserver_change", server.pk)
    if request.method == "POST":
        return _posted(request, server)
    if "HX-Request" in request.headers:
        return render(request, f"{_FOLDER}/found_result.html", _first_look(server))
    return render(request, f"{_FOLDER}/found.html", page_of(request, server, _("What was found")))


def _first_look(server: DirectoryServer) -> dict[str, Any]:
    kept = [rule_of(mapping) for mapping in server.mappings.order_by("id")]
    try:
        found = adding.look(server, own=kept)
    except SyncError as error:
        return {"server": server, "error": sentence(error.code, error.params)}
    form = FoundForm(
        instance=server,
        initial={
            "kind": found.kind,
            "base_dn": server.base_dn or found.base_dn,
            "anchor_attribute": server.anchor_attribute or adding.proposed_anchor(found),
        },
    )
    return _result(server, form, proposed_lines(found.lines, kept=kept), found)


def _posted(request: HttpRequest, server: DirectoryServer) -> HttpResponse:
    """Keep what was confirmed, or look again with what was typed."""
    form = FoundForm(request.POST, instance=server)
    form_valid = form.is_valid()
    lines, mappings, lines_valid = typed_lines(request.POST, region=server.region if form_valid else "RU")
    if form_valid and lines_valid and not mappings:
        form.add_error(None, _("Map at least one field."))
        form_valid = False
    if form_valid and lines_valid and "again" not in request.POST:
        return _kept(request, server, mappings)
    found, error = (None, "")
    if form_valid:
        found, error = _look_again(server, [rule_of(mapping) for mapping in mappings])
    result = {**_result(server, form, lines, found), "error": error}
    return render(
        request, f"{_FOLDER}/found.html", {**page_of(request, server, _("What was found")), **result, "shown": True}
    )


def _kept(request: HttpRequest, server: DirectoryServer, mappings: Sequence[FieldMapping]) -> HttpResponse:
    if not adding.keep(server, mappings):
        messages.info(request, SET_UP)
        return redirect("admin:syncapp_directoryserver_change", server.pk)
    text = _("What was found is confirmed.")
    LogEntry.objects.log_actions(current_user(request).pk, [server], CHANGE, change_message=text)
    caution = anchor_caution(server.anchor_attribute)
    if caution is not None:
        messages.warning(request, _said(caution))
    return redirect("admin:syncapp_directoryserver_scope", server.pk)


def _look_again(server: DirectoryServer, own: Sequence[FieldRule]) -> tuple[Found | None, str]:
    try:
        return adding.look(server, own=own), ""
    except SyncError as error:
        return None, sentence(error.code, error.params)


def _result(server: DirectoryServer, form: FoundForm, lines: Sequence[LineForm], found: Found | None) -> dict[str, Any]:
    by_field = {line.field.value: line for line in found.lines} if found else {}
    context: dict[str, Any] = {
        "server": server,
        "form": form,
        "rows": [LineRow.of(line, by_field.get(line.field)) for line in lines],
        "who_is_who_open": bool(found and found.anchors)
        or any(name in form.errors for name in ("anchor_attribute", "disabled_attribute", "disabled_value")),
    }
    if found is None:
        return context
    people = adding.said_of_people(found)
    return {
        **context,
        "kind": _said(Message("found_kind", {"kind": _kind_label(found), "uri": found.uri})),
        "people": _said(people),
        "worrying": found.problem is not None or not found.people,
        "features": [(able, _said(message)) for able, message in adding.said_of_server(found)],
        "anchors": [(serves, _said(message)) for serves, message in adding.said_of_anchors(found)],
        "contexts": found.naming_contexts,
        "notes": [_said(note) for note in found.notes],
    }


def _kind_label(found: Found) -> str:
    return str(Kind(found.kind).label)


def _said(message: Message) -> str:
    return sentence(message.code, message.params)


def _joined(candidate: Candidate) -> str:
    return ", ".join(candidate.examples) or candidate.foreign_example
