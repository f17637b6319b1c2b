"""Synchronise now, from the terminal or a script."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any, NoReturn

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from syncapp import messages
from syncapp.choices import RunMode, RunStatus, RunTrigger
from syncapp.exceptions import SyncError
from syncapp.management.script import ScriptCommand
from syncapp.management.terminal import RunScreen, StopSwitch, reader_may_leave
from syncapp.models import DirectoryServer, PhoneSystem, SyncRun
from syncapp.services.endpoints import Synchronised
from syncapp.services.identity import accept_directory, identity_of_run
from syncapp.services.people import find_people
from syncapp.services.report import Refusal, write_runs
from syncapp.services.rounds import due_in_round
from syncapp.services.runs import operator, request_cancel
from syncapp.services.seals import discard_plan
from syncapp.services.sync import apply_plan, run_sync

EXIT = {RunStatus.COMPLETED: 0, RunStatus.PARTIAL: 2}
WORST = (1, 2, 0)
# Options beside which none of those that go alone may stand, nor these beside each other.
ALONE = frozenset({"dry_run", "full", "person", "force", "json", "all", "apply", "discard", "accept", "cancel"})

Ended = SyncRun | Refusal
Start = Callable[[StopSwitch], Ended]
Servers = list[tuple[Synchronised, tuple[tuple[str, str], ...]]]  # each with its only entries, none for everybody


class Command(ScriptCommand):
    help = (
        "Synchronises all enabled servers, or the named ones. Exit code: 0 completed; 2 completed with open "
        "matters; 1 held, failed, cancelled, crashed or refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="server to synchronise; none: all enabled ones")
        parser.add_argument("--dry-run", action="store_true", help="preview: show what would happen, change nothing")
        parser.add_argument("--full", action="store_true", help="read everybody, not only what has changed")
        parser.add_argument(
            "--person",
            metavar="TEXT",
            help="only the one person with this anchor, DN, e-mail, number or words of the name",
        )
        parser.add_argument(
            "--apply",
            type=int,
            metavar="RUN_ID",
            help="apply exactly what this preview or held run has shown; who was changed since is left out",
        )
        parser.add_argument(
            "--discard", type=int, metavar="RUN_ID", help="give up the plan of this preview or held run"
        )
        parser.add_argument(
            "--accept",
            type=int,
            metavar="RUN_ID",
            help="expect from now on the other directory for which this run failed; nothing is synchronised",
        )
        parser.add_argument("--force", action="store_true", help="override the brakes; this is recorded")
        parser.add_argument("--cancel", type=int, metavar="RUN_ID", help="ask a running or queued run to stop")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
        parser.add_argument("--all", action="store_true", help="list everybody, not only whom the run changed")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cancel"] is not None:
            self._cancel(options)
            return
        if options["discard"] is not None:
            self._discard(options)
            return
        if options["accept"] is not None:
            self._accept(options)
            return
        screen = RunScreen(json=options["json"], everybody=options["all"])
        if options["apply"] is not None:
            self._end([partial(self._apply, self._plan(options), options, screen)], options, screen)
        servers: Servers = [(server, ()) for server in self._servers(options["names"])]
        if options["person"] is not None:
            servers = self._person(options["person"], servers)
        starts = [partial(self._run, server, anchors, options, screen) for server, anchors in servers]

        def once_more() -> Iterator[Start]:
            if options["dry_run"] or options["person"] is not None:
                return
            for server, _everybody in servers:
                if people := due_in_round([server.pk for server, _anchors in servers], server.pk):
                    yield partial(self._run, server, people, options, screen)

        self._end(starts, options, screen, once_more)

    def _end(
        self,
        starts: Sequence[Start],
        options: dict[str, Any],
        screen: RunScreen,
        once_more: Callable[[], Iterator[Start]] = lambda: iter(()),
    ) -> NoReturn:
        """Do one run after the other, show each, and leave with the exit code of the worst."""
        codes: list[int] = []

        def ended() -> Iterator[Ended]:
            with StopSwitch() as stop:
                for start in chain(starts, once_more()):
                    if stop.pressed:
                        codes.append(1)
                        return
                    run = start(stop)
                    codes.append(EXIT.get(RunStatus(run.status), 1) if isinstance(run, SyncRun) else 1)
                    yield run

        try:
            self._show(ended(), options, screen)
        except KeyboardInterrupt:  # asked twice: at once, whatever is half written
            codes.append(1)
        sys.exit(next(code for code in WORST if code in codes))

    def _show(self, ended: Iterator[Ended], options: dict[str, Any], screen: RunScreen) -> None:
        if options["json"]:
            for piece in write_runs(ended, everybody=options["all"]):
                with reader_may_leave():
                    self.stdout.write(piece, ending="")
        else:
            for run in ended:
                if isinstance(run, SyncRun):
                    screen.show(run)
                else:
                    self.stderr.write(messages.render(run.error.code, run.error.params))
        with reader_may_leave():
            self.stdout.flush()

    def _servers(self, names: list[str]) -> list[Synchronised]:
        """Return whom to synchronise: directories by rank, then phone systems, or those who are named."""
        servers: list[Synchronised] = [
            *DirectoryServer.objects.order_by("rank", "name"),
            *PhoneSystem.objects.order_by("rank", "name"),
        ]
        if not names:
            enabled = [server for server in servers if server.enabled]
            if not enabled:
                raise CommandError(_("No server is configured and enabled. Start with: manage.py configure FILE.toml"))
            return enabled
        found = {server.name: server for server in servers}
        if unknown := [name for name in names if name not in found]:
            known = ", ".join(found) or "-"
            raise CommandError(
                _("There is no server named %(names)s. Known: %(known)s")
                % {"names": ", ".join(_("“%(name)s”") % {"name": name} for name in unknown), "known": known}
            )
        return [found[name] for name in dict.fromkeys(names)]

    def _person(self, text: str, servers: Servers) -> Servers:
        """Return the servers that know the one person who is meant, each with his entry."""
        found = []
        for server, _everybody in servers:
            try:
                found.append((server, find_people(server, text)))
            except SyncError as error:
                raise CommandError(f"{server.name}: {messages.render(error.code, error.params)}") from None
        people = [(server, person) for server, several in found for person in several]
        if not people:
            raise CommandError(_("Nobody was found by “%(text)s”.") % {"text": text})
        if any(len(several) > 1 for _server, several in found):
            self.stderr.write(
                _("“%(text)s” could be several people. Name one by the DN or the anchor:") % {"text": text}
            )
            for server, person in people:
                shown = (server.name, person.name, person.extension, person.email, person.dn, person.anchor)
                self.stderr.write("  " + " | ".join(shown))
            sys.exit(1)
        return [(server, ((person.anchor, person.dn),)) for server, person in people]

    def _run(
        self,
        server: Synchronised,
        anchors: Sequence[tuple[str, str]],
        options: dict[str, Any],
        screen: RunScreen,
        stop: StopSwitch,
    ) -> Ended:
        mode = RunMode.PREVIEW if options["dry_run"] else RunMode.APPLY
        try:
            with screen.progress(server.name) as progress:
                return run_sync(
                    server=server,
                    mode=mode,
                    trigger=RunTrigger.COMMAND,
                    who=operator(),
                    force=options["force"],
                    anchors=anchors,
                    incremental=not (options["full"] or options["dry_run"]),
                    progress=progress,
                    stop=lambda: stop.pressed,
                )
        except SyncError as error:
            return Refusal(server.name, mode, error)

    def _plan(self, options: dict[str, Any]) -> SyncRun:
        """Return the run whose plan is meant."""
        if options["names"] or any(options[name] for name in ("dry_run", "person", "full")):
            raise CommandError(_("--apply goes without names, --dry-run, --person and --full."))
        run = SyncRun.objects.select_related("endpoint").filter(pk=options["apply"]).first()
        if run is None:
            raise CommandError(messages.render("run_unknown", {"run": options["apply"]}))
        return run

    def _apply(self, plan: SyncRun, options: dict[str, Any], screen: RunScreen, stop: StopSwitch) -> Ended:
        try:
            with screen.progress(str(plan.endpoint or "")) as progress:
                return apply_plan(
                    plan,
                    trigger=RunTrigger.COMMAND,
                    who=operator(),
                    force=options["force"],
                    progress=progress,
                    stop=lambda: stop.pressed,
                )
        except SyncError as error:
            return Refusal(str(plan.endpoint or ""), RunMode.APPLY, error)

    def _accept(self, options: dict[str, Any]) -> None:
        if _others(options, ALONE - {"accept"}):
            raise CommandError(_("--accept goes alone."))
        try:
            run = accept_directory(options["accept"], who=operator())
        except SyncError as error:
            raise CommandError(messages.render(error.code, error.params)) from None
        self.stdout.write(
            _("The directory %(directory)s was accepted.") % {"directory": identity_of_run(run)}
            + " "
            + _("Look at a preview before you synchronise.")
        )

    def _discard(self, options: dict[str, Any]) -> None:
        if _others(options, ALONE - {"discard"}):
            raise CommandError(_("--discard goes alone."))
        try:
            discard_plan(options["discard"], who=operator())
        except SyncError as error:
            raise CommandError(messages.render(error.code, error.params)) from None
        self.stdout.write(_("The plan of run #%(run)s was discarded.") % {"run": options["discard"]})

    def _cancel(self, options: dict[str, Any]) -> None:
        if _others(options, ALONE - {"cancel"}):
            raise CommandError(_("--cancel goes alone."))
        if not request_cancel(options["cancel"]):
            if not SyncRun.objects.filter(pk=options["cancel"]).exists():
                raise CommandError(messages.render("run_unknown", {"run": options["cancel"]}))
            raise CommandError(_("Run #%(run)s does not run any more.") % {"run": options["cancel"]})
        self.stdout.write(_("Run #%(run)s was asked to stop.") % {"run": options["cancel"]})


def _others(options: dict[str, Any], names: Collection[str]) -> bool:
    """Whether a server or any of these options was given."""
    return bool(options["names"]) or any(options[name] is not None and options[name] is not False for name in names)
