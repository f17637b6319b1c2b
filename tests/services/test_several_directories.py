"""One person in several directories: who gives, what is passed on, and what a move of the home does (rule B11)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fixtures.openldap import OpenLdap
from syncapp.choices import MatterKind
from syncapp.core.vocabulary import Resolution
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, SyncRecord, SyncRun
from tests.services.company import Company, apply, counted, sync
from tests.services.disputes import take

pytestmark = pytest.mark.django_db(transaction=True)

NAME, MAIL = "Anna Petrova", "anna@example.test"


@pytest.fixture
def branch(openldap: OpenLdap) -> Company:
    """Another directory that knows some of the people."""
    return Company(openldap)


def server(company: Company, rank: int, *, relay: bool = False, **values: Any) -> DirectoryServer:
    """A server with titles and mobiles both ways and mail one way, which may be written to."""
    made = company.server(rank=rank, write_back=True, bind_dn=company.directory.writer_dn, pool=None, **values)
    for name, attribute, direction in (
        ("name", "displayName", "pull"), ("email", "mail", "pull"), ("title", "title", "both"),
        ("mobile", "mobile", "both"), ("extension", "telephoneNumber", "both"),
    ):  # fmt: skip
        FieldMapping.objects.create(
            endpoint=made, field=name, attribute=attribute, direction=direction, relay=relay and direction == "both"
        )
    return made


def both(company: Company, branch: Company, **theirs: str) -> tuple[DirectoryServer, DirectoryServer]:
    """Anna on the first server and on the second, all runs done: the two differ in what is given."""
    company.add("anna", NAME, mail=MAIL, title="Boss", mobile="+79161234567", telephoneNumber="215")
    branch.add(
        "anna", NAME, mail=MAIL, **{"title": "Boss", "mobile": "+79161234567", "telephoneNumber": "215"} | theirs
    )
    head, second = server(company, 1), server(branch, 2)
    for each in (head, second, head, second):
        sync(each)
    return head, second


def anna() -> Employee:
    return Employee.objects.get()


def record(of: DirectoryServer) -> SyncRecord:
    return SyncRecord.objects.get(endpoint=of)


def remarks(of: DirectoryServer) -> list[str]:
    return [remark["code"] for remark in record(of).remarks]


def switch_off(company: Company) -> None:
    company.change("anna", pwdAccountLockedTime="000001010000Z")


def switch_on(company: Company) -> None:
    company.change("anna", pwdAccountLockedTime=None)


def settled(*servers: DirectoryServer) -> None:
    """Nothing is left to do: everybody skipped, and not one write (promise 2)."""
    for each in servers:
        assert not counted(sync(each)).keys() & {"updated", "written_back", "created", "new_matters"}


def test_only_the_home_is_pulled_from(company: Company, branch: Company) -> None:
    head, second = both(company, branch)
    branch.change("anna", title="Intern", mail="other@example.test")

    run = sync(second)

    assert counted(run) == {"read": 1, "skipped": 1}
    assert (anna().title, anna().email) == ("Boss", MAIL)
    assert remarks(second) == ["difference_abroad", "difference_abroad"]
    assert record(second).abroad
    assert not record(head).abroad
    settled(head, second)


def test_home_gives_and_the_others_are_not_passed_its_values(company: Company, branch: Company) -> None:
    head, second = both(company, branch)
    company.change("anna", title="Director")
    sync(head)

    sync(second)

    assert anna().title == "Director"
    assert branch.value("anna", "title") == ["Boss"]
    assert remarks(second) == ["not_relayed"]
    settled(head, second)


def test_what_was_entered_here_goes_to_every_server_whichever_comes_first(company: Company, branch: Company) -> None:
    """It is the hub's own value, though the first server agrees with it by the time of the second."""
    head, second = both(company, branch)
    Employee.objects.update(extension="301")

    sync(head)
    sync(second)

    assert company.value("anna", "telephoneNumber") == branch.value("anna", "telephoneNumber") == ["301"]
    settled(head, second)


def test_relay_passes_the_values_of_the_home_on(company: Company, branch: Company) -> None:
    head, second = both(company, branch)
    FieldMapping.objects.filter(endpoint=second, field="title").update(relay=True)
    company.change("anna", title="Director")

    sync(head)
    sync(second)

    assert branch.value("anna", "title") == ["Director"]
    settled(head, second)


