"""What MikoPBX would not take as a SIP secret, or would keep as another one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fixtures.mikopbx import secrets as strength
from syncapp.telephony.sip_secret import is_unfit, is_weak, new_secret

UNFIT = {
    "weak": "12345",
    "hex_digits": "0123456789abcdef0123456789abcdef",
    "too_long": "Kp4v" * 17,
    "trimmed": " Kp4vTz8RmQ2wYs6BnH3d",
    "line_break": "Kp4vTz8RmQ2wYs6BnH3d\n",
    "address": "httpKp4vTz8RmQ2wYs6BnH3d",
    "tag": "<b>Kp4vTz8RmQ2wYs6BnH3d</b>",
}


@pytest.mark.parametrize("secret", UNFIT.values(), ids=UNFIT)
def test_unfit_are(secret: str) -> None:
    assert is_unfit(secret)


def test_strong_ones_are_fit() -> None:
    assert [each for each in ("Kp4vTz8RmQ2wYs6BnH3d", "a8f3k2m9x4bq7w5e", new_secret()) if is_unfit(each)] == []


# Made of what the box's measure is about: kinds of signs, runs, three in a row, other alphabets.
PIECES = st.sampled_from(["a", "B", "1", "-", "й", "Ж", "aaa", "qwerty", "54321", "Kp", "z8", "R", "7"])


@given(st.lists(PIECES, max_size=24).map("".join))
@example("Xy7pQ2mZ")  # just strong enough
@example("xy7pq2mz")
@example("Xy7pQ222")  # the same with three in a row
@example("Kda54321")  # a run from behind
@example("aBxdZfй")  # nothing but letters, and few of them
@example("Kd8-xAs7f-s")  # eleven signs, not twelve
@example("Кd8-")
@example("ЖйЖдКлМн")
@example("Й" * 33 + "aB1")  # 69 bytes of 36 signs
@example("password")
@example("admin")
def test_weakness_is_measured_as_the_box_does(secret: str) -> None:
    assert is_weak(secret) is bool(strength.mistakes(secret))
