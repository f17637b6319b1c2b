"""Trying out whether word gets out."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from syncapp.choices import ChannelKind
from syncapp.exceptions import SyncError
from syncapp.models import NotificationChannel
from syncapp.services.notifications.delivery import send_test
from syncapp.views.access import allow, may_manage
from syncapp.views.display import sentence


@require_POST
def test_view(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Send a test message at once, and say in a sentence what became of it."""
    allow(may_manage(request))
    channel = get_object_or_404(NotificationChannel, pk=channel_id)
    try:
        status = send_test(channel, now=timezone.now())
    except SyncError as error:
        messages.error(request, sentence(error.code, error.params))
    else:
        said = (
            _("The mail server took the test message for %(to)s. Look whether it has arrived.")
            if channel.kind == ChannelKind.MAIL
            else _("%(to)s took the test message and answered %(status)s.")
        )
        messages.success(request, said % {"to": channel.target, "status": status})
    return redirect("admin:syncapp_notificationchannel_change", channel.pk)