def test_equal_ranks_the_server_that_was_here_first_gives(company: Company, branch: Company) -> None:
    company.add("anna", NAME, mail=MAIL, title="Boss")
    branch.add("anna", NAME, mail=MAIL, title="Intern")
    first, second = server(company, 1), server(branch, 1)

    for each in (second, first, second):
        sync(each, force=True)

    assert record(second).abroad
    assert not record(first).abroad


def test_server_at_which_somebody_was_long_at_home_notices_another_that_comes_first(
    company: Company, branch: Company
) -> None:
    company.add("anna", NAME, mail=MAIL, title="Boss")
    branch.add("anna", NAME, mail=MAIL, title="Intern")
    first, second = server(company, 1), server(branch, 2)
    for _time in range(3):
        sync(second)

    sync(first, force=True)

    assert record(second).due
    sync(second, force=True)
    assert record(second).abroad


def test_differences_are_conflicts_when_the_home_switches_somebody_off(company: Company, branch: Company) -> None:
    head, second = both(company, branch, title="Intern")
    assert not Conflict.objects.exists()
    switch_off(company)
    sync(head)
    assert record(second).due, "the second server is to look at once"

    run = sync(second)

    conflict = Conflict.objects.get()
    assert (conflict.kind, conflict.field, conflict.local, conflict.remote) == (
        MatterKind.FIELD, "title", "Boss", "Intern",
    )  # fmt: skip
    assert counted(run) == {"read": 1, "conflicts": 1, "new_matters": 1}
    assert anna().title == "Boss"
    settled(head, second)
    take(Resolution.REMOTE)
    sync(second)
    assert anna().title == "Intern"
    settled(head, second)


def test_next_home_gives_what_it_alone_has(company: Company, branch: Company) -> None:
    company.add("anna", NAME, mail=MAIL, title="Boss")
    branch.add("anna", NAME, mail=MAIL, title="Boss", mobile="+79161234567")
    head, second = server(company, 1), server(branch, 2)
    for each in (head, second):
        sync(each)
    assert anna().mobile == ""
    assert remarks(second) == ["difference_abroad"]
    switch_off(company)
    sync(head)

    sync(second)

    assert anna().mobile == "+79161234567"
    assert not Conflict.objects.exists()
    settled(head, second)


def test_return_to_the_first_home_is_a_change_of_home_too(company: Company, branch: Company) -> None:
    head, second = both(company, branch)
    switch_off(company)
    sync(head)
    sync(second)
    branch.change("anna", title="Director")
    sync(second)
    assert anna().title == "Director"
    switch_on(company)

    run = sync(head)

    assert counted(run)["conflicts"] == 1
    assert (Conflict.objects.get(closed_at=None).local, anna().title) == ("Director", "Director")
    sync(second)
    assert record(second).abroad
    assert not record(head).abroad


def test_who_is_switched_off_on_the_second_server_only_is_active_and_at_home(company: Company, branch: Company) -> None:
    head, second = both(company, branch)
    switch_off(branch)
    sync(second)
    company.change("anna", title="Director")

    sync(head)

    assert anna().title == "Director"
    assert record(second).state == "disabled"


def test_return_without_another_home_merges_as_usual(company: Company) -> None:
    """Rule B9: one directory alone has nobody to give in between."""
    company.add("anna", NAME, mail=MAIL, title="Boss")
    only = server(company, 1)
    sync(only)
    switch_off(company)
    sync(only)
    company.change("anna", title="Director")
    switch_on(company)

    sync(only)

    assert anna().title == "Director"
    assert not Conflict.objects.exists()


def test_server_that_is_switched_off_is_nobodys_home(company: Company, branch: Company) -> None:
    head, second = both(company, branch)
    DirectoryServer.objects.filter(pk=head.pk).update(enabled=False)
    branch.change("anna", title="Director")

    sync(second)
    assert Conflict.objects.get().field == "title", "the home has changed: what differs is decided"
    take(Resolution.REMOTE)
    sync(second)
    branch.change("anna", title="President")
    sync(second)

    assert anna().title == "President"


