"""A company of its own for each test, and a crowd for those that need time to be read."""

from collections.abc import Iterator

import pytest

from benchmarks.generator import company as people
from fixtures.openldap import OpenLdap
from tests.conftest import require_program
from tests.services.company import Company


@pytest.fixture
def company(openldap: OpenLdap) -> Company:
    return Company(openldap)


CROWD = 3000


@pytest.fixture(scope="session")
def crowd() -> Iterator[OpenLdap]:
    """A directory of 3,000 people who never change."""
    require_program("slapd", "slapd")
    with OpenLdap() as server:
        server.load("".join(people(CROWD, suffix=server.suffix)))
        yield server
