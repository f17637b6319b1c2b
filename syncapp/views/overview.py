"""The first page: how each server stands, what waits for a person, and what the last 30 days were like.

A fixed number of queries, however many people, servers and runs there are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from syncapp.choices import Kind, MatterKind, RunMode, RunStatus, State, Status
from syncapp.core import vocabulary as words
from syncapp.models import Conflict, Employee, SyncRecord, SyncRun
from syncapp.services import numbers
from syncapp.services.endpoints import Synchronised
from syncapp.services.seals import LASTS
from syncapp.services.standing import Health, Standing, standings
from syncapp.store import leavers
from syncapp.store.naming import naming_of_server
from syncapp.store.phone_tasks import open_tasks
from syncapp.views.display import OUTCOMES, STATES, moment, run_status_label, sentence
from syncapp.views.run_view import count_label
from syncapp.views.server_matters import matters_of
from syncapp.views.standings import next_text, trouble_text

DAYS = 30
_MOST_HELD = 10
PROPOSALS = (MatterKind.MATCH_PROPOSED, MatterKind.MATCH_SIMILAR, MatterKind.MATCH_AMBIGUOUS)
# What a day's runs came to, from the best to the worst, with the tone of the bar's part.
GOOD, OPEN, BAD = "good", "open", "bad"
_KIND_OF_END = {
    RunStatus.COMPLETED: GOOD,
    RunStatus.PARTIAL: OPEN,
    RunStatus.HELD: OPEN,
    RunStatus.CANCELLED: OPEN,
    RunStatus.FAILED: BAD,
    RunStatus.CRASHED: BAD,
}
# What a card says of the last run, in this order, where it is not nought.
_CARD_COUNTS = ("created", "updated", "written_back", "disabled", "missing", "conflicts", "proposed", "failed")


@dataclass(frozen=True, slots=True)
class Card:
    """One server: how it stands in a word, and what its last run did."""

    server: Synchronised
    people: int
    tone: str
    icon: str
    word: str
    run: SyncRun | None = None
    error: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    needs: tuple[tuple[str, str], ...] = ()  # text and address
    trouble: str = ""
    next_run: str = ""
    may_be_tried: bool = False

    @property
    def kind(self) -> str:
        return _("kind not known yet") if self.server.kind == Kind.AUTO else self.server.get_kind_display()

    @property
    def url(self) -> str:
        return reverse(f"admin:syncapp_{self.server._meta.model_name}_change", args=[self.server.pk])

    @property
    def synchronise_url(self) -> str:
        return reverse(f"admin:syncapp_{self.server._meta.model_name}_synchronise", args=[self.server.pk])

    @property
    def status(self) -> str:
        return run_status_label(self.run.status) if self.run is not None else ""

    @property
    def when(self) -> str:
        return moment(self.run.finished_at or self.run.started_at or self.run.queued_at) if self.run else ""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that only a person can deal with."""

    icon: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: how many, of what, and its share in percent."""

    name: str
    label: str
    count: int
    share: float
    url: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """The runs of one day; heights are percent of the busiest day."""

    label: str
    text: str
    parts: tuple[tuple[str, float], ...]


def cards(servers: Sequence[Any]) -> list[Card]:
    """Return a card for each server; `servers` have what the admin's list adds to them (one query for their runs)."""
    runs = SyncRun.objects.in_bulk([server.last_run_id for server in servers if server.last_run_id])
    stands = standings([server.pk for server in servers])
    return [_card(server, runs.get(server.last_run_id), stands[server.pk]) for server in servers]


def _card(server: Any, run: SyncRun | None, standing: Standing) -> Card:
    tone, icon, word = _standing(server, run, standing)
    naming = naming_of_server(server)
    fails = standing.health in (Health.FAILING, Health.STOPPED)
    counts: Mapping[str, int] = run.counts if run is not None and run.status != RunStatus.FAILED else {}
    return Card(
        server=server,
        people=server.people_known,
        tone=tone,
        icon=icon,
        word=word,
        run=run,
        error=sentence(run.error_code, run.error_params, naming) if run is not None and run.error_code else "",
        counts=tuple((count_label(name, naming), counts[name]) for name in _CARD_COUNTS if counts.get(name)),
        needs=tuple(matters_of(server)),
        trouble=trouble_text(standing) if server.enabled else "",
        next_run=next_text(standing),
        may_be_tried=server.enabled and fails,
    )


