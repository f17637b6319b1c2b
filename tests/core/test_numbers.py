"""Rules C1 to C5 and C9: who gets which extension."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.numbers import Numbers, NumberWish, OwnEntry, free_numbers, may_give_up, serves, settle_numbers
from syncapp.core.options import PoolSpec
from syncapp.core.phone_numbers import NO_PHONES, NumberUse, PhoneNumbers
from syncapp.core.vocabulary import NumberKind, State

OFFICE = PoolSpec("Office", "200", "209", frozenset({"205"}))


def settle(
    *wishes: NumberWish,
    owners: dict[str, int] | None = None,
    claims: dict[str, int] | None = None,
    never: set[str] | None = None,
    pools: tuple[PoolSpec, ...] = (OFFICE,),
    waited_for: set[int] | None = None,
    phones: PhoneNumbers = NO_PHONES,
) -> Numbers:
    counted = Counter(wish.wants for wish in wishes if wish.wants)
    return settle_numbers(
        wishes=wishes,
        owners=owners or {},
        claims=claims if claims is not None else counted,
        never=never if never is not None else set(counted),
        pools=pools,
        is_emergency=lambda number: number in {"112", "207"},
        waited_for=waited_for or set(),
        phones=phones,
    )


def newcomer(anchor: str, wants: str = "") -> NumberWish:
    return NumberWish(anchor, None, wants=wants, needs=True, order=ord(anchor[0]))


def tied(anchor: str, employee_id: int, has: str, wants: str = "") -> NumberWish:
    return NumberWish(anchor, employee_id, has=has, wants=wants, order=ord(anchor[0]))


def test_free_claimed_number_is_granted() -> None:
    assert settle(newcomer("a", "215")).granted == {"a": "215"}


def test_everyone_keeps_what_he_has() -> None:
    numbers = settle(tied("a", 1, "215", "215"), owners={"215": 1})

    assert (numbers.granted, numbers.issued) == ({}, {})


def test_newcomers_are_served_in_order_with_the_lowest_free_numbers() -> None:
    numbers = settle(newcomer("b"), newcomer("a"), newcomer("c", "201"), owners={"200": 9})

    assert numbers.granted == {"c": "201"}
    assert numbers.issued == {"a": "202", "b": "203"}


def test_taken_number_names_the_owner_and_the_newcomer_is_served() -> None:
    numbers = settle(newcomer("a", "215"), owners={"215": 7})

    assert (numbers.taken, numbers.issued) == ({"a": 7}, {"a": "200"})


def test_claimant_of_a_leavers_number_waits_for_it() -> None:
    numbers = settle(newcomer("a", "215"), newcomer("b"), owners={"215": 7}, waited_for={7})

    assert (numbers.taken, numbers.issued) == ({"a": 7}, {"b": "200"})


def test_who_has_a_number_keeps_it_while_a_leavers_is_claimed() -> None:
    numbers = settle(tied("a", 1, "201", "215"), owners={"201": 1, "215": 7}, waited_for={7})

    assert (numbers.taken, numbers.issued, numbers.granted) == ({"a": 7}, {}, {})


ACTIVE, DISABLED, MISSING = State.ACTIVE, State.DISABLED, State.MISSING
GIVERS = {
    "known_to_no_directory": (False, [], False),
    "archived": (True, [OwnEntry(ACTIVE, agreed=True, named=True)], True),
    "active_and_named": (False, [OwnEntry(ACTIVE, agreed=True, named=True)], False),
    "active_and_never_named": (False, [OwnEntry(ACTIVE, agreed=False, named=False)], False),
    "active_and_no_longer_named": (False, [OwnEntry(ACTIVE, agreed=True, named=False)], True),
    "no_longer_named_here_but_elsewhere": (
        False,
        [OwnEntry(ACTIVE, agreed=True, named=False), OwnEntry(ACTIVE, agreed=True, named=True)],
        False,
    ),
    "disabled": (False, [OwnEntry(DISABLED, agreed=True, named=True)], True),
    "missing": (False, [OwnEntry(MISSING, agreed=True, named=True)], True),
    "disabled_here_and_active_elsewhere": (
        False,
        [OwnEntry(DISABLED, agreed=True, named=True), OwnEntry(ACTIVE, agreed=False, named=False)],
        False,
    ),
}


@pytest.mark.parametrize("case", GIVERS)
def test_may_give_up_tells_whose_number_can_be_handed_over(case: str) -> None:
    archived, entries, expected = GIVERS[case]

    assert may_give_up(archived=archived, entries=entries) is expected


def test_contested_number_is_nobodys_and_both_are_served() -> None:
    numbers = settle(newcomer("a", "215"), newcomer("b", "215"))

    assert numbers.granted == {}
    assert numbers.contested == {"a": "215", "b": "215"}
    assert numbers.issued == {"a": "200", "b": "201"}


def test_contested_number_stays_with_who_has_it() -> None:
    numbers = settle(tied("a", 1, "215", "215"), newcomer("b", "215"), owners={"215": 1}, claims={"215": 2})

    assert (numbers.contested, numbers.taken) == ({}, {"b": 1})


def test_swap_is_granted_whole() -> None:
    numbers = settle(tied("a", 1, "201", "202"), tied("b", 2, "202", "201"), owners={"201": 1, "202": 2})

    assert numbers.granted == {"a": "202", "b": "201"}


def test_chain_is_refused_from_its_end() -> None:
    numbers = settle(tied("a", 1, "201", "202"), tied("b", 2, "202", "203"), owners={"201": 1, "202": 2, "203": 3})

    assert (numbers.granted, numbers.taken) == ({}, {"a": 2, "b": 3})


def test_vacated_number_goes_to_its_only_claimant() -> None:
    numbers = settle(tied("a", 1, "201", "202"), newcomer("b", "201"), owners={"201": 1})

    assert numbers.granted == {"a": "202", "b": "201"}


def test_vacated_number_with_two_claimants_stays_where_it_is() -> None:
    numbers = settle(tied("a", 1, "201", "202"), newcomer("b", "201"), newcomer("c", "201"), owners={"201": 1})

    assert numbers.granted == {"a": "202"}
    assert numbers.taken == {"b": 1, "c": 1}


def test_reserved_used_claimed_and_emergency_numbers_are_never_issued() -> None:
    wishes = [newcomer(f"p{number}") for number in range(10)]

    numbers = settle(*wishes, owners={"200": 9}, never={"201"})

    assert sorted(numbers.issued.values()) == ["202", "203", "204", "206", "208", "209"]
    assert len(numbers.unserved) == 4


QUEUE = NumberUse(NumberKind.QUEUE, "Sales", "Head office")
PERSON = NumberUse(NumberKind.PERSON, "Anna", "Head office")


def test_number_in_use_in_a_phone_system_is_never_issued() -> None:
    phones = PhoneNumbers({"200": QUEUE, "201": PERSON})

    assert settle(newcomer("a"), phones=phones).issued == {"a": "202"}


def test_number_of_a_queue_is_not_granted_and_the_newcomer_is_served() -> None:
    numbers = settle(newcomer("a", "215"), newcomer("b", "216"), phones=PhoneNumbers({"215": QUEUE, "216": PERSON}))

    assert (numbers.held, numbers.issued, numbers.granted) == ({"a": "215"}, {"a": "200"}, {"b": "216"})


def test_who_has_a_number_keeps_it_though_a_queue_has_it_too() -> None:
    numbers = settle(tied("a", 1, "215", "215"), owners={"215": 1}, phones=PhoneNumbers({"215": QUEUE}))

    assert numbers == Numbers(vacated=frozenset())


def test_pool_gives_nothing_while_a_phone_system_is_unread() -> None:
    phones = PhoneNumbers(unread=("Head office",))
    numbers = settle(newcomer("a"), newcomer("b", "215"), phones=phones)

    assert (numbers.unread, numbers.issued, numbers.unserved, numbers.granted) == ({"a"}, {}, set(), {"b": "215"})


def test_unread_phone_system_is_no_matter_where_no_pool_serves() -> None:
    assert settle(newcomer("a"), pools=(), phones=PhoneNumbers(unread=("Head office",))).unread == set()


def test_without_a_pool_nobody_is_issued_a_number_and_nobody_fails() -> None:
    numbers = settle(newcomer("a"), pools=())

    assert (numbers.issued, numbers.unserved) == ({}, set())


def test_free_numbers_keep_leading_zeros() -> None:
    assert list(free_numbers(PoolSpec("Zeros", "098", "101"), (), lambda number: False)) == ["098", "099", "100", "101"]


SERVES = {
    "everybody": ("", "", "CN=a,OU=Sales,DC=x", "Sales", True),
    "below_the_ou": ("ou=sales, dc=x", "", "CN=a,OU=Sales,DC=x", "", True),
    "in_another_ou": ("ou=it,dc=x", "", "CN=a,OU=Sales,DC=x", "", False),
    "in_an_ou_that_only_ends_alike": ("ou=sales,dc=x", "", "CN=a,OU=Presales,DC=x", "", False),
    "in_a_unit_below_the_ou": ("ou=sales,dc=x", "", "CN=a,OU=North,OU=Sales,DC=x", "", True),
    "in_an_ou_of_that_name_elsewhere": ("ou=sales,dc=x", "", "CN=a,OU=Sales,OU=North,DC=x", "", False),
    "whose_own_name_holds_the_ou": ("ou=sales,dc=x", "", "CN=a\\,ou=sales,DC=x", "", False),
    "below_an_ou_with_a_comma": (r"ou=Sales\, North,dc=x", "", r"CN=a,OU=Sales\2C North,DC=x", "", True),
    "below_an_ou_in_quotes": ('ou="Sales, North",dc=x', "", r"CN=a,OU=Sales\, North,DC=x", "", True),
    "below_an_ou_with_a_plus": (r"ou=R\+D,dc=x", "", r"CN=a,OU=R\2BD,DC=x", "", True),
    "below_an_ou_of_two_attributes": ("l=Here+ou=Sales,dc=x", "", "CN=a,OU=sales + L=here,DC=x", "", True),
    "below_an_ou_in_cyrillic": (
        "ou=продажи,dc=x",
        "",
        r"CN=a,OU=\D0\9F\D0\A0\D0\9E\D0\94\D0\90\D0\96\D0\98,DC=x",
        "",
        True,
    ),
    "below_an_ou_written_with_spaces": ("OU = Sales  and  Law , DC = x", "", "cn=a,ou=sales and law,dc=x", "", True),
    "of_the_department": ("", "отдел продаж", "CN=a,DC=x", "Отдел Продаж", True),
    "of_another_department": ("", "IT", "CN=a,DC=x", "Sales", False),
}


@pytest.mark.parametrize("case", SERVES)
def test_serves_tells_whom_a_pool_is_for(case: str) -> None:
    ou, department, dn, person_department, expected = SERVES[case]

    pool = PoolSpec("Some", "1", "9", ou=ou, department=department)

    assert serves(pool, dn=dn, department=person_department) is expected


NUMBER = st.sampled_from(["", "200", "201", "202", "203"])


@given(st.lists(st.tuples(NUMBER, NUMBER), max_size=6), st.integers())
def test_end_state_has_every_number_once_whatever_the_order(people: list[tuple[str, str]], seed: int) -> None:
    owners: dict[str, int] = {}
    wishes = []
    for number, (has, wants) in enumerate(people):
        has = "" if has in owners else has
        if has:
            owners[has] = number
        wishes.append(NumberWish(f"p{number}", number, has=has, wants=wants, needs=True, order=number))
    shuffled = list(wishes)
    Random(seed).shuffle(shuffled)  # noqa: S311 - an order, no secret

    numbers = settle(*wishes, owners=owners)

    assert settle(*shuffled, owners=owners) == numbers
    final = [numbers.granted.get(wish.anchor) or numbers.issued.get(wish.anchor) or wish.has for wish in wishes]
    held = [number for number in final if number]
    assert len(held) == len(set(held))
