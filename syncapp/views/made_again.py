"""Having somebody made again in a phone system."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from syncapp.exceptions import SyncError
from syncapp.models import SyncRecord
from syncapp.services.made_again import make_again
from syncapp.views.access import allow, current_user, may_decide
from syncapp.views.display import sentence


@require_POST
def make_again_view(request: HttpRequest, record_id: int) -> HttpResponse:
    allow(may_decide(request))
    record = get_object_or_404(SyncRecord, pk=record_id)
    try:
        make_again(record.pk, user=current_user(request))
    except SyncError as error:
        messages.error(request, sentence(error.code, error.params))
    else:
        messages.success(request, _("The next run makes this person there again."))
    return redirect("admin:syncapp_syncrecord_change", record.pk)
