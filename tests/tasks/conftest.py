"""What all tests of workers have in common."""

from collections.abc import Iterator

import pytest
from django_q.brokers import get_broker


@pytest.fixture(autouse=True)
def empty_queue(transactional_db: None) -> Iterator[None]:
    """Nothing that one test queued is left for the next one, whatever the broker."""
    yield
    get_broker().purge_queue()
