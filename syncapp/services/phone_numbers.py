"""Numbers that are taken in phone systems: asked for when somebody needs one, else as they were read last."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from syncapp.core.phone_numbers import NumberInUse, NumberUse, PhoneNumbers
from syncapp.exceptions import ConfigurationError, TelephonyError
from syncapp.models import NumberPool, PhoneReading, PhoneSystem
from syncapp.services.phone_systems import phone_config
from syncapp.store import phone_numbers as store
from syncapp.telephony.endpoint import PhoneEndpoint
from syncapp.telephony.mikopbx import open_mikopbx

# What was read so long ago is not known any more (rule C6).
KNOWN_FOR = timedelta(days=1)
# For so long the runs of a phone system do not ask again.
FRESH_FOR = timedelta(hours=1)


def remembered(number_plan: str, *, now: datetime) -> PhoneNumbers:
    """Return what is known of a plan's phone systems without asking them (two queries)."""
    readings = store.readings(number_plan)
    unread = tuple(name for name, read_at in readings.items() if read_at is None or now - read_at > KNOWN_FOR)
    return PhoneNumbers(store.uses_in(number_plan), unread)


@dataclass(slots=True)
class PhoneLook:
    """What a run knows of the numbers in phone systems: each of them is asked once, when it first matters.

    `stores`: whether what is read may be kept; a preview keeps nothing. `beat` keeps
    the run alive: each question may take its time.
    """

    beat: Callable[[], None]
    stores: bool
    _fresh: dict[str, PhoneNumbers] | None = None

    def known(self, number_plan: str) -> PhoneNumbers:
        """Return what is known without asking anybody."""
        return (self._fresh or {}).get(number_plan) or remembered(number_plan, now=timezone.now())

    def fresh(self, number_plan: str) -> PhoneNumbers:
        """Ask the plan's enabled phone systems; of one that does not answer, what was read within a day counts."""
        if self._fresh is None:
            self._fresh = {}
        if number_plan not in self._fresh:
            self._fresh[number_plan] = self._ask(number_plan)
        return self._fresh[number_plan]

    def _ask(self, number_plan: str) -> PhoneNumbers:
        answers: dict[str, list[NumberInUse]] = {}
        for phones in store.systems_in(number_plan):
            self.beat()
            try:
                with open_mikopbx(phone_config(phones)) as session:
                    answers[phones.name] = list(session.numbers())
            except (TelephonyError, ConfigurationError):
                continue
            if self.stores:
                store.remember(phones, answers[phones.name], at=timezone.now())
        known = remembered(number_plan, now=timezone.now())
        return PhoneNumbers(
            _with_answers(known.uses, answers), tuple(name for name in known.unread if name not in answers)
        )


def _with_answers(known: Mapping[str, NumberUse], answers: Mapping[str, list[NumberInUse]]) -> dict[str, NumberUse]:
    """Put answers in the place of what was known of these systems."""
    uses = {number: use for number, use in known.items() if use.system not in answers}
    for system, numbers in answers.items():
        for each in numbers:
            there = uses.get(each.number)
            if there is None or PhoneNumbers({each.number: there}).held(each.number) is None:
                uses[each.number] = NumberUse(each.kind, each.name, system)
    return uses


def keep_numbers(phones: PhoneSystem, session: PhoneEndpoint) -> bool:
    """Remember a phone system's numbers at the end of its own run, where a pool gives any out and it is time.

    False where they cannot be read: that is no reason to fail, for its people are done.
    """
    if not NumberPool.objects.filter(number_plan=phones.number_plan).exists():
        return True
    lately = timezone.now() - FRESH_FOR
    if not session.has_numbers and PhoneReading.objects.filter(endpoint=phones, read_at__gt=lately).exists():
        return True
    try:
        numbers = session.numbers()
    except TelephonyError:
        return False
    store.remember(phones, numbers, at=timezone.now())
    return True
