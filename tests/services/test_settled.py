"""What happens to most people is decided before everybody is known, some at a time."""

import pytest

from syncapp.core.planned import Refresh
from syncapp.core.vocabulary import Field
from syncapp.models import DirectoryServer, Employee, EndpointPool, FieldMapping, RunItem, SyncRecord, SyncRun
from syncapp.services import planning
from syncapp.services.packed import PackedEntries
from syncapp.services.remote_read import RemoteRead
from syncapp.services.settled import Settled
from syncapp.store.writer import apply_refreshed
from tests.factories import make_employee
from tests.services.company import Company, sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    company.add("anna", "Anna Petrova", mail="anna@example.test", title="Director", telephoneNumber="215")
    company.add("boris", "Boris Sidorov", mail="boris@example.test", title="Clerk")
    server = company.server()
    sync(server)
    return server


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[RemoteRead]:
    """What plans were made of."""
    made: list[RemoteRead] = []
    really = planning.make_plan

    def noting(server: DirectoryServer, read: RemoteRead, *arguments: object, **options: object) -> object:
        made.append(read)
        return really(server, read, *arguments, **options)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr("syncapp.services.steps.make_plan", noting)
    return made


def with_other_keys(server: DirectoryServer, *keys: str) -> DirectoryServer:
    server.match_keys = list(keys)
    server.save()
    return server


def with_mapping(server: DirectoryServer, *, title: str) -> None:
    usual = {"name": "displayName", "email": "mail", "extension": "telephoneNumber", "title": title}
    for field, attribute in usual.items():
        number = {"pattern": r"^(\d{2,5})$", "direction": "both"} if field == "extension" else {}
        FieldMapping.objects.create(endpoint=server, field=field, attribute=attribute, **number)