def test_new_server_of_a_higher_rank_takes_over_and_asks(company: Company, branch: Company) -> None:
    branch.add("anna", NAME, mail=MAIL, title="Intern", mobile="+79161234567")
    second = server(branch, 2)
    sync(second)
    company.add("anna", NAME, mail=MAIL, title="Boss", mobile="+79161234567")
    head = server(company, 1)

    run = sync(head)

    assert counted(run)["conflicts"] == 1
    assert anna().title == "Intern"
    take(Resolution.REMOTE)
    sync(head)
    assert anna().title == "Boss"
    sync(second)
    assert record(second).abroad
    settled(head, second)


def test_ours_that_came_from_another_directory_goes_out_once_a_person_decides_so(
    company: Company, branch: Company
) -> None:
    """Without relay it would not; a decision is more than a mapping."""
    head, second = both(company, branch)
    company.change("anna", title="Director")
    branch.change("anna", title="Intern")
    sync(head)
    sync(second)
    assert Conflict.objects.get().endpoint_id == second.pk

    take(Resolution.LOCAL)
    sync(second)

    assert branch.value("anna", "title") == ["Director"]
    settled(head, second)


def test_plan_of_a_server_that_does_not_give_any_more_is_refused(company: Company, branch: Company) -> None:
    """Rule E5: what it was to bring in would now be run over by the one that comes first."""
    head, second = both(company, branch)
    switch_off(company)
    sync(head)
    sync(second)
    branch.change("anna", title="Director")
    plan = sync(second, preview=True)
    switch_on(company)
    sync(head)

    run = apply(plan)

    assert anna().title == "Boss"
    assert run.items.get().message_code == "drifted"


def test_abroad_no_number_is_issued_and_no_number_disputed(company: Company, branch: Company) -> None:
    company.add("anna", NAME, mail=MAIL)
    branch.add("anna", NAME, mail=MAIL, telephoneNumber="215")
    branch.add("boris", "Boris Orlov", mail="boris@example.test", telephoneNumber="215")
    head = server(company, 1)
    second = server(branch, 2)
    sync(head)

    sync(second)

    assert Employee.objects.get(name=NAME).extension == ""
    assert not Conflict.objects.filter(record__employee__name=NAME).exists()


def test_two_servers_of_one_directory_know_a_person_by_the_anchor(company: Company) -> None:
    """Before any key: nothing else of the entry need be the same as here."""
    company.add("anna", NAME, mail=MAIL, title="Boss")
    first = server(company, 1)
    sync(first)
    Employee.objects.update(name="Somebody Else", email="", mobile="")
    second = server(company, 2, match_keys=["mobile"])

    run = sync(second)

    assert "created" not in counted(run)
    assert record(second).employee == anna()
    assert record(second).message_code == "same_entry"
    settled(first, second)


def test_entry_that_another_server_knows_is_not_tied_to_who_has_one_here_already(
    company: Company, branch: Company
) -> None:
    """Whoever is tied here keeps the tie; the entry is judged by its keys like any other."""
    head, second = both(company, branch)
    wide = server(company, 3)
    SyncRecord.objects.create(endpoint=wide, anchor="x", employee=anna(), dn="uid=x")

    sync(wide, force=True)

    assert SyncRecord.objects.get(endpoint=wide, anchor=record(head).anchor).employee != record(head).employee
    assert SyncRecord.objects.get(endpoint=wide, anchor="x").employee == record(second).employee


def test_number_of_queries_does_not_grow_with_people_in_two_directories(company: Company, branch: Company) -> None:
    for each in (company, branch):
        each.add_many(40, mail="p{}@example.test", title="Clerk")
    head, second = server(company, 1), server(branch, 2)
    for each in (head, second, head, second):
        sync(each)
    counts = []
    for number in (1, 40):
        ids = Employee.objects.order_by("id").values_list("id", flat=True)[:number]
        Employee.objects.filter(pk__in=list(ids)).update(title=f"Boss {number}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            sync(second)
        counts.append(len(queries))

    assert counts[1] <= counts[0] + 4, counts
    assert SyncRun.objects.count() == 6
