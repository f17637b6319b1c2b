"""What a server's settings, its mappings and a pool may be: every mistake, and none where there is none."""

from dataclasses import asdict
from typing import Any

import pytest

from syncapp.core.options import FieldRule
from syncapp.core.vocabulary import Direction, Field
from syncapp.messages import render
from syncapp.models import DirectoryServer, FieldMapping
from syncapp.services.directory_settings import (
    DirectoryValues,
    Mistake,
    anchor_caution,
    anchor_change_mistakes,
    branch_mistakes,
    rule_of,
    validate_account,
    validate_directory,
    validate_mappings,
    validate_pool,
)


def codes(mistakes: list[Mistake]) -> list[tuple[str, str]]:
    return [(mistake.field, mistake.message.code) for mistake in mistakes]


def judge(**values: Any) -> list[tuple[str, str]]:
    return codes(validate_directory(DirectoryValues(**{"uris": ("ldaps://dc.corp.example",), **values})))


GOOD: dict[str, dict[str, Any]] = {
    "defaults": {},
    "several_addresses": {"uris": ("ldaps://dc1.corp.example", "ldaps://10.0.0.5:1636/")},
    "ipv6_address": {"uris": ("ldaps://[2001:db8::1]:636",)},
    "address_in_capitals": {"uris": ("LDAPS://DC1",)},
    "starttls": {"uris": ("ldap://dc",), "security": "starttls"},
    "no_security_said": {"uris": ("ldap://dc",), "security": "none"},
    "base_without_search_bases": {"base_dn": "DC=corp,DC=example"},
    "search_base_spelled_otherwise": {
        "base_dn": "DC=corp,DC=example",
        "search_bases": ("ou=Sales, dc=CORP,dc=example",),
    },
    "search_base_is_the_base": {"base_dn": "DC=corp", "search_bases": ("DC=corp",)},
    "search_base_with_escaped_comma": {"base_dn": "DC=corp", "search_bases": (r"OU=Sales\, West,DC=corp",)},
    "search_bases_without_base": {"search_bases": ("OU=Sales,DC=corp",)},
    "departments": {"department_attribute": "department", "departments": ("Отдел (продаж)*",)},
    "department_attribute_alone": {"department_attribute": "ou"},
    "filter": {"user_filter": "(&(objectClass=person)(!(employeeType=robot)))"},
    "match_keys_in_another_order": {"match_keys": ("extension", "email")},
    "region": {"region": "DE"},
    "limits": {"limits": {"lost": [0, 0, 0], "conflicts": [20, 100, 500]}},
    "schedule_off": {"schedule": {}},
    "schedule_by_minutes": {"schedule": {"every_minutes": 1}},
    "schedule_by_cron": {"schedule": {"cron": "*/5 8-19 * * mon-fri"}},
    "schedule_on_leap_days": {"schedule": {"cron": "0 0 29 2 *"}},
    "account_of_a_domain": {"kind": "active_directory", "bind_dn": "CORP\\sync"},
    "account_before_the_kind_is_known": {"kind": "auto", "bind_dn": "sync@corp.example"},
    "account_as_dn": {"kind": "openldap", "bind_dn": "uid=sync,dc=corp"},
    "kind_that_could_not_be_read": {"kind": "", "bind_dn": "sync", "anchor_attribute": "uid"},
    "anchor": {"kind": "generic", "anchor_attribute": "employeeNumber"},
    "rule_of_the_disabled": {"disabled_attribute": "employeeType", "disabled_value": "former"},
}


