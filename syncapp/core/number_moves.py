"""In which order numbers change hands where no two people may have one at any moment (rule C7)."""

from collections.abc import Mapping
from typing import NamedTuple

# Nobody's numbers: whoever has one of these is on his way to another.
_ASIDE = tuple(str(number) for number in range(99_999_990, 100_000_000))


class Moves(NamedTuple):
    """`order`: whoever has a number that another one gets goes first. `aside`: one of each circle, who steps aside before."""

    order: tuple[str, ...]
    aside: tuple[str, ...]


def in_order(moves: Mapping[str, tuple[str, str]]) -> Moves:
    """Put moves into order; they map anchors to the number that each has and the one that he gets."""
    holders = {has: anchor for anchor, (has, _gets) in moves.items()}
    order: dict[str, None] = {}
    aside: list[str] = []
    for first in moves:
        chain: list[str] = []
        anchor: str | None = first
        while anchor is not None and anchor not in order and anchor not in chain:
            chain.append(anchor)
            anchor = holders.get(moves[anchor][1])
        if anchor is not None and anchor in chain:
            aside.append(anchor)
        order |= dict.fromkeys(reversed(chain))
    return Moves(tuple(order), tuple(aside))


def aside_number(taken: Mapping[str, str]) -> str:
    """Return a number to step aside to that nothing has; '' when all of them are in use."""
    return next((number for number in _ASIDE if number not in taken), "")


def is_aside(number: str) -> bool:
    """Whether a number is that of somebody whose move was broken off."""
    return number in _ASIDE
