"""Another directory at the address changes nothing, until somebody says that it is meant (rule A10)."""

from collections.abc import Iterator

import pytest

from fixtures.openldap import OpenLdap
from syncapp.exceptions import ConfigurationError
from syncapp.models import DirectoryServer, Employee, RunItem, SyncRecord, SyncRun
from syncapp.services.explain import explain_record
from syncapp.services.identity import accept_directory, known_identity
from syncapp.services.probing import test_connection as connection_steps
from syncapp.services.sync import run_sync
from tests.directory.replicas import replica_of
from tests.factories import make_employee, make_server
from tests.services.company import Company, apply, counted, sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lab() -> Iterator[OpenLdap]:
    """A directory of the same name, with ids of its own."""
    with OpenLdap() as server:
        yield server


@pytest.fixture
def staffed(company: Company) -> tuple[Company, DirectoryServer]:
    """Three people, synchronised once."""
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215")
    company.add("boris", "Boris Sidorov", mail="boris@example.test")
    company.add("carl", "Carl Moore", mail="carl@example.test")
    server = company.server(pool=None)
    assert counted(sync(server)) == {"read": 3, "created": 3}
    return company, server


def point(server: DirectoryServer, directory: OpenLdap) -> None:
    """Have the server's address lead somewhere else."""
    server.uris = [directory.uri]
    server.set_secret(directory.service_password)
    server.save()


def everything() -> list[object]:
    return [
        list(SyncRecord.objects.order_by("id").values()),
        list(Employee.objects.order_by("id").values()),
        RunItem.objects.count(),
    ]


@pytest.mark.promise(4)
@pytest.mark.parametrize("preview", [False, True], ids=["run", "preview"])
def test_another_directory_fails_the_run_and_changes_nothing(
    staffed: tuple[Company, DirectoryServer], lab: OpenLdap, preview: bool
) -> None:
    _company, server = staffed
    known, before = known_identity(server.pk), everything()
    point(server, lab)

    run = sync(server, preview=preview, force=True)

    assert (run.status, run.error_code) == ("failed", "another_directory")
    assert known is not None
    [(context, id_)] = known.contexts.items()
    assert run.error_params["expected"] == f"{context} ({id_})"
    assert run.error_params["found"] == f"{context} ({run.identity[context]})"
    assert (run.error_params["uri"], run.uri) == (lab.uri, "")
    assert everything() == before
    assert known_identity(server.pk) == known


def test_one_person_is_not_synchronised_from_another_directory_either(
    staffed: tuple[Company, DirectoryServer], lab: OpenLdap
) -> None:
    _company, server = staffed
    record = SyncRecord.objects.get(name="Anna Petrova")
    point(server, lab)

    run = run_sync(server=server, mode="apply", trigger="command", anchors=[(record.anchor, record.dn)])

    assert run.error_code == "another_directory"


def test_plan_is_not_applied_to_another_directory(staffed: tuple[Company, DirectoryServer], lab: OpenLdap) -> None:
    company, server = staffed
    company.change("anna", title="Director")
    plan = sync(server, preview=True)
    point(server, lab)

    assert apply(plan).error_code == "another_directory"


def test_first_plan_is_bound_to_its_directory(company: Company, lab: OpenLdap) -> None:
    """No run has been applied that could say which one is expected."""
    company.add("anna", "Anna Petrova")
    server = company.server(pool=None)
    plan = sync(server, preview=True)
    point(server, lab)

    assert (apply(plan).error_code, Employee.objects.count()) == ("plan_other_directory", 0)


def test_the_right_one_is_right_again(staffed: tuple[Company, DirectoryServer], lab: OpenLdap) -> None:
    company, server = staffed
    point(server, lab)
    sync(server)
    point(server, company.directory)

    assert counted(sync(server)) == {"read": 3, "skipped": 3}


def test_replica_is_the_same_directory() -> None:
    with OpenLdap() as first:
        company = Company(first)
        company.add("anna", "Anna Petrova")
        company.ldap.unbind_s()
        with replica_of(first) as second:
            server = company.server(pool=None)
            sync(server)
            point(server, second)

            assert counted(sync(server)) == {"read": 1, "skipped": 1}