@pytest.mark.parametrize("values", GOOD.values(), ids=GOOD.keys())
def test_validate_directory_accepts(values: dict[str, Any]) -> None:
    assert judge(**values) == []


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "account_that_is_no_dn": ({"kind": "openldap", "bind_dn": "CORP\\sync"}, "bind_dn", "account_not_a_dn"),
    "anchor_of_a_known_kind": (
        {"kind": "openldap", "anchor_attribute": "employeeNumber"},
        "anchor_attribute",
        "anchor_for_generic_only",
    ),
    "anchor_before_the_kind_is_known": (
        {"anchor_attribute": "employeeNumber"},
        "anchor_attribute",
        "anchor_for_generic_only",
    ),
    "anchor_that_is_no_attribute": (
        {"kind": "generic", "anchor_attribute": "*"},
        "anchor_attribute",
        "attribute_malformed",
    ),
    "disabled_by_no_attribute": (
        {"disabled_attribute": "a=b", "disabled_value": "x"},
        "disabled_attribute",
        "attribute_malformed",
    ),
    "disabled_without_a_value": (
        {"disabled_attribute": "employeeType", "disabled_value": " "},
        "disabled_value",
        "disabled_value_missing",
    ),
    "disabled_without_an_attribute": (
        {"disabled_value": "former"},
        "disabled_attribute",
        "disabled_attribute_missing",
    ),
    "no_address": ({"uris": ()}, "uris", "uris_missing"),
    "address_without_scheme": ({"uris": ("dc.corp.example",)}, "uris", "uri_malformed"),
    "address_of_the_web": ({"uris": ("https://dc",)}, "uris", "uri_malformed"),
    "address_without_host": ({"uris": ("ldaps://",)}, "uris", "uri_malformed"),
    "address_with_a_port_that_is_none": ({"uris": ("ldaps://dc:99999",)}, "uris", "uri_malformed"),
    "address_with_port_zero": ({"uris": ("ldaps://dc:0",)}, "uris", "uri_malformed"),
    "address_with_a_base": ({"uris": ("ldaps://dc/DC=corp",)}, "uris", "uri_malformed"),
    "address_with_a_query": ({"uris": ("ldaps://dc?x",)}, "uris", "uri_malformed"),
    "two_addresses_in_one": ({"uris": ("ldaps://dc1 ldaps://dc2",)}, "uris", "uri_malformed"),
    "address_with_a_broken_ipv6": ({"uris": ("ldaps://[::1",)}, "uris", "uri_malformed"),
    "address_with_an_account": ({"uris": ("ldaps://sync:x@dc",)}, "uris", "uri_with_account"),
    "global_catalogue": ({"uris": ("ldaps://dc:3269",)}, "uris", "uri_global_catalogue"),
    "clear_address_under_ldaps": ({"uris": ("ldap://dc",)}, "uris", "uri_scheme_differs"),
    "ldaps_address_under_starttls": ({"security": "starttls"}, "uris", "uri_scheme_differs"),
    "ldaps_address_under_none": ({"security": "none"}, "uris", "uri_scheme_differs"),
    "base_is_no_dn": ({"base_dn": "corp.example"}, "base_dn", "dn_malformed"),
    "search_base_is_no_dn": ({"search_bases": ("Sales",)}, "search_bases", "dn_malformed"),
    "search_base_empty": ({"search_bases": ("",)}, "search_bases", "dn_malformed"),
    "search_base_elsewhere": (
        {"base_dn": "DC=corp,DC=example", "search_bases": ("OU=Sales,DC=other",)},
        "search_bases",
        "dn_outside_base",
    ),
    "search_base_only_looks_below": (
        {"base_dn": "DC=corp", "search_bases": (r"OU=x\,DC=corp",)},
        "search_bases",
        "dn_outside_base",
    ),
    "department_attribute_with_space": (
        {"department_attribute": "my department"},
        "department_attribute",
        "attribute_malformed",
    ),
    "department_attribute_with_filter": (
        {"department_attribute": "ou=*)(uid"},
        "department_attribute",
        "attribute_malformed",
    ),
    "departments_without_attribute": (
        {"departments": ("Sales",)},
        "department_attribute",
        "department_attribute_missing",
    ),
    "department_empty": ({"department_attribute": "ou", "departments": (" ",)}, "departments", "department_empty"),
    "filter_unbalanced": ({"user_filter": "(a=b"}, "user_filter", "filter_malformed"),
    "filter_without_brackets": ({"user_filter": "a=b"}, "user_filter", "filter_malformed"),
    "two_filters": ({"user_filter": "(a=b)(c=d)"}, "user_filter", "filter_malformed"),
    "filter_that_ends_ours": ({"user_filter": "(a=b))(|(c=d)"}, "user_filter", "filter_malformed"),
    "region_unknown": ({"region": "XX"}, "region", "region_unknown"),
    "region_in_small_letters": ({"region": "ru"}, "region", "region_unknown"),
    "region_is_not_geographical": ({"region": "001"}, "region", "region_unknown"),
    "match_keys_empty": ({"match_keys": ()}, "match_keys", "match_keys_missing"),
    "match_key_unknown": ({"match_keys": ("email", "phone")}, "match_keys", "match_key_unknown"),
    "match_key_twice": ({"match_keys": ("email", "name", "email")}, "match_keys", "match_key_twice"),
    "limit_of_an_unknown_kind": ({"limits": {"deleted": [1, 1, 1]}}, "limits", "limit_kind_unknown"),
    "limit_of_two_figures": ({"limits": {"lost": [5, 10]}}, "limits", "limit_malformed"),
    "limit_is_a_number": ({"limits": {"lost": 5}}, "limits", "limit_malformed"),
    "limit_below_zero": ({"limits": {"lost": [-1, 10, 10]}}, "limits", "limit_malformed"),
    "limit_above_hundred_percent": ({"limits": {"lost": [1, 101, 10]}}, "limits", "limit_malformed"),
    "limit_with_truth_value": ({"limits": {"lost": [True, 10, 10]}}, "limits", "limit_malformed"),
    "schedule_of_two_kinds": (
        {"schedule": {"every_minutes": 5, "cron": "* * * * *"}},
        "schedule",
        "schedule_malformed",
    ),
    "schedule_of_an_unknown_kind": ({"schedule": {"every_hours": 5}}, "schedule", "schedule_malformed"),
    "schedule_every_zero_minutes": ({"schedule": {"every_minutes": 0}}, "schedule", "schedule_minutes"),
    "schedule_every_year": ({"schedule": {"every_minutes": 525600}}, "schedule", "schedule_minutes"),
    "cron_of_six_fields": ({"schedule": {"cron": "* * * * * *"}}, "schedule", "schedule_cron"),
    "cron_by_name": ({"schedule": {"cron": "@daily"}}, "schedule", "schedule_cron"),
    "cron_out_of_range": ({"schedule": {"cron": "61 * * * *"}}, "schedule", "schedule_cron"),
    "cron_of_a_day_that_never_comes": ({"schedule": {"cron": "0 0 31 2 *"}}, "schedule", "schedule_cron"),
}


