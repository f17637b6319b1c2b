"""What an administrator does with a phone system: test it, confirm its certificate, preview, synchronise."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from syncapp.choices import RunMode
from syncapp.directory.examination import StepOutcome
from syncapp.exceptions import ConfigurationError
from syncapp.messages.telephony import PHONE_STEP_LABELS
from syncapp.models import PhoneSystem
from syncapp.services.phone_systems import confirm_certificate, probe_phone_system
from syncapp.telephony.steps import PhoneStep
from syncapp.views.access import allow, current_user, may_manage, may_query, may_synchronise
from syncapp.views.display import label, sentence
from syncapp.views.probes import OUTCOMES
from syncapp.views.servers import start


@require_POST
def test_view(request: HttpRequest, phones_id: int) -> HttpResponse:
    """Answer with the page at once; the page then asks for the result, which may take some seconds."""
    allow(may_query(request))
    phones = get_object_or_404(PhoneSystem, pk=phones_id)
    if "HX-Request" in request.headers:
        steps = [_row(step) for step in probe_phone_system(phones)]
        context: dict[str, Any] = {"steps": steps, "phones": phones, "may_manage": may_manage(request)}
        return render(request, "admin/syncapp/phonesystem/test_result.html", context)
    context = {
        **admin.site.each_context(request),
        "title": _("Test connection"),
        "subtitle": phones.name,
        "phones": phones,
        "original": phones,  # with `opts` the theme shows where this page stands
        "opts": PhoneSystem._meta,
    }
    return render(request, "admin/syncapp/phonesystem/probe.html", context)


@require_POST
def confirm_view(request: HttpRequest, phones_id: int) -> HttpResponse:
    """Pin the certificate whose fingerprint somebody compared."""
    allow(may_manage(request))
    phones = get_object_or_404(PhoneSystem, pk=phones_id)
    try:
        confirm_certificate(phones, request.POST.get("fingerprint", ""))
    except ConfigurationError as error:
        messages.error(request, sentence(error.code, error.params))
    else:
        text = sentence("phone_certificate_confirmed", {"fingerprint": phones.fingerprint})
        LogEntry.objects.log_actions(current_user(request).pk, [phones], CHANGE, change_message=text)
        messages.success(request, text)
    return redirect("admin:syncapp_phonesystem_change", phones.pk)


@require_POST
def start_view(request: HttpRequest, phones_id: int, *, mode: RunMode) -> HttpResponse:
    """Queue a run and lead to its page, where it can be watched."""
    allow(may_query(request) if mode == RunMode.PREVIEW else may_synchronise(request))
    return start(request, get_object_or_404(PhoneSystem, pk=phones_id), mode)


def _row(step: PhoneStep) -> dict[str, Any]:
    word, tone, icon = OUTCOMES[StepOutcome(step.outcome)]
    return {
        "title": PHONE_STEP_LABELS[step.name],
        "outcome": label(word, tone, icon),
        "text": sentence(step.message.code, step.message.params),
        "remarks": [sentence(remark.code, remark.params) for remark in step.remarks],
        "rights": step.rights,
        "fingerprint": step.fingerprint,
    }
