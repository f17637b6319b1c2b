"""`manage.py configure FILE.toml`: servers, phone systems and number pools from a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from syncapp.exceptions import ConfigurationError
from syncapp.management.script import ScriptCommand
from syncapp.messages import render
from syncapp.services.configure import ConfigurationFileError, configure
from syncapp.services.configure.reporting import mistake_line, report_lines


class Command(ScriptCommand):
    help = (
        "Create or update servers, phone systems and number pools from a file. Nothing is deleted, no server is contacted, "
        "and a file with a mistake changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.toml", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            reports = configure(file)
        except ConfigurationFileError as error:
            for mistake in error.mistakes:
                self.stderr.write(mistake_line(mistake))
            raise CommandError(render(error.code, error.params)) from None
        except ConfigurationError as error:
            raise CommandError(render(error.code, error.params)) from None
        for report in reports:
            for line in report_lines(report):
                self.stdout.write(line)
