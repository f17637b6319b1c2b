"""Rules A2 to A5, A7, A8 and C8: who is whom."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncapp.core.claims import Unmatched
from syncapp.core.matching import Matches, match_entries, near_matches
from syncapp.core.matters import EntryKeys, HubKeys
from syncapp.core.normalise import email_key, name_key
from syncapp.core.vocabulary import MatchKey, MatterKind, State

ALL_KEYS = tuple(MatchKey)
JOINED, CONFLICT, PROPOSED, SIMILAR, NOBODY = "joined", "conflict", "proposed", "similar", "nobody"
RECREATED, REHIRED, TWICE = "re-created", "hired again", "two accounts"
KINDS = {
    MatterKind.MATCH_AMBIGUOUS: CONFLICT,
    MatterKind.MATCH_PROPOSED: PROPOSED,
    MatterKind.MATCH_SIMILAR: SIMILAR,
    MatterKind.MATCH_RECREATED: RECREATED,
    MatterKind.MATCH_REHIRED: REHIRED,
    MatterKind.MATCH_TWICE: TWICE,
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
        [entry("a", name="Anna Petrova")],
        [employee(1, name="Anna Petrova", archived=True)],
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


MISSING: dict[str, Any] = {"tied_here": True, "state_here": State.MISSING}
DISABLED: dict[str, Any] = {"tied_here": True, "state_here": State.DISABLED}
ACTIVE: dict[str, Any] = {"tied_here": True, "state_here": State.ACTIVE}

LEAVERS: dict[str, tuple[list[Unmatched], list[HubKeys], dict[str, tuple[str, tuple[int, ...]]]]] = {
    "missing_person_is_never_joined": (
        [entry("new", **ANNA)],
        [employee(1, **ANNA, **MISSING)],
        {"new": (RECREATED, (1,))},
    ),
    "weak_key_is_enough_to_ask": (
        [entry("new", name="Anna Petrova")],
        [employee(1, **ANNA, **MISSING)],
        {"new": (RECREATED, (1,))},
    ),
    "disagreeing_keys_are_asked_about_too": (
        [entry("new", name="Anna Petrova", email="other@example.test")],
        [employee(1, **ANNA, **MISSING)],
        {"new": (RECREATED, (1,))},
    ),
    "extension_of_a_leaver_passes_on_to_a_successor": (
        [entry("new", name="Clara Ivanova", extension="215")],
        [employee(1, **ANNA, **MISSING)],
        {"new": (NOBODY, ())},
    ),
    "extension_with_a_name_in_common_is_a_claim": (
        [entry("new", name="Anna Ivanova", email="ivanova@example.test", extension="215")],
        [employee(1, **ANNA, **MISSING)],
        {"new": (RECREATED, (1,))},
    ),
    "similar_name_alone_is_no_claim_on_a_leaver": (
        [entry("new", name="Петров Иван Сергеевич")],
        [employee(1, name="Иван Петров", **MISSING)],
        {"new": (NOBODY, ())},
    ),
    "refused_person_is_not_asked_about_again": (
        [entry("new", **ANNA, refused=frozenset({1}))],
        [employee(1, **ANNA, **MISSING)],
        {"new": (NOBODY, ())},
    ),
    "person_who_is_there_is_not_claimed": (
        [entry("new", **ANNA)],
        [employee(1, **ANNA, **ACTIVE)],
        {"new": (NOBODY, ())},
    ),
    "disabled_person_is_not_claimed": (
        [entry("new", **ANNA)],
        [employee(1, **ANNA, **DISABLED)],
        {"new": (NOBODY, ())},
    ),
    "two_claims_on_a_missing_person_are_a_conflict": (
        [entry("one", name="Anna Petrova"), entry("two", mobile=ANNA["mobile"])],
        [employee(1, **ANNA, **MISSING)],
        {"one": (CONFLICT, (1,)), "two": (CONFLICT, (1,))},
    ),
    "beaten_claim_waits_for_the_answer_to_the_better_one": (
        [entry("one", email=ANNA["email"]), entry("two", mobile=ANNA["mobile"])],
        [employee(1, **ANNA, **MISSING)],
        {"one": (RECREATED, (1,)), "two": (CONFLICT, (1,))},
    ),
    "missing_person_against_a_stranger_is_a_conflict": (
        [entry("new", email=ANNA["email"], name="Boris Sidorov")],
        [employee(1, **ANNA, **MISSING), employee(2, name="Boris Sidorov")],
        {"new": (CONFLICT, (1, 2))},
    ),
    "namesake_of_a_missing_person_is_not_joined_in_silence": (
        [entry("new", name="Anna Petrova", email=ANNA["email"])],
        [employee(1, **ANNA, **MISSING), employee(2, name="Anna Petrova")],
        {"new": (RECREATED, (1,))},
    ),
    "disabled_new_account_is_asked_about_too": (
        [entry("new", **ANNA, active=False)],
        [employee(1, **ANNA, **MISSING)],
        {"new": (RECREATED, (1,))},
    ),
    "whole_domain_made_anew": (
        [entry("a", **ANNA), entry("b", **BORIS)],
        [employee(1, **ANNA, **MISSING), employee(2, **BORIS, **MISSING)],
        {"a": (RECREATED, (1,)), "b": (RECREATED, (2,))},
    ),
    "old_account_beside_the_new_one": (
        [entry("old", **ANNA, former=frozenset({1}))],
        [employee(1, **ANNA, **ACTIVE)],
        {"old": (TWICE, (1,))},
    ),
    "old_account_in_place_of_the_new_one": (
        [entry("old", name="Other Name", former=frozenset({1}))],
        [employee(1, **ANNA, **MISSING)],
        {"old": (RECREATED, (1,))},
    ),
    "old_account_that_was_refused_is_somebody_else": (
        [entry("old", **ANNA, former=frozenset({1}), refused=frozenset({1}))],
        [employee(1, **ANNA, **ACTIVE)],
        {"old": (NOBODY, ())},
    ),
    "old_account_that_is_switched_off_is_nobody": (
        [entry("old", **ANNA, former=frozenset({1}), active=False)],
        [employee(1, **ANNA, **ACTIVE)],
        {"old": (NOBODY, ())},
    ),
    "archived_person_is_known_again_by_mail": (
        [entry("new", **ANNA)],
        [employee(1, **ANNA, archived=True)],
        {"new": (REHIRED, (1,))},
    ),
    "archived_person_is_known_again_by_nothing_else": (
        [entry("new", name="Anna Petrova", mobile=ANNA["mobile"], extension="215")],
        [employee(1, **ANNA, archived=True)],
        {"new": (NOBODY, ())},
    ),
    "archived_person_whose_old_account_is_off": (
        [entry("new", email=ANNA["email"])],
        [employee(1, **ANNA, archived=True, **DISABLED)],
        {"new": (REHIRED, (1,))},
    ),
    "archived_person_whose_account_is_on": (
        [entry("new", email=ANNA["email"])],
        [employee(1, **ANNA, archived=True, **ACTIVE)],
        {"new": (NOBODY, ())},
    ),
    "account_that_is_off_hires_nobody_again": (
        [entry("new", email=ANNA["email"], active=False)],
        [employee(1, **ANNA, archived=True)],
        {"new": (NOBODY, ())},
    ),
    "one_mail_of_two_archived_people_is_a_conflict": (
        [entry("new", email=ANNA["email"])],
        [employee(1, **ANNA, archived=True), employee(2, email=ANNA["email"], archived=True)],
        {"new": (CONFLICT, (1, 2))},
    ),
}


@pytest.mark.parametrize("case", LEAVERS)
def test_match_entries_never_joins_who_has_left(case: str) -> None:
    entries, employees, expected = LEAVERS[case]

    matches = match(entries, employees)

    assert {anchor: verdict(matches, anchor) for anchor in expected} == expected
    assert not matches.joined
    assert not any(each.left for each in matches.left_over.values())


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
@settings(deadline=None)  # 36 times what the others do once
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
