"""Phone systems: whether their settings can work, what the adapter gets of them, Test connection, first contact."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from django.db import transaction

from syncapp.core.records import Message
from syncapp.exceptions import ConfigurationError
from syncapp.models import DirectoryServer, NumberPool, PhoneSystem
from syncapp.services.directory_settings import Mistake
from syncapp.services.directory_settings.endpoints import (
    limit_mistakes,
    match_key_mistakes,
    region_mistakes,
    schedule_mistakes,
)
from syncapp.services.directory_settings.mistakes import mistake, mistakes_of
from syncapp.services.phone_budget import SharedRequests
from syncapp.telephony.config import MOST_REQUESTS, MobileForm, PhoneConfig, address_of
from syncapp.telephony.steps import PhoneStep, PhoneStepName, PhoneStepOutcome, examine_phone_system
from syncapp.telephony.tls import normalised_fingerprint

FEWEST_REQUESTS = 10
# In which one of them it is said whom a phone system serves.
WAYS_TO_SERVE = ("directories", "departments", "pools")


def phone_config(phones: PhoneSystem, *, while_waiting: Callable[[], None] | None = None) -> PhoneConfig:
    """Return what the adapter needs; raise ConfigurationError for a key of another address, or none.

    With `while_waiting` it waits where a minute's requests are used up, and calls that
    every other second to hear whether it still should; without it is refused there.
    """
    return PhoneConfig(
        name=phones.name,
        url=phones.url,
        api_key=phones.reveal_secret(),
        verify_tls=phones.verify_tls,
        ca_certificate=phones.ca_certificate,
        fingerprint=phones.fingerprint,
        mobile_form=phones.mobile_form,
        requests_per_minute=phones.requests_per_minute,
        region=phones.region,
        share=SharedRequests(phones, waits=while_waiting is not None),
        while_waiting=while_waiting,
    )


def validate_phone_system(phones: PhoneSystem) -> list[Mistake]:
    """Return every mistake of the settings; nothing is asked of anybody."""
    found = [
        *mistakes_of("url", lambda: address_of(phones.url)),
        *mistakes_of("fingerprint", lambda: normalised_fingerprint(phones.fingerprint)),
        *region_mistakes(phones.region),
        *match_key_mistakes(phones.match_keys),
        *limit_mistakes(phones.limits),
        *schedule_mistakes(phones.schedule),
    ]
    if not FEWEST_REQUESTS <= phones.requests_per_minute <= MOST_REQUESTS:
        found.append(
            mistake("requests_per_minute", "phone_requests_out_of_range", lowest=FEWEST_REQUESTS, highest=MOST_REQUESTS)
        )
    if phones.mobile_form != MobileForm.AUTO and phones.region != "RU":
        found.append(mistake("mobile_form", "phone_form_for_russia"))
    return found


def key_mistakes(key: str) -> list[Mistake]:
    """Return what is wrong with a key that somebody entered: it becomes part of a header."""
    return [] if key.isascii() and key.isprintable() else [mistake("api_key", "phone_key_of_several_lines")]


def directory_names() -> list[str]:
    return list(DirectoryServer.objects.order_by("rank", "name").values_list("name", flat=True))


def pool_names() -> list[str]:
    return list(NumberPool.objects.order_by("name").values_list("name", flat=True))


def served_mistakes(serves: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Message]]:
    """Yield what is wrong with whom a phone system serves, each with the way in which that is said ('' for all of it)."""
    if len(serves) > 1:
        yield "", Message("phone_serves_several", {"known": list(WAYS_TO_SERVE)})
    for way, names in serves.items():
        if not names:
            yield way, Message("phone_serves_empty")


def unknown_served(
    serves: Mapping[str, Sequence[str]], *, directories: Collection[str], pools: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield the directories and pools of which there is none of that name, each with the way in which it is named."""
    for way, known in (("directories", directories), ("pools", pools)):
        for name in serves.get(way, ()):
            if name not in known:
                yield way, name


def stored_serves_mistakes(phones: PhoneSystem) -> list[Mistake]:
    """Return what is wrong with whom a phone system serves, beside what there is now."""
    if not phones.serves:
        return []
    unknown = unknown_served(phones.serves, directories=directory_names(), pools=pool_names())
    return [
        *(Mistake("serves", message) for _way, message in served_mistakes(phones.serves)),
        *(mistake("serves", "phone_serves_gone", name=name) for _way, name in unknown),
    ]


@transaction.atomic
def follow_rename(way: str, before: str, now: str) -> list[PhoneSystem]:
    """Put the new name of a directory or pool in the place of the old one, wherever a phone system serves it.

    Return those phone systems.
    """
    followed = []
    for phones in PhoneSystem.objects.select_for_update(of=("self",)).order_by("name"):
        names = phones.serves.get(way, [])
        if before in names:
            phones.serves = {
                **phones.serves,
                way: list(dict.fromkeys(now if name == before else name for name in names)),
            }
            phones.save(update_fields=["serves"])
            followed.append(phones)
    return followed


def is_told_whom(phones: PhoneSystem) -> bool:
    """Whether it is said whom a phone system serves: only one that stands alone serves all without a word."""
    return bool(phones.serves) or not PhoneSystem.objects.exclude(pk=phones.pk).filter(enabled=True).exists()


def serving_cautions(phones: PhoneSystem) -> list[Message]:
    """Return what keeps a phone system from serving those whom it is meant to: on several boxes each must say whom."""
    if phones.enabled and phones.create and not is_told_whom(phones):
        return [Message("phone_serves_unsaid")]
    return [each.message for each in stored_serves_mistakes(phones)]


def caution_of(phones: PhoneSystem) -> Message | None:
    """Return what somebody should know of settings that are no mistake."""
    unchecked = not phones.verify_tls and not phones.fingerprint
    return Message("phone_unverified", {"server": phones.name}) if unchecked else None


def probe_phone_system(phones: PhoneSystem) -> Iterator[PhoneStep]:
    """Yield the steps as they finish; the first that fails is the last. Stores and changes nothing."""
    try:
        config = phone_config(phones)
    except ConfigurationError as exc:
        yield PhoneStep(PhoneStepName.SETTINGS, PhoneStepOutcome.FAILED, Message(exc.code, exc.params))
        return
    yield from examine_phone_system(config)


def confirm_certificate(phones: PhoneSystem, fingerprint: str) -> None:
    """Talk to that certificate and to no other from now on. The key stays: it is for the same address."""
    phones.fingerprint = normalised_fingerprint(fingerprint)
    PhoneSystem.objects.filter(pk=phones.pk).update(fingerprint=phones.fingerprint)
