"""Rule D1: what the attributes of an account say about the person's state."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.account_state import STATE_ATTRIBUTES, DisabledRule, account_state
from syncapp.core.vocabulary import State
from syncapp.directory.kinds import PROFILES

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EPOCH_1601 = datetime(1601, 1, 1, tzinfo=UTC)


def filetime(moment: datetime) -> str:
    return str(int((moment - EPOCH_1601).total_seconds()) * 10_000_000)


def days(moment: datetime) -> str:
    return str((moment - datetime(1970, 1, 1, tzinfo=UTC)).days)


YESTERDAY, TOMORROW = NOW - timedelta(days=1), NOW + timedelta(days=1)

CASES = {
    # id: kind, attributes, expected
    "nothing_known": ("active_directory", {}, State.ACTIVE),
    "ad_normal": ("active_directory", {"useraccountcontrol": "512"}, State.ACTIVE),
    "ad_disabled": ("active_directory", {"useraccountcontrol": "514"}, State.DISABLED),
    "ad_without_password": ("active_directory", {"useraccountcontrol": "546"}, State.DISABLED),
    "ad_never_expires_as_0": ("active_directory", {"accountexpires": "0"}, State.ACTIVE),
    "ad_never_expires_as_max": ("active_directory", {"accountexpires": "9223372036854775807"}, State.ACTIVE),
    "ad_expired": ("active_directory", {"accountexpires": filetime(YESTERDAY)}, State.EXPIRED),
    "ad_expires_this_moment": ("active_directory", {"accountexpires": filetime(NOW)}, State.EXPIRED),
    "ad_expires_tomorrow": ("active_directory", {"accountexpires": filetime(TOMORROW)}, State.ACTIVE),
    "ad_beyond_the_calendar": ("active_directory", {"accountexpires": "9223372036854775806"}, State.ACTIVE),
    "ad_disabled_and_expired": (
        "active_directory",
        {"useraccountcontrol": "514", "accountexpires": filetime(YESTERDAY)},
        State.DISABLED,
    ),
    "ad_rubbish": ("active_directory", {"useraccountcontrol": "x", "accountexpires": ""}, State.ACTIVE),
    "openldap_locked_for_good": ("openldap", {"pwdaccountlockedtime": "000001010000Z"}, State.DISABLED),
    "openldap_locked_out_for_a_while": ("openldap", {"pwdaccountlockedtime": "20261123115900Z"}, State.ACTIVE),
    "openldap_password_end_passed": ("openldap", {"pwdendtime": "20261122000000Z"}, State.EXPIRED),
    "shadow_never": ("openldap", {"shadowexpire": "-1"}, State.ACTIVE),
    "shadow_yesterday": ("openldap", {"shadowexpire": days(YESTERDAY)}, State.EXPIRED),
    "shadow_tomorrow": ("openldap", {"shadowexpire": days(TOMORROW)}, State.ACTIVE),
    "shadow_beyond_the_calendar": ("openldap", {"shadowexpire": "99999999999"}, State.ACTIVE),
    "openldap_knows_no_ad_attribute": ("openldap", {"useraccountcontrol": "514"}, State.ACTIVE),
    "389ds_locked": ("389ds", {"nsaccountlock": "TRUE"}, State.DISABLED),
    "389ds_unlocked": ("389ds", {"nsaccountlock": "FALSE"}, State.ACTIVE),
    "freeipa_locked_in_small_letters": ("freeipa", {"nsaccountlock": "true"}, State.DISABLED),
    "freeipa_principal_expired": ("freeipa", {"krbprincipalexpiration": "20261122120000Z"}, State.EXPIRED),
    "generic_locked_as_389ds": ("generic", {"nsaccountlock": "TRUE"}, State.DISABLED),
    "generic_locked_as_openldap": ("generic", {"pwdaccountlockedtime": "000001010000Z"}, State.DISABLED),
}


@pytest.mark.parametrize(("kind", "attributes", "expected"), CASES.values(), ids=CASES.keys())
def test_account_state(kind: str, attributes: dict[str, str], expected: State) -> None:
    raw = {name: [value.encode()] for name, value in attributes.items()}

    assert account_state(PROFILES[kind].state_attributes, raw, now=NOW) == expected


RULE = DisabledRule("employeeType", "Former")
RULED = {
    # id: values of the rule's attribute, expected
    "the_value": ([b"Former"], State.DISABLED),
    "capitals_do_not_matter": ([b"FORMER"], State.DISABLED),
    "blanks_around_it": ([b" former "], State.DISABLED),
    "one_of_several": ([b"driver", b"former"], State.DISABLED),
    "a_part_of_it": ([b"former driver"], State.ACTIVE),
    "no_value": ([], State.ACTIVE),
    "bytes": ([b"\xff"], State.ACTIVE),
}


@pytest.mark.parametrize(("values", "expected"), RULED.values(), ids=RULED.keys())
def test_rule_of_the_administrator(values: list[bytes], expected: State) -> None:
    assert account_state((), {"employeetype": values}, now=NOW, rule=RULE) == expected


def test_rule_in_cyrillic_folds_case() -> None:
    rule = DisabledRule("title", "Уволен")

    assert account_state((), {"title": ["УВОЛЕН".encode()]}, now=NOW, rule=rule) is State.DISABLED


def test_rule_does_not_take_the_place_of_what_the_directory_says() -> None:
    raw = {"employeetype": [b"driver"], "nsaccountlock": [b"TRUE"]}

    assert account_state(("nsaccountlock",), raw, now=NOW, rule=RULE) is State.DISABLED


@given(
    values=st.dictionaries(
        st.sampled_from(sorted(STATE_ATTRIBUTES)),
        st.lists(st.binary(max_size=30), max_size=2),
    ),
)
def test_account_state_never_fails(values: dict[str, list[bytes]]) -> None:
    state = account_state(sorted(STATE_ATTRIBUTES), values, now=NOW, rule=RULE)

    assert state in {State.ACTIVE, State.DISABLED, State.EXPIRED}


@given(hours=st.integers(min_value=1, max_value=10_000_000))
def test_an_account_that_expires_is_active_before_and_expired_after(hours: int) -> None:
    end = EPOCH_1601 + timedelta(hours=hours)
    raw = {"accountexpires": [filetime(end).encode()]}

    before = account_state(("accountexpires",), raw, now=end - timedelta(seconds=1))
    after = account_state(("accountexpires",), raw, now=end + timedelta(seconds=1))

    assert (before, after) == (State.ACTIVE, State.EXPIRED)
