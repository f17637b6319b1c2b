"""Whether two directories are one (rule A10)."""

import pytest

from syncapp.core.identity import expect_directory, identity_text, merged, same_directory
from syncapp.core.records import Identity
from syncapp.exceptions import DirectoryError

SAME = {
    # id: contexts of one, contexts of the other, the same directory?
    "same_id": ({"dc=a": "1"}, {"dc=a": "1"}, True),
    "same_id_spelt_otherwise": ({"dc=a": "1"}, {"DC=A": "1"}, True),
    "another_id_under_the_name": ({"dc=a": "1"}, {"dc=a": "2"}, False),
    "another_name_and_id": ({"dc=a": "1"}, {"dc=b": "2"}, False),
    "renamed_domain": ({"dc=a": "1"}, {"dc=b": "1"}, True),
    "id_not_readable_now": ({"dc=a": "1"}, {"dc=a": ""}, True),
    "id_not_readable_before": ({"dc=a": ""}, {"dc=a": "1"}, True),
    "never_an_id": ({"dc=a": ""}, {"dc=a": ""}, True),
    "another_name_without_ids": ({"dc=a": ""}, {"dc=b": ""}, False),
    "another_name_id_not_readable": ({"dc=a": "1"}, {"dc=b": ""}, False),
    "nothing_known_now": ({"dc=a": "1"}, {}, True),
    "nothing_known_before": ({}, {"dc=a": "1"}, True),
    "one_of_two_contexts_is_another": ({"dc=a": "1", "dc=b": "2"}, {"dc=a": "1", "dc=b": "3"}, False),
    "one_context_more": ({"dc=a": "1"}, {"dc=a": "1", "dc=b": "3"}, True),
    "one_of_two_not_readable": ({"dc=a": "1", "dc=b": "2"}, {"dc=a": "1", "dc=b": ""}, True),
}


@pytest.mark.promise(4)
@pytest.mark.parametrize(("one", "other", "same"), SAME.values(), ids=SAME.keys())
def test_same_directory(one: dict[str, str], other: dict[str, str], same: bool) -> None:
    assert same_directory(Identity(one), Identity(other)) is same
    assert same_directory(Identity(other), Identity(one)) is same


def test_expect_directory_names_both_and_the_address() -> None:
    with pytest.raises(DirectoryError) as caught:
        expect_directory(Identity({"dc=a": "1"}), Identity({"dc=b": ""}), uri="ldap://x")

    assert caught.value.code == "another_directory"
    assert caught.value.params == {"uri": "ldap://x", "expected": "dc=a (1)", "found": "dc=b"}


def test_merged_keeps_ids_that_could_not_be_read_this_time() -> None:
    found = Identity({"DC=a": "", "dc=b": "2", "dc=c": ""})

    assert merged(found, Identity({"dc=a": "1", "dc=b": "9"})).contexts == {"DC=a": "1", "dc=b": "2", "dc=c": ""}
    assert merged(found, None) == found


def test_identity_text_of_several_contexts() -> None:
    assert identity_text(Identity({"dc=a": "1", "dc=b": ""})) == "dc=a (1); dc=b"
