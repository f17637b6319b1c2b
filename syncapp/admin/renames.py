"""Directories and pools are named by phone systems, and keep being so when they are called otherwise."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.forms import ModelForm
from django.http import HttpRequest

from syncapp.services.phone_systems import follow_rename
from syncapp.views.access import current_user
from syncapp.views.display import sentence


def follow_new_name(request: HttpRequest, form: ModelForm, *, way: str) -> None:
    """Let the phone systems that serve it name it as it is called now, and say so to whoever renamed it and in their history."""
    if "name" not in form.changed_data:
        return
    params: dict[str, Any] = {"before": form.initial["name"], "name": form.instance.name}
    for phones in follow_rename(way, params["before"], params["name"]):
        text = sentence("phone_serves_followed", {**params, "server": phones.name})
        LogEntry.objects.log_actions(current_user(request).pk, [phones], CHANGE, change_message=text)
        messages.info(request, text)
