"""Filters that people type are checked, and values cannot get out of their place."""

import ldap
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap.controls import AssertionControl

from syncapp.directory.filters import MAX_LENGTH, all_of, check_filter, departments_filter
from syncapp.exceptions import ConfigurationError
from tests.directory.expect import refusal

RIGHT = {
    # id: filter, attributes
    "equal": ("(cn=a)", {"cn"}),
    "present": ("(mail=*)", {"mail"}),
    "parts": ("(cn=a*b*c)", {"cn"}),
    "at_least_at_most_about": ("(&(a>=1)(b<=2)(c~=3))", {"a", "b", "c"}),
    "not": ("(!(employeeType=robot))", {"employeeType"}),
    "matching_rule": ("(userAccountControl:1.2.840.113556.1.4.803:=2)", {"userAccountControl"}),
    "matching_rule_with_dn": ("(cn:dn:caseExactMatch:=x)", {"cn"}),
    "matching_rule_alone": ("(:caseExactMatch:=x)", set()),
    "nested": ("(|(&(a=1)(!(b=*)))(c=2))", {"a", "b", "c"}),
    "spaces_between": ("( & (a=1) (b=2) )", {"a", "b"}),
    "escaped_bracket": (r"(cn=\28x\29)", {"cn"}),
    "cyrillic": ("(ou=Склад)", {"ou"}),
    "long_value": ("(cn=" + "я" * 4_000 + ")", {"cn"}),
    "deep": ("(!" * 2_000 + "(a=1)" + ")" * 2_000, {"a"}),
}


@pytest.mark.parametrize(("text", "attributes"), RIGHT.values(), ids=RIGHT.keys())
def test_check_filter_names_the_attributes(text: str, attributes: set[str]) -> None:
    assert check_filter(text) == attributes


WRONG = {
    "empty": "",
    "no_brackets": "cn=a",
    "not_closed": "(cn=a",
    "closed_twice": "(cn=a))",
    "not_opened": "cn=a)",
    "two_filters": "(cn=a)(cn=b)",
    "two_brackets": "((cn=a))",
    "empty_brackets": "()",
    "no_value": "(cn)",
    "no_attribute": "(=a)",
    "space_in_the_attribute": "(c n=a)",
    "bad_escape": r"(cn=\zz)",
    "not_of_two": "(!(a=1)(b=2))",
    "bracket_in_the_value": "(cn=(a)",
    "nul": "(cn=a\0)",
    "half_a_surrogate": "(cn=\ud800)",
    # Wrong alone, but right and of another meaning once it stands between other parts.
    "breaks_out": "(a=1))(|(b=2)",
    "text_behind": "(a=1) x",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_check_filter_refuses(text: str) -> None:
    with refusal(ConfigurationError, "filter_malformed"):
        check_filter(text)


def test_check_filter_refuses_an_endless_one() -> None:
    with refusal(ConfigurationError, "filter_too_long"):
        check_filter("(cn=" + "a" * MAX_LENGTH + ")")


@given(st.text(alphabet="ab=()&|!*\\ \0я:2", max_size=30))
def test_a_filter_that_passes_stays_one_part_of_a_larger_one(text: str) -> None:
    try:
        attributes = check_filter(text)
    except ConfigurationError:
        return

    assert check_filter(all_of(["(x=1)", text, "(y=2)"])) == attributes | {"x", "y"}


@given(st.text())
def test_a_department_never_leaves_its_place(department: str) -> None:
    made = departments_filter("ou", [department])

    try:
        encoded = AssertionControl(True, made).encodeControlValue()
    except (ldap.LDAPError, UnicodeError):  # lone surrogates cannot be sent at all
        return
    value = department.encode()
    assert encoded.endswith(value) and b"ou" in encoded and encoded[0] == 0xA3  # noqa: PT018 (one claim: an equality)


JOINED = {
    # id: filters, expected
    "none_is_left_out": (["(a=1)", "", "(b=2)"], "(&(a=1)(b=2))"),
    "one_alone": (["(a=1)", "", ""], "(a=1)"),
}


@pytest.mark.parametrize(("filters", "expected"), JOINED.values(), ids=JOINED.keys())
def test_all_of(filters: list[str], expected: str) -> None:
    assert all_of(filters) == expected


DEPARTMENTS = {
    # id: departments, expected
    "none": ([], ""),
    "one": (["Sales"], "(ou=Sales)"),
    "two": (["Sales", "R*D"], r"(|(ou=Sales)(ou=R\2aD))"),
}


@pytest.mark.parametrize(("departments", "expected"), DEPARTMENTS.values(), ids=DEPARTMENTS.keys())
def test_departments_filter(departments: list[str], expected: str) -> None:
    assert departments_filter("ou", departments) == expected
