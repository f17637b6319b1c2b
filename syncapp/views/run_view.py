"""A run in words: what its page, its fragment and its list show."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, Self

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from syncapp.choices import Happening, ItemOutcome, RunMode, RunPhase, RunStatus
from syncapp.messages.naming import Naming
from syncapp.models import RunItem, SyncRun
from syncapp.services import seals
from syncapp.services.identity import identity_of_run, may_be_accepted
from syncapp.services.queue import worker_is_running
from syncapp.store import happenings
from syncapp.store.naming import naming_of
from syncapp.store.selectors import SHOWS_PLAN
from syncapp.views.display import (
    breakable_dn,
    changes_table,
    moment,
    outcome_label,
    person_link,
    run_status_label,
    sentence,
    sentences,
)
from syncapp.views.standings import left_out_text

ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING)
# Before so much of a phase is done its pace says nothing.
ENOUGH_SECONDS, ENOUGH_SHARE = 3, 0.02
PATIENCE = timedelta(seconds=10)  # a worker asks the queue every half second

# In the order of rule E7, with where to see those people, as a query of the records' list.
COUNTS: dict[str, tuple[Promise, str]] = {
    "read": (gettext_lazy("entries read"), ""),
    "created": (gettext_lazy("employees created"), ""),
    "updated": (gettext_lazy("employees changed"), ""),
    "written_back": (gettext_lazy("changed %(in_it)s"), ""),
    "skipped": (gettext_lazy("without change"), "status__exact=skipped"),
    "conflicts": (pgettext_lazy("count", "conflicts"), "status__exact=conflict"),
    "proposed": (gettext_lazy("proposed matches"), "status__exact=proposed"),
    "failed": (pgettext_lazy("count", "failed"), "status__exact=failed"),
    "waiting": (gettext_lazy("wait %(for_it)s"), "attention=waiting"),
    "disabled": (gettext_lazy("newly disabled"), ""),
    "missing": (gettext_lazy("newly missing"), ""),
    "returned": (pgettext_lazy("count", "returned"), ""),
    "renumbered": (gettext_lazy("with another number"), ""),
    "ignored": (pgettext_lazy("count", "ignored"), "status__exact=ignored"),
    "new_matters": (gettext_lazy("new matters to decide"), ""),
}  # Counts of what a run does to people.
DONE = ("created", "updated", "written_back", "disabled", "missing", "returned", "renumbered", "new_matters")
FIRST = 20  # so many people of a plan are shown on its own page


class _Kind(NamedTuple):
    counted: str
    happening: Happening
    label: Promise
    icon: str
    rare: bool = True


_FREQUENT = 3
_TILES = (
    _Kind("created", Happening.CREATED, gettext_lazy("create"), "person_add", rare=False),
    _Kind("updated", Happening.CHANGED, gettext_lazy("change here"), "edit", rare=False),
    _Kind("written_back", Happening.WRITTEN, gettext_lazy("write %(to_it)s"), "upload", rare=False),
    _Kind("failed", Happening.FAILED, pgettext_lazy("count", "failed"), "error"),
    _Kind("disabled", Happening.DISABLED, gettext_lazy("newly disabled"), "block"),
    _Kind("missing", Happening.MISSING, gettext_lazy("newly missing"), "person_search"),
    _Kind("returned", Happening.RETURNED, pgettext_lazy("count", "returned"), "undo"),
    _Kind("renumbered", Happening.RENUMBERED, gettext_lazy("with another number"), "dialpad"),
)
SECONDS: dict[str, Promise] = {
    "read": gettext_lazy("reading"),
    "plan": gettext_lazy("planning"),
    "apply": gettext_lazy("applying"),
    "write_back": gettext_lazy("writing back"),
    "total": gettext_lazy("in all"),
}


def count_label(name: str, naming: Naming) -> str:
    """A count's name for people, of a run of the endpoint whose sides are called so."""
    return str(COUNTS[name][0]) % naming.words()


