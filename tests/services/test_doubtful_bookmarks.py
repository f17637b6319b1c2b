"""What makes the place doubtful from which changes would be read: everybody is read then, and the run says why."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from fixtures.openldap import OpenLdap
from syncapp.choices import ReadMode, RunMode, RunPhase, RunStatus
from syncapp.core.vocabulary import State
from syncapp.core.watermark import Bookmark, Watermark
from syncapp.exceptions import FullReadNeededError
from syncapp.models import DirectoryServer, Employee, SyncRecord, SyncRun
from syncapp.services.bookmarks import bookmark_for, dump_bookmark
from tests.conftest import require_program
from tests.directory.people import unit
from tests.directory.real import loaded
from tests.directory.replicas import replica_of
from tests.factories import make_server
from tests.services.company import Company, counted, sync
from tests.services.strategies import only

pytestmark = pytest.mark.django_db(transaction=True)


def changes(server: DirectoryServer) -> SyncRun:
    return sync(server, incremental=True)


def reasons(run: SyncRun) -> list[str]:
    return [note["code"] for note in run.notes]


def alter(**watermark: Any) -> None:
    """Put something else into the newest bookmark."""
    run = SyncRun.objects.exclude(bookmark={}).latest("id")
    run.bookmark["watermark"] |= watermark
    run.save(update_fields=["bookmark"])


@contextmanager
def office(*, session_log: int = 0) -> Iterator[tuple[Company, DirectoryServer]]:
    """A directory of a test's own with two people, who were read twice."""
    require_program("slapd", "slapd")
    with OpenLdap(session_log=session_log) as directory:
        company = Company(directory)
        for uid, number in (("anna", "211"), ("boris", "212")):
            company.add(uid, f"{uid.title()} Karenina", telephoneNumber=number)
        server = company.server(pool=None)
        sync(server)
        assert changes(server).read == ReadMode.INCREMENTAL
        yield company, server


@pytest.mark.parametrize("session_log", [0, 100, 1])
def test_deletion_is_noticed_whether_or_not_the_server_s_log_reaches_back(session_log: int) -> None:
    """Without one, or after it was pruned, slapd names everybody who is still there."""
    with office(session_log=session_log) as (company, server):
        for title in ("One", "Two", "Three"):
            company.change("anna", title=title)
        company.delete("boris")

        run = changes(server)

        assert (run.read, reasons(run), run.counts["missing"]) == ("full", ["full_read_leavers"], 1)
        assert Employee.objects.get(extension="211").title == "Three"


def test_log_that_is_lost_with_a_restart_loses_no_change() -> None:
    with office(session_log=100) as (company, server):
        company.change("anna", title="Director")
        company.directory.stop()
        company.directory.start()

        run = changes(server)

        assert (run.read, run.counts["updated"]) == ("incremental", 1)


def test_backup_that_was_restored_is_noticed() -> None:
    with office() as (company, server):
        directory = company.directory
        directory.stop()
        shutil.copytree(directory.folder / "data", directory.folder / "backup")
        directory.start()
        again = Company.__new__(Company)
        again.ldap, again.base, again.directory = directory.connect(), company.base, directory
        again.change("anna", title="Director")
        assert changes(server).counts["updated"] == 1
        directory.stop()
        shutil.rmtree(directory.folder / "data")
        shutil.move(directory.folder / "backup", directory.folder / "data")
        directory.start()

        run = changes(server)

        assert (run.read, reasons(run)[0], run.counts["read"]) == ("full", "full_read_refused", 2)


def test_other_controller_reads_everybody_and_is_stayed_with() -> None:
    with office() as (company, server), replica_of(company.directory) as replica:
        server.uris = [company.directory.uri, replica.uri]
        server.set_secret(company.directory.service_password)
        server.save()
        company.directory.stop()

        runs = [changes(server), changes(server)]

        assert [(run.read, reasons(run)) for run in runs] == [
            ("full", ["full_read_controller"]),
            ("incremental", []),
        ]


