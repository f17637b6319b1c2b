"""A row number of a phone system is no identity: it is believed only while name or address agree (rule A11)."""

import pytest

from fixtures.mikopbx import MikoPbx
from syncapp.choices import MatterKind, RunStatus, State
from syncapp.models import Conflict, Employee, PhoneSystem, SyncRecord
from syncapp.services.matches import create_new, join
from tests.factories import make_employee
from tests.services.corners import asked, phones_of, sync, there
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phones(pbx: MikoPbx) -> PhoneSystem:
    pbx.box.add("Anna Orlova", number="201", user_email="a.orlova@corp.example")
    phones = phones_of(pbx)
    sync(phones)
    return phones


def replace(pbx: MikoPbx, *, name: str = "Boris Titov", email: str = "b.titov@corp.example") -> None:
    anna = there(pbx, "Anna Orlova")
    anna.user_username, anna.user_email, anna.mobile_number = name, email, "79160000001"


@pytest.mark.parametrize(
    ("name", "email"),
    [("Anna Lebedeva", "a.lebedeva@corp.example"), ("Maria Lebedeva", "A.Orlova@corp.example")],
    ids=["word_in_common", "same_address"],
)
def test_renamed_person_is_believed(pbx: MikoPbx, phones: PhoneSystem, name: str, email: str) -> None:
    replace(pbx, name=name, email=email)

    sync(phones)

    assert Employee.objects.get().name == name


@pytest.mark.promise(5)
def test_another_person_in_the_row_is_a_question_and_nothing_travels(pbx: MikoPbx, phones: PhoneSystem) -> None:
    replace(pbx)
    anna = Employee.objects.get()
    anna.title, anna.mobile = "Manager", "+79169999999"
    anna.save()

    run = sync(phones)

    assert (run.counts["conflicts"], Conflict.objects.get().kind) == (1, MatterKind.MATCH_RENAMED)
    anna.refresh_from_db()
    assert (anna.name, anna.mobile) == ("Anna Orlova", "+79169999999")
    assert there(pbx, "Boris Titov").mobile_number == "79160000001"


@pytest.mark.promise(5)
def test_row_is_known_by_what_it_showed_before_anything_was_agreed(pbx: MikoPbx) -> None:
    """Recognised by the number, the name has yet to go out: nothing of either is agreed."""
    make_employee(name="Anna Petrovna Orlova", extension="201")
    pbx.box.add("Anna Orlova", number="201")
    phones = phones_of(pbx)
    sync(phones)
    replace(pbx, email="")

    sync(phones)

    assert Conflict.objects.get(closed_at=None).kind == MatterKind.MATCH_RENAMED
    assert there(pbx, "Boris Titov").number == "201"


def test_who_was_renamed_after_all_is_believed(pbx: MikoPbx, phones: PhoneSystem) -> None:
    replace(pbx)
    sync(phones)
    join(conflict_id=Conflict.objects.get().pk, employee_id=Employee.objects.get().pk, user="admin")

    run = sync(phones)

    assert (run.status, run.counts["conflicts"]) == (RunStatus.COMPLETED, 0)
    assert (Employee.objects.get().name, Employee.objects.get().email) == ("Boris Titov", "b.titov@corp.example")
    assert sync(phones).counts["conflicts"] == 0


def test_who_is_another_person_comes_in_and_the_former_is_not_made_again(pbx: MikoPbx, phones: PhoneSystem) -> None:
    replace(pbx)
    there(pbx, "Boris Titov").number = "202"
    sync(phones)
    create_new(conflict_id=Conflict.objects.get().pk, user="admin")

    run = sync(phones)

    assert run.counts["created"] == 1
    assert sorted(Employee.objects.values_list("name", "extension")) == [("Anna Orlova", "201"), ("Boris Titov", "202")]
    assert SyncRecord.objects.get(employee__name="Anna Orlova").state == State.MISSING
    assert len(pbx.box.employees) == 1


@pytest.mark.promise(4)
@pytest.mark.parametrize("how", ["replaced", "gone"])
def test_another_box_holds_the_run(pbx: MikoPbx, how: str) -> None:
    people = [pbx.box.add(f"Person{letter} Name{letter}", number=f"20{place}") for place, letter in enumerate("ABCDEF")]
    pbx.box.add("Anna Orlova", number="300")
    phones = phones_of(pbx, limits={kind: [1000, 100, 1000] for kind in ("lost", "conflicts")})
    sync(phones)
    for person in people:
        if how == "gone":
            pbx.box.remove(person.id)
        else:
            person.user_username = person.user_username.replace("Person", "Other").replace("Name", "Thing")

    run = sync(phones)

    assert (run.status, run.error_code) == (RunStatus.HELD, "phone_looks_like_another")
    assert run.error_params == {"count": 6, "tied": 7}
    assert not Conflict.objects.exists()


@pytest.mark.promise(5)
def test_row_that_became_another_person_s_after_reading_is_not_written(
    pbx: MikoPbx, phones: PhoneSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mobile was empty there before and after: nothing but the name tells."""
    anna = Employee.objects.get()
    anna.mobile = "+79169999999"
    anna.save()
    row, answer = there(pbx, "Anna Orlova"), pbx.answer

    def changed(request: object) -> object:
        if sum(seen.path.endswith("/employees") for seen in pbx.requests) == 2:
            row.user_username, row.user_email = "Boris Titov", "b.titov@corp.example"
        return answer(request)  # type: ignore[arg-type]  # handed on as it came

    asked(pbx)
    monkeypatch.setattr(pbx, "answer", changed)
    run = sync(phones)

    assert (row.mobile_number, run.counts["written_back"]) == ("", 0)
