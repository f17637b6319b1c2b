"""Nobody is created twice because two did it at once."""

from collections.abc import Callable, Mapping

import pytest
from django.utils import timezone

from syncapp.models import Employee, RunItem, SyncRecord, SyncRun
from syncapp.store.items import insert_items, item_row, iter_planned
from syncapp.store.newcomers import from_now_on
from syncapp.store.writer import apply_items
from tests.factories import make_employee, make_record, make_server
from tests.store.plans import carry_out, creation, make_run, outcomes

pytestmark = pytest.mark.django_db(transaction=True)

SAME: dict[str, dict[str, str]] = {
    "e-mail": {"name": "A. P.", "email": "ANNA@example.test"},
    "name": {"name": "Petrova Anna"},
    "mobile": {"name": "A. P.", "mobile": "+79161234567"},
}


@pytest.mark.promise(5)
@pytest.mark.parametrize("values", SAME.values(), ids=SAME.keys())
def test_somebody_whom_others_brought_in_meanwhile_is_not_created(values: dict[str, str]) -> None:
    run = make_run(make_server())

    carry_out(
        run,
        creation("Anna Petrova", email="anna@example.test", mobile="+79161234567"),
        creation("Boris Sidorov"),
        meanwhile=lambda: make_employee(**values),
    )

    assert outcomes(run) == {"Anna Petrova": "skipped", "Boris Sidorov": "created"}
    assert RunItem.objects.get(name="Anna Petrova").message_code == "came_meanwhile"
    assert (Employee.objects.count(), SyncRecord.objects.count()) == (2, 1)


def test_entry_that_was_known_stays_due() -> None:
    record = make_record(endpoint=make_server(), status="proposed")
    run = make_run(record.endpoint)

    carry_out(
        run,
        creation("Anna Petrova")._replace(record_id=record.pk, anchor=record.anchor),
        meanwhile=lambda: make_employee(name="Anna Petrova"),
    )

    record.refresh_from_db()
    assert (record.due, record.status, record.employee) == (True, "proposed", None)


def test_somebody_who_came_before_some_of_our_own_is_not_created_again() -> None:
    run, newcomers = make_run(make_server()), from_now_on()
    make_employee(name="Petrova Anna")
    insert_items(run, [item_row(creation(name), "") for name in ("Boris Sidorov", "Anna Petrova")], start=0)

    for rows in iter_planned(run.pk, size=1):
        apply_items(run, rows, now=timezone.now(), beat=lambda: None, newcomers=newcomers)

    assert outcomes(run) == {"Boris Sidorov": "created", "Anna Petrova": "skipped"}


OTHERS: dict[str, Callable[[], object]] = {
    "nobody": lambda: None,
    "a stranger": lambda: make_employee(name="Zoe Other"),
    "somebody without values": lambda: make_employee(name=""),
}


@pytest.mark.parametrize("meanwhile", OTHERS.values(), ids=OTHERS.keys())
def test_others_keep_nobody_from_being_created(meanwhile: Callable[[], object]) -> None:
    make_employee(name="Anna Petrova")  # was here when the plan was made, which knows best
    run = make_run(make_server())

    carry_out(run, creation("Anna Petrova"), creation("Boris"), meanwhile=meanwhile)

    assert outcomes(run) == {"Anna Petrova": "created", "Boris": "created"}


def apply_one_by_one(run: SyncRun, *names: str, meanwhile: Mapping[int, str]) -> None:
    """Create people, each in a chunk of his own; others bring in `meanwhile[n]` before the nth of them."""
    newcomers = from_now_on()
    insert_items(run, [item_row(creation(name), "") for name in names], start=0)
    for number, rows in enumerate(iter_planned(run.pk, size=1)):
        if number in meanwhile:
            make_employee(name=meanwhile[number])
        apply_items(run, rows, now=timezone.now(), beat=lambda: None, newcomers=newcomers)


@pytest.mark.parametrize("when", [0, 1], ids=["before the first", "between two"])
def test_namesakes_of_one_run_are_no_strangers(when: int) -> None:
    run = make_run(make_server())

    apply_one_by_one(run, *["Anna Petrova"] * 3, meanwhile={when: "Zoe Other"})

    assert list(RunItem.objects.filter(run=run).values_list("outcome", flat=True)) == ["created"] * 3


def test_somebody_who_comes_after_some_of_our_own_is_not_created_again() -> None:
    run = make_run(make_server())

    apply_one_by_one(run, "Boris Sidorov", "Clara Dale", "Anna Petrova", meanwhile={2: "Petrova Anna"})

    assert outcomes(run) == {"Boris Sidorov": "created", "Clara Dale": "created", "Anna Petrova": "skipped"}