@pytest.mark.parametrize(("values", "field", "code"), BAD.values(), ids=BAD.keys())
def test_validate_directory_refuses(values: dict[str, Any], field: str, code: str) -> None:
    assert judge(**values) == [(field, code)]


def test_validate_directory_names_all_mistakes_at_once() -> None:
    found = judge(uris=("dc", "ldap://dc"), region="XX", user_filter="x", match_keys=())

    assert [field for field, _ in found] == ["uris", "uris", "user_filter", "region", "match_keys"]


def test_addresses_are_judged_alone_where_the_security_is_not_known() -> None:
    assert judge(uris=("ldap://a", "ldaps://b", "c"), security="") == [("uris", "uri_malformed")]


@pytest.mark.parametrize(("values", "field", "code"), BAD.values(), ids=BAD.keys())
def test_mistake_can_be_said(values: dict[str, Any], field: str, code: str) -> None:
    (mistake,) = validate_directory(DirectoryValues(**{"uris": ("ldaps://dc",), **values}))

    assert len(render(mistake.message.code, mistake.message.params)) > 20


@pytest.mark.promise(9)
@pytest.mark.parametrize("uri", ["ldaps://sync:hunter2@dc", "ldaps://sync:hunter2@dc:99999", "sync:hunter2@dc"])
def test_mistake_does_not_repeat_a_password_in_an_address(uri: str) -> None:
    found = validate_directory(DirectoryValues(uris=(uri,)))

    assert "hunter2" not in repr(found)


def test_values_of_a_row_are_those_that_forms_give() -> None:
    server = DirectoryServer(uris=["ldaps://dc"], departments=["Sales"])

    assert DirectoryValues.of(server) == DirectoryValues.from_mapping(
        {"uris": ["ldaps://dc"], "departments": ["Sales"], "name": "not judged"}
    )


