"""Conflicts live as long as the plan names them."""

import pytest
from django.utils import timezone

from syncapp.core.matters import Candidate, Matter
from syncapp.core.vocabulary import Field, MatchKey, MatterKind
from syncapp.models import Conflict, Employee, SyncRecord
from tests.factories import make_employee, make_record, make_server
from tests.store.plans import carry_out, join, make_run, make_tied, update, wait

pytestmark = pytest.mark.django_db(transaction=True)

TITLE = Matter(MatterKind.FIELD, field=Field.TITLE, base="Clerk", local="Boss", remote="Chief")
NEWER = Matter(MatterKind.FIELD, field=Field.TITLE, base="Clerk", local="Boss", remote="President")
MOBILE = Matter(MatterKind.FIELD, field=Field.MOBILE, local="+79161234567", remote="+79161234568")


@pytest.fixture
def record() -> SyncRecord:
    return make_tied(make_server(), name="Anna Petrova")


def test_matter_is_opened_with_its_values(record: SyncRecord) -> None:
    run = make_run(record.endpoint)

    carry_out(run, update(record, matters=(TITLE,)))

    conflict = Conflict.objects.get()
    assert (conflict.record, conflict.endpoint_id, conflict.opened_run) == (record, record.endpoint_id, run)
    assert (conflict.kind, conflict.field, conflict.base, conflict.local, conflict.remote) == (
        "field", "title", "Clerk", "Boss", "Chief",
    )  # fmt: skip


def test_matter_that_is_still_open_keeps_its_age_and_gets_the_newest_values(record: SyncRecord) -> None:
    first = make_run(record.endpoint)
    carry_out(first, update(record, matters=(TITLE,)))
    opened = Conflict.objects.get()

    carry_out(make_run(record.endpoint), update(record, matters=(NEWER,)))

    renewed = Conflict.objects.get()
    assert (renewed.pk, renewed.opened_at, renewed.opened_run_id) == (opened.pk, opened.opened_at, first.pk)
    assert (renewed.remote, renewed.closed_at) == ("President", None)


def test_matter_that_the_plan_no_longer_names_is_closed_and_another_one_opened(record: SyncRecord) -> None:
    first = make_run(record.endpoint)
    carry_out(first, update(record, matters=(TITLE,)))
    before = timezone.now()

    carry_out(make_run(record.endpoint), update(record, matters=(MOBILE,)))

    closed, opened = Conflict.objects.get(field="title"), Conflict.objects.get(field="mobile")
    assert closed.closed_at is not None
    assert before <= closed.closed_at <= timezone.now()
    assert opened.closed_at is None


def test_matter_that_comes_back_is_a_new_one(record: SyncRecord) -> None:
    for matters in ((TITLE,), (), (TITLE,)):
        run = make_run(record.endpoint)
        carry_out(run, update(record, matters=matters))

    assert [conflict.closed_at is None for conflict in Conflict.objects.order_by("id")] == [False, True]


def test_candidates_and_evidence_are_kept() -> None:
    record = make_record(endpoint=make_server())
    anna = make_employee(name="Anna Petrova")
    candidate = Candidate(anna.pk, agrees=(MatchKey.NAME,), disagrees=(MatchKey.EMAIL,))

    carry_out(make_run(record.endpoint), wait(record, Matter(MatterKind.MATCH_PROPOSED, candidates=(candidate,))))

    assert Conflict.objects.get().candidates == [{"employee": anna.pk, "agrees": ["name"], "disagrees": ["email"]}]


def test_match_matter_is_closed_when_the_entry_is_joined() -> None:
    record = make_record(endpoint=make_server())
    anna = make_employee(name="Anna Petrova")
    run = make_run(record.endpoint)
    carry_out(run, wait(record, Matter(MatterKind.MATCH_AMBIGUOUS, candidates=(Candidate(anna.pk),))))

    carry_out(make_run(record.endpoint), join(anna, record))

    assert Conflict.objects.get().closed_at is not None


def test_owner_of_a_taken_number_is_named(record: SyncRecord) -> None:
    owner = make_employee(name="Zoe Owner", extension="215")
    taken = Matter(MatterKind.NUMBER_TAKEN, field=Field.EXTENSION, remote="215", owner_id=owner.pk)

    carry_out(make_run(record.endpoint), update(record, matters=(taken,)))

    assert Conflict.objects.get().owner == owner


@pytest.mark.promise(5)
def test_matters_of_somebody_who_was_edited_meanwhile_stay_as_they_are(record: SyncRecord) -> None:
    first = make_run(record.endpoint)
    carry_out(first, update(record, matters=(TITLE,)))
    before = list(Conflict.objects.values())

    carry_out(
        make_run(record.endpoint),
        update(record, matters=(MOBILE,)),
        meanwhile=lambda: Employee.objects.update(title="Somebody's edit"),
    )

    assert list(Conflict.objects.values()) == before
