"""What MikoPBX would not take as a SIP secret, or would keep as another one."""

import pytest

from syncapp.telephony.sip_secret import is_unfit, new_secret

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
