"""The settings of a directory server as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from syncapp.choices import Kind, Security
from syncapp.core.vocabulary import MatchKey
from syncapp.models import DirectoryServer
from syncapp.services.directory_settings.addresses import address_mistakes
from syncapp.services.directory_settings.endpoints import (
    limit_mistakes,
    match_key_mistakes,
    region_mistakes,
    schedule_mistakes,
)
from syncapp.services.directory_settings.mistakes import Mistake, mistake
from syncapp.services.directory_settings.people import account_form_mistakes, anchor_mistakes, disabled_mistakes
from syncapp.services.directory_settings.scope import base_mistakes, department_mistakes, filter_mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryValues:
    """The settings that are judged, named and shaped as the model's fields.

    The defaults are the model's: a form gives what its fields could read and
    leaves out the rest, which it has named already.
    """

    uris: tuple[str, ...] = ()
    security: str = Security.LDAPS.value
    base_dn: str = ""
    search_bases: tuple[str, ...] = ()
    department_attribute: str = ""
    departments: tuple[str, ...] = ()
    user_filter: str = ""
    kind: str = Kind.AUTO.value
    bind_dn: str = ""
    anchor_attribute: str = ""
    disabled_attribute: str = ""
    disabled_value: str = ""
    region: str = "RU"
    match_keys: tuple[str, ...] = tuple(MatchKey)
    limits: Mapping[str, Any] = field(default_factory=dict)
    schedule: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, server: DirectoryServer) -> Self:
        """Return the values of a row, stored or not."""
        return cls.from_mapping({name: getattr(server, name) for name in VALIDATED})

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        """Take what is there under our names, such as a form's `cleaned_data`."""
        known: dict[str, Any] = {name: data[name] for name in VALIDATED if name in data}
        known.update({name: tuple(value) for name, value in known.items() if isinstance(value, list)})
        return cls(**known)


VALIDATED = tuple(item.name for item in fields(DirectoryValues))


def validate_directory(values: DirectoryValues) -> list[Mistake]:
    """Return every mistake in the settings of a server, in the order of its fields."""
    return [
        *address_mistakes(uris=values.uris, security=values.security),
        *base_mistakes(base_dn=values.base_dn, search_bases=values.search_bases),
        *department_mistakes(attribute=values.department_attribute, departments=values.departments),
        *filter_mistakes(values.user_filter),
        *account_form_mistakes(kind=values.kind, bind_dn=values.bind_dn),
        *anchor_mistakes(kind=values.kind, attribute=values.anchor_attribute),
        *disabled_mistakes(attribute=values.disabled_attribute, value=values.disabled_value),
        *region_mistakes(values.region),
        *match_key_mistakes(values.match_keys),
        *limit_mistakes(values.limits),
        *schedule_mistakes(values.schedule),
    ]


def validate_account(*, bind_dn: str, has_password: bool) -> list[Mistake]:
    """Return what is wrong with account and password together.

    A log-in with an account and an empty password succeeds on many servers, as
    nobody: it would then look as if there were no people.
    """
    if bind_dn and not has_password:
        return [mistake("bind_password", "password_missing", account=bind_dn)]
    if has_password and not bind_dn:
        return [mistake("bind_dn", "account_missing")]
    return []