def test_values_without_anything_are_the_defaults_of_the_model() -> None:
    assert DirectoryValues() == DirectoryValues.of(DirectoryServer())


ACCOUNTS: dict[str, tuple[str, bool, list[tuple[str, str]]]] = {
    "both": ("cn=sync", True, []),
    "anonymous": ("", False, []),
    "account_without_password": ("cn=sync", False, [("bind_password", "password_missing")]),
    "password_without_account": ("", True, [("bind_dn", "account_missing")]),
}


@pytest.mark.parametrize(("bind_dn", "has_password", "expected"), ACCOUNTS.values(), ids=ACCOUNTS.keys())
def test_validate_account(bind_dn: str, has_password: bool, expected: list[tuple[str, str]]) -> None:
    assert codes(validate_account(bind_dn=bind_dn, has_password=has_password)) == expected


BRANCHES = {
    "below": ("OU=Sales,DC=corp", "DC=corp", []),
    "no_base_dn": ("OU=Sales,DC=corp", "", []),
    "elsewhere": ("OU=Sales,DC=x", "DC=corp", [("ou", "dn_outside_base")]),
    "no_dn": ("Sales", "DC=corp", [("ou", "dn_malformed")]),
}


@pytest.mark.parametrize(("dn", "base_dn", "expected"), BRANCHES.values(), ids=BRANCHES.keys())
def test_branch_mistakes(dn: str, base_dn: str, expected: list[tuple[str, str]]) -> None:
    assert codes(branch_mistakes("ou", dn, base_dn=base_dn)) == expected


POOLS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "range": ({"first": "200", "last": "299", "reserved": ["200", "299"]}, []),
    "one_number": ({"first": "200", "last": "200"}, []),
    "leading_zeros": ({"first": "000", "last": "099"}, []),
    "first_with_letters": ({"first": "2a0", "last": "299"}, [("first", "pool_not_digits")]),
    "both_ends_empty": ({"first": "", "last": ""}, [("first", "pool_not_digits"), ("last", "pool_not_digits")]),
    "digits_of_another_script": ({"first": "٢٠٠", "last": "299"}, [("first", "pool_not_digits")]),
    "too_many_digits": (
        {"first": "1" * 21, "last": "2" * 21},
        [("first", "pool_not_digits"), ("last", "pool_not_digits")],
    ),
    "ends_of_different_length": ({"first": "99", "last": "100"}, [("last", "pool_lengths_differ")]),
    "end_before_the_beginning": ({"first": "299", "last": "200"}, [("last", "pool_reversed")]),
    "largest": ({"first": "1000000", "last": "1999999"}, []),
    "larger_than_the_largest": ({"first": "1000000", "last": "2000000"}, [("last", "pool_too_large")]),
    "reserved_outside": (
        {"first": "200", "last": "299", "reserved": ["250", "300"]},
        [("reserved", "pool_reserved_outside")],
    ),
    "reserved_with_letters": (
        {"first": "200", "last": "299", "reserved": ["2x0"]},
        [("reserved", "pool_reserved_outside")],
    ),
    "reserved_of_another_length": (
        {"first": "200", "last": "299", "reserved": ["2500"]},
        [("reserved", "pool_reserved_outside")],
    ),
}


