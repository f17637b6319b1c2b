"""Carry out what is queued and what schedules ask for, until a signal says to end."""

from typing import Any

from django.core.management.base import BaseCommand

from syncapp.management.supervision import Worker


class Command(BaseCommand):
    help = (
        "Carry out queued and scheduled synchronisations until SIGTERM or Ctrl-C. Runs that are under way then end "
        "after what they are about to do, and the next ones go on from there."
    )
    requires_migrations_checks = True

    def handle(self, *args: Any, **options: Any) -> None:
        if code := Worker().run():
            raise SystemExit(code)
