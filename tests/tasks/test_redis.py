"""The queue in a Redis: what is there when it goes away, and what is when it comes back."""

from pathlib import Path

import pytest

from fixtures.openldap import OpenLdap
from syncapp.models import SyncRun
from tests.conftest import require_program
from tests.processes import manage, wait_for
from tests.redis_server import RedisServer
from tests.services.company import Company
from tests.tasks.workers import has_ended, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("workers")]

ENQUEUE = """
from syncapp.choices import RunMode, RunTrigger
from syncapp.services.runs import enqueue_run
enqueue_run(endpoint_id={server}, mode=RunMode.APPLY, trigger=RunTrigger.MANUAL)
"""


@pytest.mark.promise(8)
def test_run_that_was_queued_while_redis_was_away_is_carried_out_when_it_is_back(
    openldap: OpenLdap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_program("redis-server", "redis-server")
    company = Company(openldap)
    company.add("anna", "Anna Petrova")
    server = company.server()
    redis = RedisServer()
    monkeypatch.setenv("REDIS_URL", redis.url)

    assert manage("shell", "-v", "0", "-c", ENQUEUE.format(server=server.pk))[0] == 0

    run = SyncRun.objects.get()
    assert run.status == "queued"
    with redis, worker(tmp_path) as process:
        wait_for(lambda: has_ended(run), process=process.process)
        assert (run.status, run.counts["created"]) == ("completed", 1)

        redis.stop()
        manage("shell", "-v", "0", "-c", ENQUEUE.format(server=server.pk))
        redis.start()
        again = SyncRun.objects.latest("id")
        wait_for(lambda: has_ended(again), process=process.process)
        assert (again.status, again.counts["skipped"]) == ("completed", 1)
