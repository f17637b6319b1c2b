"""What commands that scripts depend on have in common (design, section 9)."""

import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser


class ScriptCommand(BaseCommand):
    """A command without abbreviated options, whose every failure ends with exit code 1.

    argparse would end with 2, which means "completed with open matters" here.
    """

    requires_system_checks: list[str] = []
    _called_from_command_line: bool  # set by Django

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, allow_abbrev=False, **kwargs)
        if not self._called_from_command_line:
            return parser  # call_command: a mistake is raised as CommandError

        def refuse(message: str) -> NoReturn:
            parser.print_usage(sys.stderr)
            parser.exit(1, f"{parser.prog}: {message}\n")

        parser.error = refuse  # type: ignore[method-assign]  # argparse knows no other way to choose the exit code
        return parser
