"""What waits for a person on one server, with the way to it."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import ngettext

from syncapp.choices import Status


def matters_of(server: Any) -> Iterator[tuple[str, str]]:
    """Yield text and address; the server has the numbers that the admin's list adds to it."""
    if server.conflicts_open:
        text = ngettext("%(count)d to decide", "%(count)d to decide", server.conflicts_open)
        url = reverse("admin:syncapp_conflict_changelist")
        yield text % {"count": server.conflicts_open}, f"{url}?endpoint__id__exact={server.pk}"
    if server.people_failed:
        text = ngettext("%(count)d failed", "%(count)d failed", server.people_failed)
        query = f"?endpoint__id__exact={server.pk}&status__exact={Status.FAILED}"
        yield text % {"count": server.people_failed}, f"{reverse('admin:syncapp_syncrecord_changelist')}{query}"
