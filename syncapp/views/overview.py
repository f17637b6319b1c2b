"""The first page: how each server stands, what waits for a person, and what the last 30 days were like.

A fixed number of queries, however many people, servers and runs there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from syncapp.choices import Kind, RunStatus
from syncapp.models import SyncRun
from syncapp.services.endpoints import Synchronised
from syncapp.services.standing import Health, Standing, standings
from syncapp.store.naming import naming_of_server
from syncapp.views.charts import last_days, people_by, state_bar, status_bar
from syncapp.views.display import moment, run_status_label, sentence
from syncapp.views.needs import needs
from syncapp.views.run_counts import count_label
from syncapp.views.server_matters import matters_of
from syncapp.views.standings import next_text, trouble_text

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
