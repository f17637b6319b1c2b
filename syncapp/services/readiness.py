"""Whether this installation can do its work: each part asked by itself, so that one answer tells of all."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from syncapp.services import queue

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that are needed; `code` names the reason in `messages` where it is not there."""

    name: str
    code: str = ""

    @property
    def ready(self) -> bool:
        return not self.code


def readiness() -> list[Part]:
    """Ask database, migrations, broker and worker, in the order in which one needs the other."""
    asked: tuple[tuple[str, Callable[[], bool], str], ...] = (
        ("database", _database_answers, "database_silent"),
        ("migrations", _migrations_are_applied, "migrations_missing"),
        ("broker", _broker_answers, "broker_silent"),
        ("worker", queue.worker_is_running, "worker_silent"),
    )
    return [Part(name, "" if _is_so(name, ask) else code) for name, ask, code in asked]


def _is_so(name: str, ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except DatabaseError:
        logger.warning("Not ready: %s, for the database does not answer", name)
    except Exception as error:  # noqa: BLE001 - a broker or cache has errors of its own; whichever it is means "no"
        logger.warning("Not ready: %s (%s)", name, type(error).__name__)
    return False


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _migrations_are_applied() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _broker_answers() -> bool:
    queue.queue_length()
    return True
