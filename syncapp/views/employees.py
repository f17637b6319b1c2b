"""What an administrator does with a person apart from editing."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from syncapp.exceptions import SyncError
from syncapp.models import Employee, SyncRecord
from syncapp.services import edits, people
from syncapp.services.photos import find_photo, find_thumbnail
from syncapp.views.access import allow, current_user, may_archive, may_see_employees, may_synchronise
from syncapp.views.display import sentence

# What stands in the place of a photo that is not kept here, such as one that a preview would bring in.
_NO_PHOTO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="#94a3b8">'
    b'<path d="M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zm0 10c4.4 0 8 1.8 8 4v2H4v-2c0-2.2 3.6-4 8-4z"/></svg>'
)


@require_safe
def photo_view(request: HttpRequest, digest: str, *, small: bool = False) -> HttpResponse:
    """A photo that is kept here, by the SHA-256 of its bytes or of those that it was made of; `small`: for lists."""
    allow(may_see_employees(request))
    photo = find_thumbnail(digest) if small else find_photo(digest)
    if photo is None:  # it may be kept tomorrow
        return HttpResponse(_NO_PHOTO, content_type="image/svg+xml", headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": "private, immutable, max-age=86400"}
    return HttpResponse(photo, content_type="image/jpeg", headers=headers)


@require_POST
def archive_view(request: HttpRequest, employee_id: int, *, archived: bool) -> HttpResponse:
    """Archive a person or take him back. Nobody is ever deleted (rule A9)."""
    allow(may_archive(request))
    employee = get_object_or_404(Employee, pk=employee_id)
    try:
        edits.set_archived(employee.pk, archived=archived, user=current_user(request))
    except SyncError as error:
        messages.error(request, sentence(error.code, error.params))
        return redirect("admin:syncapp_employee_change", employee.pk)
    text = _("%(name)s is archived.") if archived else _("%(name)s is back from the archive.")
    messages.success(request, text % {"name": employee})
    return redirect("admin:syncapp_employee_change", employee.pk)


@require_POST
def synchronise_view(request: HttpRequest, employee_id: int) -> HttpResponse:
    """Synchronise one person with every server that knows him."""
    allow(may_synchronise(request))
    employee = get_object_or_404(Employee, pk=employee_id)
    start_runs(request, SyncRecord.objects.filter(employee=employee))
    return redirect("admin:syncapp_employee_change", employee.pk)


def start_runs(request: HttpRequest, records: Iterable[SyncRecord]) -> None:
    """Queue runs for the people of these records, and say where they can be watched."""
    queued, refused = people.enqueue_people(records=records, user=current_user(request))
    for run in queued:
        _say(request, messages.SUCCESS, _("%(server)s: the run is in the queue.") % {"server": run.endpoint}, run.pk)
    for error in refused:
        _say(request, messages.WARNING, sentence(error.code, error.params), error.params["run"])
    if not queued and not refused:
        messages.warning(request, _("No enabled server knows this person yet. Synchronise a whole server first."))


def _say(request: HttpRequest, level: int, text: str, run_id: int) -> None:
    url = reverse("admin:syncapp_syncrun_change", args=[run_id])
    shown = format_html('{} <a class="underline" href="{}">{}</a>', text, url, _("Show it"))
    messages.add_message(request, level, shown)
