"""Numbers change hands so that nobody ever needs one that somebody still has."""

from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.number_moves import aside_number, in_order, is_aside


def test_who_has_the_number_goes_first() -> None:
    moves = in_order({"a": ("201", "202"), "b": ("202", "203"), "c": ("203", "240")})

    assert (moves.order, moves.aside) == (("c", "b", "a"), ())


def test_one_of_a_circle_steps_aside() -> None:
    moves = in_order({"a": ("201", "202"), "b": ("202", "201")})

    assert len(moves.aside) == 1


numbers = st.permutations([str(number) for number in range(200, 208)])


@given(has=numbers, gets=numbers, people=st.integers(0, 8))
def test_every_number_is_free_when_its_turn_comes(has: list[str], gets: list[str], people: int) -> None:
    """Also in several circles and chains at once."""
    moves = {f"p{place}": (has[place], gets[place]) for place in range(people) if has[place] != gets[place]}
    ordered = in_order(moves)
    in_use = {number: anchor for anchor, (number, _gets) in moves.items()}
    for anchor in ordered.aside:
        del in_use[moves[anchor][0]]

    for anchor in ordered.order:
        before, after = moves[anchor]
        assert after not in in_use
        in_use.pop(before, None)
        in_use[after] = anchor

    assert sorted(ordered.order) == sorted(moves)


def test_number_to_step_aside_to_is_nobody_s() -> None:
    first = aside_number({})

    assert aside_number({first: "SIP"}) != first
    assert is_aside(first)
    assert not is_aside("201")
