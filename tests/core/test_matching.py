"""Rules A2 to A5 and A8: who is whom."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.matching import Matches, Unmatched, match_entries, near_matches
from syncapp.core.normalise import email_key, name_key
from syncapp.core.records import EntryKeys, HubKeys
from syncapp.core.vocabulary import MatchKey, MatterKind

ALL_KEYS = tuple(MatchKey)
JOINED, CONFLICT, PROPOSED, SIMILAR, NOBODY = "joined", "conflict", "proposed", "similar", "nobody"
KINDS = {
    MatterKind.MATCH_AMBIGUOUS: CONFLICT,
    MatterKind.MATCH_PROPOSED: PROPOSED,
    MatterKind.MATCH_SIMILAR: SIMILAR,
}


def employee(id_: int, name: str = "", email: str = "", mobile: str = "", extension: str = "", **more: Any) -> HubKeys:
    return HubKeys(
        id=id_,
        name=name,
        name_key=name_key(name),
        email_key=email_key(email),
        mobile=mobile,
        extension=extension,
        **more,
    )


def entry(
    anchor: str, name: str = "", email: str = "", mobile: str = "", extension: str = "", **more: Any
) -> Unmatched:
    """`email`, `mobile` and `extension` may hold several values, separated by commas, `name` by bars."""
    names = [each for each in name.split("|") if each]
    keys = EntryKeys(
        name=names[0] if names else "",
        name_keys=tuple(name_key(each) for each in names),
        emails=tuple(email_key(value) for value in email.split(",") if value),
        mobiles=tuple(value for value in mobile.split(",") if value),
        extensions=tuple(value for value in extension.split(",") if value),
    )
    return Unmatched(anchor, keys, **more)


def match(
    entries: Sequence[Unmatched],
    employees: Sequence[HubKeys],
    *,
    others: Sequence[Unmatched] = (),
    match_keys: Sequence[MatchKey] = ALL_KEYS,
) -> Matches:
    matches = match_entries(
        entries=entries,
        known=[(each.keys, each.active) for each in (*entries, *others)],
        employees=employees,
        match_keys=match_keys,
    )
    free = [e for e in entries if e.anchor not in matches.joined and e.anchor not in matches.matters and e.active]
    near_matches(entries=free, matches=matches)
    return matches


def verdict(matches: Matches, anchor: str) -> tuple[str, tuple[int, ...]]:
    """What became of an entry, and with whom."""
    if anchor in matches.joined:
        return JOINED, (matches.joined[anchor][0],)
    if anchor in matches.matters:
        matter = matches.matters[anchor]
        return KINDS[matter.kind], tuple(candidate.employee_id for candidate in matter.candidates)
    return NOBODY, ()


ANNA = {"name": "Anna Petrova", "email": "anna@example.test", "mobile": "+79161234567", "extension": "215"}
BORIS = {"name": "Boris Sidorov", "email": "boris@example.test", "mobile": "+79160000001", "extension": "216"}

CASES: dict[str, tuple[list[Unmatched], list[HubKeys], dict[str, tuple[str, tuple[int, ...]]]]] = {
    "email_joins": (
        [entry("a", email="ANNA@example.test")],
        [employee(1, email="anna@Example.test")],
        {"a": (JOINED, (1,))},
    ),
    "email_joins_though_everything_else_disagrees": (
        [entry("a", **ANNA)],
        [employee(1, name="Boris Sidorov", email=ANNA["email"], mobile="+79160000001", extension="300")],
        {"a": (JOINED, (1,))},
    ),
    "name_joins_in_any_order_with_yo": (
        [entry("a", name="Семёнов Пётр")],
        [employee(1, name="петр  СЕМЕНОВ")],
        {"a": (JOINED, (1,))},
    ),
    "one_word_is_no_name": ([entry("a", name="Reception")], [employee(1, name="Reception")], {"a": (NOBODY, ())}),
    "mobile_joins": ([entry("a", mobile="+79161234567")], [employee(1, mobile="+79161234567")], {"a": (JOINED, (1,))}),
    "extension_joins": ([entry("a", extension="215")], [employee(1, extension="215")], {"a": (JOINED, (1,))}),
    "second_value_of_an_attribute_joins": (
        [entry("a", mobile="+79160000009,+79161234567")],
        [employee(1, mobile="+79161234567")],
        {"a": (JOINED, (1,))},
    ),
    "second_name_joins": (
        [entry("a", name="Anna Petrova|Анна Петрова")],
        [employee(1, name="Петрова Анна")],
        {"a": (JOINED, (1,))},
    ),
    "issued_number_is_no_key": (
        [entry("a", name="Anna Petrova", extension="215")],
        [employee(1, name="Boris Sidorov", extension="215", number_issued=True)],
        {"a": (NOBODY, ())},
    ),
    "name_against_other_mobile_is_proposed": (
        [entry("a", name="Anna Petrova", mobile="+79161234567")],
        [employee(1, name="Anna Petrova", mobile="+79160000001")],
        {"a": (PROPOSED, (1,))},
    ),
    "stale_extension_of_somebody_else_is_proposed": (
        [entry("a", name="Anna Petrova", extension="215")],
        [employee(1, name="Boris Sidorov", extension="215")],
        {"a": (PROPOSED, (1,))},
    ),
    "meeting_room_is_proposed": (
        [entry("a", name="Anna Petrova", extension="215")],
        [employee(1, name="Meeting room", extension="215")],
        {"a": (PROPOSED, (1,))},
    ),
    "extension_with_common_word_in_other_script_joins": (
        [entry("a", name="Petrova Anna", extension="215")],
        [employee(1, name="Петрова А.", extension="215")],
        {"a": (JOINED, (1,))},
    ),
    "keys_of_two_employees_conflict": (
        [entry("a", email=ANNA["email"], mobile=BORIS["mobile"])],
        [employee(1, email=ANNA["email"]), employee(2, mobile=BORIS["mobile"])],
        {"a": (CONFLICT, (1, 2))},
    ),
    "two_employees_of_one_name_conflict": (
        [entry("a", name="Anna Petrova")],
        [employee(1, name="Anna Petrova"), employee(2, name="Petrova Anna")],
        {"a": (CONFLICT, (1, 2))},
    ),
    "two_entries_of_one_name_conflict": (
        [entry("a", name="Anna Petrova"), entry("b", name="Anna Petrova")],
        [employee(1, name="Anna Petrova")],
        {"a": (CONFLICT, (1,)), "b": (CONFLICT, (1,))},
    ),
    "two_entries_of_one_mail_conflict": (
        [entry("a", email="info@example.test"), entry("b", email="info@example.test")],
        [employee(1, email="info@example.test")],
        {"a": (CONFLICT, (1,)), "b": (CONFLICT, (1,))},
    ),
    "two_equal_claims_conflict": (
        [entry("a", name="Anna Petrova"), entry("b", mobile=ANNA["mobile"])],
        [employee(1, name="Anna Petrova", mobile=ANNA["mobile"])],
        {"a": (CONFLICT, (1,)), "b": (CONFLICT, (1,))},
    ),
    "email_beats_weaker_claim": (
        [entry("a", email=ANNA["email"]), entry("b", mobile=ANNA["mobile"])],
        [employee(1, email=ANNA["email"], mobile=ANNA["mobile"])],
        {"a": (JOINED, (1,)), "b": (NOBODY, ())},
    ),
    "namesakes_are_told_apart_by_mail": (
        [
            entry("a", name="Anna Petrova", email="a1@example.test"),
            entry("b", name="Anna Petrova", email="a2@example.test"),
        ],
        [
            employee(1, name="Anna Petrova", email="a1@example.test"),
            employee(2, name="Anna Petrova", email="a2@example.test"),
        ],
        {"a": (JOINED, (1,)), "b": (JOINED, (2,))},
    ),
    "uniqueness_is_counted_over_everybody_and_not_over_who_is_left": (
        [entry("a", name="Anna Petrova", email="a1@example.test"), entry("b", name="Anna Petrova")],
        [employee(1, name="Anna Petrova", email="a1@example.test"), employee(2, name="Anna Petrova")],
        {"a": (JOINED, (1,)), "b": (CONFLICT, (2,))},
    ),
    "employee_with_a_record_here_is_no_candidate": (
        [entry("a", mobile=ANNA["mobile"])],
        [employee(1, mobile=ANNA["mobile"], tied_here=True)],
        {"a": (NOBODY, ())},
    ),
    "archived_employee_is_no_candidate": (
        [entry("a", email=ANNA["email"])],
        [employee(1, email=ANNA["email"], archived=True)],
        {"a": (NOBODY, ())},
    ),
    "tied_namesake_makes_a_name_ambiguous": (
        [entry("a", name="Anna Petrova")],
        [employee(1, name="Anna Petrova", tied_here=True), employee(2, name="Anna Petrova")],
        {"a": (CONFLICT, (2,))},
    ),
    "disabled_entry_never_makes_an_active_one_ambiguous": (
        [entry("a", name="Anna Petrova"), entry("b", name="Anna Petrova", active=False)],
        [employee(1, name="Anna Petrova")],
        {"a": (JOINED, (1,)), "b": (NOBODY, ())},
    ),
    "disabled_entry_takes_who_is_left_over": (
        [entry("b", name="Anna Petrova", active=False)],
        [employee(1, name="Anna Petrova")],
        {"b": (JOINED, (1,))},
    ),
    "refused_pair_is_not_proposed_again": (
        [entry("a", name="Anna Petrova", extension="215", refused=frozenset({1}))],
        [employee(1, name="Boris Sidorov", extension="215")],
        {"a": (NOBODY, ())},
    ),
    "patronymic_is_similar": (
        [entry("a", name="Петров Иван Сергеевич")],
        [employee(1, name="Иван Петров")],
        {"a": (SIMILAR, (1,))},
    ),
    "other_script_is_similar": (
        [entry("a", name="Ivan Petrov")],
        [employee(1, name="Иван Петров")],
        {"a": (SIMILAR, (1,))},
    ),
    "initials_are_similar": (
        [entry("a", name="Иван Петров")],
        [employee(1, name="Петров И.")],
        {"a": (SIMILAR, (1,))},
    ),
    "disagreeing_pair_whose_employee_is_taken_is_nobody": (
        [entry("a", email=ANNA["email"]), entry("b", name="Boris Sidorov", extension="215")],
        [employee(1, **ANNA)],
        {"a": (JOINED, (1,)), "b": (NOBODY, ())},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_match_entries_follows_the_table(case: str) -> None:
    entries, employees, expected = CASES[case]

    matches = match(entries, employees)

    assert {anchor: verdict(matches, anchor) for anchor in expected} == expected


def test_match_entries_uses_only_the_servers_keys() -> None:
    matches = match([entry("a", **ANNA)], [employee(1, extension="215")], match_keys=[MatchKey.EMAIL])

    assert verdict(matches, "a") == (NOBODY, ())


def test_match_entries_counts_entries_that_are_tied_already() -> None:
    matches = match(
        [entry("a", mobile=ANNA["mobile"])],
        [employee(1, mobile=ANNA["mobile"])],
        others=[entry("z", mobile=ANNA["mobile"])],
    )

    assert verdict(matches, "a") == (CONFLICT, (1,))


def test_proposal_shows_what_agrees_and_what_disagrees() -> None:
    matches = match(
        [entry("a", name="Anna Petrova", mobile=ANNA["mobile"], email="new@example.test")],
        [employee(1, name="Anna Petrova", mobile=ANNA["mobile"], email="old@example.test")],
    )

    (candidate,) = matches.matters["a"].candidates
    assert candidate.agrees == (MatchKey.NAME, MatchKey.MOBILE)
    assert candidate.disagrees == (MatchKey.EMAIL,)


NAMES = st.sampled_from(["Anna Petrova", "Petrova Anna", "Boris Sidorov", "Анна Петрова", "Reception", ""])
MAILS = st.sampled_from(["", "anna@example.test", "boris@example.test", "info@example.test"])
MOBILES = st.sampled_from(["", "+79161234567", "+79160000001"])
EXTENSIONS = st.sampled_from(["", "215", "216"])
PEOPLE = st.lists(st.tuples(NAMES, MAILS, MOBILES, EXTENSIONS), max_size=4)


@given(PEOPLE, PEOPLE)
def test_match_entries_does_not_depend_on_order(remote: list[Any], local: list[Any]) -> None:
    entries = [entry(f"e{number}", *values) for number, values in enumerate(remote)]
    employees = [employee(number, *values) for number, values in enumerate(local)]

    results = {
        tuple(verdict(match(list(some), list(others)), each.anchor) for each in entries)
        for some in list(permutations(entries))[:6]
        for others in list(permutations(employees))[:6]
    }

    assert len(results) == 1


@given(PEOPLE, PEOPLE)
def test_nobody_is_joined_twice_and_no_ambiguous_candidate_is_joined_by_a_weak_key(
    remote: list[Any], local: list[Any]
) -> None:
    entries = [entry(f"e{number}", *values) for number, values in enumerate(remote)]
    employees = [employee(number, *values) for number, values in enumerate(local)]

    matches = match(entries, employees)

    joined = [employee_id for employee_id, _key in matches.joined.values()]
    assert len(joined) == len(set(joined))
    assert not set(matches.joined) & set(matches.matters)
    assert not set(joined) & matches.in_question()
    for anchor, (employee_id, key) in matches.joined.items():
        owner = employees[employee_id]
        same = [
            e for e in employees if e.id != employee_id and key is MatchKey.EMAIL and e.email_key == owner.email_key
        ]
        assert not same, f"{anchor} was joined by an e-mail that two employees have"
