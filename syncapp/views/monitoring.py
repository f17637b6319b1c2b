"""What programs ask that watch over the installation; no log-in, no session, no cookie."""

from collections.abc import Iterator

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from syncapp import messages
from syncapp.services.figures import figures
from syncapp.services.readiness import Part, readiness
from syncapp.views.access import allow, may_watch

PREFIX = "ldapsync_"


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers, and nothing more: who restarts it on a "no" must not do so for the database."""
    return JsonResponse({"alive": True})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether everything is there that the work needs: 503 where not.

    Strangers learn that alone; who may watch also learns which part is missing, and why.
    """
    parts = readiness()
    ready = all(part.ready for part in parts)
    told: dict[str, object] = {"ready": ready}
    if may_watch(request):
        with translation.override("en"):
            told["parts"] = {part.name: _told(part) for part in parts}
    return JsonResponse(told, status=200 if ready else 503)


def _told(part: Part) -> dict[str, object]:
    if part.ready:
        return {"ready": True}
    return {"ready": False, "code": part.code, "reason": messages.render(part.code)}


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus in the format that it asks for; 503 while the database does not answer."""
    allow(may_watch(request))
    registry = CollectorRegistry()
    registry.register(_Figures())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        return HttpResponse(encode(registry), content_type=content_type)
    except DatabaseError:
        with translation.override("en"):
            reason = messages.render("database_silent")
        return HttpResponse(reason, status=503, content_type="text/plain; charset=utf-8")


class _Figures(Collector):
    """Everything as gauges: rows are pruned, so nothing of it only ever grows."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for figure in figures(now=timezone.now()):
            family = GaugeMetricFamily(PREFIX + figure.name, figure.text, labels=figure.labels)
            for labels, value in figure.samples:
                family.add_metric(labels, value)
            yield family