def test_time_that_has_yet_to_come_is_no_place_to_go_on_from(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a right clock stamps later would look older, and be lost."""
    only("modified", monkeypatch)
    company.add("anna", "Anna Karenina", telephoneNumber="211")
    server = company.server(pool=None)
    sync(server)
    assert changes(server).read == ReadMode.INCREMENTAL
    now = datetime.now(UTC)
    alter(position={"newest": (now + timedelta(hours=1)).isoformat(), "began": now.isoformat()})

    run = changes(server)

    assert (run.read, reasons(run)) == ("full", ["full_read_clock"])


def test_whoever_was_the_newest_and_does_not_come_is_looked_for(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("modified", monkeypatch)
    company.add("anna", "Anna Karenina", telephoneNumber="211")
    server = company.server(pool=None)
    sync(server)
    company.delete("anna")

    run = sync(server, incremental=True, force=True)

    assert (run.read, reasons(run)[0]) == ("full", "full_read_nobody")
    assert SyncRecord.objects.get().state == State.MISSING


@pytest.mark.xdist_group("samba_ad")
@pytest.mark.parametrize(
    ("strategy", "altered", "reason"),
    [
        ("usn", {"position": {"usn": "999999999"}}, "full_read_restored"),
        ("usn", {"source": "CN=NTDS Settings,CN=DC9|00"}, "full_read_other_machine"),
        ("dirsync", {"source": "CN=NTDS Settings,CN=DC9|00"}, "full_read_other_machine"),
        ("dirsync", {"position": {"DC=corp,DC=example,DC=test": "00"}}, "full_read_refused"),
    ],
)
def test_domain_controller_that_is_not_the_same_any_more(
    strategy: str,
    altered: dict[str, Any],
    reason: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = loaded("samba_ad", request)
    only(strategy, monkeypatch)
    base = f"OU={request.node.name.replace('[', ' ').replace(']', '')},{real.stories}"
    real.load(unit(base) + real.person("Anna Karenina", unit=base, telephoneNumber="211"))
    server = make_server(
        kind=real.kind, uris=[real.server.uri], security="none", bind_dn=real.server.service_dn, base_dn=base
    )
    server.set_secret(real.server.service_password)
    server.save()
    sync(server)
    assert changes(server).read == ReadMode.INCREMENTAL
    alter(**altered)

    run = changes(server)

    assert (run.read, reasons(run)) == ("full", [reason])
    assert changes(server).read == ReadMode.INCREMENTAL


ANSWERING = {"the_same": ("one", None), "another": ("two", "full_read_settings")}


@pytest.mark.parametrize(("answers", "reason"), ANSWERING.values(), ids=ANSWERING)
def test_directory_that_was_accepted_in_the_place_of_another_is_read_from_the_beginning(
    answers: str, reason: str | None
) -> None:
    """At the same address, with the same settings."""
    server, now = make_server(), timezone.now()
    left = dump_bookmark(Bookmark(Watermark("syncrepl", "ldap://a", "", {}, ""), "settings", now, 1, 1))
    SyncRun.objects.create(
        endpoint=server, mode=RunMode.APPLY, status=RunStatus.COMPLETED, bookmark=left, identity={"dc=corp": "one"}
    )
    run = SyncRun.objects.create(endpoint=server, status=RunStatus.RUNNING, identity={"dc=corp": answers})

    try:
        bookmark_for(run, settings_digest="settings", uri="ldap://a")
        said = None
    except FullReadNeededError as error:
        said = error.code

    assert said == reason


def test_run_that_was_broken_off_with_a_plan_has_everybody_compared(company: Company) -> None:
    """What it had still to write stands on no record."""
    company.add("anna", "Anna Karenina", telephoneNumber="211", mobile="+79161234567")
    server = company.server(pool=None, write_back=True, bind_dn=company.directory.writer_dn)
    for _ in range(2):
        sync(server)
    assert changes(server).read == ReadMode.INCREMENTAL
    Employee.objects.update(mobile="+79260000000")

    def die(phase: RunPhase, done: int, total: int | None) -> None:
        if phase == RunPhase.WRITE_BACK:
            raise RuntimeError("killed")

    assert sync(server, incremental=True, progress=die).status == RunStatus.CRASHED
    run = changes(server)

    assert (run.read, reasons(run)[0], run.counts["written_back"]) == ("full", "full_read_broken_off", 1)
    assert company.value("anna", "mobile") == ["+79260000000"]


def test_plan_that_a_full_read_was_held_for_is_not_closed_by_a_read_of_changes(company: Company) -> None:
    company.add_many(8, telephoneNumber="2{:02}")
    server = company.server(pool=None)
    sync(server)
    for person in range(8):
        company.change(f"p{person:04}", employeeType="former")
    server.disabled_attribute, server.disabled_value = "employeeType", "former"
    server.save()
    held = sync(server)
    server.disabled_attribute = server.disabled_value = ""
    server.save()

    run = changes(server)

    held.refresh_from_db()
    assert (held.status, run.read, counted(run)["skipped"]) == (RunStatus.HELD, "incremental", 8)
    assert held.plan_end_code == ""
