"""`manage.py explain_person TEXT`: why is this person here, or not?"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from syncapp import messages
from syncapp.choices import Field
from syncapp.core.records import Message
from syncapp.core.vocabulary import OPAQUE_FIELDS
from syncapp.management.script import ScriptCommand
from syncapp.management.terminal import reader_may_leave
from syncapp.messages.naming import OF_ANY, Naming
from syncapp.services.endpoints import Synchronised, all_synchronised
from syncapp.services.explain import Explanation, FieldTold, ServerTold, explain
from syncapp.services.explain.report import as_object
from syncapp.store.history import LastChange


class Command(ScriptCommand):
    help = (
        "Says step by step why a person is here or not, in scope of the servers and out of it. Reads only, and "
        "stores nothing. Exit code: 0 found; 1 nobody found, or several: they are listed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", metavar="TEXT", help="anchor, DN, e-mail, number or words of the name")
        parser.add_argument("--server", metavar="NAME", help="ask this server alone; otherwise all of them")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, text: str, **options: Any) -> None:
        explanation = explain(text, servers=_servers(options["server"]))
        with reader_may_leave():
            if options["json"]:
                self.stdout.write(json.dumps(as_object(explanation), ensure_ascii=False))
            else:
                self._show(explanation)
            self.stdout.flush()
        if not explanation.found:
            sys.exit(1)

    def _show(self, explanation: Explanation) -> None:
        if explanation.several:
            self.stdout.write(
                _("“%(text)s” could be several people. Name one by the DN or the anchor:") % {"text": explanation.text}
            )
            for server, found in explanation.people:
                shown = (server or "-", found.name, found.extension, found.email, found.dn, found.anchor)
                self.stdout.write("  " + " | ".join(shown))
            return
        if not explanation.found:
            self.stdout.write(_("Nobody was found by “%(text)s”.") % {"text": explanation.text})
        self._lines(explanation.facts, "", OF_ANY)
        for told in explanation.servers:
            self._server(told)

    def _server(self, told: ServerTold) -> None:
        self.stdout.write(f"{told.server}:")
        if told.error is not None:
            self.stdout.write(f"  ✗ {messages.render(told.error.code, told.error.params, told.naming)}")
        self._lines(told.steps, "  ", told.naming)
        for each in told.fields:
            self.stdout.write(
                f"  {capfirst(str(Field(each.field).label))} ({each.attribute}): {_values(each, told.naming)}"
            )
            self._lines((each.why, *each.effects), "    ", told.naming)
            if each.changed is not None:
                self.stdout.write(f"    {_last(each.changed)}")

    def _lines(self, steps: Iterable[Message], indent: str, naming: Naming) -> None:
        for step in steps:
            self.stdout.write(f"{indent}{messages.render(step.code, step.params, naming)}")


def _servers(name: str | None) -> list[Synchronised]:
    servers = all_synchronised()
    found = [server for server in servers if name in (None, server.name)]
    if name is not None and not found:
        known = ", ".join(server.name for server in servers) or "-"
        raise CommandError(_("There is no server named “%(name)s”. Known: %(known)s") % {"name": name, "known": known})
    return found


def _values(told: FieldTold, naming: Naming) -> str:
    """What stands on both sides; of pictures and secrets only whether there is one."""
    here, there = [told.local] if told.local else [], [*told.remote, *told.foreign]
    if told.field in OPAQUE_FIELDS:
        here, there = [_("there is one")] * bool(here), [_("there is one")] * bool(there)
    return _("here %(here)s, %(in_it)s %(there)s") % {
        "in_it": naming.in_it,
        "here": ", ".join(here) or "–",
        "there": ", ".join(there) or "–",
    }


def _last(changed: LastChange) -> str:
    return _("Last changed %(when)s, %(side)s, by run #%(run)s.") % {
        "when": timezone.localtime(changed.at).strftime("%Y-%m-%d %H:%M") if changed.at is not None else "–",
        "side": changed.naming.side(changed.side),
        "run": changed.run_id,
    }
