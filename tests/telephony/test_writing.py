"""How often a phone system's list and details are looked at while people are written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from syncapp.core.writes import AttributeWrite, WriteJob
from syncapp.telephony.attributes import EMAIL, MOBILE
from syncapp.telephony.config import PhoneConfig
from syncapp.telephony.endpoint import PhoneEndpoint
from syncapp.telephony.forms import same_caller
from syncapp.telephony.protocol import PhonePerson, Summary
from syncapp.telephony.writing import HOLDS_FOR, Writer
from tests.fakes.phone_system import FakePhoneSession, FakePhoneSystem


class Looks(FakePhoneSession):
    """Counts how often the list was asked for; time goes on by `takes` with each write."""

    looks, details, now, takes = 0, 0, 0.0, 0.0

    def summaries(self) -> Sequence[Summary]:
        self.looks += 1
        return super().summaries()

    def people(self, summaries: Iterable[Summary]) -> Mapping[str, PhonePerson | None]:
        self.details += 1
        return super().people(summaries)

    def change(self, *args: Any, **how: Any) -> Any:
        self.now += self.takes
        return super().change(*args, **how)


def looks_for(people: int, *, takes: float = 0.0) -> int:
    system = FakePhoneSystem()
    anchors = [system.add(f"Person{number}", number=str(200 + number)) for number in range(people)]
    session = Looks(system)
    session.takes = takes
    endpoint = PhoneEndpoint(session, PhoneConfig("PBX", "https://pbx.corp.example", ""))
    for row in endpoint.rows().values():
        endpoint.look(row)
    session.looks = 0
    writer = Writer(endpoint, session, "RU", clock=lambda: session.now)
    writer.expect(people)
    jobs = [
        WriteJob(anchor, anchor, lambda _entry: [AttributeWrite(EMAIL, None, b"new@corp.example")])
        for anchor in anchors
    ]
    for half in (jobs[: people // 2], jobs[people // 2 :]):  # they come in batches
        assert all(result.written for result in writer.write(half, pictures=False))
    return session.looks


@pytest.mark.parametrize(("people", "looks"), [(1, 1), (4, 4), (5, 3), (100, 4), (200, 8)])
def test_fewer_people_share_fewer_looks(people: int, looks: int) -> None:
    assert looks_for(people) == looks


def test_look_does_not_hold_for_long() -> None:
    assert looks_for(20, takes=HOLDS_FOR * 0.3) == 5  # every fifth write comes too late
    assert looks_for(20, takes=HOLDS_FOR + 1) == 20


@pytest.mark.parametrize(("new", "asked"), [(b"79167654321", 0), (None, 1)], ids=["changed", "taken_away"])
def test_mobile_that_is_taken_away_is_looked_at_in_the_details(new: bytes | None, asked: int) -> None:
    """The box refuses that while a forward leads to it, and a forward shows in the details alone."""
    system = FakePhoneSystem()
    anchor = system.add("Anna Orlova", number="201", mobile="79161234567")
    session = Looks(system)
    endpoint = PhoneEndpoint(session, PhoneConfig("PBX", "https://pbx.corp.example", ""))
    endpoint.look(endpoint.rows()[anchor])
    session.details = 0

    job = WriteJob(anchor, anchor, lambda _entry: [AttributeWrite(MOBILE, b"79161234567", new)])
    [result] = Writer(endpoint, session, "RU").write([job], pictures=False)

    assert (result.written, session.details) == (frozenset({MOBILE}), asked)
    assert system.people[anchor].mobile == (new or b"").decode()


@pytest.mark.parametrize(
    ("caller", "name", "same"),
    [
        ("Петр Оhара 2", "Пётр О'hара (2)", True),
        ("Петр Орлов", "Павел Орлов", False),
        ("Пeтр Орлов", "Пётр Орлов", True),  # with the other alphabet's e
        ("", "Ёё", False),
    ],
)
def test_caller_is_recognised_by_what_the_list_of_numbers_keeps_of_a_name(caller: str, name: str, same: bool) -> None:
    assert same_caller(caller, name) is same
