"""A run as a table for spreadsheets: a line for each change, and one for each person of whom there is more to say."""

from collections.abc import Iterator, Sequence

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from syncapp import messages
from syncapp.choices import Field, State, Status
from syncapp.core.spreadsheet import csv_lines
from syncapp.core.vocabulary import OPAQUE_FIELDS
from syncapp.messages.naming import Naming
from syncapp.models import SyncRun
from syncapp.services.matters_report import HIDDEN
from syncapp.store.naming import naming_of
from syncapp.store.selectors import ReportedPerson, people_of_run


def run_as_csv(run: SyncRun) -> Iterator[str]:
    """Yield the lines in the reader's language, as they are read from the database."""
    head = [
        _("Name"), _("Extension"), _("DN"), _("Status"), _("State"), _("Field"), _("Side"), _("Before"), _("After"),
        _("Message"),
    ]  # fmt: skip
    naming = naming_of(run)
    yield from csv_lines(head, (row for person in people_of_run(run) for row in _rows(person, naming)))


def _rows(person: ReportedPerson, naming: Naming) -> Iterator[Sequence[str]]:
    fields = dict(Field.choices)
    who = (
        person.name,
        person.extension,
        person.dn,
        str(Status(person.status).label),
        str(State(person.state).label),
    )
    said = " ".join(messages.render(each["code"], each["params"], naming) for each in person.messages)
    changes = person.changes or [{"field": "", "side": "", "before": "", "after": ""}]
    for number, change in enumerate(changes):
        hidden = change["field"] in OPAQUE_FIELDS
        values = [HIDDEN if hidden and change[side] else change[side] for side in ("before", "after")]
        names = capfirst(str(fields.get(change["field"], ""))), naming.side(change["side"])
        yield *who, *names, *values, "" if number else said
