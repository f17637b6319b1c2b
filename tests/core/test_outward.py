"""What may go out in a run (rules B2, B10, B11, E2)."""

from dataclasses import replace

import pytest

from syncapp.core.options import FieldRule
from syncapp.core.outward import PROBES, SENDS, WAITS, Outward, Verdict
from syncapp.core.records import Message, Refused, Residence
from syncapp.core.vocabulary import Direction, Field, RefusalKind

RULE = FieldRule(Field.MOBILE, "mobile", Direction.BOTH, pattern="(.*)")
WHY = Message("write_syntax", {"attribute": "mobile"})
REFUSED = Refused("2", "1", "mobile", "(.*)", RefusalKind.VALUE, WHY)
NO_RIGHT = REFUSED._replace(kind=RefusalKind.RIGHT)


def judge(outward: Outward, refused: Refused | None = None, *, rule: FieldRule = RULE, value: str = "2") -> Verdict:
    refusals = {rule.field: refused} if refused else {}
    return outward.judge(rule, value=value, standing="1", employee_id=7, refusals=refusals)


def test_nothing_goes_out_before_it_may() -> None:
    assert judge(Outward()) == WAITS
    assert judge(Outward(allowed=True)) == SENDS


def test_what_the_server_alone_writes_waits() -> None:
    assert judge(Outward(allowed=True, closed=["mobile"])) == WAITS


def test_refused_value_stays_refused() -> None:
    assert judge(Outward(allowed=True), REFUSED) == Verdict(failure=WHY)


TRIED_AGAIN = {
    # id: what is remembered
    "another_value": REFUSED._replace(value="3"),
    "something_else_stands_there": REFUSED._replace(standing="9"),
    "another_attribute": REFUSED._replace(attribute="pager"),
    "another_pattern": REFUSED._replace(pattern=""),
    "a_picture_of_theirs_that_could_not_come_in": REFUSED._replace(inward=True),
}


@pytest.mark.parametrize("refused", TRIED_AGAIN.values(), ids=TRIED_AGAIN.keys())
def test_refused_value_is_tried_again_when_something_changed(refused: Refused) -> None:
    assert judge(Outward(allowed=True), refused) == SENDS


def test_refused_value_is_tried_again_when_somebody_asks() -> None:
    assert judge(Outward(allowed=True, asked=True), REFUSED) == SENDS


def test_few_people_try_whether_a_right_is_there_by_now() -> None:
    outward = Outward(allowed=True)

    verdicts = [judge(outward, NO_RIGHT) for _ in range(PROBES + 2)]

    assert verdicts == [SENDS] * PROBES + [Verdict(failure=WHY)] * 2


def test_who_was_not_tried_waits_without_a_failure() -> None:
    outward = Outward(allowed=True)
    outward.probes["mobile"] = PROBES

    assert judge(outward, NO_RIGHT._replace(tried=False)) == WAITS


def test_everybody_goes_out_when_the_right_turned_out_to_be_there() -> None:
    outward = Outward(allowed=True, opened=["mobile"])

    assert [judge(outward, NO_RIGHT) for _ in range(10)] == [SENDS] * 10
    assert judge(outward, REFUSED) == Verdict(failure=WHY)  # the right is not what this value lacks


def test_values_of_another_directory_are_passed_on_only_with_relay() -> None:
    outward = Outward(
        allowed=True,
        residences={
            7: Residence(pulled={Field.MOBILE: frozenset({"2"})}),
            8: Residence(pulled={Field.MOBILE: frozenset({"5"})}),
        },
    )

    assert judge(outward) == Verdict(remark=Message("not_relayed", {"field": "mobile", "value": "2"}))
    assert judge(outward, value="5") == SENDS
    assert judge(outward, rule=replace(RULE, relay=True)) == SENDS
