"""Brakes of this version: nobody answered, first meeting, numbers (A6, C9, E3)."""

import pytest

from syncapp.core.limits import brakes, first_meeting
from syncapp.core.records import Message

MEETINGS = {
    # id                                    strangers recognised created held
    "most_would_come_twice": (300, 60, 240, True),
    "just_half_is_recognised": (10, 5, 5, False),
    "less_than_half_is_recognised": (10, 4, 6, True),
    "too_few_to_judge": (9, 0, 50, False),
    "nobody_would_be_created": (300, 60, 0, False),
    "empty_hub": (0, 0, 60, False),
}


@pytest.mark.parametrize("case", MEETINGS)
def test_first_meeting_is_held_when_most_would_come_twice(case: str) -> None:
    strangers, recognised, created, held = MEETINGS[case]

    message = first_meeting(strangers=strangers, recognised=recognised, created=created)

    assert (message is not None) is held


def test_first_meeting_is_over_for_a_few_hires_and_not_for_a_wider_scope() -> None:
    assert first_meeting(strangers=300, recognised=0, created=9, met_before=True) is None
    assert first_meeting(strangers=300, recognised=0, created=10, met_before=True) is not None


def test_first_meeting_says_its_numbers() -> None:
    message = first_meeting(strangers=300, recognised=60, created=240)

    assert message == Message("first_meeting", {"employees": 300, "recognised": 60, "count": 240})


def test_brakes_hold_a_read_that_found_nobody() -> None:
    held = brakes(read=0, first_meeting=None, numbers_missing=0, pools=[], remapped={})

    assert held == [Message("nobody_found")]


def test_brakes_hold_when_the_pools_are_too_small() -> None:
    held = brakes(read=5, first_meeting=None, numbers_missing=3, pools=["Office"], remapped={})

    assert held == [Message("pool_too_small", {"count": 3, "pools": ["Office"]})]


def test_brakes_hold_nothing_ordinary() -> None:
    assert brakes(read=5, first_meeting=None, numbers_missing=0, pools=["Office"], remapped={}) == []
