"""Which bases are read, and when one DN lies below another."""

import pytest

from syncapp.directory.config import DirectoryConfig
from syncapp.directory.kinds import PROFILES
from syncapp.directory.scope import is_below, parse_dn, people_filter, search_bases
from syncapp.directory.units import rebased
from syncapp.exceptions import ConfigurationError
from tests.directory.expect import refusal

BASES = {
    # id: search bases, expected
    "none_means_the_base": ([], ["dc=x"]),
    "apart": (["ou=a,dc=x", "ou=b,dc=x"], ["ou=a,dc=x", "ou=b,dc=x"]),
    "inner_first": (["ou=i,ou=a,dc=x", "ou=a,dc=x"], ["ou=a,dc=x"]),
    "inner_last": (["ou=a,dc=x", "ou=i,ou=a,dc=x"], ["ou=a,dc=x"]),
    "twice": (["ou=a,dc=x", "OU=A, DC=X"], ["ou=a,dc=x"]),
    "three_deep": (["ou=1,ou=2,ou=3,dc=x", "ou=2,ou=3,dc=x", "ou=3,dc=x"], ["ou=3,dc=x"]),
    "same_ending_of_a_name": (["ou=sales,dc=x", "ou=presales,dc=x"], ["ou=sales,dc=x", "ou=presales,dc=x"]),
}


@pytest.mark.parametrize(("given", "expected"), BASES.values(), ids=BASES.keys())
def test_search_bases(given: list[str], expected: list[str]) -> None:
    config = DirectoryConfig(name="x", uris=(), search_bases=tuple(given))

    assert search_bases(config, "dc=x") == expected


BELOW = {
    # id: dn, base, expected
    "itself": ("dc=x", "dc=x", True),
    "child": ("ou=a,dc=x", "dc=x", True),
    "parent": ("dc=x", "ou=a,dc=x", False),
    "sibling": ("ou=a,dc=x", "ou=b,dc=x", False),
    "case_and_spaces": ("OU=Big  Sales , DC=X", "ou=big sales,dc=x", True),
    "escaped_comma": (r"cn=a\,dc=x", "dc=x", False),
    "escaped_otherwise": (r"cn=u,ou=a\,b,dc=x", r"ou=a\2Cb,dc=x", True),
    "joined_by_plus_in_another_order": ("cn=u,cn=a+sn=b,dc=x", "sn=b+cn=a,dc=x", True),
    "cyrillic_case": ("cn=u,ou=СКЛАД,dc=x", "ou=склад,dc=x", True),
}


@pytest.mark.parametrize(("dn", "base", "expected"), BELOW.values(), ids=BELOW.keys())
def test_is_below(dn: str, base: str, expected: bool) -> None:
    assert is_below(dn, base) is expected


@pytest.mark.parametrize("dn", ["", "sales", "ou=", "ou=a,,dc=x", "ou=a\0,dc=x", "=a"])
def test_what_is_no_dn_is_refused(dn: str) -> None:
    with refusal(ConfigurationError, "dn_malformed"):
        is_below(dn, "dc=x")


def test_people_filter_joins_all_parts() -> None:
    config = DirectoryConfig(
        name="x",
        uris=(),
        user_filter=" (!(employeeType=robot)) ",
        department_attribute="ou",
        departments=("A", "B"),
    )

    joined = people_filter(config, PROFILES["openldap"])

    assert joined == "(&(objectClass=inetOrgPerson)(!(employeeType=robot))(|(ou=A)(ou=B)))"


REBASED = {
    "the_base_itself": ("OU=Sales,DC=x", "OU=New,DC=x"),
    "below_it_with_a_comma": (r"OU=R\, D,ou=sales,dc=x", r"OU=R\, D,OU=New,DC=x"),
    "elsewhere": ("OU=Other,DC=x", "OU=Other,DC=x"),
}


@pytest.mark.parametrize("case", REBASED)
def test_rebased_puts_the_new_base_in_the_place_of_the_old(case: str) -> None:
    dn, expected = REBASED[case]

    assert parse_dn(rebased(dn, "OU=Sales,DC=x", "OU=New,DC=x")) == parse_dn(expected)