@pytest.mark.parametrize(("values", "expected"), POOLS.values(), ids=POOLS.keys())
def test_validate_pool(values: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert codes(validate_pool(**values)) == expected


def test_rule_of_a_mapping_has_all_its_values() -> None:
    values = {
        "field": "extension",
        "attribute": "ipPhone",
        "direction": "both",
        "policy": "local_wins",
        "on_empty": "clear",
        "pattern": r"(\d+)$",
        "relay": True,
    }

    assert asdict(rule_of(FieldMapping(**values))) == {**values, "abroad": False}


MAPPINGS: dict[str, tuple[FieldRule, list[tuple[str, str]]]] = {
    "one_attribute": (FieldRule(Field.EMAIL, "mail", Direction.BOTH), []),
    "composition_pulled": (FieldRule(Field.NAME, "{givenName} {sn}"), []),
    "composition_pushed": (
        FieldRule(Field.NAME, "{givenName} {sn}", Direction.BOTH),
        [("direction", "mapping_push_needs_one_attribute")],
    ),
    "alternatives_pushed": (
        FieldRule(Field.NAME, "displayName|cn", Direction.PUSH),
        [("direction", "mapping_push_needs_one_attribute")],
    ),
    "no_attribute": (FieldRule(Field.NAME, "full name"), [("attribute", "mapping_attribute_invalid")]),
    "photo_of_two_attributes": (
        FieldRule(Field.PHOTO, "jpegPhoto|thumbnailPhoto"),
        [("attribute", "mapping_needs_one_attribute")],
    ),
    "pattern_unbalanced": (
        FieldRule(Field.EXTENSION, "telephoneNumber", pattern="(\\d+"),
        [("pattern", "mapping_pattern_invalid")],
    ),
    "pattern_without_group": (
        FieldRule(Field.EXTENSION, "telephoneNumber", pattern="\\d+"),
        [("pattern", "mapping_pattern_without_group")],
    ),
    "pattern_that_cannot_read_a_push_back": (
        FieldRule(Field.EXTENSION, "telephoneNumber", Direction.BOTH, pattern=r"ext (\d+)$"),
        [("pattern", "mapping_pattern_not_read_back")],
    ),
    "same_pattern_pulled": (FieldRule(Field.EXTENSION, "telephoneNumber", pattern=r"ext (\d+)$"), []),
}


@pytest.mark.parametrize(("rule", "expected"), MAPPINGS.values(), ids=MAPPINGS.keys())
def test_validate_mappings(rule: FieldRule, expected: list[tuple[str, str]]) -> None:
    assert codes(validate_mappings([rule], region="RU")) == expected


def test_validate_mappings_says_which_mapping() -> None:
    rules = [FieldRule(Field.EMAIL, "mail"), None, FieldRule(Field.EMAIL, "x y"), FieldRule(Field.TITLE, "title")]

    found = validate_mappings(rules, region="RU")

    assert [(one.position, one.message.code) for one in found] == [
        (2, "mapping_attribute_invalid"),
        (2, "field_mapped_twice"),
    ]


def test_field_mapped_twice_names_the_first_place_as_people_count() -> None:
    (mistake,) = validate_mappings([None, FieldRule(Field.EMAIL, "mail"), FieldRule(Field.EMAIL, "x")], region="RU")

    assert mistake.message.params == {"field": "email", "first": 2}


IDS = {
    # id: kind and chosen attribute before, after, field with a mistake
    "nothing": (("openldap", ""), ("openldap", ""), ""),
    "another_attribute": (("generic", "employeeNumber"), ("generic", "uid"), "anchor_attribute"),
    "other_capitals": (("generic", "employeeNumber"), ("generic", "EMPLOYEENUMBER"), ""),
    "no_choice_any_more": (("generic", "employeeNumber"), ("generic", ""), "anchor_attribute"),
    "a_kind_with_another_id": (("openldap", ""), ("389ds", ""), "kind"),
    "a_kind_with_the_same_id": (("generic", ""), ("openldap", ""), ""),
    "found_out": (("auto", ""), ("openldap", ""), ""),
    "chosen_after_it_was_found_out": (("auto", ""), ("generic", "uid"), "anchor_attribute"),
}


@pytest.mark.parametrize(("before", "after", "field"), IDS.values(), ids=IDS.keys())
def test_known_people_keep_their_id(before: tuple[str, str], after: tuple[str, str], field: str) -> None:
    found = codes(anchor_change_mistakes(before=before, after=after))

    assert found == ([(field, "anchor_would_change")] if field else [])


@pytest.mark.parametrize("attribute", ["uid", "MAIL", "cn"])
def test_id_that_changes_is_warned_of(attribute: str) -> None:
    caution = anchor_caution(attribute)

    assert caution is not None
    assert attribute in render(caution.code, caution.params)


@pytest.mark.parametrize("attribute", ["", "employeeNumber", "entryUUID"])
def test_id_that_stays_is_not(attribute: str) -> None:
    assert anchor_caution(attribute) is None
