"""Why somebody has a phone or not, against a simulated MikoPBX; nothing is stored."""

from typing import Any

import pytest
from django.core import serializers

from fixtures.mikopbx import MikoPbx
from fixtures.mikopbx.box import Other
from syncapp.messages import render
from syncapp.models import Conflict, Employee, PhoneSystem, RunItem, SyncRecord, SyncRun
from syncapp.services.explain import Explanation, ServerTold, explain, explain_employee, explain_record
from tests.factories import make_employee, make_phone_system
from tests.services.corners import asked, phones_of, sync, there
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phones(pbx: MikoPbx) -> PhoneSystem:
    """A box with Anna, who has been met. The number of her row is somebody's extension in other companies."""
    pbx.box.add("Anna Orlova", number="201", user_email="a.orlova@corp.example")
    phones = phones_of(pbx)
    sync(phones)
    asked(pbx)
    return phones


def told(explanation: Explanation) -> ServerTold:
    (server,) = explanation.servers
    assert server.error is None
    assert all(render(step.code, step.params) for step in server.steps)
    return server


def codes(explanation: Explanation) -> list[str]:
    return [step.code for step in told(explanation).steps]


def decisions(explanation: Explanation) -> dict[str, str]:
    return {each.field.value: each.decision for each in told(explanation).fields}


def rename(**values: Any) -> Employee:
    anna = Employee.objects.get(extension="201")
    for name, value in values.items():
        setattr(anna, name, value)
    anna.save()
    return anna


def test_record_is_explained_field_by_field_and_nothing_is_stored(pbx: MikoPbx, phones: PhoneSystem) -> None:
    rename(title="Boss", name="Anna Nova")
    stored = serializers.serialize("json", [row for model in (SyncRecord, SyncRun, RunItem, Conflict) for row in model.objects.all()])  # fmt: skip

    explanation = explain_record(SyncRecord.objects.get())

    assert codes(explanation) == ["explain_phone_found", "explain_tied_by"]
    assert decisions(explanation) | {"name": "push", "extension": "unchanged"} == decisions(explanation)
    assert all(each.startswith("GET") for each in asked(pbx))
    assert stored == serializers.serialize("json", [row for model in (SyncRecord, SyncRun, RunItem, Conflict) for row in model.objects.all()])  # fmt: skip


BY = {"number": "201", "email": "A.Orlova@corp.example", "words": "orlova"}


@pytest.mark.parametrize("text", BY.values(), ids=BY)
def test_is_found_by_what_people_are_called_by(phones: PhoneSystem, text: str) -> None:
    explanation = explain(text, servers=[phones])

    assert explanation.employee_id == Employee.objects.get().pk
    assert codes(explanation)[0] == "explain_phone_found"


def test_number_of_a_row_is_nobodys_name(phones: PhoneSystem) -> None:
    row = SyncRecord.objects.get().anchor

    assert not explain(row, servers=[phones]).found


def test_who_is_switched_off_there_is_frozen(pbx: MikoPbx, phones: PhoneSystem) -> None:
    there(pbx, "Anna Orlova").disabled = True

    explanation = explain_record(SyncRecord.objects.get())

    assert codes(explanation) == ["explain_phone_found", "explain_phone_disabled", "explain_tied_by", "explain_frozen"]


def test_who_may_be_another_person_is_said_and_no_field_travels(pbx: MikoPbx, phones: PhoneSystem) -> None:
    anna = there(pbx, "Anna Orlova")
    anna.user_username, anna.user_email = "Boris Titov", "titov@corp.example"

    explanation = explain_record(SyncRecord.objects.get())

    assert "match_renamed" in codes(explanation)
    assert told(explanation).fields == []


def test_who_was_removed_there_is_not_made_again(pbx: MikoPbx, phones: PhoneSystem) -> None:
    pbx.box.remove(there(pbx, "Anna Orlova").id)

    assert codes(explain_employee(Employee.objects.get(), servers=[phones]))[0] == "explain_phone_removed"


NOT_THERE: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "made_next": ({}, {}, "explain_phone_would_make"),
    "no_number": ({"extension": ""}, {}, "explain_phone_needs_number"),
    "other_plan": ({"number_plan": "plant"}, {}, "explain_phone_needs_number"),
    "makes_nobody": ({}, {"create": False}, "explain_phone_makes_nobody"),
    "serves_others": ({}, {"serves": {"departments": ["Sales"]}}, "explain_phone_not_served"),
}


@pytest.mark.parametrize(("person", "of_box", "said"), NOT_THERE.values(), ids=NOT_THERE)
def test_why_somebody_has_no_phone(
    phones: PhoneSystem, person: dict[str, Any], of_box: dict[str, Any], said: str
) -> None:
    boris = make_employee(**{"name": "Boris Titov", "extension": "202", **person})
    for name, value in of_box.items():
        setattr(phones, name, value)
    phones.save()

    assert codes(explain_employee(boris, servers=[phones])) == ["explain_phone_nobody", said]


def test_nobody_is_made_while_it_is_not_said_which_of_two_boxes_serves_whom(phones: PhoneSystem) -> None:
    make_phone_system(name="Plant", key="k", enabled=True)
    boris = make_employee(name="Boris Titov", extension="202")

    assert codes(explain_employee(boris, servers=[phones])) == ["explain_phone_nobody", "phone_serves_unsaid"]


def test_who_could_not_be_made_is_said_with_the_reason(pbx: MikoPbx, phones: PhoneSystem) -> None:
    boris = make_employee(name="Boris Titov", extension="202")
    pbx.box.others["202"] = Other("QUEUE", "Sales")
    sync(phones)

    record = SyncRecord.objects.filter(employee=boris, anchor__startswith="new:").first()

    assert record is not None
    assert codes(explain_record(record)) == ["explain_phone_not_yet", "explain_tied_by", "phone_number_taken"]


def test_phone_system_that_does_not_answer_says_so_and_the_hub_answers(phones: PhoneSystem) -> None:
    phones.fingerprint = ":".join(["00"] * 32)
    phones.save()

    (server,) = explain_record(SyncRecord.objects.get()).servers

    assert server.error is not None
    assert [step.code for step in server.steps] == ["explain_tied_by"]
