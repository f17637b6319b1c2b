"""What runs that read changes make of a directory that others edit at random is what a full read makes of it."""

import os
from dataclasses import dataclass, field
from itertools import count
from random import Random

import pytest

from syncapp.choices import Kind, ReadMode, RunStatus, Security
from syncapp.models import DirectoryServer, Employee, SyncRecord, SyncRun
from syncapp.models.employees import SYNCHRONISED
from tests.directory.people import unit
from tests.directory.real import RealServer, loaded
from tests.factories import make_server
from tests.services.company import sync
from tests.services.strategies import STRATEGIES, only

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8
SEED = int(os.environ.get("DIFFERENTIAL_SEED", "7"))
NO_BRAKES = {
    kind: [1000, 100, 1000]
    for kind in ("lost", "disabled", "created", "replaced", "emptied", "renumbered", "written_back", "conflicts")
}
_branches = count(1)


@dataclass
class Office:
    """A branch whose people somebody edits, moves, deletes and takes back at random."""

    real: RealServer
    base: str
    random: Random = field(default_factory=lambda: Random(SEED))  # noqa: S311 - a game
    dns: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    hired: int = 0

    def begin(self) -> None:
        self.real.load(unit(self.base) + unit(self.inner) + unit(self.outside))
        for _ in range(8):
            self.hire()

    @property
    def inner(self) -> str:
        return f"OU=Inner,{self.base}"

    @property
    def outside(self) -> str:
        name, _comma, above = self.base.partition(",")
        return f"{name} outside,{above}"

    def server(self) -> DirectoryServer:
        server = make_server(
            kind=Kind(self.real.kind),
            uris=[self.real.server.uri],
            security=Security.NONE,
            bind_dn=self.real.server.service_dn,
            base_dn=self.base,
            limits=NO_BRAKES,
        )
        server.set_secret(self.real.server.service_password)
        server.save()
        return server

    def hire(self) -> None:
        self.hired += 1
        name = f"Worker{self.hired} Family{self.hired}"
        number = str(200 + self.hired)
        self.real.load(
            self.real.person(name, unit=self.base, telephoneNumber=number, mail=f"w{self.hired}@example.test")
        )
        self.dns.append(self.real.dn(name, unit=self.base))

    def edit(self) -> None:
        attribute = self.random.choice(["title", "mobile", "telephoneNumber"])
        values = {
            "title": [b"Chief"],
            "mobile": [f"+7916{self.random.randrange(10**7):07}".encode()],
            "telephoneNumber": [str(200 + self.random.randrange(30)).encode()],
        }[attribute]
        self.real.change(self._anybody(), attribute, *self.random.choice([values, values, []]))

    def move(self) -> None:
        dn = self._anybody()
        target = self.inner if self.inner not in dn else self.base
        self.dns.remove(dn)
        self.dns.append(self.real.move(dn, dn.partition(",")[0].partition("=")[2], target))

    def leave(self) -> None:
        dn = self._anybody()
        self.dns.remove(dn)
        self.away.append(self.real.move(dn, dn.partition(",")[0].partition("=")[2], self.outside))

    def come_back(self) -> None:
        if self.away:
            dn = self.away.pop(self.random.randrange(len(self.away)))
            self.dns.append(self.real.move(dn, dn.partition(",")[0].partition("=")[2], self.base))

    def delete(self) -> None:
        dn = self._anybody()
        self.dns.remove(dn)
        connection = self.real.server.connect()
        connection.delete_s(dn)
        connection.unbind_s()

    def edit_here(self) -> None:
        Employee.objects.filter(pk=Employee.objects.order_by("pk").first().pk).update(
            title=f"Here {self.random.random()}"
        )

    def something(self) -> None:
        acts = [self.edit] * 6 + [self.move, self.hire, self.leave, self.come_back, self.delete, self.edit_here]
        self.random.choice(acts)()

    def _anybody(self) -> str:
        if len(self.dns) < 4:
            self.hire()
        return self.random.choice(self.dns)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("place", STRATEGIES)
def test_full_read_after_many_reads_of_changes_finds_nothing_but_deletions(
    place: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule D2: of deletions that the directory does not show only the full read says anything."""
    name, _by, strategy = place.partition(" by ")
    real = loaded(name, request)
    only(strategy, monkeypatch)
    office = Office(real, f"OU=Office {next(_branches)},{real.stories}")
    office.begin()
    server = office.server()
    ended_well(sync(server))
    reads = []

    for _ in range(ROUNDS):
        for _ in range(office.random.randrange(1, 4)):
            office.something()
        reads.append(ended_well(sync(server, incremental=True)).read)

    hub, before = everybody_here(), entries_of(server)
    run = ended_well(sync(server))
    after = entries_of(server)
    gone = {anchor for anchor, entry in after.items() if entry["state"] == "missing"}
    lately = {anchor for anchor in gone if before[anchor]["state"] != "missing"}
    for anchor in lately:
        del before[anchor], after[anchor]
    if lately:  # whoever claims the number of one of them claims that of a leaver now (rule C4)
        for entry in (*before.values(), *after.values()):
            del entry["message_code"]
    assert everybody_here() == hub
    assert after == before
    found = {name: run.counts[name] for name in NEWS}
    assert found == {**dict.fromkeys(NEWS, 0), "missing": found["missing"], "updated": found["missing"]}
    assert not lately or strategy in DELETIONS_UNSEEN
    assert ReadMode.INCREMENTAL in reads


NEWS = ("created", "updated", "written_back", "disabled", "missing", "returned", "renumbered", "new_matters")
DELETIONS_UNSEEN = ("modified", "usn", "dirsync")


def ended_well(run: SyncRun) -> SyncRun:
    assert run.status in (RunStatus.COMPLETED, RunStatus.PARTIAL), (run.status, run.error_code, run.error_params)
    return run


def everybody_here() -> list[tuple[object, ...]]:
    return list(Employee.objects.order_by("pk").values_list("pk", *SYNCHRONISED))


def entries_of(server: DirectoryServer) -> dict[str, dict[str, object]]:
    """What is known of each entry, by anchor."""
    columns = ("state", "employee_id", "dn", "base", "keys", "message_code")
    return {row.pop("anchor"): row for row in SyncRecord.objects.filter(endpoint=server).values("anchor", *columns)}
