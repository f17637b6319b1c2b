"""The fake directory keeps the contract of sessions, and misbehaves as told."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from syncapp.core.vocabulary import RefusalKind
from syncapp.directory.config import DirectoryConfig
from syncapp.exceptions import DirectoryUnavailableError
from tests.directory.contract import NOW, SessionContract, World, job, write
from tests.fakes.directory import FakeDirectory, FakeSession

SCHEMA = frozenset({"title", "telephonenumber", "modifiersname"})
_numbers = count(1)


class FakeWorld:
    """A fake directory of a test's own."""

    def __init__(self) -> None:
        self.directory = FakeDirectory(schema=SCHEMA, read_only=frozenset({"modifiersname"}), rejects={"№ 2".encode()})
        self.base = self.directory.base

    def add(self, **attributes: Any) -> str:
        return self.directory.add(f"uid=c{next(_numbers)}", **attributes)

    def put(self, anchor: str, attribute: str, *values: bytes) -> None:
        self.directory.put(anchor, attribute, *values)

    def values(self, anchor: str, attribute: str) -> list[bytes]:
        return self.directory.values(anchor, attribute)

    def dn(self, anchor: str) -> str:
        return self.directory.entries[anchor].dn

    def move(self, anchor: str) -> str:
        unit = f"ou=u{next(_numbers)},{self.base}"
        self.directory.move(anchor, f"{self.dn(anchor).partition(',')[0]},{unit}")
        return unit

    def delete(self, anchor: str) -> None:
        self.directory.delete(anchor)

    @contextmanager
    def session(self, *, writes: bool = True, **config: Any) -> Iterator[FakeSession]:
        if not writes:
            self.directory.forbids = set(SCHEMA)
        settings = DirectoryConfig(name="fake", uris=(), base_dn=self.base, **config)
        with self.directory.open(settings) as opened:
            yield opened


class TestFake(SessionContract):
    @pytest.fixture
    def world(self) -> World:
        return FakeWorld()


@pytest.fixture
def fake() -> FakeWorld:
    return FakeWorld()


def test_stores_in_a_form_of_its_own(fake: FakeWorld) -> None:
    anchor = fake.add(title="a", mobile="+7 1")
    fake.directory.stores = lambda _attribute, value: value.upper()

    with fake.session() as session:
        (result,) = write(session, job(fake, anchor, title=b"b"))

    assert fake.values(anchor, "title") == [b"B"]
    assert result.after is not None
    assert result.after.attributes["title"] == [b"B"]


def test_busy_entry(fake: FakeWorld) -> None:
    anchor = fake.add(title="a")
    fake.directory.busy.add(anchor)

    with fake.session() as session:
        (result,) = write(session, job(fake, anchor, title=b"b"))

    assert result.refused["title"].kind is RefusalKind.BUSY


@pytest.mark.parametrize("done", [False, True], ids=["before_it_was_carried_out", "after"])
def test_lost_connection(fake: FakeWorld, done: bool) -> None:
    """The contract of the real one in `test_results_of_what_went_through_come_before_the_lost_connection`."""
    anchors = [fake.add(title="a") for _ in range(6)]
    fake.directory.lose_after, fake.directory.lost_but_done = 2, done
    told = []

    with fake.session() as session, pytest.raises(DirectoryUnavailableError):
        told.extend(session.write([job(fake, anchor, title=b"b") for anchor in anchors], ["title"], now=NOW))

    really = {anchor for anchor in anchors if fake.values(anchor, "title") == [b"b"]}
    assert len(really) == 2 + done
    assert {result.anchor for result in told if result.written} == set(anchors[:2])


def test_every_write_is_kept_on_record(fake: FakeWorld) -> None:
    anchor = fake.add(telephoneNumber=[b"215", b"other"])

    with fake.session() as session:
        write(session, job(fake, anchor, telephoneNumber=b"301"))

    (modified,) = fake.directory.written
    assert (modified.anchor, modified.attribute) == (anchor, "telephonenumber")
    assert (modified.before, modified.after) == ((b"215", b"other"), (b"other", b"301"))
