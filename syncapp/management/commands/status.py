"""`manage.py status`: how the installation and each server stand."""

import json
import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.table import Table
from rich.text import Text

from syncapp import messages
from syncapp.choices import RunStatus
from syncapp.management.script import ScriptCommand
from syncapp.management.terminal import plain_console, reader_may_leave
from syncapp.messages.watching import HEALTH_LABELS, WHY_NOT_LABELS
from syncapp.services.standing import Health
from syncapp.services.status import Report, ServerStatus, as_json, report

STYLES = {Health.OK: "green", Health.NEVER_RAN: "cyan", Health.HELD: "yellow"}


class Command(ScriptCommand):
    help = (
        "Says how the installation stands: database, queue and worker, and of each server its last run, its last "
        "success, the next run and what only a person can deal with. Asks no server. Exit code: 0 all is well; 1 "
        "something is missing, or a server that is switched on fails, is stopped or held."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        found = report(now=timezone.now())
        with reader_may_leave():
            if options["json"]:
                self.stdout.write(json.dumps(as_json(found), ensure_ascii=False))
            else:
                _show(found)
            self.stdout.flush()
        sys.exit(0 if found.well else 1)


def _show(found: Report) -> None:
    console = plain_console()
    if found.servers:
        console.print(_table(found.servers))
    if found.waiting is not None:
        waiting = ngettext("%(count)d task waits", "%(count)d tasks wait", found.waiting) % {"count": found.waiting}
        workers = ngettext("%(count)d worker runs", "%(count)d workers run", found.workers) % {"count": found.workers}
        console.print(Text(f"{workers}, {waiting}."))
    for part in found.parts:
        if not part.ready:
            console.print(Text(f"{part.name}: {messages.render(part.code)}", style="red"))
    for each in found.servers:
        if each.trouble and each.standing.reason is not None:
            reason = each.standing.reason
            console.print(Text(f"{each.server}: {messages.render(reason.code, reason.params)}", style="red"))


def _table(servers: list[ServerStatus]) -> Table:
    table = Table(pad_edge=False)
    for column in (
        _("Server"),
        _("How it stands"),
        _("Last run"),
        _("Last success"),
        _("Next run"),
        _("To decide"),
        _("Failed"),
    ):
        table.add_column(column, overflow="fold")
    for each in servers:
        standing = each.standing
        shown = Text(str(HEALTH_LABELS[standing.health]), style=STYLES.get(standing.health, "bold red"))
        table.add_row(
            Text(each.server.name),
            shown if each.server.enabled else Text(str(WHY_NOT_LABELS["switched_off"]), style="dim"),
            Text(_last_run(each)),
            Text(_moment(standing.last_success)),
            Text(_moment(standing.next_run) if standing.why_not is None else str(WHY_NOT_LABELS[standing.why_not])),
            Text(str(each.conflicts)),
            Text(str(each.failed)),
        )
    return table


def _last_run(each: ServerStatus) -> str:
    run = each.last_run
    if run is None:
        return "–"
    return f"#{run.pk} {RunStatus(run.status).label} {_moment(run.finished_at)}".strip()


def _moment(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT") if at is not None else "–"
