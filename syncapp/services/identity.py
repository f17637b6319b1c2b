"""Whose directory a server's addresses lead to: expected, recognised, and accepted when it is another one (rule A10)."""

from typing import Any

from django.db.models import Q, QuerySet

from syncapp.choices import RunMode, RunStatus
from syncapp.core.identity import expect_directory, identity_text, merged
from syncapp.core.records import Identity
from syncapp.exceptions import ConfigurationError
from syncapp.models import SyncRun
from syncapp.services.ports import EndpointSession

ANOTHER = "another_directory"


def known_identity(endpoint_id: int) -> Identity | None:
    """Return whose directory was read last, or accepted since; None when no applied run could say it."""
    runs = _saying(endpoint_id).order_by("-id")
    contexts = runs.values_list("identity", flat=True).first()
    return Identity(contexts) if contexts else None


def recognise(run: SyncRun, session: EndpointSession) -> Identity:
    """Keep on the run which controller answered and whose directory that is, and return the latter.

    Raise DirectoryError for another directory than the last one: then nothing of it
    may be read. Its address is not kept, for the next run begins with the last one used.
    """
    found, expected = session.identity(), known_identity(run.server_id)
    _keep(run, identity=dict(merged(found, expected).contexts))
    if expected is not None:
        expect_directory(expected, found, uri=session.uri)
    _keep(run, uri=session.uri)
    return found


def expect_known(endpoint_id: int, session: EndpointSession) -> None:
    """Raise DirectoryError when an open session is with another directory than the last run's."""
    expected = known_identity(endpoint_id)
    if expected is not None:
        expect_directory(expected, session.identity(), uri=session.uri)


def identity_of_run(run: SyncRun) -> str:
    """Name the directory that a run found, in words; '' where none is known."""
    return identity_text(Identity(run.identity))


def may_be_accepted(run: SyncRun) -> bool:
    """Whether a run failed because another directory answered, and nobody has decided about that yet."""
    return (
        run.error_code == ANOTHER and not run.accepted_by and not _saying(run.server_id).filter(pk__gt=run.pk).exists()
    )


def accept_directory(run_id: int, *, who: str) -> SyncRun:
    """Expect from now on the directory that a failed run found; raise ConfigurationError where there is none to accept.

    It synchronises nothing, and the brakes of the next run are those of any run.
    """
    run = SyncRun.objects.filter(pk=run_id).first()
    if run is None:
        raise ConfigurationError("run_unknown", run=run_id)
    if not may_be_accepted(run):
        raise ConfigurationError("directory_not_to_accept", run=run_id)
    _keep(run, accepted_by=who)
    return run


def _saying(endpoint_id: int) -> QuerySet[SyncRun]:
    """Runs that say whose directory is expected: those that were applied to their end, and those that were accepted."""
    applied = Q(mode=RunMode.APPLY, status__in=[RunStatus.COMPLETED, RunStatus.PARTIAL])
    return SyncRun.objects.filter(applied | ~Q(accepted_by=""), endpoint_id=endpoint_id).exclude(identity={})


def _keep(run: SyncRun, **values: Any) -> None:
    SyncRun.objects.filter(pk=run.pk).update(**values)
    for name, value in values.items():
        setattr(run, name, value)
