"""What the worker is told to do."""

import pytest

from syncapp import tasks
from syncapp.choices import RunStatus
from syncapp.models import SyncRun
from syncapp.services import runs
from tests.factories import make_server


def test_queue_names_a_task_that_there_is() -> None:
    assert f"{tasks.__name__}.{tasks.execute_run.__name__}" == runs.TASK


@pytest.mark.django_db
def test_execute_run_leaves_a_run_alone_that_has_ended() -> None:
    """A task may be delivered twice; the second time there is nothing to do."""
    run = SyncRun.objects.create(endpoint=make_server(), status=RunStatus.CANCELLED)

    assert tasks.execute_run(run.pk) == run.pk

    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_execute_run_carries_a_queued_run_out_to_its_end() -> None:
    server = make_server(uris=["ldap://127.0.0.1:1"], security="none")
    run = SyncRun.objects.create(endpoint=server, status=RunStatus.QUEUED)

    assert tasks.execute_run(run.pk) == run.pk

    run.refresh_from_db()
    assert (run.status, run.phase) == (RunStatus.FAILED, "done")