@dataclass(frozen=True, slots=True)
class Count:
    label: str
    value: int
    url: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A large number: how many people something would happen to; `more`: what else there is to say, and where."""

    label: str
    value: int
    icon: str
    url: str = ""
    more: str = ""
    more_url: str = ""


@dataclass(frozen=True, slots=True)
class ItemView:
    """One person of a plan."""

    who: SafeString
    dn: SafeString
    outcome: SafeString
    changes: SafeString
    message: str

    @classmethod
    def of(cls, item: RunItem, naming: Naming) -> Self:
        return cls(
            who=person_link(item),
            dn=breakable_dn(item.dn),
            outcome=outcome_label(item.expected if item.outcome == ItemOutcome.PLANNED else item.outcome),
            changes=changes_table(item.changes, naming, unwritten=item.unwritten),
            message=sentence(item.message_code, item.message_params, naming),
        )


@dataclass(frozen=True, slots=True)
class RunView:
    """What templates need of a run; asks the worker's state only while it matters."""

    run: SyncRun
    may_see_items: bool = False

    @property
    def naming(self) -> Naming:
        return naming_of(self.run)

    @property
    def active(self) -> bool:
        return self.run.status in ACTIVE

    @property
    def status(self) -> SafeString:
        return run_status_label(self.run.status)

    @property
    def is_preview(self) -> bool:
        return self.run.mode == RunMode.PREVIEW

    @property
    def stopping(self) -> bool:
        return self.active and self.run.cancel_requested

    @property
    def error(self) -> str:
        return sentence(self.run.error_code, self.run.error_params, self.naming)

    @property
    def notes(self) -> list[str]:
        said = sentences(self.run.notes, self.naming)
        if self.run.pruned_at is not None:
            said.append(sentence("run_pruned", {"at": moment(self.run.pruned_at)}))
        return said

    @property
    def left_out(self) -> str:
        """How many runs of the schedule found this one in their way."""
        return left_out_text(self.run.left_out)

    @property
    def progress(self) -> str:
        """How far the run has come, such as “reading: 1500 of 20000”."""
        run = self.run
        if run.status != RunStatus.RUNNING or not run.phase or run.phase == RunPhase.DONE:
            return ""
        phase = capfirst(run.get_phase_display())
        if run.progress_total:
            return _("%(phase)s: %(done)d of %(total)d") % {
                "phase": phase,
                "done": run.progress_done,
                "total": run.progress_total,
            }
        if run.progress_done:
            return _("%(phase)s: %(done)d") % {"phase": phase, "done": run.progress_done}
        return phase

    @property
    def time_left(self) -> str:
        """How long the phase will take from here at the pace so far; '' while that would be a guess."""
        run = self.run
        if run.status != RunStatus.RUNNING or not run.progress_total or not run.progress_done or run.phase_at is None:
            return ""
        elapsed = (timezone.now() - run.phase_at).total_seconds()
        if elapsed < ENOUGH_SECONDS or run.progress_done < run.progress_total * ENOUGH_SHARE:
            return ""
        left = round(elapsed * (run.progress_total - run.progress_done) / run.progress_done)
        if left >= 90:
            minutes = round(left / 60)
            return ngettext("about %(count)d minute left", "about %(count)d minutes left", minutes) % {"count": minutes}
        return ngettext("about %(count)d second left", "about %(count)d seconds left", left) % {"count": left}

    @property
    def percent(self) -> int | None:
        total = self.run.progress_total
        return min(100, self.run.progress_done * 100 // total) if total else None

    @property
    def counts(self) -> list[Count]:
        """All counts but those that are nought and rare, with a link to the people where there is one."""
        shown = [(name, self.run.counts.get(name)) for name in COUNTS]
        return [
            Count(label=capfirst(count_label(name, self.naming)), value=value, url=self._records_url(COUNTS[name][1]))
            for name, value in shown
            if value is not None
        ]

    def _records_url(self, query: str) -> str:
        if not query or self.is_preview or self.run.endpoint_id is None:
            return ""
        return f"{reverse('admin:syncapp_syncrecord_changelist')}?endpoint__id__exact={self.run.endpoint_id}&{query}"

    @property
    def seconds(self) -> list[tuple[str, float]]:
        return [
            (capfirst(str(label)), self.run.seconds[name])
            for name, label in SECONDS.items()
            if name in self.run.seconds
        ]

    @property
    def items_url(self) -> str:
        return f"{reverse('admin:syncapp_runitem_changelist')}?run__id__exact={self.run.pk}"

    @property
    def shows_plan(self) -> bool:
        """Whether the run has ended with a plan to look at, which was not carried out."""
        run = self.run
        return run.status == RunStatus.HELD or (self.is_preview and run.status in SHOWS_PLAN)

    @property
    def tiles(self) -> list[Tile]:
        """The plan in numbers, each with a link to these people; those that are rare only where there is one."""
        counts, words = self.run.counts, self.naming.words()
        tiles = [
            Tile(
                label=capfirst(str(each.label) % words),
                value=counts.get(each.counted, 0),
                icon=each.icon,
                url=self._happening_url(each.happening) if counts.get(each.counted) else "",
            )
            for each in _TILES
            if counts.get(each.counted) or not each.rare
        ]
        return [*tiles[:_FREQUENT], self._leave, self._decide, *tiles[_FREQUENT:]]

    @property
    def _leave(self) -> Tile:
        return Tile(capfirst(_("left as they are")), self.run.counts.get("skipped", 0), "check")

    @property
    def _decide(self) -> Tile:
        """Matters of this plan, and beside them those that are open anyway and have no item in it."""
        total = sum(self.run.counts.get(name, 0) for name in ("conflicts", "proposed"))
        items = happenings.with_text(RunItem.objects.filter(run=self.run))
        here = items.filter(happenings.happens(Happening.DECIDE)).count() if total else 0
        before = total - here
        more = ngettext("and %(count)d from before", "and %(count)d from before", before) % {"count": before}
        return Tile(
            label=capfirst(_("to be decided")),
            value=here,
            icon="help",
            url=self._happening_url(Happening.DECIDE) if here else "",
            more=more if before > 0 else "",
            more_url=reverse("admin:syncapp_conflict_changelist"),
        )

    def _happening_url(self, what: Happening) -> str:
        return f"{self.items_url}&happens={what.value}" if self.may_see_items else ""

    @property
    def first_items(self) -> list[ItemView]:
        """The first people to whom something would happen, in the order of the plan."""
        if not self.may_see_items:
            return []
        items = happenings.with_text(RunItem.objects.filter(run=self.run)).filter(happenings.with_news())
        return [
            ItemView.of(item, self.naming)
            for item in items.defer("plan").select_related("employee").order_by("position")[:FIRST]
        ]

    @property
    def lasted(self) -> str:
        run = self.run
        if run.started_at is None:
            return ""
        seconds = round(((run.finished_at or timezone.now()) - run.started_at).total_seconds())
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}

    @property
    def keeps_plan(self) -> bool:
        return seals.is_plan(self.run)

    @property
    def plan_end(self) -> str:
        """Why the plan cannot be applied any more, '' where it can."""
        end = seals.end_of_plan(self.run, now=timezone.now())
        return sentence(end.code, end.params) if end is not None else ""

    @property
    def needs_force(self) -> bool:
        return seals.needs_force(self.run)

    @property
    def planned(self) -> list[Count]:
        """What applying would do: the counts of what is done, without those of what is there."""
        return [
            Count(label=capfirst(count_label(name, self.naming)), value=self.run.counts[name], url="")
            for name in DONE
            if self.run.counts.get(name)
        ]

    @property
    def directory(self) -> str:
        """Whose directory the run found; '' where it could not be told."""
        return identity_of_run(self.run)

    @property
    def may_be_accepted(self) -> bool:
        return may_be_accepted(self.run)

    @property
    def worker_missing(self) -> bool:
        """Whether the run waits although nobody is there to take it."""
        run = self.run
        return run.status == RunStatus.QUEUED and timezone.now() - run.queued_at > PATIENCE and not worker_is_running()
