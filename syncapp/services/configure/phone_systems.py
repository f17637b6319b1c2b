"""A section [[phone_system]]: compared with what is stored, and stored."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from syncapp.core.records import Message
from syncapp.exceptions import ConfigurationError
from syncapp.models import Endpoint, PhoneSystem
from syncapp.services.configure.changes import SectionReport
from syncapp.services.configure.columns import changed_columns, missing_keys, set_bound_secret, set_columns
from syncapp.services.configure.sections import PLAIN_PHONE_KEYS, Section
from syncapp.services.phone_systems import (
    caution_of,
    key_mistakes,
    served_mistakes,
    unknown_served,
    validate_phone_system,
)
from syncapp.telephony.tls import normalised_fingerprint

COLUMNS = (*PLAIN_PHONE_KEYS, "serves", "match_keys", "schedule", "limits")
UNKNOWN = {"directories": "directory_unknown", "pools": "pool_unknown"}


class PhoneSystemDraft:
    """A phone system as the file wants it, not stored yet."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self.phones = PhoneSystem.objects.filter(name=section.name).first() or PhoneSystem(name=section.name)
        self.created = self.phones.pk is None
        self.changes = set_columns(self.phones, _wanted(section), COLUMNS)
        self.changes += set_bound_secret(self.phones, section.values)

    def judge(self, *, directories: Collection[str], pools: Collection[str]) -> None:
        """Add what is wrong to the mistakes of the file; the names are those that there are and those that it brings."""
        section, phones = self.section, self.phones
        if self.created and Endpoint.objects.filter(name=section.name).exists():
            section.where.inside("name").wrong("name_of_another_kind", name=section.name)
        named_already = section.wrong | (missing_keys(section, ["url", "api_key"]) if self.created else set())
        found = validate_phone_system(phones)
        if section.values.get("api_key"):
            found += key_mistakes(section.values["api_key"].reveal())
        for mistake in found:
            if mistake.field not in named_already:
                section.where.inside(mistake.field).refuse(mistake.message)
        if not {"url", "api_key"} & named_already and not phones.secret_fits:
            section.where.inside("api_key").wrong("phone_key_needed_again")
        self._judge_served(directories=directories, pools=pools)

    def store(self) -> SectionReport:
        if self.created:
            self.phones.save()
        elif self.changes:
            self.phones.save(update_fields=changed_columns(self.phones, self.changes))
        caution: Message | None = caution_of(self.phones)
        cautions = (caution,) if caution else ()
        return SectionReport(self.section.kind, self.section.name, self.created, tuple(self.changes), cautions)

    def _judge_served(self, *, directories: Collection[str], pools: Collection[str]) -> None:
        where, serves = self.section.where.inside("serves"), self.section.values.get("serves", {})
        for way, message in served_mistakes(serves):
            (where.inside(way) if way else where).refuse(message)
        for way, name in unknown_served(serves, directories=directories, pools=pools):
            where.inside(way).wrong(UNKNOWN[way], name=name)


def _wanted(section: Section) -> dict[str, Any]:
    """Return the values with the fingerprint as it is kept, so that another spelling is no change."""
    values = dict(section.values)
    with suppress(KeyError, ConfigurationError):  # not given, or named as a mistake later
        values["fingerprint"] = normalised_fingerprint(values["fingerprint"])
    return values
