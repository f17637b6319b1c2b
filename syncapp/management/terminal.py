"""How a run looks in the terminal: progress, then a table; both in the reader's language."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from types import FrameType
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from syncapp import messages
from syncapp.choices import RunMode, RunPhase, RunStatus, State, Status
from syncapp.messages.naming import Naming
from syncapp.models import SyncRun
from syncapp.services.counts import NAMES
from syncapp.services.execution import Progress as ProgressCall
from syncapp.services.execution import no_progress
from syncapp.store.naming import naming_of
from syncapp.store.selectors import ReportedPerson, people_of_run

WIDTH_OF_FILES = 160  # columns, where the output goes to a file or a pipe
MOST_ROWS = 500  # of a table in the terminal
STYLES = {
    Status.FAILED: "bold red",
    Status.CONFLICT: "magenta",
    Status.PROPOSED: "yellow",
    Status.CREATED: "green",
    Status.UPDATED: "cyan",
    Status.IGNORED: "dim",
    Status.SKIPPED: "dim",
}


class StopSwitch:
    """Turns the first Ctrl-C or SIGTERM into a wish that the run ends at its next page or chunk.

    A second one interrupts at once.
    """

    def __init__(self) -> None:
        self.pressed = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "StopSwitch":
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._before[number] = signal.signal(number, self._press)
            except ValueError:  # not in the main thread: nobody presses Ctrl-C there
                break
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
        sys.stderr.write("\n" + _("Stopping after the present step; once more to interrupt at once.") + "\n")


def _do_without_reader() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Go on when the reader of standard output is gone, as with `| head`: that ends no synchronisation."""
    try:
        yield
    except BrokenPipeError:
        _do_without_reader()


class _Screen(Console):
    def on_broken_pipe(self) -> None:
        """Instead of ending the process, which may have servers to go on with."""
        _do_without_reader()


def plain_console(*, stderr: bool = False) -> Console:
    """A console that is wide where its output goes to a file or a pipe, and survives a reader who leaves."""
    console = _Screen(stderr=stderr)
    if not console.is_terminal:
        console.width = WIDTH_OF_FILES
    return console


class RunScreen:
    """Shows runs to a person; with `json` only the progress, on standard error."""

    def __init__(self, *, json: bool, everybody: bool) -> None:
        self.everybody = everybody
        self.console = plain_console(stderr=json)
        self.progress_console = Console(stderr=True)

    @contextmanager
    def progress(self, server: str) -> Iterator[ProgressCall]:
        if not self.progress_console.is_terminal:
            yield no_progress
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.progress_console, transient=True) as bar:
            task = bar.add_task(server, total=None)

            def told(phase: RunPhase, done: int, total: int | None) -> None:
                bar.update(task, description=f"{server}: {phase.label}", completed=done, total=total)

            yield told

    def show(self, run: SyncRun) -> None:
        print_, naming = self.console.print, naming_of(run)
        mode = RunMode(run.mode).label
        print_(Text(f"{run.endpoint}: {mode} #{run.pk}: {RunStatus(run.status).label}", style="bold"))
        if run.error_code:
            print_(Text(messages.render(run.error_code, run.error_params, naming), style="red"))
        people = people_of_run(run, everybody=self.everybody)
        first = list(islice(people, MOST_ROWS))
        if first:
            print_(self._table(first, naming))
        if rest := sum(1 for _person in people):
            text = ngettext("and %(count)d more person", "and %(count)d more people", rest) % {"count": rest}
            print_(Text(text))
        counts = {name: run.counts.get(name, 0) for name in NAMES}
        print_(Text(", ".join(f"{_label(name)} {count}" for name, count in counts.items() if count or name == "read")))
        for note in run.notes:
            print_(Text("• " + messages.render(note["code"], note["params"], naming)))

    def _table(self, people: list[ReportedPerson], naming: Naming) -> Table:
        table = Table(pad_edge=False)
        columns = (_("Name"), _("Extension"), _("Mobile"), _("E-mail"), _("Status"), _("Updated"), _("Message"))
        for column in columns:
            table.add_column(column, overflow="fold")
        for person in people:
            status = Status(person.status)
            table.add_row(
                Text(person.name),
                Text(person.extension),
                Text(person.mobile),
                Text(person.email),
                Text(_status(person, status), style=STYLES[status]),
                Text(_updated(person, naming)),
                Text(" ".join(messages.render(each["code"], each["params"], naming) for each in person.messages)),
            )
        return table


def _status(person: ReportedPerson, status: Status) -> str:
    """The state too, where it is worth a word: nearly everybody is active."""
    return str(status.label) if person.state == State.ACTIVE else f"{status.label}, {State(person.state).label}"


def _updated(person: ReportedPerson, naming: Naming) -> str:
    if person.updated_at is None:
        return ""
    at = date_format(timezone.localtime(person.updated_at), "SHORT_DATETIME_FORMAT")
    return f"{at} {naming.side(person.updated_side)}" if person.updated_side else at


def _label(name: str) -> str:
    """A count's name for people."""
    labels = {
        "read": pgettext("count", "read"),
        "created": pgettext("count", "created"),
        "updated": pgettext("count", "updated"),
        "written_back": pgettext("count", "written back"),
        "skipped": pgettext("count", "skipped"),
        "conflicts": pgettext("count", "conflicts"),
        "proposed": pgettext("count", "proposed"),
        "failed": pgettext("count", "failed"),
        "waiting": pgettext("count", "waiting"),
        "disabled": pgettext("count", "disabled"),
        "missing": pgettext("count", "missing"),
        "returned": pgettext("count", "returned"),
        "renumbered": pgettext("count", "renumbered"),
        "ignored": pgettext("count", "ignored"),
        "new_matters": pgettext("count", "new matters"),
    }
    return labels[name]
