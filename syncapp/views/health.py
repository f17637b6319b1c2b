"""What should be mended in a directory: a page, and a table for spreadsheets."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from syncapp.core.health import Ailment, Finding
from syncapp.messages.health import AILMENT_LABELS
from syncapp.models import DirectoryServer
from syncapp.services import health
from syncapp.services.health import Examination
from syncapp.views.access import allow, may_examine
from syncapp.views.display import breakable_dn, sentence
from syncapp.views.download import download

# So many findings of a kind are on the page; the table for spreadsheets has all.
SHOWN = 50


@dataclass(frozen=True, slots=True)
class FindingRow:
    dn: SafeString
    field: str
    value: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    count: int
    rows: Sequence[FindingRow]


@require_safe
def health_view(request: HttpRequest, server_id: int) -> HttpResponse:
    """Answer with the page at once; the page then asks for the report, which takes up to 20 seconds."""
    allow(may_examine(request))
    server = get_object_or_404(DirectoryServer, pk=server_id)
    if "HX-Request" in request.headers:
        return render(request, "admin/syncapp/directoryserver/health_result.html", _report(server))
    context = {
        **admin.site.each_context(request),
        "title": _("Directory health"),
        "subtitle": server.name,
        "server": server,
        "original": server,
        "opts": DirectoryServer._meta,
    }
    return render(request, "admin/syncapp/directoryserver/health.html", context)


@require_safe
def health_csv_view(request: HttpRequest, server_id: int) -> StreamingHttpResponse:
    """The whole report as a table, written as it is read. What cut it short stands in its last line."""
    allow(may_examine(request))
    server = get_object_or_404(DirectoryServer, pk=server_id)
    examination = Examination()
    lines = health.as_csv(health.examine(server, examination, seconds=health.SECONDS), examination)
    return download(lines, f"directory-health-{server.pk}-{timezone.localdate().isoformat()}.csv")


def _report(server: DirectoryServer) -> dict[str, Any]:
    examination = Examination()
    first: defaultdict[Ailment, list[Finding]] = defaultdict(list)
    for finding in health.examine(server, examination, seconds=health.SECONDS):
        if len(first[finding.ailment]) < SHOWN:
            first[finding.ailment].append(finding)
    shortfall = examination.shortfall
    return {
        "server": server,
        "people": examination.people,
        "photos": examination.photos,
        "error": sentence(shortfall.code, shortfall.params) if shortfall and examination.error is not None else "",
        "shortfall": sentence(shortfall.code, shortfall.params) if shortfall and examination.error is None else "",
        "limit": SHOWN,
        "groups": [_group(ailment, examination, first[ailment]) for ailment in Ailment if ailment in first],
    }


def _group(ailment: Ailment, examination: Examination, findings: Sequence[Finding]) -> Group:
    rows = []
    for finding in findings:
        _kind, _dn, field, value, remedy = health.cells(finding)
        rows.append(FindingRow(breakable_dn(finding.dn), field, value, remedy))
    return Group(str(AILMENT_LABELS[ailment]), examination.counts[ailment], rows)
