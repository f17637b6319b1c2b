"""What waits for a person: the list on top of the overview, and where each line leads."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from syncapp.choices import MatterKind, RunStatus, State, Status
from syncapp.core import vocabulary as words
from syncapp.models import Conflict, Employee, SyncRecord, SyncRun
from syncapp.services import numbers
from syncapp.services.seals import LASTS
from syncapp.store import leavers
from syncapp.store.phone_tasks import open_tasks
from syncapp.views.display import list_url

_MOST_HELD = 10
PROPOSALS = (MatterKind.MATCH_PROPOSED, MatterKind.MATCH_SIMILAR, MatterKind.MATCH_AMBIGUOUS)


@dataclass(frozen=True, slots=True)
class Need:
    """Something that only a person can deal with."""

    icon: str
    text: str
    url: str


def needs(statuses: Mapping[str, int]) -> list[Need]:
    """Return what waits for a person, over all servers, the most pressing first.

    `statuses` are the numbers of records by status.
    """
    held = SyncRun.objects.filter(
        status=RunStatus.HELD, plan_end_code="", finished_at__gte=timezone.now() - LASTS
    ).exclude(seal={})
    found = [
        Need(
            "front_hand",
            _("%(server)s: a run is held. Look at its plan, then apply or discard it.") % {"server": run.endpoint},
            reverse("admin:syncapp_syncrun_change", args=[run.pk]),
        )
        for run in held.select_related("endpoint").order_by("-id")[:_MOST_HELD]
    ]
    open_matters = Conflict.objects.filter(closed_at__isnull=True).order_by()
    kinds = dict(open_matters.values_list("kind").annotate(number=Count("pk")))
    proposals = sum(kinds.get(kind, 0) for kind in PROPOSALS)
    counted = [
        ("call_split", sum(kinds.values()) - proposals, _values_text, list_url("conflict")),
        ("help", proposals, _proposals_text, list_url("conflict")),
        ("error", statuses.get(Status.FAILED, 0), _failed_text, list_url("syncrecord", status__exact=Status.FAILED)),
        ("person_search", _gone(), _gone_text, list_url("leaver", state=State.MISSING, may_archive="yes")),
        ("inventory_2", _contradictions(), _contradictions_text, list_url("leaver", state="contradiction")),
        ("phone_disabled", open_tasks().count(), _left_behind_text, reverse("admin:syncapp_phone_tasks")),
    ]
    found += [Need(icon, text(number), url) for icon, number, text, url in counted if number]
    return found + _nearly_empty_pools()


def _gone() -> int:
    """Employees who are missing for good, and may be archived."""
    missing = SyncRecord.objects.filter(state=State.MISSING, employee__isnull=False).values("employee")
    present = Employee.objects.filter(archived_at__isnull=True, pk__in=missing)
    return present.filter(leavers.in_state(words.State.MISSING)).exclude(leavers.too_early()).count()


def _contradictions() -> int:
    return Employee.objects.filter(leavers.archived_here_active_there()).count()


def _values_text(number: int) -> str:
    return ngettext(
        "%(count)d value to decide: both sides differ, or a number is disputed.",
        "%(count)d values to decide: both sides differ, or a number is disputed.",
        number,
    ) % {"count": number}


def _proposals_text(number: int) -> str:
    return ngettext(
        "%(count)d entry of which you have to say who it is.",
        "%(count)d entries of which you have to say who they are.",
        number,
    ) % {"count": number}


def _failed_text(number: int) -> str:
    return ngettext(
        "%(count)d person could not be synchronised; the record says why.",
        "%(count)d people could not be synchronised; the records say why.",
        number,
    ) % {"count": number}


def _gone_text(number: int) -> str:
    return ngettext(
        "%(count)d employee is missing from the directory, and may be archived.",
        "%(count)d employees are missing from the directory, and may be archived.",
        number,
    ) % {"count": number}


def _contradictions_text(number: int) -> str:
    return ngettext(
        "%(count)d employee is archived here and active in the domain.",
        "%(count)d employees are archived here and active in the domain.",
        number,
    ) % {"count": number}


def _left_behind_text(number: int) -> str:
    return ngettext(
        "%(count)d person has left and is still in a phone system, where only you can switch the phone off.",
        "%(count)d people have left and are still in a phone system, where only you can switch the phones off.",
        number,
    ) % {"count": number}


def _nearly_empty_pools() -> list[Need]:
    found = []
    for pool, free in numbers.nearly_empty():
        text = ngettext(
            "Pool “%(pool)s” is nearly empty: %(count)d number is free.",
            "Pool “%(pool)s” is nearly empty: %(count)d numbers are free.",
            free,
        )
        found.append(Need("dialpad", text % {"pool": pool.name, "count": free}, list_url("numberpool")))
    return found
