"""A company for each test of a command."""

import pytest

from fixtures.openldap import OpenLdap
from tests.services.company import Company


@pytest.fixture
def company(openldap: OpenLdap) -> Company:
    return Company(openldap)
