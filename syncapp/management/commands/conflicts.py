"""`manage.py conflicts`: what is open, and deciding it from a terminal or script."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from itertools import islice
from typing import IO, Any, cast

from django.core.management.base import CommandError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console
from rich.table import Table
from rich.text import Text

from syncapp import messages
from syncapp.choices import Field, MatterKind, RunMode, RunStatus, RunTrigger
from syncapp.core.vocabulary import Resolution
from syncapp.exceptions import SyncError
from syncapp.management.script import ScriptCommand
from syncapp.management.terminal import MOST_ROWS, WIDTH_OF_FILES, RunScreen, reader_may_leave
from syncapp.models import Conflict, DirectoryServer, SyncRecord, SyncRun
from syncapp.services.conflicts import Choice, Decided, decide_many, undecided
from syncapp.services.disputes import seen_of
from syncapp.services.matches import MATCH_KINDS, answer_many, candidate_ids
from syncapp.services.matters_report import (
    Named,
    open_matters,
    plain_value,
    who_is_meant,
    with_candidates,
    write_matters,
)
from syncapp.services.report import message_of
from syncapp.services.runs import operator
from syncapp.services.sync import run_sync
from syncapp.store.naming import naming_of

SIDES = {"pbx": Resolution.LOCAL, "domain": Resolution.REMOTE}
_FLAGS = ("hand_over", "confirm", "refuse")
DONE = frozenset({RunStatus.COMPLETED, RunStatus.PARTIAL})


class Command(ScriptCommand):
    help = (
        "Lists open conflicts, or decides them. Of two values it takes that of the PBX, that of the domain, or another "
        "one; a number whose owner has left it hands over; who an entry is it confirms or refuses. The next run carries "
        "it out. Exit code: 0 listed, or all decided; 2 something was refused; 1 wrong use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, metavar="ID", help="only these conflicts; none: all")
        parser.add_argument("--server", metavar="NAME", help="only those of this server")
        parser.add_argument("--field", choices=Field.values, help="only those about this field")
        parser.add_argument("--kind", choices=MatterKind.values, help="only those of this kind")
        decision = parser.add_mutually_exclusive_group()
        decision.add_argument("--take", choices=list(SIDES), help="decide them: the value of this side is right")
        decision.add_argument("--value", metavar="TEXT", help="decide one of them: this value is right, for both sides")
        decision.add_argument(
            "--hand-over", action="store_true", help="decide them: the number is taken from its owner, who has left"
        )
        decision.add_argument(
            "--confirm", action="store_true", help="decide who is who: the one person proposed is right"
        )
        decision.add_argument(
            "--refuse", action="store_true", help="decide who is who: none of the people proposed, but a new one"
        )
        parser.add_argument("--all", action="store_true", help="decide everything that can be decided so")
        parser.add_argument(
            "--now", action="store_true", help="carry the decisions out at once, for these people alone"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        matters = self._chosen(options)
        if not _decides(options):
            if options["all"] or options["now"]:
                raise CommandError(_("--all and --now go with a decision."))
            self._list(matters, for_script=options["json"])
            return
        self._refuse_wrong_use(options)
        chosen, decided = _decide(matters, options)
        runs, stopped = _carry_out(decided.records) if options["now"] else ([], [])
        if options["json"]:
            self._report(decided, chosen, runs, stopped)
        else:
            self._say(decided, chosen, runs, stopped)
        if decided.refused or stopped or any(run.status not in DONE for run in runs):
            sys.exit(2)

    def _chosen(self, options: dict[str, Any]) -> QuerySet[Conflict]:
        matters = open_matters()
        if options["ids"]:
            found = set(Conflict.objects.filter(pk__in=options["ids"]).values_list("pk", flat=True))
            if unknown := sorted(set(options["ids"]) - found):
                raise CommandError(
                    _("There is no conflict %(ids)s.") % {"ids": ", ".join(f"#{each}" for each in unknown)}
                )
            # With those that are closed: deciding them is refused, not passed over.
            matters = Conflict.objects.filter(pk__in=options["ids"]).order_by("opened_at", "pk")
            matters = matters.select_related("endpoint", "record", "record__employee", "owner")
        if options["server"] is not None:
            if not DirectoryServer.objects.filter(name=options["server"]).exists():
                known = ", ".join(DirectoryServer.objects.values_list("name", flat=True)) or "-"
                raise CommandError(
                    _("There is no server named “%(name)s”. Known: %(known)s")
                    % {"name": options["server"], "known": known}
                )
            matters = matters.filter(endpoint__name=options["server"])
        for name in ("field", "kind"):
            if options[name] is not None:
                matters = matters.filter(**{name: options[name]})
        return matters

    def _refuse_wrong_use(self, options: dict[str, Any]) -> None:
        selected = [options[name] for name in ("server", "field", "kind") if options[name] is not None]
        if options["value"] is not None and (len(options["ids"]) != 1 or selected or options["all"]):
            raise CommandError(_("--value decides one conflict: give its ID and nothing else."))
        if options["all"] and (options["ids"] or selected):
            raise CommandError(_("--all goes without IDs and without --server, --field and --kind."))
        if not (options["ids"] or selected or options["all"]):
            raise CommandError(_("Say what is to be decided: IDs, --server, --field, --kind, or --all."))

    def _list(self, matters: QuerySet[Conflict], *, for_script: bool) -> None:
        if for_script:
            for piece in write_matters(matters):
                with reader_may_leave():
                    self.stdout.write(piece, ending="")
            return
        rows = with_candidates(matters)
        first = list(islice(rows, MOST_ROWS))
        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        if not console.is_terminal:
            console.width = WIDTH_OF_FILES
        with reader_may_leave():
            console.print(_table(first) if first else Text(_("Nothing is open.")))
            if rest := sum(1 for _row in rows):
                text = ngettext("and %(count)d more", "and %(count)d more", rest) % {"count": rest}
                console.print(Text(text))

    def _say(self, decided: Decided, chosen: list[Conflict], runs: list[SyncRun], stopped: list[SyncError]) -> None:
        count = len(decided.records)
        self.stdout.write(ngettext("%(count)d was decided.", "%(count)d were decided.", count) % {"count": count})
        about = {matter.pk: matter for matter in chosen}
        for pk, error in decided.refused.items():
            said = messages.render(error.code, error.params, naming_of(about[pk]))
            self.stderr.write(f"#{pk} {_title(about[pk])}: {said}")
        screen = RunScreen(json=False, everybody=False)
        for run in runs:
            screen.show(run)
        for error in stopped:
            self.stderr.write(messages.render(error.code, error.params))

    def _report(self, decided: Decided, chosen: list[Conflict], runs: list[SyncRun], stopped: list[SyncError]) -> None:
        about = {matter.pk: matter for matter in chosen}
        report = {
            "decided": [matter.pk for matter in chosen if matter.pk not in decided.refused],
            "refused": [
                {"id": pk, **message_of(error.code, error.params, naming_of(about[pk]))}
                for pk, error in decided.refused.items()
            ],
            "runs": [{"id": run.pk, "server": str(run.endpoint), "status": run.status} for run in runs]
            + [{"id": None, **message_of(error.code, error.params)} for error in stopped],
        }
        with reader_may_leave():
            self.stdout.write(json.dumps(report, ensure_ascii=False))


def _decides(options: dict[str, Any]) -> bool:
    values = (options["take"], options["value"])
    return any(value is not None for value in values) or any(options[name] for name in _FLAGS)


def _decide(matters: QuerySet[Conflict], options: dict[str, Any]) -> tuple[list[Conflict], Decided]:
    """Decide the chosen matters; those given by ID are refused, not passed over, when they are of another kind."""
    if options["confirm"] or options["refuse"]:
        chosen = list(matters if options["ids"] else matters.filter(kind__in=MATCH_KINDS))
        answered = answer_many(chosen, confirm=options["confirm"], user=operator())
        return chosen, Decided(answered.records, answered.refused)
    if options["hand_over"]:
        choice = Choice(Resolution.HAND_OVER)
        wanted = matters.filter(kind=MatterKind.NUMBER_TAKEN)
    elif options["value"] is not None:
        choice, wanted = Choice(Resolution.VALUE, options["value"]), undecided(matters)
    else:
        choice, wanted = Choice(SIDES[options["take"]]), undecided(matters)
    chosen = list(matters if options["ids"] else wanted)
    return chosen, decide_many([(matter.pk, seen_of(matter)) for matter in chosen], choice, user=operator())


def _carry_out(records: Iterable[SyncRecord]) -> tuple[list[SyncRun], list[SyncError]]:
    """Run each server for these records alone; return the runs, and why others did not start."""
    entries: dict[int, dict[str, str]] = {}
    for record in records:
        entries.setdefault(record.endpoint_id, {})[record.anchor] = record.dn
    runs, refused = [], []
    for server in DirectoryServer.objects.filter(pk__in=entries).order_by("rank", "name"):
        try:
            if not server.enabled:
                raise SyncError("server_switched_off", server=server.name)
            runs.append(
                run_sync(
                    server=server,
                    mode=RunMode.APPLY,
                    trigger=RunTrigger.COMMAND,
                    who=operator(),
                    anchors=list(entries[server.pk].items()),
                )
            )
        except SyncError as error:
            refused.append(error)
    return runs, refused


def _title(matter: Conflict) -> str:
    field = str(Field(matter.field).label) if matter.field else str(MatterKind(matter.kind).label)
    return f"{who_is_meant(matter)}, {field}"


def _candidates(matter: Conflict, named: Named) -> list[str]:
    """Whom a matter names, each with the entry that he has on the server already."""
    if matter.owner:
        return [str(matter.owner)]
    texts = []
    for employee_id in candidate_ids(matter):
        if employee_id in named.people:
            own = named.entry_of(matter, employee_id)
            texts.append(
                f"{named.people[employee_id]} ({own.dn}, {own.anchor})" if own else str(named.people[employee_id])
            )
    return texts


def _table(rows: list[tuple[Conflict, Named]]) -> Table:
    table = Table(pad_edge=False)
    titles = (
        _("ID"), _("Since"), _("Who"), _("Server"), _("What"), _("Field"), _("Last agreed"), _("Here"),
        _("On the server"), _("Candidates"),
    )  # fmt: skip
    for title in titles:
        table.add_column(title, overflow="fold")
    for matter, named in rows:
        cells = (
            str(matter.pk),
            date_format(timezone.localtime(matter.opened_at), "SHORT_DATETIME_FORMAT"),
            who_is_meant(matter),
            str(matter.endpoint),
            str(MatterKind(matter.kind).label),
            str(Field(matter.field).label) if matter.field else "",
            *(plain_value(matter, value) or "" for value in (matter.base, matter.local, matter.remote)),
            ", ".join(_candidates(matter, named)),
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table
