"""Fixtures for tests against a simulated phone system."""

from collections.abc import Iterator

import httpx
import pytest

from fixtures.mikopbx import MikoPbx

FULL_KEY = "full-0123456789abcdef0123456789abcdef"


@pytest.fixture
def pbx() -> Iterator[MikoPbx]:
    """A new box with one key that may do everything."""
    with MikoPbx() as server:
        server.box.keys.add(FULL_KEY, full=True)
        yield server


@pytest.fixture
def http(pbx: MikoPbx) -> Iterator[httpx.Client]:
    """Whoever asks the box directly, with that key."""
    with plain_client(pbx) as client:
        yield client


def plain_client(pbx: MikoPbx, key: str = FULL_KEY) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    base = f"{pbx.url}/pbxcore/api/v3"
    return httpx.Client(base_url=base, verify=pbx.tls_context(), headers=headers, timeout=10)
