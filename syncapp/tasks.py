"""What the worker carries out. Tasks take ids and return an id or a number: both are pickled and kept."""

from datetime import datetime

from django.utils import timezone

from syncapp.services import housekeeping, schedules, sync
from syncapp.services.notifications import delivery


def execute_run(run_id: int) -> int:
    """Carry out a queued run; one that is not queued any more is left alone."""
    sync.execute_run(run_id)
    return run_id


def start_due_run(endpoint_id: int, due: str | None = None) -> int | None:
    """Queue the run that a server's schedule asks for; `due` is when it was to begin, in ISO 8601."""
    run = schedules.start_due_run(endpoint_id, due=datetime.fromisoformat(due) if due else None)
    return run.pk if run is not None else None


def keep_house() -> int:
    """Remove what is older than the settings say, for a while; return how many rows and files that were."""
    return housekeeping.keep_house_in_turns(now=timezone.now()).total


def send_word() -> int:
    """Tell whoever wants to know how servers stand; return how many messages got through."""
    return delivery.send_word(now=timezone.now())
