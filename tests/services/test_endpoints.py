"""A server's rows as the settings of adapters and rules."""

import re

import pytest

from syncapp.core.options import PoolSpec
from syncapp.services.endpoints import extension_pattern

PATTERNS = {
    # id                  pools                        read              not read
    "no_pool": ((), ["12", "12345"], ["1", "123456"]),
    "usual_pool": ((PoolSpec("P", "200", "299"),), ["12", "12345"], ["1", "123456"]),
    "long_pool": ((PoolSpec("P", "1000000", "1999999"),), ["12", "12345", "1234567"], ["123456", "12345678"]),
    "one_digit_pool": ((PoolSpec("P", "1", "9"),), ["1", "12"], ["123456"]),
}


@pytest.mark.parametrize(("pools", "fitting", "others"), PATTERNS.values(), ids=PATTERNS)
def test_usual_extension_has_two_to_five_digits_or_as_many_as_the_pools(
    pools: tuple[PoolSpec, ...], fitting: list[str], others: list[str]
) -> None:
    pattern = re.compile(extension_pattern(pools))

    assert all(pattern.search(text) and pattern.search(text)[1] == text for text in fitting)
    assert not any(pattern.search(text) for text in others)
