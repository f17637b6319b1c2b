"""A run while it is carried out."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from syncapp.choices import RunPhase
from syncapp.core.records import Message
from syncapp.core.watermark import Bookmark
from syncapp.models import SyncRun
from syncapp.services.counts import NAMES
from syncapp.services.endpoints import Synchronised
from syncapp.services.ledger import Ledger
from syncapp.services.planning import Planning
from syncapp.services.ports import OpenSession
from syncapp.services.remote_read import RemoteRead
from syncapp.services.runs import RunKeeper
from syncapp.store.newcomers import Newcomers


class Progress(Protocol):
    """Is told how far a run is: phase, people done, and of how many where that is known."""

    def __call__(self, phase: RunPhase, done: int, total: int | None) -> None: ...


def no_progress(phase: RunPhase, done: int, total: int | None) -> None:
    """For those who do not watch."""


@dataclass(slots=True)
class Execution:
    """A run while it is carried out."""

    run: SyncRun
    server: Synchronised
    keeper: RunKeeper
    progress: Progress
    open_session: OpenSession
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    seconds: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("read", "plan", "apply", "write_back", "total"), 0.0)
    )
    stored: int = 0  # items of this run so far
    seal: dict[str, Any] = field(default_factory=dict)
    refused: int = 0  # rows of a sealed plan that had drifted
    went_on_from: Bookmark | None = None  # of a run that reads changes alone
    bookmark: dict[str, Any] = field(default_factory=dict)  # what it leaves for the next one
    lost_sight: bool = False  # of somebody who was read, and is on no record

    def beat(self, phase: RunPhase, done: int, total: int | None = None) -> None:
        self.keeper.beat(phase=phase if done == 0 else None, done=done, total=total)
        self.progress(phase, done, total)

    def came(self, done: int, total: int | None) -> None:
        """Show that so many people have been read; called at each page, so that the run lives on a slow server, too."""
        self.keeper.pulse(done=done)
        self.progress(RunPhase.READ, done, total)

    def note(self, message: Message) -> None:
        self.keeper.note(message.code, **message.params)

    @contextmanager
    def timed(self, phase: RunPhase) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[phase] = round(self.seconds[phase] + time.monotonic() - began, 3)


@dataclass(slots=True)
class Wave:
    """People who are planned, applied and written together: everybody read, and at times a few more after them."""

    read: RemoteRead
    planning: Planning
    newcomers: Newcomers
    first: int  # position of its first item

    @property
    def ledger(self) -> Ledger:
        return self.read.aside.ledger