def _standing(server: Any, run: SyncRun | None, standing: Standing) -> tuple[str, str, str]:
    """How a server stands: tone and icon of the theme, and a word."""
    if server.being_added:
        return "info", "pending", _("not added to the end yet")
    if not server.enabled:
        return "", "pause_circle", _("switched off")
    if run is None:
        return "info", "rocket_launch", _("never synchronised")
    if run.status in (RunStatus.QUEUED, RunStatus.RUNNING):
        return "info", "sync", _("at work")
    if standing.health is Health.STOPPED:
        return "danger", "lock", _("stopped: the account is refused")
    if run.status in (RunStatus.FAILED, RunStatus.CRASHED) or standing.health is Health.FAILING:
        return "danger", "error", _("does not work")
    if run.status == RunStatus.HELD:
        return "warning", "front_hand", _("held, and waits for a look")
    if server.conflicts_open or server.people_failed:
        return "warning", "check_circle", _("works, with open matters")
    return "success", "check_circle", _("works")


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
        ("call_split", sum(kinds.values()) - proposals, _values_text, _list("conflict")),
        ("help", proposals, _proposals_text, _list("conflict")),
        ("error", statuses.get(Status.FAILED, 0), _failed_text, _list("syncrecord", status__exact=Status.FAILED)),
        ("person_search", _gone(), _gone_text, _list("leaver", state=State.MISSING, may_archive="yes")),
        ("inventory_2", _contradictions(), _contradictions_text, _list("leaver", state="contradiction")),
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
        found.append(Need("dialpad", text % {"pool": pool.name, "count": free}, _list("numberpool")))
    return found


def people_by(column: str) -> dict[str, int]:
    """Count the entries of all servers by `status` or `state` (one query over an index)."""
    return dict(SyncRecord.objects.order_by().values_list(column).annotate(number=Count("pk")))


def status_bar(counts: Mapping[str, int]) -> list[Part]:
    return _bar(counts, dict(Status.choices), OUTCOMES, "status__exact")


def state_bar(counts: Mapping[str, int]) -> list[Part]:
    return _bar(counts, dict(State.choices), STATES, "state__exact")


def _bar(
    counts: Mapping[str, int], labels: Mapping[str, Any], known: Mapping[str, tuple[str, str]], query: str
) -> list[Part]:
    total = sum(counts.values())
    return [
        Part(
            name=value,
            label=capfirst(str(labels[value])),
            count=counts[value],
            share=round(counts[value] * 100 / total, 2),
            url=_list("syncrecord", **{query: value}),
        )
        for value in known
        if counts.get(value) and value in labels
    ]


def last_days(today: date) -> list[Day]:
    """Return what the runs of the last 30 days came to, the oldest day first (one query)."""
    first = today - timedelta(days=DAYS - 1)
    rows = (
        SyncRun.objects.exclude(mode=RunMode.EDIT)
        .filter(finished_at__date__gte=first, status__in=_KIND_OF_END)
        .order_by()
        .values_list(TruncDate("finished_at"), "status")
        .annotate(number=Count("pk"))
    )
    ends: dict[date, Counter[str]] = {first + timedelta(days=number): Counter() for number in range(DAYS)}
    for day, status, number in rows:
        if day in ends:
            ends[day][_KIND_OF_END[RunStatus(status)]] += number
    most = max(count.total() for count in ends.values()) or 1
    return [_day(day, count, most) for day, count in ends.items()]


def _day(day: date, ends: Counter[str], most: int) -> Day:
    label = date_format(day, "SHORT_DATE_FORMAT")
    said = [
        (GOOD, _("%(count)d completed")),
        (OPEN, _("%(count)d with open matters, held or cancelled")),
        (BAD, _("%(count)d failed")),
    ]
    texts = [text % {"count": ends[kind]} for kind, text in said if ends[kind]]
    of_the_day = ", ".join(texts) or _("no run")
    return Day(
        label=label,
        text=f"{label}: {of_the_day}",
        parts=tuple((kind, round(ends[kind] * 100 / most, 2)) for kind, _text in said if ends[kind]),
    )


def overview(servers: Sequence[Any]) -> dict[str, Any]:
    """Everything that the page shows of servers, runs and people."""
    statuses = people_by("status")
    days = last_days(timezone.localdate())
    return {
        "cards": cards(servers),
        "needs": needs(statuses),
        "statuses": status_bar(statuses),
        "states": state_bar(people_by("state")),
        "days": days,
        "any_run": any(day.parts for day in days),
    }


def _list(model: str, **query: Any) -> str:
    address = reverse(f"admin:syncapp_{model}_changelist")
    return f"{address}?{urlencode(query)}" if query else address
