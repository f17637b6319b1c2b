"""`manage.py housekeeping`: removes what is old enough, as the worker does every night."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from syncapp.management.script import ScriptCommand
from syncapp.management.terminal import reader_may_leave
from syncapp.services.housekeeping import Swept, keep_house


class Command(ScriptCommand):
    help = (
        "Removes old previews, runs, tasks, sessions and photos that nobody names, as old as the settings KEEP_…_DAYS "
        "say. What was carried out on employees stays unless KEEP_AUDIT_DAYS is set. The worker does the same every "
        "night. Exit code: 0."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        swept = keep_house(now=timezone.now(), dry_run=dry_run)
        with reader_may_leave():
            self.stdout.write(_("Would be removed:") if dry_run else _("Removed:"))
            for label, number in _numbers(swept):
                self.stdout.write(f"  {number:>10}  {label}")
            self.stdout.flush()


def _numbers(swept: Swept) -> list[tuple[str, int]]:
    return [
        (pgettext("swept", "previews"), swept.previews),
        (pgettext("swept", "runs"), swept.runs),
        (pgettext("swept", "items of runs"), swept.items),
        (pgettext("swept", "tasks of the worker"), swept.tasks),
        (pgettext("swept", "messages that were sent or given up"), swept.messages),
        (pgettext("swept", "sessions that have ended"), swept.sessions),
        (pgettext("swept", "photos that nobody names"), swept.photos),
    ]
