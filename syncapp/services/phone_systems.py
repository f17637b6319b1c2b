"""Phone systems: whether their settings can work, what the adapter gets of them, Test connection, first contact."""

from collections.abc import Iterator

from syncapp.core.records import Message
from syncapp.exceptions import ConfigurationError
from syncapp.models import PhoneSystem
from syncapp.services.directory_settings import Mistake
from syncapp.services.directory_settings.endpoints import (
    limit_mistakes,
    match_key_mistakes,
    region_mistakes,
    schedule_mistakes,
)
from syncapp.services.directory_settings.mistakes import mistake, mistakes_of
from syncapp.telephony.config import MOST_REQUESTS, MobileForm, PhoneConfig, address_of
from syncapp.telephony.steps import PhoneStep, PhoneStepName, PhoneStepOutcome, examine_phone_system
from syncapp.telephony.tls import normalised_fingerprint

FEWEST_REQUESTS = 10


def phone_config(phones: PhoneSystem) -> PhoneConfig:
    """Return what the adapter needs; raise ConfigurationError for a key of another address, or none."""
    return PhoneConfig(
        name=phones.name,
        url=phones.url,
        api_key=phones.reveal_api_key(),
        verify_tls=phones.verify_tls,
        ca_certificate=phones.ca_certificate,
        fingerprint=phones.fingerprint,
        mobile_form=phones.mobile_form,
        requests_per_minute=phones.requests_per_minute,
        region=phones.region,
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
