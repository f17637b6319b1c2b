"""Reaching a machine at all: what the network answers, or that it does not."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import monotonic

import pytest

from syncapp.directory.addresses import Address, parse_address, reach, resolve
from syncapp.exceptions import DirectoryUnavailableError
from tests.directory import servers
from tests.directory.expect import refusal

ADDRESSES = {
    # id: uri, security, host, port
    "ldap": ("ldap://dc1.corp.example", "none", "dc1.corp.example", 389),
    "ldaps": ("ldaps://dc1.corp.example", "ldaps", "dc1.corp.example", 636),
    "own_port": ("ldap://dc1:1389", "starttls", "dc1", 1389),
    "slash_and_spaces": (" ldap://dc1/ ", "none", "dc1", 389),
    "capitals": ("LDAPS://DC1.Corp.Example", "ldaps", "dc1.corp.example", 636),
    "ip": ("ldap://10.0.0.5", "none", "10.0.0.5", 389),
    "ipv6": ("ldap://[fd00::5]:390", "none", "fd00::5", 390),
}


@pytest.mark.parametrize(("uri", "security", "host", "port"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_parse_address(uri: str, security: str, host: str, port: int) -> None:
    address = parse_address(uri, security)

    assert (address.host, address.port) == (host, port)


def test_uri_for_the_library_is_plain() -> None:
    assert parse_address(" LDAP://[fd00::5]:390/ ", "none").uri == "ldap://[fd00::5]:390"


def local(port: int) -> Address:
    return Address(uri=f"ldap://127.0.0.1:{port}", host="127.0.0.1", port=port)


@contextmanager
def full_server() -> Iterator[int]:
    """A server that takes no further connection: its queue is full, so the network stays silent."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for client in waiting:
                client.close()


def test_network_that_stays_silent() -> None:
    started = monotonic()

    with full_server() as port, refusal(DirectoryUnavailableError, "connect_timeout"):
        reach(local(port), ("127.0.0.1", "127.0.0.1"), limit=1)

    assert monotonic() - started < 3  # one second for all addresses of the host, not for each


def test_second_ip_address_serves_when_the_first_refuses() -> None:
    with (
        servers.listening(servers.stay_silent) as port,
        closing(reach(local(port), ("127.0.0.2", "127.0.0.1"), limit=2)) as connection,
    ):
        assert connection.getpeername() == ("127.0.0.1", port)


def test_name_service_that_stays_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The only part that cannot be started here: the system's name servers."""
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answered.wait(10) and [])

    with refusal(DirectoryUnavailableError, "name_service_silent"):
        resolve(Address(uri="ldap://dc1", host="dc1", port=389), limit=0.2)

    answered.set()


@pytest.mark.parametrize("host", ["nobody.invalid", "a..b", "x" * 70, "."], ids=["unknown", "dots", "long", "dot"])
def test_name_that_does_not_exist(host: str) -> None:
    with refusal(DirectoryUnavailableError, "host_unknown"):
        resolve(Address(uri=f"ldap://{host}", host=host, port=389), limit=5)


def test_ip_address_is_its_own_name() -> None:
    assert resolve(local(389), limit=5) == ("127.0.0.1",)
