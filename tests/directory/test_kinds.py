"""Telling directories apart, and what follows from the kind."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from syncapp.core.account_state import STATE_ATTRIBUTES
from syncapp.core.vocabulary import Direction, Field
from syncapp.directory.accounts import AccountForm, form_of
from syncapp.directory.filters import check_filter
from syncapp.directory.kinds import PROFILES, check_account, detect_kind, profile_of, usual_mapping
from syncapp.exceptions import ConfigurationError
from tests.directory.expect import refusal

PATTERN = r"^(\d{2,5})$"
UUID_TEXT = "405df6cd-e722-11f1-9c2c-9c67ccd9d57e"

ROOT_DSES: dict[str, tuple[Mapping[str, list[bytes]], str]] = {
    # id: root DSE, kind
    "windows": ({"supportedcapabilities": [b"1.2.840.113556.1.4.1670", b"1.2.840.113556.1.4.800"]}, "active_directory"),
    "samba": (
        {"supportedcapabilities": [b"1.2.840.113556.1.4.800"], "vendorname": [b"Samba Team (https://samba.org)"]},
        "active_directory",
    ),
    "freeipa": ({"ipatopologypluginversion": [b"1.0"], "vendorname": [b"389 Project"]}, "freeipa"),
    "389ds": ({"vendorname": [b"389 Project"], "vendorversion": [b"389-Directory/2.3.1"]}, "389ds"),
    "openldap": ({"objectclass": [b"top", b"OpenLDAProotDSE"]}, "openldap"),
    "openldap_by_structure": ({"structuralobjectclass": [b"OpenLDAProotDSE"]}, "openldap"),
    "somebody_else": ({"vendorname": [b"Novell, Inc."]}, "generic"),
    "hidden": ({}, "generic"),
}


@pytest.mark.parametrize(("root_dse", "kind"), ROOT_DSES.values(), ids=ROOT_DSES.keys())
def test_detect_kind(root_dse: Mapping[str, list[bytes]], kind: str) -> None:
    assert detect_kind(root_dse) == kind


ANCHORS = {
    # id: kind, raw value
    "active_directory": ("active_directory", UUID(UUID_TEXT).bytes_le),
    "openldap": ("openldap", UUID_TEXT.encode()),
    "openldap_in_capitals": ("openldap", UUID_TEXT.upper().encode()),
    "389ds_in_its_own_punctuation": ("389ds", b"405df6cd-e72211f1-9c2c9c67-ccd9d57e"),
    "freeipa": ("freeipa", UUID_TEXT.encode()),
}


@pytest.mark.parametrize(("kind", "raw"), ANCHORS.values(), ids=ANCHORS.keys())
def test_anchor_is_a_canonical_text(kind: str, raw: bytes) -> None:
    assert PROFILES[kind].decode_anchor(raw) == UUID_TEXT


@pytest.mark.parametrize("kind", PROFILES)
@pytest.mark.parametrize("raw", [b"", b"autogenerate", b"\xff\xfe", b"123"], ids=["empty", "word", "bytes", "short"])
def test_what_is_no_anchor_is_a_value_error(kind: str, raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        PROFILES[kind].decode_anchor(raw)


@pytest.mark.parametrize("kind", PROFILES)
def test_people_filter_of_each_kind_is_a_filter(kind: str) -> None:
    assert check_filter(PROFILES[kind].people_filter)


@pytest.mark.parametrize("kind", PROFILES)
def test_state_attributes_of_each_kind_are_known(kind: str) -> None:
    assert PROFILES[kind].state_attributes
    assert set(PROFILES[kind].state_attributes) <= STATE_ATTRIBUTES


@pytest.mark.parametrize("kind", PROFILES)
def test_example_of_an_account_is_one_that_the_kind_takes(kind: str) -> None:
    check_account(kind, PROFILES[kind].account_example)


FORMS = {
    # id: account, form
    "dn": ("uid=sync,ou=system,dc=corp,dc=example", AccountForm.DN),
    "dn_with_an_address": ("mail=sync@corp.example,dc=corp", AccountForm.DN),
    "dn_with_a_backslash": (r"cn=Petrov\, Ivan,dc=corp", AccountForm.DN),
    "principal": ("sync@corp.example", AccountForm.PRINCIPAL),
    "down_level": ("CORP\\sync", AccountForm.DOWN_LEVEL),
    "bare_name": ("sync", AccountForm.OTHER),
    "blank": (" ", AccountForm.OTHER),
    "cyrillic_name": ("КОРП\\синхронизация", AccountForm.DOWN_LEVEL),
}


@pytest.mark.parametrize(("account", "form"), FORMS.values(), ids=FORMS.keys())
def test_form_of_an_account(account: str, form: AccountForm) -> None:
    assert form_of(account) is form


@pytest.mark.parametrize("kind", sorted(PROFILES.keys() - {"active_directory"}))
@pytest.mark.parametrize("account", ["sync@corp.example", "CORP\\sync", "sync"])
def test_account_that_is_no_dn_is_refused_where_nothing_else_is_known(kind: str, account: str) -> None:
    with refusal(ConfigurationError, "account_not_a_dn") as errors:
        check_account(kind, account)

    assert errors[0].params["example"] == PROFILES[kind].account_example


@pytest.mark.parametrize("kind", ["auto", "active_directory"])
@pytest.mark.parametrize("account", ["sync@corp.example", "CORP\\sync", "CN=sync,DC=corp", ""])
def test_account_is_taken_in_any_form(kind: str, account: str) -> None:
    check_account(kind, account)


CHOSEN = {
    # id: value, canonical text, value in a filter
    "number": (b"1042", "1042", "1042"),
    "capitals_stay": (b"Ab-7", "Ab-7", "Ab-7"),
    "signs_of_filters": (b"*(1)\\", "*(1)\\", r"\2a\281\29\5c"),
    "cyrillic": ("Т-12".encode(), "Т-12", "Т-12"),
    "bytes": (b"\x00\xff\x01", "hex:00ff01", r"\00\ff\01"),
    "control_character": (b"a\nb", "hex:610a62", r"\61\0a\62"),
    "text_that_looks_like_bytes": (b"hex:00", "hex:6865783a3030", r"\68\65\78\3a\30\30"),
}


@pytest.mark.parametrize(("value", "anchor", "wanted"), CHOSEN.values(), ids=CHOSEN.keys())
def test_chosen_anchor_is_text_that_a_filter_finds_again(value: bytes, anchor: str, wanted: str) -> None:
    profile = profile_of("generic", anchor_attribute="employeeNumber")

    assert profile.decode_anchor(value) == anchor
    assert profile.encode_anchor(anchor) == wanted


@pytest.mark.parametrize("value", [b"", b"  ", b"x" * 256, b"\xff" * 126], ids=["empty", "blank", "long", "long bytes"])
def test_what_cannot_be_an_anchor_is_a_value_error(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        profile_of("generic", anchor_attribute="employeeNumber").decode_anchor(value)


def test_known_id_is_decoded_as_by_its_own_kind() -> None:
    profile = profile_of("generic", anchor_attribute="nsuniqueid")

    assert profile.decode_anchor(b"405df6cd-e72211f1-9c2c9c67-ccd9d57e") == UUID_TEXT
    assert profile.encode_anchor(UUID_TEXT) == "405df6cd-e72211f1-9c2c9c67-ccd9d57e"


def test_other_kinds_keep_their_own_anchor() -> None:
    assert profile_of("openldap", anchor_attribute="employeeNumber").anchor_attribute == "entryUUID"


@pytest.mark.parametrize("kind", PROFILES)
def test_usual_mapping_has_every_field_but_the_secret(kind: str) -> None:
    rules = usual_mapping(kind, extension_pattern=PATTERN)

    assert {rule.field for rule in rules} == set(Field) - {Field.SIP_SECRET}


def test_usual_mapping_goes_both_ways_where_nobody_logs_in_by_it() -> None:
    rules = usual_mapping("openldap", extension_pattern=PATTERN)

    both = {rule.field for rule in rules if rule.direction is Direction.BOTH}
    assert both == {Field.EXTENSION, Field.MOBILE, Field.PHOTO}


ATTRIBUTES = {
    # id: kind, department, photo
    "active_directory": ("active_directory", "department", "thumbnailPhoto"),
    "openldap": ("openldap", "departmentNumber|ou", "jpegPhoto"),
}


@pytest.mark.parametrize(("kind", "department", "photo"), ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_usual_mapping_names_the_attributes_of_the_kind(kind: str, department: str, photo: str) -> None:
    rules = {rule.field: rule for rule in usual_mapping(kind, extension_pattern=PATTERN)}

    assert (rules[Field.DEPARTMENT].attribute, rules[Field.PHOTO].attribute) == (department, photo)


def test_usual_mapping_takes_the_pattern_of_the_caller() -> None:
    rules = {rule.field: rule for rule in usual_mapping("openldap", extension_pattern=r"^(\d{2,6})$")}

    assert (rules[Field.EXTENSION].attribute, rules[Field.EXTENSION].pattern) == ("telephoneNumber", r"^(\d{2,6})$")


PEOPLE_OF_A_DOMAIN = {
    # id: attributes, whether it is a person
    "full name": ({"givenname": [b"Anna"], "sn": [b"Karenina"]}, True),
    "mail alone": ({"mail": [b"anna@corp.example"]}, True),
    "number alone": ({"telephonenumber": [b"215"]}, True),
    "surname alone": ({"sn": [b"scanner"]}, False),
    "nothing": ({}, False),
    "system account": ({"iscriticalsystemobject": [b"TRUE"], "mail": [b"admin@corp.example"]}, False),
    "not a system account": ({"iscriticalsystemobject": [b"FALSE"], "mail": [b"anna@corp.example"]}, True),
    "mailbox": ({"msexchrecipienttypedetails": [b"1"], "mail": [b"anna@corp.example"]}, True),
    "mailbox in the cloud": ({"msexchrecipienttypedetails": [b"2147483648"], "mail": [b"a@corp.example"]}, True),
    "shared mailbox": ({"msexchrecipienttypedetails": [b"4"], "mail": [b"info@corp.example"]}, False),
    "room": ({"msexchrecipienttypedetails": [b"16"], "mail": [b"room@corp.example"], "sn": [b"1"]}, False),
    "equipment in the cloud": ({"msexchrecipienttypedetails": [b"17179869184"], "mail": [b"x@corp.example"]}, False),
    "type that is no number": ({"msexchrecipienttypedetails": [b"?"], "mail": [b"anna@corp.example"]}, True),
}


@pytest.mark.parametrize(("values", "expected"), PEOPLE_OF_A_DOMAIN.values(), ids=PEOPLE_OF_A_DOMAIN.keys())
def test_who_is_a_person_in_a_domain(values: Mapping[str, list[bytes]], expected: bool) -> None:
    assert PROFILES["active_directory"].is_person(values) is expected


@pytest.mark.parametrize("kind", sorted(PROFILES.keys() - {"active_directory"}))
def test_elsewhere_whoever_passes_the_filter_is_a_person(kind: str) -> None:
    assert PROFILES[kind].is_person({})


LENGTHS = {
    # id: kind, attribute, value, the most it holds when that is too long
    "number fits": ("active_directory", "telephoneNumber", b"1" * 64, None),
    "number is too long": ("active_directory", "telephoneNumber", b"1" * 65, 64),
    "letters count, not bytes": ("active_directory", "title", ("я" * 128).encode(), None),
    "letters are too many": ("active_directory", "title", ("я" * 129).encode(), 128),
    "bytes of a photo count": ("active_directory", "thumbnailPhoto", "я".encode() * 51_201, 102_400),
    "another attribute": ("active_directory", "extensionAttribute1", b"1" * 5000, None),
    "another kind": ("openldap", "telephoneNumber", b"1" * 65, None),
}


@pytest.mark.parametrize(("kind", "attribute", "value", "longest"), LENGTHS.values(), ids=LENGTHS.keys())
def test_longest_value_of_an_attribute(kind: str, attribute: str, value: bytes, longest: int | None) -> None:
    assert PROFILES[kind].longest_for(attribute, value) == longest
