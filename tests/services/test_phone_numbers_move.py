"""Numbers that change hands in a phone system, which lets no two people have one at any moment (rule C7)."""

import pytest

from fixtures.mikopbx import MikoPbx
from syncapp.choices import RunStatus
from syncapp.exceptions import TelephonyUnavailableError
from syncapp.models import Employee, PhoneSystem
from syncapp.telephony.mikopbx import MikoPbxSession
from tests.factories import make_employee
from tests.services.corners import phones_of, sync
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phones(pbx: MikoPbx) -> PhoneSystem:
    for name, number in (("Anna Orlova", "201"), ("Boris Titov", "202"), ("Vera Lind", "203")):
        pbx.box.add(name, number=number)
    phones = phones_of(pbx, limits={"written_back": [50, 20, 5000]})
    sync(phones)
    return phones


def give(**numbers: str) -> None:
    """Give people other numbers in the hub, by way of none."""
    for first, _number in numbers.items():
        Employee.objects.filter(name__startswith=first).update(extension="")
    for first, number in numbers.items():
        Employee.objects.filter(name__startswith=first).update(extension=number)


def numbers(pbx: MikoPbx) -> dict[str, str]:
    return {each.user_username.split()[0]: each.number for each in pbx.box.employees.values()}


CASES = {
    "chain": {"Anna": "202", "Boris": "203", "Vera": "240"},
    "swap": {"Anna": "202", "Boris": "201"},
    "circle": {"Anna": "202", "Boris": "203", "Vera": "201"},
}


@pytest.mark.parametrize("wanted", CASES.values(), ids=CASES)
def test_numbers_change_hands(pbx: MikoPbx, phones: PhoneSystem, wanted: dict[str, str]) -> None:
    give(**wanted)

    run = sync(phones)

    assert (run.status, run.counts["written_back"]) == (RunStatus.COMPLETED, len(wanted))
    assert numbers(pbx) == {"Anna": "201", "Boris": "202", "Vera": "203"} | wanted
    assert sync(phones).counts["skipped"] == 3


def test_newcomer_gets_a_number_that_is_given_up(pbx: MikoPbx, phones: PhoneSystem) -> None:
    give(Vera="240")
    make_employee(name="Alexey Novikov", extension="203")

    sync(phones)

    assert numbers(pbx) == {"Anna": "201", "Boris": "202", "Vera": "240", "Alexey": "203"}


@pytest.mark.promise(8)
@pytest.mark.parametrize("requests", [1, 2])
def test_swap_that_was_broken_off_is_ended_by_the_next_run(
    pbx: MikoPbx, phones: PhoneSystem, requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(Anna="202", Boris="201")
    change, sent = MikoPbxSession.change, []

    def broken(session: MikoPbxSession, *arguments: object, **more: object) -> object:
        if len(sent) == requests:
            raise TelephonyUnavailableError("phone_broken_off", retryable=True, url="u")
        sent.append(1)
        return change(session, *arguments, **more)  # type: ignore[arg-type]  # handed on as they came

    with monkeypatch.context() as patched:
        patched.setattr(MikoPbxSession, "change", broken)
        assert sync(phones).status == RunStatus.FAILED
    assert sorted(numbers(pbx).values()) != ["201", "202", "203"]

    run = sync(phones)

    assert (run.status, run.counts["conflicts"]) == (RunStatus.COMPLETED, 0)
    assert numbers(pbx) == {"Anna": "202", "Boris": "201", "Vera": "203"}
