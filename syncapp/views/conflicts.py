"""Deciding what is open: who an entry is, and which of two values is right."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from syncapp.core.vocabulary import Resolution
from syncapp.exceptions import SyncError
from syncapp.models import Conflict
from syncapp.services import matches
from syncapp.services.conflicts import Choice, decide_many
from syncapp.services.disputes import seen_of
from syncapp.services.matters_report import who_is_meant
from syncapp.store.naming import naming_of
from syncapp.views.access import allow, current_user, may_decide, may_synchronise
from syncapp.views.display import sentence
from syncapp.views.employees import start_runs

# So many refusals are told one by one.
TOLD = 10


@require_POST
def join_view(request: HttpRequest, conflict_id: int) -> HttpResponse:
    conflict = _conflict_or_403(request, conflict_id)
    employee = request.POST.get("employee", "")
    if not employee.isdecimal():
        return HttpResponseBadRequest()
    if decide(request, matches.join, conflict_id=conflict.pk, employee_id=int(employee)):
        messages.success(request, _("Joined. The next run carries the values over."))
        return redirect("admin:syncapp_conflict_changelist")
    return redirect("admin:syncapp_conflict_change", conflict.pk)


@require_POST
def create_new_view(request: HttpRequest, conflict_id: int) -> HttpResponse:
    conflict = _conflict_or_403(request, conflict_id)
    if decide(request, matches.create_new, conflict_id=conflict.pk):
        messages.success(request, _("None of these. The next run creates a new person."))
        return redirect("admin:syncapp_conflict_changelist")
    return redirect("admin:syncapp_conflict_change", conflict.pk)


@require_POST
def decide_view(request: HttpRequest, conflict_id: int) -> HttpResponse:
    """Take one of the two values that the page showed, or a third one."""
    conflict = _conflict_or_403(request, conflict_id)
    take, value = request.POST.get("take", ""), request.POST.get("value", "")
    if take not in set(Resolution) or "seen" not in request.POST:
        return HttpResponseBadRequest()
    if take == Resolution.VALUE and not value.strip():
        messages.error(request, _("Type a value first."))
    elif decide_values(
        request,
        [(conflict, request.POST["seen"])],
        Choice(Resolution(take), value if take == Resolution.VALUE else ""),
        now="now" in request.POST,
    ):
        return redirect("admin:syncapp_conflict_changelist")
    return redirect("admin:syncapp_conflict_change", conflict.pk)


def decide_values(request: HttpRequest, chosen: Sequence[tuple[Conflict, str]], choice: Choice, *, now: bool) -> int:
    """Decide conflicts about values, each with the mark of what was seen, and say what became of them.

    `now`: queue runs for these people alone, if the user may start any. Return how
    many were decided.
    """
    decided = decide_many([(conflict.pk, seen) for conflict, seen in chosen], choice, user=current_user(request))
    count, at_once = len(decided.records), now and may_synchronise(request)
    if count:
        text = ngettext("%(count)d conflict was decided.", "%(count)d conflicts were decided.", count)
        after = "" if at_once else " " + _("The next run carries it out.")
        messages.success(request, text % {"count": count} + after)
        if at_once:
            start_runs(request, decided.records)
    about = {conflict.pk: conflict for conflict, _seen in chosen}
    _tell_refusals(request, [(about[pk], error) for pk, error in decided.refused.items()])
    return count


def seen_on_page(request: HttpRequest, conflicts: Collection[Conflict]) -> list[tuple[Conflict, str]]:
    """Pair each conflict with the mark that the list carried; of those on other pages the values as they are now count."""
    return [(conflict, request.POST.get(f"seen-{conflict.pk}") or seen_of(conflict)) for conflict in conflicts]


def _tell_refusals(request: HttpRequest, refused: Sequence[tuple[Conflict, SyncError]]) -> None:
    """One by one, or when they are many, each reason with how many it concerns."""
    if len(refused) <= TOLD:
        for conflict, error in refused:
            messages.error(request, f"{who_is_meant(conflict)}: {_reason(conflict, error)}")
        return
    reasons = Counter(error.code for _conflict, error in refused)
    examples = {error.code: (conflict, error) for conflict, error in reversed(refused)}
    for code, count in sorted(reasons.items()):
        conflict, error = examples[code]
        text = ngettext(
            "%(count)d was refused, for example %(name)s: %(reason)s",
            "%(count)d were refused, for example %(name)s: %(reason)s",
            count,
        )
        told = {"name": who_is_meant(conflict), "reason": _reason(conflict, error)}
        messages.error(request, text % {"count": count, **told})


def _reason(conflict: Conflict, error: SyncError) -> str:
    return sentence(error.code, error.params, naming_of(conflict))


def decide(request: HttpRequest, decision: Callable[..., Any], **what: int) -> bool:
    """Carry out one decision; say why when it is no longer possible."""
    try:
        decision(user=current_user(request), **what)
    except SyncError as error:
        messages.error(request, sentence(error.code, error.params))
        return False
    return True


def _conflict_or_403(request: HttpRequest, conflict_id: int) -> Conflict:
    allow(may_decide(request))
    return get_object_or_404(Conflict.objects.select_related("record", "record__employee"), pk=conflict_id)
