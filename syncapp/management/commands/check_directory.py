"""`manage.py check_directory NAME`: each step of reaching a directory or phone system, and how far it gets."""

import sys
from collections.abc import Iterable, Mapping
from typing import IO, Any, cast

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table
from rich.text import Text

from syncapp.choices import Field
from syncapp.core import vocabulary as words
from syncapp.core.options import FieldRule
from syncapp.core.rights import AttributeRights, Writable
from syncapp.directory.discovery import Found
from syncapp.directory.examination import Step, StepOutcome
from syncapp.directory.fill import Fill
from syncapp.exceptions import SyncError
from syncapp.management.script import ScriptCommand
from syncapp.messages import render
from syncapp.messages.directory import STEP_LABELS
from syncapp.messages.telephony import PHONE_STEP_LABELS
from syncapp.models import DirectoryServer, Endpoint, PhoneSystem
from syncapp.services import adding
from syncapp.services.endpoints import field_rules
from syncapp.services.phone_systems import probe_phone_system
from syncapp.services.probing import test_connection_and_store
from syncapp.telephony.steps import PhoneStep, PhoneStepOutcome

SIGNS = {
    StepOutcome.OK: ("✓", "green"),
    StepOutcome.REMARK: ("!", "yellow"),
    StepOutcome.FAILED: ("✗", "bold red"),
}


class Command(ScriptCommand):
    help = (
        "Test a directory server step by step: name, connection, encryption, login, base, filter, people found, "
        "attributes with fill rates, the right to write. Then shows what the server can do, and which mapping would fit the first of its "
        "people. Of a phone system: certificate, interface, employees, rights of the key, numbers in use, version. "
        "Writes nothing there; stores kind and usual mapping where they were left open and all "
        "went well. Exit code: 0 all steps passed, 1 one of them failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="name of the server")

    def handle(self, *, name: str, **options: Any) -> None:
        phones = PhoneSystem.objects.filter(name=name).first()
        if phones is not None:
            self._test_phones(phones)
            return
        server = DirectoryServer.objects.filter(name=name).first()
        if server is None:
            known = ", ".join(Endpoint.objects.values_list("name", flat=True)) or "-"
            raise CommandError(
                _("There is no server named “%(name)s”. Known: %(known)s") % {"name": name, "known": known}
            )
        console = self._console()
        failed = False
        for step in test_connection_and_store(server):
            _show(console, step)
            failed = failed or step.outcome is StepOutcome.FAILED
        if failed:
            sys.exit(1)
        try:
            _show_found(console, adding.look(server), {rule.field: rule for rule in field_rules(server, server.kind)})
        except SyncError as error:
            raise CommandError(render(error.code, error.params)) from None

    def _console(self) -> Console:
        return Console(file=cast(IO[str], self.stdout), soft_wrap=True, highlight=False)

    def _test_phones(self, phones: PhoneSystem) -> None:
        console, failed = self._console(), False
        for step in probe_phone_system(phones):
            _show_phone_step(console, step)
            failed = failed or step.outcome is PhoneStepOutcome.FAILED
        if failed:
            sys.exit(1)


def _show_phone_step(console: Console, step: PhoneStep) -> None:
    sign, style = SIGNS[StepOutcome(step.outcome)]
    said = render(step.message.code, step.message.params)
    console.print(Text.assemble((sign, style), " ", (f"{PHONE_STEP_LABELS[step.name]}: ", "bold"), said))
    for right in step.rights:
        console.print(Text(f"  {'✓' if right.granted else '✗'} {right.path}: {right.right}"))
    for remark in step.remarks:
        console.print(Text(f"  {render(remark.code, remark.params)}"))
    if step.fingerprint:
        console.print(Text(f'  fingerprint = "{step.fingerprint}"'))


def _show_found(console: Console, found: Found, mapped: Mapping[words.Field, FieldRule]) -> None:
    console.print(Text(_("What the server can do"), style="bold"))
    for able, message in adding.said_of_server(found):
        console.print(Text(f"  {'✓' if able else '–'} {render(message.code, message.params)}"))
    console.print(Text(_("Mapping that would fit"), style="bold"))
    people = adding.said_of_people(found)
    console.print(Text(f"  {render(people.code, people.params)}"))
    for line in found.lines:
        rule, own = line.best.rule, mapped.get(line.field)
        differs = own is None or (own.attribute, own.pattern) != (rule.attribute, rule.pattern)
        shown = Text.assemble(
            f"  {Field(line.field).label}: ",
            (rule.attribute, "bold"),
            f" {rule.pattern}" if rule.pattern else "",
            ". " + " ".join(render(reason.code, reason.params) for reason in line.reasons),
        )
        if differs:
            shown.append(
                " " + _("Mapped now: %(attribute)s.") % {"attribute": own.attribute if own else "–"}, style="yellow"
            )
        console.print(shown)


def _show(console: Console, step: Step) -> None:
    sign, style = SIGNS[step.outcome]
    console.print(Text.assemble((sign, style), " ", (f"{STEP_LABELS[step.name]}: ", "bold"), _sentence(step)))
    if step.fills:
        console.print(_table(step.fills) if console.is_terminal else Text("\n".join(map(_line, step.fills))))
    for rights in step.rights:
        console.print(Text("\n".join(_rights(rights))))
    for remark in step.remarks:
        console.print(Text(f"  {render(remark.code, remark.params)}", style=SIGNS[StepOutcome.REMARK][1]))
    if step.grant:
        console.print(Text(f"  {render(step.grant.message.code, step.grant.message.params)}"))
        console.print(Text(step.grant.text))


def _rights(rights: AttributeRights) -> list[str]:
    title = f"{Field(rights.field).label} ({rights.attribute})"
    if rights.verdict is Writable.UNKNOWN:
        unknown = _("not known")
        return [f"  {title}: {unknown}"]
    lines = [f"  {title}: {_may_be_written(rights.writable, rights.people)}"]
    lines += [f"    {place.place}: {_may_be_written(place.writable, place.people)}" for place in rights.differing]
    return lines


def _may_be_written(writable: int, people: int) -> str:
    return _("may be written for %(writable)d of %(people)d") % {"writable": writable, "people": people}


def _sentence(step: Step) -> str:
    return render(step.message.code, step.message.params)


def _table(fills: Iterable[Fill]) -> Table:
    table = Table(pad_edge=False)
    for title in (_("Field"), _("Attribute"), _("Filled"), _("Example")):
        table.add_column(title, overflow="fold")
    for fill in fills:
        table.add_row(*(Text(text) for text in _cells(fill)))
    return table


def _line(fill: Fill) -> str:
    field, attribute, filled, example = _cells(fill)
    return f"  {field} ({attribute}): {filled}" + (f", {example}" if example else "")


def _cells(fill: Fill) -> tuple[str, str, str, str]:
    if fill.filled is None:
        filled = _("not counted")
    else:
        share = round(100 * fill.filled / fill.people) if fill.people else 0
        filled = _("%(filled)d of %(people)d (%(share)d %%)") % {
            "filled": fill.filled,
            "people": fill.people,
            "share": share,
        }
    return str(Field(fill.rule.field).label), fill.rule.attribute, filled, fill.example
