"""Items by what happens are as many as the run counts (rule E7)."""

from typing import Any

import pytest

from syncapp.choices import Happening
from syncapp.models import Employee, RunItem, SyncRun
from syncapp.services.edits import create_employee
from syncapp.store import happenings
from tests.services.company import Company, apply, sync

pytestmark = pytest.mark.django_db(transaction=True)

COUNTED = {
    Happening.CREATED: "created",
    Happening.CHANGED: "updated",
    Happening.WRITTEN: "written_back",
    Happening.DISABLED: "disabled",
    Happening.MISSING: "missing",
    Happening.RETURNED: "returned",
    Happening.RENUMBERED: "renumbered",
}


def happened(run: SyncRun) -> dict[str, int]:
    items = happenings.with_text(RunItem.objects.filter(run=run))
    return {counted: items.filter(happenings.happens(what)).count() for what, counted in COUNTED.items()}


def counts(run: SyncRun) -> dict[str, Any]:
    return {name: run.counts[name] for name in COUNTED.values()}


@pytest.fixture
def plan(company: Company) -> SyncRun:
    """A preview in which everything happens once at least."""
    for number, name in enumerate(
        ("Renumbered", "Renamed", "Switched Off", "Gone Away", "Coming Back", "Given Mobile")
    ):
        company.add(name.split()[0].lower(), f"{name} Person", telephoneNumber=f"30{number}")
    server = company.server(write_back=True, disabled_attribute="employeeType", disabled_value="off")
    sync(server, force=True)
    company.change("coming", employeeType="off")
    sync(server, force=True)
    company.change("coming", employeeType=None)
    company.change("renumbered", telephoneNumber="399")
    company.change("renamed", displayName="Renamed Otherwise")
    company.change("switched", employeeType="off")
    company.delete("gone")
    company.add("new", "New Person")
    company.add("unclear", "Boris Unclear", mail="boris@example.test")
    create_employee({"name": "Boris Unclear", "email": "other@example.test"}, user=None)
    Employee.objects.filter(name="Given Mobile Person").update(mobile="+79161234567")
    return sync(server, preview=True)


def test_planned_items_are_as_many_as_counted(plan: SyncRun) -> None:
    assert happened(plan) == counts(plan)
    assert all(counts(plan)[name] for name in COUNTED.values())
    items = happenings.with_text(RunItem.objects.filter(run=plan))
    assert [item.name for item in items.filter(happenings.happens(Happening.DECIDE))] == ["Boris Unclear"]
    assert items.filter(happenings.happens(Happening.FAILED)).count() == plan.counts["failed"] == 0


def test_carried_out_items_are_as_many_as_counted(plan: SyncRun) -> None:
    run = apply(plan, force=True)

    # The account may not write: whose change did not go out stays among them, and the item says so.
    assert happened(run) == counts(plan) == {**counts(run), "written_back": 2}
