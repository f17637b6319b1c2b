"""Whether a value that should go out may go out in this run (rules B2, B10, B11, E2)."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from syncapp.core.options import FieldRule
from syncapp.core.phone_first import PhonesFirst
from syncapp.core.records import NOWHERE_ELSE, Message, Refused, Residence
from syncapp.core.vocabulary import Field, RefusalKind

# How many people try again, in each run, whether a right that was missing is there by now.
PROBES = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """`sends`: it goes out. Otherwise it waits, unless `failure` says that it was refused for good.

    `remark` says why it does neither, `reason` why it waits.
    """

    sends: bool = False
    failure: Message | None = None
    remark: Message | None = None
    reason: Message | None = None


SENDS, WAITS = Verdict(sends=True), Verdict()


@dataclass(slots=True)
class Outward:
    """What a run knows about writing to the endpoint.

    `allowed`: write-back is on, and this is not the first applied run (rule E2).
    `withheld`: it is on, and this is the first: whatever waits goes out in the next one.
    `asked`: somebody asked for these people, so that remembered refusals do not
    count. `closed` are attributes, as the mapping spells them, that nobody may
    write; `opened` those whose missing right has turned out to be there.
    `residences` map employees to where else they are known. `phones` tells which
    numbers a phone system has yet to take.
    """

    allowed: bool = False
    withheld: bool = False
    asked: bool = False
    closed: Collection[str] = ()
    opened: Collection[str] = ()
    residences: Mapping[int, Residence] = field(default_factory=dict)
    phones: PhonesFirst | None = None
    probes: Counter[str] = field(default_factory=Counter)

    def judge(
        self,
        rule: FieldRule,
        *,
        value: str,
        standing: str,
        employee_id: int | None,
        refusals: Mapping[Field, Refused],
        department: str = "",
    ) -> Verdict:
        """Say whether `value` may replace `standing`, which is what the converter reads there now."""
        came_from = self.residences.get(employee_id or 0, NOWHERE_ELSE).pulled
        if not rule.relay and value and value in came_from.get(rule.field, ()):
            return Verdict(remark=Message("not_relayed", {"field": rule.field.value, "value": value}))
        if not self.allowed or rule.attribute in self.closed:
            return WAITS
        if (
            rule.field is Field.EXTENSION
            and self.phones is not None
            and self.phones.is_awaited(employee_id, number=value, department=department)
        ):
            return Verdict(reason=Message("number_waits_for_phones", {"number": value}))
        refused = refusals.get(rule.field)
        if refused is None or self.asked or not refused.fits(rule, value=value, standing=standing):
            return SENDS
        if refused.kind is RefusalKind.RIGHT and self._tries_again(rule.attribute):
            return SENDS
        return Verdict(failure=refused.message) if refused.tried else WAITS

    def _tries_again(self, attribute: str) -> bool:
        if attribute in self.opened:
            return True
        self.probes[attribute] += 1
        return self.probes[attribute] <= PROBES
