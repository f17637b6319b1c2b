"""`manage.py directory_health NAME`: what should be mended in a directory."""

import sys
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from syncapp import messages
from syncapp.core.health import Ailment, Finding
from syncapp.management.script import ScriptCommand
from syncapp.management.terminal import reader_may_leave
from syncapp.messages.health import AILMENT_LABELS
from syncapp.models import DirectoryServer
from syncapp.services.health import Examination, as_csv, as_json, examine

# So many findings of a kind are shown in the terminal.
SHOWN = 10


class Command(ScriptCommand):
    help = (
        "Says what should be mended in a directory: values that two people share, that cannot be read, that are "
        "missing, that a phone system would cut. Reads only, and stores nothing. Exit code: 0 nothing found; 2 "
        "something to mend; 1 the directory could not be read to the end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="name of the server")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
        parser.add_argument("--csv", metavar="FILE", help="write all findings to this file, for a spreadsheet")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        server = DirectoryServer.objects.filter(name=name).first()
        if server is None:
            known = ", ".join(DirectoryServer.objects.values_list("name", flat=True)) or "-"
            raise CommandError(
                _("There is no server named “%(name)s”. Known: %(known)s") % {"name": name, "known": known}
            )
        if options["json"] and options["csv"]:
            raise CommandError(_("Give either --json or --csv."))
        examination = Examination()
        findings = examine(server, examination)
        if options["json"]:
            for piece in as_json(server, findings, examination):
                with reader_may_leave():
                    self.stdout.write(piece, ending="")
        elif options["csv"]:
            self._store(options["csv"], as_csv(findings, examination))
            self._summary(examination)
        else:
            self._show(findings, examination)
        if examination.error is not None:
            self.stderr.write(messages.render(examination.error.code, examination.error.params))
            sys.exit(1)
        if examination.counts:
            sys.exit(2)

    def _store(self, path: str, lines: Iterable[str]) -> None:
        try:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
        except OSError as error:
            raise CommandError(
                _("“%(path)s” cannot be written: %(reason)s") % {"path": path, "reason": error.strerror}
            ) from None

    def _show(self, findings: Iterable[Finding], examination: Examination) -> None:
        """Show the first of each kind; how many there are is known at the end."""
        first: defaultdict[Ailment, list[Finding]] = defaultdict(list)
        for finding in findings:
            if len(first[finding.ailment]) < SHOWN:
                first[finding.ailment].append(finding)
        with reader_may_leave():
            for ailment in (each for each in Ailment if each in first):
                self.stdout.write(f"{AILMENT_LABELS[ailment]}: {examination.counts[ailment]}")
                for finding in first[ailment]:
                    self.stdout.write(f"  {finding.dn}")
                    self.stdout.write(f"    {messages.render(finding.remedy.code, finding.remedy.params)}")
                if examination.counts[ailment] > SHOWN:
                    self.stdout.write("  " + _("… and more: --csv FILE writes all of them."))
            self._summary(examination)
            self.stdout.flush()

    def _summary(self, examination: Examination) -> None:
        text = ngettext("%(count)d person looked at.", "%(count)d people looked at.", examination.people)
        found = sum(examination.counts.values())
        what = ngettext("%(count)d thing to mend.", "%(count)d things to mend.", found) % {"count": found}
        self.stdout.write(f"{text % {'count': examination.people}} {what}")
