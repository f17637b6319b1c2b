"""Runs that somebody has to look at first, and the plans that they keep (rules E3, E4)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from syncapp.choices import RunStatus
from syncapp.models import DirectoryServer, Employee, FieldMapping, RunItem, SyncRecord, SyncRun
from tests.services.company import Company, apply, sync

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 100


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    return settled(company, PEOPLE)


def settled(
    company: Company, number: int, *, mappings: tuple[dict[str, Any], ...] = (), **values: Any
) -> DirectoryServer:
    """A company whose people are all settled, half of them in each of two departments."""
    company.add_many(number, mobile="+7916{:07}", title="Clerk")
    for person in range(number):
        company.change(f"p{person:04}", departmentNumber=f"D{person % 2}")
    server = company.server(pool=None, **values)
    for mapping in mappings:
        FieldMapping.objects.create(endpoint=server, **mapping)
    sync(server)
    assert sync(server).status == RunStatus.COMPLETED
    return server


def everything() -> tuple[Any, ...]:
    """All that a run might change here."""
    return (
        list(Employee.objects.order_by("id").values()),
        list(SyncRecord.objects.order_by("id").values("id", "employee_id", "state", "base", "run_id", "dn", "due")),
    )


def switch_off(company: Company, *uids: str) -> None:
    """Lock accounts as ppolicy does, for ever."""
    for uid in uids:
        company.change(uid, pwdAccountLockedTime="000001010000Z")


def retitle(company: Company, people: range, title: str = "Boss") -> None:
    for number in people:
        company.change(f"p{number:04}", title=title)


def codes(run: SyncRun) -> list[str]:
    return [run.error_code, *(note["code"] for note in run.notes)]


def a_filter_that_lets_more_in(company: Company) -> DirectoryServer:
    for number in range(30):
        company.add(f"robot{number}", f"Robot Number{number}", employeeType="robot")
    server = settled(company, PEOPLE, user_filter="(!(employeeType=robot))")
    server.user_filter = "(!(employeeType=robto))"
    server.save()
    return server


def the_wrong_base(company: Company) -> DirectoryServer:
    other = Company(company.directory)
    other.add_many(40, family="Stranger")
    server = settled(company, PEOPLE, search_bases=[company.base])
    DirectoryServer.objects.update(search_bases=[other.base], base_dn=company.directory.suffix)
    server.refresh_from_db()
    return server


def an_emptied_attribute(company: Company) -> DirectoryServer:
    mapping = {"field": "mobile", "attribute": "mobile", "on_empty": "clear"}
    server = settled(company, PEOPLE, mappings=({"field": "name", "attribute": "displayName"}, mapping))
    for number in range(PEOPLE):
        company.change(f"p{number:04}", mobile=None)
    return server


def rewritten_titles(company: Company) -> DirectoryServer:
    server = settled(company, PEOPLE)
    retitle(company, range(60))
    return server


def half_of_them_disabled(company: Company) -> DirectoryServer:
    server = settled(company, PEOPLE)
    switch_off(company, *(f"p{number:04}" for number in range(0, PEOPLE, 2)))
    return server


def many_are_gone(company: Company) -> DirectoryServer:
    server = settled(company, PEOPLE)
    for number in range(0, PEOPLE, 2):
        company.delete(f"p{number:04}")
    return server


ACCIDENTS: dict[str, tuple[Callable[[Company], DirectoryServer], list[str]]] = {
    "filter_with_a_typo": (a_filter_that_lets_more_in, ["limit_created", "cause_filter_changed"]),
    "wrong_base": (
        the_wrong_base,
        ["scope_changed", "limit_created", "cause_branch", "cause_base_changed", "cause_bases_changed"],
    ),
    "many_gone_at_once": (many_are_gone, ["limit_lost", "cause_department", "group_vanished"]),
    "attribute_emptied_for_all": (
        an_emptied_attribute,
        ["attribute_empty_for_all", "limit_emptied", "cause_unreadable"],
    ),
    "half_disabled_at_once": (half_of_them_disabled, ["limit_disabled", "cause_department", "group_vanished"]),
    "titles_rewritten": (rewritten_titles, ["limit_replaced", "cause_field"]),
}


@pytest.mark.promise(4)
@pytest.mark.parametrize(("accident", "said"), ACCIDENTS.values(), ids=ACCIDENTS.keys())
def test_accident_holds_changes_nothing_and_says_the_likely_cause(
    company: Company, accident: Callable[[Company], DirectoryServer], said: list[str]
) -> None:
    server = accident(company)
    before = everything()

    preview, run = sync(server, preview=True), sync(server)

    assert (preview.status, run.status) == (RunStatus.HELD, RunStatus.HELD)
    assert sorted(codes(preview)) == sorted(codes(run)) == sorted(said)
    assert everything() == before
    assert RunItem.objects.filter(run=run, outcome="planned").exists()


@pytest.mark.promise(4)
def test_search_base_that_was_renamed_fails_the_read_and_changes_nothing(company: Company) -> None:
    server = settled(company, 20, search_bases=[company.base])
    before = everything()
    company.ldap.rename_s(company.base, "ou=renamed-since")

    run = sync(server)

    assert (run.status, everything()) == (RunStatus.FAILED, before)
    company.ldap.rename_s(f"ou=renamed-since,{company.directory.suffix}", company.base.partition(",")[0])


def test_emptied_attribute_that_is_kept_is_a_note(company: Company, server: DirectoryServer) -> None:
    for number in range(PEOPLE):
        company.change(f"p{number:04}", mobile=None)

    run = sync(server)

    assert (run.status, codes(run)) == (RunStatus.COMPLETED, ["", "attribute_empty_for_all"])
    assert not Employee.objects.filter(mobile="").exists()


@pytest.mark.parametrize("people", [50])
def test_ordinary_churn_holds_nothing(company: Company, people: int) -> None:
    server = settled(company, people)
    company.add("new", "New Comer")
    company.delete("p0049")
    retitle(company, range(3))

    assert sync(server).status == RunStatus.COMPLETED


def test_few_changes_in_many_runs_add_up_for_a_day(company: Company, server: DirectoryServer) -> None:
    for start in range(0, 50, 10):
        retitle(company, range(start, start + 10))
        assert sync(server).status == RunStatus.COMPLETED
    retitle(company, range(50, 51))

    held = sync(server)

    assert (held.status, held.error_code) == (RunStatus.HELD, "limit_replaced")
    assert held.error_params == {"count": 1, "recent": 50, "limit": 50, "tied": 100}
    SyncRun.objects.filter(status="completed").update(finished_at=timezone.now() - timedelta(hours=24, minutes=1))
    assert sync(server).status == RunStatus.COMPLETED


def test_what_a_person_let_through_does_not_count(company: Company, server: DirectoryServer) -> None:
    retitle(company, range(60))
    assert sync(server, force=True).status == RunStatus.COMPLETED
    retitle(company, range(60, 80))

    assert sync(server).status == RunStatus.COMPLETED


def test_first_import_does_not_count_against_the_next_day(company: Company, server: DirectoryServer) -> None:
    company.add("new", "New Comer")

    assert sync(server).counts["created"] == 1


def test_limit_of_the_server_holds_and_widens(company: Company, server: DirectoryServer) -> None:
    retitle(company, range(2))
    server.limits = {"replaced": [1, 0, 1]}
    assert sync(server).status == RunStatus.HELD
    server.limits = {"replaced": [2, 0, 2]}
    assert sync(server).status == RunStatus.COMPLETED


@pytest.mark.promise(6)
def test_plan_that_was_within_the_limits_is_judged_with_what_was_applied_since(
    company: Company, server: DirectoryServer
) -> None:
    retitle(company, range(40, 60))
    preview = sync(server, preview=True)
    assert preview.status == RunStatus.COMPLETED
    retitle(company, range(40, 60), "Clerk")
    retitle(company, range(40))
    assert sync(server).status == RunStatus.COMPLETED
    retitle(company, range(40, 60))

    run = apply(preview)

    assert (run.status, run.error_code) == (RunStatus.HELD, "limit_replaced")
    assert Employee.objects.filter(title="Boss").count() == 40
    assert apply(run, force=True).status == RunStatus.COMPLETED
    assert Employee.objects.filter(title="Boss").count() == 60


def held_plan(company: Company, server: DirectoryServer, title: str = "Boss") -> SyncRun:
    retitle(company, range(60), title)
    run = sync(server)
    assert run.status == RunStatus.HELD
    return run


def test_held_plan_is_applied_after_all_and_that_is_recorded(company: Company, server: DirectoryServer) -> None:
    held = held_plan(company, server)

    run = apply(held, force=True)

    assert (run.status, run.forced, run.applies, run.counts["updated"]) == (RunStatus.COMPLETED, True, held, 60)
    held.refresh_from_db()
    assert (held.plan_end_code, held.plan_end_params) == ("plan_applied", {"run": held.pk, "by": run.pk})


def test_newer_held_plan_replaces_the_older(company: Company, server: DirectoryServer) -> None:
    older = held_plan(company, server)
    newer = held_plan(company, server, "Chief")

    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.plan_end_code, newer.plan_end_code) == ("plan_replaced", "")


def test_later_run_within_the_limits_closes_the_held_plan(company: Company, server: DirectoryServer) -> None:
    held = held_plan(company, server)
    retitle(company, range(60), "Clerk")

    assert sync(server).status == RunStatus.COMPLETED

    held.refresh_from_db()
    assert held.plan_end_code == "plan_overtaken"


def test_whole_department_that_is_switched_off_is_named(company: Company) -> None:
    """Six people: fewer than the limit of ten, and yet everybody."""
    server = settled(company, PEOPLE)
    for number in range(6):
        company.change(f"p{number:04}", departmentNumber="Law")
    sync(server)
    switch_off(company, *(f"p{number:04}" for number in range(6)))

    run = sync(server)

    assert (run.status, codes(run)) == (RunStatus.HELD, ["group_vanished"])
    assert run.error_params == {"group": "Law", "count": 6}


def test_five_of_a_department_of_many_may_be_switched_off(company: Company, server: DirectoryServer) -> None:
    switch_off(company, *(f"p{number:04}" for number in range(5)))

    run = sync(server)

    assert (run.status, run.counts["disabled"]) == (RunStatus.COMPLETED, 5)
