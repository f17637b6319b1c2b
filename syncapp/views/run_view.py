"""A run in words: what its page, its fragment and its list show."""

from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from syncapp.choices import Happening, RunMode, RunPhase, RunStatus
from syncapp.messages.naming import Naming
from syncapp.models import RunItem, SyncRun
from syncapp.services import seals
from syncapp.services.identity import identity_of_run, may_be_accepted
from syncapp.services.queue import worker_is_running
from syncapp.store import happenings
from syncapp.store.naming import naming_of
from syncapp.store.selectors import SHOWS_PLAN
from syncapp.views.display import (
    list_url,
    moment,
    run_status_label,
    sentence,
    sentences,
)
from syncapp.views.plan_view import FIRST, FREQUENT, KINDS, ItemView, Tile
from syncapp.views.run_counts import COUNTS, DONE, SECONDS, Count, count_label
from syncapp.views.standings import left_out_text

ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING)
# Before so much of a phase is done its pace says nothing.
ENOUGH_SECONDS, ENOUGH_SHARE = 3, 0.02
PATIENCE = timedelta(seconds=10)  # a worker asks the queue every half second


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
        return list_url("runitem", run__id__exact=self.run.pk)

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
            for each in KINDS
            if counts.get(each.counted) or not each.rare
        ]
        return [*tiles[:FREQUENT], self._leave, self._decide, *tiles[FREQUENT:]]

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