def nobody_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settled, "sift", lambda _self, people, _known, **_options: list(people))


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each write: whether it was known how the entry was when this run read it."""
    known: list[bool] = []
    really = PackedEntries.get

    def noting(self: PackedEntries, anchor: str) -> object:
        found = really(self, anchor)
        known.append(found is not None)
        return found

    monkeypatch.setattr(PackedEntries, "get", noting)
    return known


def marks() -> dict[str, str]:
    return dict(SyncRecord.objects.values_list("name", "fingerprint"))


def test_nobody_is_planned_and_the_next_run_passes_over_everybody(
    server: DirectoryServer, reads: list[RemoteRead]
) -> None:
    before = marks()

    first, second = sync(with_other_keys(server, "email")), sync(server)

    assert [[person.anchor for person in read.people] for read in reads] == [[], []]
    assert [len(read.aside.refreshed) for read in reads] == [2, 0]
    assert not set(before.values()) & {*marks().values(), ""}
    assert [run.counts["skipped"] for run in (first, second)] == [2, 2]
    assert not RunItem.objects.filter(run__in=[first, second]).exists()


def test_preview_stores_nothing_of_it(server: DirectoryServer) -> None:
    before = marks()

    sync(with_other_keys(server, "email"), preview=True)

    assert marks() == before


def test_those_who_changed_as_well_go_on(server: DirectoryServer, company: Company, reads: list[RemoteRead]) -> None:
    company.change("anna", title="President")
    Employee.objects.filter(name="Boris Sidorov").update(title="Boss")
    company.add("clara", "Clara Dale")

    run = sync(with_other_keys(server, "email"))

    assert [person.readings[Field.NAME].values for person in reads[0].people] == [("Clara Dale",)]
    assert (run.counts["updated"], run.counts["created"]) == (1, 1)
    assert Employee.objects.get(name="Anna Petrova").title == "President"


@pytest.mark.parametrize("sets_aside", [True, False])
def test_newcomer_is_matched_against_those_set_aside(
    server: DirectoryServer, company: Company, monkeypatch: pytest.MonkeyPatch, *, sets_aside: bool
) -> None:
    """By the keys on their records: they are known, though they are in no plan."""
    if not sets_aside:
        nobody_is_set_aside(monkeypatch)
    company.add("anna2", "Anna Petrova", mail="other@example.test", telephoneNumber="215")
    company.add("anna3", "Anna Petrova", mail="anna@example.test")

    run = sync(with_other_keys(server, "email", "name"))

    said = RunItem.objects.filter(run=run).order_by("dn").values_list("name", "outcome", "message_code")
    assert list(said) == [
        ("Anna Petrova", "conflict", "number_taken"),
        ("Anna Petrova", "created", ""),
    ]
    assert Employee.objects.get(extension="215").email == "anna@example.test"


@pytest.mark.parametrize("sets_aside", [True, False])
def test_newcomer_is_matched_against_what_is_new_of_those_set_aside(
    server: DirectoryServer, company: Company, monkeypatch: pytest.MonkeyPatch, *, sets_aside: bool
) -> None:
    """An address that two entries have says of neither who it is."""
    if not sets_aside:
        nobody_is_set_aside(monkeypatch)
    make_employee(name="Somebody Else", email="shared@example.test")
    company.change("anna", mail="shared@example.test")
    company.add("clara", "Clara Dale", mail="shared@example.test")

    run = sync(server)

    said = RunItem.objects.filter(run=run).order_by("dn").values_list("name", "outcome", "message_code")
    assert list(said) == [("Anna Petrova", "updated", ""), ("Clara Dale", "conflict", "match_ambiguous")]


@pytest.mark.parametrize("sets_aside", [True, False])
def test_plan_is_in_the_order_of_names_whoever_was_set_aside(
    server: DirectoryServer, company: Company, monkeypatch: pytest.MonkeyPatch, *, sets_aside: bool
) -> None:
    if not sets_aside:
        nobody_is_set_aside(monkeypatch)
    for uid in ("anna", "boris"):
        company.change(uid, title="Chief")
    for uid, name in {"anton": "Anton Dale", "yuri": "Yuri Dale", "abel": "Abel Dale"}.items():
        company.add(uid, name)

    run = sync(server)

    planned = RunItem.objects.filter(run=run).order_by("position").values_list("name", "outcome")
    assert list(planned) == [
        ("Abel Dale", "created"),
        ("Anna Petrova", "updated"),
        ("Anton Dale", "created"),
        ("Boris Sidorov", "updated"),
        ("Yuri Dale", "created"),
    ]


def test_numbers_that_change_hands_stay_together_before_those_set_aside(
    server: DirectoryServer, company: Company
) -> None:
    """They are written in one transaction."""
    company.change("anna", telephoneNumber="216")
    company.add("yuri", "Yuri Dale", telephoneNumber="215")
    company.change("boris", title="Chief")

    run = sync(server)

    planned = RunItem.objects.filter(run=run).order_by("position").values_list("name", "outcome")
    assert list(planned) == [("Anna Petrova", "updated"), ("Yuri Dale", "created"), ("Boris Sidorov", "updated")]
    assert Employee.objects.get(extension="215").name == "Yuri Dale"


def test_change_of_everybody_is_held_and_counted_by_the_brakes(server: DirectoryServer, company: Company) -> None:
    server.limits = {"replaced": [1, 10, 1]}
    server.save()
    for uid in ("anna", "boris"):
        company.change(uid, title="Chief")

    held = sync(server)
    forced = sync(server, force=True)

    assert (held.status, held.error_code, held.error_params["count"]) == ("held", "limit_replaced", 2)
    assert (forced.status, forced.counts["updated"]) == ("completed", 2)
    assert set(Employee.objects.values_list("title", flat=True)) == {"Chief"}


def test_edits_of_everybody_are_written_as_the_entries_were_read(
    company: Company, reads: list[RemoteRead], writes: list[bool]
) -> None:
    for uid in ("anna", "boris"):
        company.add(uid, uid.title(), title="Clerk")
    server = company.server(write_back=True, bind_dn=company.directory.writer_dn, pool=None)
    with_mapping(server, title="title")
    server.mappings.filter(field="title").update(direction="both")
    sync(server)
    Employee.objects.update(title="Chief")

    run = sync(server)

    assert (reads[-1].people, run.counts["written_back"]) == ([], 2)
    assert [company.value(uid, "title") for uid in ("anna", "boris")] == [["Chief"], ["Chief"]]
    assert writes == [True, True]
    assert not SyncRecord.objects.filter(due=True).exists()

    assert [sync(server).counts["skipped"] for _run in range(2)] == [2, 2]

    aside = [(read.people, len(read.aside.refreshed)) for read in reads[-2:]]
    assert aside == [([], 2), ([], 0)]
    assert not SyncRecord.objects.filter(fingerprint="").exists()


def test_values_that_cannot_be_read_are_counted_over_everybody(company: Company) -> None:
    company.add_many(5, mobile="see the list {}")
    server = company.server()
    first = sync(server)

    again = sync(with_other_keys(server, "email"))

    noted = [[(note["code"], note["params"]["count"]) for note in run.notes] for run in (first, again)]
    assert noted == [[("many_foreign_values", 5)]] * 2


def test_attribute_that_is_empty_for_everybody_is_noticed(server: DirectoryServer, company: Company) -> None:
    for uid in ("anna", "boris"):
        company.change(uid, title=None)

    run = sync(with_other_keys(server, "email"))

    assert [note["code"] for note in run.notes] == ["attribute_empty_for_all"]


def test_mapping_that_is_read_in_another_way_is_agreed_anew_for_everybody(
    server: DirectoryServer, company: Company, reads: list[RemoteRead]
) -> None:
    company.change("anna", description="Director")
    company.change("boris", description="Clerk")
    with_mapping(server, title="description")

    run = sync(server)
    sync(server)

    assert (reads[0].people, run.counts["skipped"], run.counts["conflicts"]) == ([], 2, 0)
    aside = [(len(read.aside.ledger.touches), len(read.aside.refreshed)) for read in reads]
    assert aside == [(2, 0), (0, 0)]


def test_preview_counts_who_would_wait(server: DirectoryServer) -> None:
    with_mapping(server, title="title")
    sync(server)
    Employee.objects.filter(name="Anna Petrova").update(title="Boss")
    waiting = sync(server).counts["waiting"]

    FieldMapping.objects.filter(field="title").update(direction="both")

    assert sync(server, preview=True).counts["waiting"] == waiting + 1
    assert sync(server).counts["waiting"] == waiting + 1


def test_number_pool_that_is_new_serves_nobody_who_is_settled(server: DirectoryServer) -> None:
    """New people get a free number (rule C1); whoever is here without one has none on purpose."""
    EndpointPool.objects.filter(endpoint=server).delete()
    Employee.objects.filter(name="Boris Sidorov").update(extension="")
    sync(server)

    sync(with_other_keys(server, "email"))

    assert Employee.objects.get(name="Boris Sidorov").extension == ""


@pytest.mark.promise(5)
def test_whoever_was_edited_meanwhile_keeps_the_old_fingerprint(server: DirectoryServer) -> None:
    record = SyncRecord.objects.get(name="Anna Petrova")
    assert record.employee is not None
    seen = Refresh(record.pk, record.employee.version, "looked at")
    other = SyncRecord.objects.get(name="Boris Sidorov")
    assert other.employee is not None
    Employee.objects.filter(pk=record.employee_id).update(title="Boss")

    apply_refreshed([seen, Refresh(other.pk, other.employee.version, "looked at")])

    assert marks() == {"Anna Petrova": record.fingerprint, "Boris Sidorov": "looked at"}
    assert SyncRun.objects.count() == 1
