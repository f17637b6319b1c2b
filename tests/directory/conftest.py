"""Fixtures for tests against a real directory."""

from collections.abc import Callable

import pytest

from fixtures.openldap import OpenLdap
from syncapp.directory.config import DirectoryConfig

MakeConfig = Callable[..., DirectoryConfig]


@pytest.fixture
def make_config(openldap: OpenLdap) -> MakeConfig:
    """Make the settings of the shared server, plain LDAP and the service account, with changes."""

    def make(**changes: object) -> DirectoryConfig:
        settings: dict[str, object] = {
            "name": "test",
            "uris": (openldap.uri,),
            "security": "none",
            "bind_dn": openldap.service_dn,
            "bind_password": openldap.service_password,
            "base_dn": openldap.suffix,
            "connect_timeout": 2.0,
            "login_timeout": 2.0,
        }
        return DirectoryConfig(**{**settings, **changes})  # type: ignore[arg-type]  # values by name, each of its own type

    return make
