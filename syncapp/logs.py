"""What a line of the log looks like, and of which run it tells.

Messages hold no personal data and no secrets, but the text of an exception may quote
anything, a row that the database refused for one. JSON goes to where many can read it,
so there an exception is its type and its places in the program.
"""

import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_run: ContextVar[int | None] = ContextVar("run", default=None)


@contextmanager
def about_run(run_id: int) -> Iterator[None]:
    """Let every record that is made meanwhile, by whatever library, name the run."""
    token = _run.set(run_id)
    try:
        yield
    finally:
        _run.reset(token)


class RunFilter(logging.Filter):
    """Gives a record the run that is being carried out; stands at the handler, where everybody's records pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        run = _run.get()
        record.run = run
        record.of_run = f" run {run}" if run is not None else ""
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object on a line: time, level, logger, message, and run and exception where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if (run := getattr(record, "run", None)) is not None:
            told["run"] = run
        if record.exc_info and record.exc_info[1] is not None:
            told["exception"] = [_told(error) for error in _chain(record.exc_info[1])]
        return json.dumps(told, ensure_ascii=False)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception, then what led to it, as a traceback would show them."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
