"""What the worker carries out. Tasks take ids and return an id: both are pickled and kept."""

from syncapp.services import sync


def execute_run(run_id: int) -> int:
    """Carry out a queued run; one that is not queued any more is left alone."""
    sync.execute_run(run_id)
    return run_id