@pytest.mark.parametrize("ended", ["previewed", "held", "failed"])
def test_what_was_never_applied_expects_nothing(company: Company, lab: OpenLdap, ended: str) -> None:
    """The address was wrong at first, and is corrected."""
    there = Company(lab)
    if ended != "held":
        there.add("eve", "Eve Lab")
    server = company.server(pool=None)
    DirectoryServer.objects.filter(pk=server.pk).update(
        base_dn=there.base if ended != "failed" else f"ou=nowhere,{lab.suffix}"
    )
    server.refresh_from_db()
    point(server, lab)
    first = sync(server, preview=ended == "previewed")
    company.add("anna", "Anna Petrova")
    DirectoryServer.objects.filter(pk=server.pk).update(base_dn=company.base)
    server.refresh_from_db()
    point(server, company.directory)

    run = sync(server)

    assert first.status == {"previewed": "completed"}.get(ended, ended)
    assert counted(run) == {"read": 1, "created": 1}


@pytest.mark.promise(3)
def test_accepted_directory_is_read_and_the_brakes_hold(
    staffed: tuple[Company, DirectoryServer], lab: OpenLdap
) -> None:
    company, server = staffed
    for number in range(4):
        company.add(f"more{number}", f"More People{number}")
    sync(server)
    there = Company(lab)
    there.add("anna", "Anna Petrova", mail="anna@example.test")
    point(server, lab)
    DirectoryServer.objects.filter(pk=server.pk).update(base_dn=there.base)
    server.refresh_from_db()
    failed = sync(server)

    accepted = accept_directory(failed.pk, who="Olga")
    held = sync(server)

    assert accepted.accepted_by == "Olga"
    assert held.status == "held"
    assert Employee.objects.count() == 7
    assert not SyncRecord.objects.exclude(state="active").exists()
    known = known_identity(server.pk)
    assert known is not None
    assert dict(known.contexts) == failed.identity


def test_directory_is_accepted_once(staffed: tuple[Company, DirectoryServer], lab: OpenLdap) -> None:
    _company, server = staffed
    point(server, lab)
    run = sync(server)
    accept_directory(run.pk, who="Olga")

    with pytest.raises(ConfigurationError) as caught:
        accept_directory(run.pk, who="Ivan")

    assert caught.value.code == "directory_not_to_accept"
    assert SyncRun.objects.get(pk=run.pk).accepted_by == "Olga"


def test_nothing_is_accepted_after_the_expected_one_was_found_again(
    staffed: tuple[Company, DirectoryServer], lab: OpenLdap
) -> None:
    company, server = staffed
    point(server, lab)
    run = sync(server)
    point(server, company.directory)
    sync(server)

    with pytest.raises(ConfigurationError):
        accept_directory(run.pk, who="Olga")


NOT_TO_ACCEPT = {"no run": "run_unknown", "another error": "directory_not_to_accept"}


@pytest.mark.parametrize("what", NOT_TO_ACCEPT)
def test_only_what_failed_so_is_accepted(what: str) -> None:
    run = SyncRun.objects.create(endpoint=make_server(), status="failed", error_code="base_not_found")

    with pytest.raises(ConfigurationError) as caught:
        accept_directory(run.pk if what == "another error" else run.pk + 1, who="Olga")

    assert caught.value.code == NOT_TO_ACCEPT[what]


def test_connection_test_says_it(staffed: tuple[Company, DirectoryServer], lab: OpenLdap) -> None:
    _company, server = staffed
    known = [step.message.code for step in connection_steps(server)]
    point(server, lab)

    assert "test_identity_known" in known
    assert [step.message.code for step in connection_steps(server)][-1] == "another_directory"


def test_explanation_says_it(staffed: tuple[Company, DirectoryServer], lab: OpenLdap) -> None:
    _company, server = staffed
    point(server, lab)

    [told] = explain_record(SyncRecord.objects.get(name="Anna Petrova")).servers

    assert told.error is not None
    assert told.error.code == "another_directory"


def test_id_that_cannot_be_read_now_is_remembered(company: Company) -> None:
    """Otherwise one run by an account with fewer rights would make us forget what to expect."""
    make_employee(name="Somebody")
    server = company.server(pool=None)
    context = company.directory.suffix
    SyncRun.objects.create(endpoint=server, mode="apply", status="completed", identity={context: "1"})
    SyncRun.objects.create(endpoint=server, mode="apply", status="completed", identity={})

    known = known_identity(server.pk)

    assert known is not None
    assert known.contexts == {context: "1"}
