"""What the people of a held plan have in common (rule E4)."""

import pytest

from syncapp.core.branches import branch_name, branch_of
from syncapp.core.causes import Concerned, Everybody, changed_scope, likely_cause, vanished_groups
from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.core.vocabulary import Field

RULES = (FieldRule(Field.MOBILE, "mobile"), FieldRule(Field.TITLE, "title"))
BASE = "dc=corp,dc=example"

DNS = {
    "plain": ("cn=Anna,ou=Sales,dc=corp", ("dc=corp", "ou=Sales")),
    "comma_in_a_name": (r"cn=Petrova\, Anna,ou=Sales,dc=corp", ("dc=corp", "ou=Sales")),
    "comma_and_plus_in_the_ou": (r"cn=Anna,ou=Sales\, East \+ West,dc=corp", ("dc=corp", r"ou=Sales\, East \+ West")),
    "quoted": ('cn="Petrova, Anna",ou="A, B",dc=corp', ("dc=corp", 'ou="A, B"')),
    "spaces_between": ("cn=Anna, ou=Sales, dc=corp", ("dc=corp", "ou=Sales")),
    "nothing_above": ("cn=Anna", ()),
    "none": ("", ()),
}


@pytest.mark.parametrize("case", DNS)
def test_branch_of_a_dn(case: str) -> None:
    dn, expected = DNS[case]

    assert branch_of(dn) == expected


def test_branch_name_is_the_dn_again() -> None:
    assert branch_name(branch_of("cn=Anna,ou=Sales,dc=corp")) == "ou=Sales,dc=corp"


def company(*, leaving_ou: str = "", leaving_department: str = "") -> Everybody:
    """100 people in ten OUs, each OU a half of two departments."""
    everybody = Everybody()
    for number in range(100):
        ou, department = f"ou={number % 10}", f"D{number % 2}"
        leaving = ou == leaving_ou or department == leaving_department
        everybody.add(dn=f"cn=p{number},{ou},{BASE}", department=department, leaving=leaving)
    return everybody


def concerned(*dns: str, department: str = "", fields: tuple[Field, ...] = ()) -> Concerned:
    people = Concerned()
    for dn in dns:
        people.add(dn=dn, department=department or dn, fields=fields)
    return people


def cause(kind: str, people: Concerned, unfilled: frozenset[Field] = frozenset()) -> Message | None:
    return likely_cause(kind, people, everybody=company(), rules=RULES, unfilled=unfilled)


def test_leavers_of_one_branch_are_said_to_be_of_it() -> None:
    people = concerned(f"cn=a,OU=1,{BASE}", f"cn=b,ou=1,{BASE}")

    assert cause("lost", people) == Message("cause_branch_left", {"count": 2, "branch": f"OU=1,{BASE}"})


def test_newcomers_of_a_branch_where_nobody_was_are_said_to_be_of_it() -> None:
    people = concerned(f"cn=a,ou=robots,{BASE}", f"cn=b,ou=x,ou=robots,{BASE}")

    assert cause("created", people) == Message("cause_branch", {"count": 2, "branch": f"ou=robots,{BASE}"})


def test_branch_of_everybody_is_no_cause_and_the_department_is() -> None:
    people = concerned(f"cn=a,ou=1,{BASE}", f"cn=b,ou=2,{BASE}", department="D1")

    assert cause("disabled", people) == Message("cause_department", {"count": 2, "department": "D1"})


def test_people_with_nothing_in_common_have_no_cause() -> None:
    assert cause("disabled", concerned(f"cn=a,ou=1,{BASE}", f"cn=b,ou=2,{BASE}")) is None


def test_emptied_field_names_its_attribute_and_whether_it_is_empty_for_everybody() -> None:
    people = concerned(f"cn=a,ou=1,{BASE}", f"cn=b,ou=2,{BASE}", fields=(Field.MOBILE,))
    params = {"count": 2, "field": "mobile", "attribute": "mobile"}

    assert cause("emptied", people) == Message("cause_emptied", params)
    assert cause("emptied", people, frozenset({Field.MOBILE})) == Message("cause_unreadable", params)
    assert cause("replaced", people) == Message("cause_field", params)


def test_vanished_branch_is_named_as_it_is_spelled_and_once() -> None:
    assert vanished_groups(company(leaving_ou="ou=3")) == [
        Message("group_vanished", {"group": f"ou=3,{BASE}", "count": 10})
    ]


def test_vanished_department_is_named() -> None:
    found = vanished_groups(company(leaving_department="D1"))

    assert Message("group_vanished", {"group": "D1", "count": 50}) in found


@pytest.mark.parametrize(("people", "found"), [(4, False), (5, True)], ids=["four", "five"])
def test_small_branch_may_vanish(people: int, found: bool) -> None:
    everybody = company()
    for number in range(people):
        everybody.add(dn=f"cn=q{number},ou=small,{BASE}", department="", leaving=True)

    assert bool(vanished_groups(everybody)) is found


def test_branch_with_one_who_stays_has_not_vanished() -> None:
    everybody = company(leaving_ou="ou=3")
    everybody.add(dn=f"cn=stays,ou=3,{BASE}", department="", leaving=False)

    assert vanished_groups(everybody) == []


def test_inner_branches_of_a_vanished_one_are_not_named() -> None:
    everybody = company()
    for number in range(20):
        everybody.add(dn=f"cn=q{number},ou=team{number % 2},ou=Gone,{BASE}", department="", leaving=True)

    assert [message.params["group"] for message in vanished_groups(everybody)] == [f"ou=Gone,{BASE}"]


def test_changed_scope_says_before_and_after() -> None:
    before = {"user_filter": "(a=b)", "base_dn": BASE}

    assert changed_scope(before, {"user_filter": "(a=*)", "base_dn": BASE}) == [
        Message("cause_filter_changed", {"before": "(a=b)", "after": "(a=*)"})
    ]
    assert changed_scope({}, {"base_dn": BASE}) == []


def test_what_an_older_run_did_not_keep_is_no_change() -> None:
    assert changed_scope({"base_dn": BASE}, {"base_dn": BASE, "disabled_value": "", "departments": []}) == []
