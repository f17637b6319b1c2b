"""A directory's health: what its administrator should mend at the source. Reads only, and stores nothing."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from syncapp.choices import Field
from syncapp.core.composition import attributes_as_typed, attributes_of
from syncapp.core.converters import read_person
from syncapp.core.health import Ailment, Checkup, Finding, photo_finding
from syncapp.core.options import FieldRule, SyncOptions
from syncapp.core.records import Message
from syncapp.core.spreadsheet import csv_lines
from syncapp.core.vocabulary import TEXT_FIELDS
from syncapp.core.vocabulary import Field as CoreField
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.session import open_session as open_directory_session
from syncapp.exceptions import SyncError
from syncapp.messages import render
from syncapp.messages.health import AILMENT_LABELS
from syncapp.models import DirectoryServer
from syncapp.services.endpoints import directory_config, sync_options
from syncapp.services.pictures import PictureError, look_at
from syncapp.services.ports import EndpointSession, OpenSession
from syncapp.services.report import message_of

# In the web process (design, section 3), in seconds: the whole, and the longest wait for one answer.
SECONDS = 20.0
_LONGEST_WAIT = 5.0


@dataclass(slots=True)
class Examination:
    """What was looked at so far, and what was found. `error`: the directory broke off."""

    people: int = 0
    photos: int = 0
    everybody: bool = False
    all_photos: bool = False
    counts: Counter[Ailment] = field(default_factory=Counter)
    error: Message | None = None

    @property
    def shortfall(self) -> Message | None:
        """What to say where not everything was looked at."""
        if self.error is not None:
            return self.error
        if not self.everybody:
            return Message("health_incomplete", {"count": self.people})
        return None if self.all_photos else Message("health_photos_incomplete", {"count": self.photos})


def examine(
    server: DirectoryServer,
    examination: Examination,
    *,
    seconds: float | None = None,
    open_session: OpenSession = open_directory_session,
) -> Iterator[Finding]:
    """Yield what is wrong, as it is read: first of everybody's values, then of the photos.

    With `seconds` it ends in time, and `examination` says how far it came. An error
    ends it too, and stands there.
    """
    ends = monotonic() + seconds - _LONGEST_WAIT if seconds is not None else float("inf")
    try:
        with open_session(_config(server, hurried=seconds is not None), lambda: None) as session:
            options = sync_options(server, session.kind)
            mapped = {name for rule in options.rules for name in attributes_as_typed(rule.attribute)}
            session.check_attributes(sorted(mapped))
            for finding in _all(session, options, examination, ends):
                examination.counts[finding.ailment] += 1
                yield finding
    except SyncError as error:
        examination.error = Message(error.code, error.params)


def _config(server: DirectoryServer, *, hurried: bool) -> DirectoryConfig:
    config = directory_config(server)
    if not hurried:
        return config
    wait = _LONGEST_WAIT
    return replace(config, connect_timeout=wait, login_timeout=wait, operation_timeout=wait)


def _all(session: EndpointSession, options: SyncOptions, examination: Examination, ends: float) -> Iterator[Finding]:
    checkup = Checkup(options.rules)
    text_rules = [rule for rule in options.rules if rule.field in TEXT_FIELDS]
    wanted = sorted({name for rule in text_rules for name in attributes_of(rule.attribute)})
    for page in session.pages(wanted, now=timezone.now()):
        for record in page:
            yield from checkup.look(read_person(record, options))
        examination.people += len(page)
        if monotonic() > ends:  # the connection is closed with what it still has to give
            return
    examination.everybody = True
    for rule in options.rules:
        if rule.field is CoreField.PHOTO:
            yield from _photos(session, rule, examination, ends)
            if monotonic() > ends:
                return
    examination.all_photos = True


def _photos(session: EndpointSession, rule: FieldRule, examination: Examination, ends: float) -> Iterator[Finding]:
    """Look at the pictures' headers, a page of people at a time and a few pictures in memory."""
    name = rule.attribute.lower()
    for page in session.pages([], now=timezone.now(), having=rule.attribute):
        entries = [(record.anchor, record.dn) for record in page]
        for _anchor, record in session.fetch(entries, [name], now=timezone.now()):
            if record is None:
                continue
            for raw in record.attributes.get(name, ()):
                examination.photos += 1
                try:
                    look_at(raw)
                except PictureError as error:
                    yield photo_finding(record.dn, rule, error.message)
            if monotonic() > ends:
                return


def as_csv(findings: Iterable[Finding], examination: Examination) -> Iterator[str]:
    """Yield the lines of a table for spreadsheets, in the reader's language; last what was not looked at, if anything.

    Cells that a spreadsheet would take for a formula begin with an apostrophe.
    """

    def rows() -> Iterator[Sequence[str]]:
        yield from map(cells, findings)
        if examination.shortfall is not None:
            yield "", "", "", "", render(examination.shortfall.code, examination.shortfall.params)

    yield from csv_lines([_("Finding"), _("DN"), _("Field"), _("Value"), _("What to do")], rows())


def cells(finding: Finding) -> tuple[str, str, str, str, str]:
    """Kind, DN, field, value and remedy, in words."""
    return (
        str(AILMENT_LABELS[finding.ailment]),
        finding.dn,
        capfirst(str(Field(finding.field.value).label)),
        finding.value,
        render(finding.remedy.code, finding.remedy.params),
    )


def as_json(server: DirectoryServer, findings: Iterable[Finding], examination: Examination) -> Iterator[str]:
    """Yield one JSON object piece by piece; texts are English whatever the language."""
    yield '{"server": ' + json.dumps(server.name, ensure_ascii=False) + ', "findings": ['
    for position, finding in enumerate(findings):
        yield (", " if position else "") + json.dumps(
            {
                "kind": finding.ailment.value,
                "dn": finding.dn,
                "field": finding.field.value,
                "value": finding.value,
                **message_of(finding.remedy.code, dict(finding.remedy.params)),
            },
            ensure_ascii=False,
        )
    error = examination.error
    ending = {
        "people": examination.people,
        "photos": examination.photos,
        "counts": {ailment.value: examination.counts[ailment] for ailment in Ailment},
        "error": message_of(error.code, dict(error.params)) if error is not None else None,
    }
    yield "], " + json.dumps(ending, ensure_ascii=False)[1:] + "\n"
