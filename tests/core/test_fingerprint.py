"""Whether anything that matters has changed (design, section 5)."""

from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core import fingerprint as module
from syncapp.core.fingerprint import fingerprint, settings_digest
from syncapp.core.options import FieldRule, PhoneService, PoolSpec, SyncOptions
from syncapp.core.records import RemoteRecord
from syncapp.core.vocabulary import (
    CreateRule,
    Direction,
    Field,
    MatchKey,
    OnEmpty,
    Policy,
    State,
    TakenNumber,
)

RULE = FieldRule(Field.EXTENSION, "telephoneNumber")
POOL = PoolSpec("Office", "200", "299", frozenset({"250", "251"}))
OPTIONS = SyncOptions(rules=(RULE, FieldRule(Field.NAME, "cn")), match_keys=tuple(MatchKey), region="RU", pools=(POOL,))
ATTRIBUTES = ("cn", "mail", "mobile")
DIGEST = b"d" * 16


def with_rule(**changes: Any) -> SyncOptions:
    return replace(OPTIONS, rules=(replace(RULE, **changes), *OPTIONS.rules[1:]))


def with_pool(**changes: Any) -> SyncOptions:
    return replace(OPTIONS, pools=(replace(POOL, **changes),))


DECISIVE = {
    "field": with_rule(field=Field.TITLE),
    "attribute": with_rule(attribute="ipPhone"),
    "direction": with_rule(direction=Direction.BOTH),
    "policy": with_rule(policy=Policy.REMOTE_WINS),
    "on_empty": with_rule(on_empty=OnEmpty.CLEAR),
    "pattern": with_rule(pattern=r"(\d+)"),
    "relay": with_rule(relay=True),
    "rule_left_out": replace(OPTIONS, rules=(RULE,)),
    "match_keys": replace(OPTIONS, match_keys=(MatchKey.EMAIL,)),
    "order_of_match_keys": replace(OPTIONS, match_keys=tuple(reversed(MatchKey))),
    "region": replace(OPTIONS, region="DE"),
    "create": replace(OPTIONS, create=CreateRule.NONE),
    "taken_number": replace(OPTIONS, taken_number=TakenNumber.POOL),
    "write_back": replace(OPTIONS, write_back=True),
    "number_plan": replace(OPTIONS, number_plan="branch"),
    "superiors": replace(OPTIONS, superiors=(7,)),
    "phone": replace(OPTIONS, phone=True),
    "secret_key": replace(OPTIONS, secret_key="another"),
    "phones": replace(OPTIONS, phones=(PhoneService(7, "default", create=True),)),
    "no_pool": replace(OPTIONS, pools=()),
    "end_of_the_pool": with_pool(last="298"),
    "reserved_numbers": with_pool(reserved=frozenset({"250"})),
    "ou_of_the_pool": with_pool(ou="OU=Sales,DC=corp"),
    "department_of_the_pool": with_pool(department="Sales"),
}


@pytest.mark.parametrize("options", DECISIVE.values(), ids=DECISIVE.keys())
def test_settings_digest_notices_what_can_change_a_decision(options: SyncOptions) -> None:
    assert settings_digest(options) != settings_digest(OPTIONS)


def test_settings_digest_is_the_same_for_the_same_settings() -> None:
    same = replace(
        OPTIONS, rules=tuple(reversed(OPTIONS.rules)), pools=(replace(POOL, reserved=frozenset({"251", "250"})),)
    )

    assert settings_digest(same) == settings_digest(OPTIONS)


def test_settings_digest_covers_every_option() -> None:
    """A setting that is added later must come with a case above."""
    assert {field.name for field in fields(SyncOptions)} == {
        "rules",
        "match_keys",
        "region",
        "create",
        "taken_number",
        "write_back",
        "number_plan",
        "pools",
        "superiors",
        "phone",
        "secret_key",
        "phones",
    }


def test_settings_digest_is_that_of_earlier_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came later and is not used leaves every fingerprint as it was: nobody need be looked at because of an update."""
    later, now = module.LATER, settings_digest(OPTIONS)
    monkeypatch.setattr(module, "LATER", ())
    monkeypatch.setattr(
        module, "asdict", lambda options: {name: each for name, each in asdict(options).items() if name not in later}
    )

    assert settings_digest(OPTIONS) == now


def test_settings_digest_notices_other_converters(monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings_digest(OPTIONS)
    monkeypatch.setattr(module, "CONVERTERS_VERSION", module.CONVERTERS_VERSION + 1)

    assert settings_digest(OPTIONS) != before


values = st.lists(st.binary(max_size=6), max_size=3)
records = st.builds(
    RemoteRecord,
    anchor=st.just("a1"),
    dn=st.text(alphabet="ab=:0", max_size=6),
    attributes=st.dictionaries(st.sampled_from((*ATTRIBUTES, "title")), values, max_size=4),
    state=st.sampled_from(State),
)


def content(record: RemoteRecord) -> tuple[object, ...]:
    """What a fingerprint stands for, in the plainest words."""
    wanted = {name: sorted(record.attributes.get(name, [])) for name in ATTRIBUTES}
    return record.dn, record.state, wanted


@given(records, records)
def test_fingerprints_are_equal_exactly_when_the_contents_are(one: RemoteRecord, other: RemoteRecord) -> None:
    alike = fingerprint(one, ATTRIBUTES, DIGEST) == fingerprint(other, ATTRIBUTES, DIGEST)

    assert alike == (content(one) == content(other))


@given(records, st.randoms(use_true_random=False))
def test_fingerprint_is_independent_of_the_order_of_values(record: RemoteRecord, chance: Any) -> None:
    shuffled = {name: chance.sample(raws, len(raws)) for name, raws in record.attributes.items()}

    assert fingerprint(record._replace(attributes=shuffled), ATTRIBUTES, DIGEST) == fingerprint(
        record, ATTRIBUTES, DIGEST
    )


def make_record(**attributes: list[bytes]) -> RemoteRecord:
    return RemoteRecord(anchor="a1", dn="cn=a", attributes=attributes)


MISLEADING = {
    # id: two contents that a careless digest would take for one
    "value_moved_to_another_attribute": (make_record(cn=[b"x"]), make_record(mail=[b"x"])),
    "value_cut_in_two": (make_record(cn=[b"ab"]), make_record(cn=[b"a", b"b"])),
    "border_moved": (make_record(cn=[b"ab", b"c"]), make_record(cn=[b"a", b"bc"])),
    "value_that_looks_like_a_prefix": (make_record(cn=[b"1:a"]), make_record(cn=[b"1", b"a"])),
    "value_that_looks_like_an_attribute": (make_record(cn=[b"x", b"mail=1"]), make_record(cn=[b"x"], mail=[b"1"])),
    "value_repeated": (make_record(cn=[b"x"]), make_record(cn=[b"x", b"x"])),
}


@pytest.mark.parametrize(("one", "other"), MISLEADING.values(), ids=MISLEADING.keys())
def test_fingerprint_tells_contents_apart(one: RemoteRecord, other: RemoteRecord) -> None:
    assert fingerprint(one, ATTRIBUTES, DIGEST) != fingerprint(other, ATTRIBUTES, DIGEST)


def test_fingerprint_depends_on_the_settings() -> None:
    record = make_record(cn=[b"x"])

    assert fingerprint(record, ATTRIBUTES, DIGEST) != fingerprint(record, ATTRIBUTES, b"e" * 16)


def test_fingerprint_ignores_attributes_that_nobody_wants() -> None:
    assert fingerprint(make_record(cn=[b"x"], logoncount=[b"7"]), ATTRIBUTES, DIGEST) == fingerprint(
        make_record(cn=[b"x"]), ATTRIBUTES, DIGEST
    )


def test_fingerprint_has_24_hex_digits() -> None:
    printed = fingerprint(make_record(), ATTRIBUTES, DIGEST)

    assert len(printed) == 24
    assert int(printed, 16) >= 0
