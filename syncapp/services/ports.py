"""What a run needs of an endpoint, whatever it is: the adapters' common shape."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from syncapp.core.records import Identity, Message, RemoteRecord, Scope, Whereabouts
from syncapp.core.watermark import Delta, Watermark
from syncapp.core.writes import WriteJob, WriteRefusal, WriteResult


class EndpointSession(Protocol):
    """An open and logged-in endpoint. Attribute names come back lower-cased in records.

    Every method raises SyncError for what ends a run: a connection that is lost,
    a right to read that is missing, settings that cannot work.
    """

    @property
    def kind(self) -> str: ...
    @property
    def uri(self) -> str:
        """Address of the machine that answered."""

    @property
    def notes(self) -> Sequence[Message]:
        """What could not be looked at, for the run to carry."""

    @property
    def change_marker(self) -> str:
        """Lower-cased attribute whose value is another after every change of an entry (for fields too big to compare)."""

    @property
    def marker_is_coarse(self) -> bool:
        """Whether that marker counts whole seconds, so that two changes may look like one."""

    @property
    def dropped(self) -> Mapping[str, WriteRefusal]:
        """Attributes, as jobs named them, that this session gave up writing, with the reason."""

    def identity(self) -> Identity:
        """Return whose directory this is, as far as the account may see that."""

    def check_attributes(self, names: Sequence[str]) -> None:
        """Raise ConfigurationError for names, in the mapping's spelling, that the schema does not know."""

    def read_only(self, names: Sequence[str]) -> Sequence[str]:
        """Return those of the attributes that the schema lets nobody write."""

    def pages(
        self, attributes: Sequence[str], *, now: datetime, having: str = "", mark: bool = False
    ) -> Iterator[list[RemoteRecord]]:
        """Return pages of everybody in scope, each once: all of them, or SyncError.

        With `having` only people who have a value of that attribute. With `mark` a
        watermark is taken, which `watermark` has when the last page has come.
        """

    @property
    def watermark(self) -> Watermark | None:
        """From where changes can be read after this read of everybody; None where the server does not tell them."""

    def whole(self, record: RemoteRecord) -> RemoteRecord | None:
        """Return an entry of `pages` with everything, where those bring a summary; None for one that is gone."""

    def changes(self, watermark: Watermark, *, now: datetime) -> Delta:
        """Return who was added, changed or moved since; raise FullReadNeededError where that is not sure.

        Who is gone or has left the scope need not be told, and who is told may be
        outside, or the same as before: whoever asks reads them by `fetch`.
        """

    def fetch(
        self, entries: Iterable[tuple[str, str]], attributes: Sequence[str], *, now: datetime, in_scope: bool = False
    ) -> Iterator[tuple[str, RemoteRecord | None]]:
        """Yield anchor and entry for each (anchor, last known DN), in any order; None for who is not there.

        Found by anchor where the DN is another's or nobody's by now. With
        `in_scope` only people whom `pages` would bring. An empty anchor takes
        whoever has the DN, an empty DN whoever has the anchor.
        """

    def scope(self) -> Scope:
        """Return whom `pages` brings: the bases, each with the immutable id of its entry, and the filter."""

    def find_base(self, anchor: str) -> str:
        """Return the DN that a base has by now, found by its immutable id; '' when it is not there."""

    def whereabouts(
        self, entries: Iterable[tuple[str, str]], *, now: datetime, previous: Scope | None = None
    ) -> Iterator[tuple[str, Whereabouts | None]]:
        """Yield anchor and whereabouts for each (anchor, last known DN), in any order, whatever the scope.

        None for who is not there, or may not be seen. `previous`: another scope, of
        which it is said, too, whether it would bring the entry.
        """

    def find(
        self,
        conditions: Sequence[Sequence[tuple[str, str, bool]]],
        attributes: Sequence[str],
        *,
        now: datetime,
        anywhere: bool = False,
    ) -> list[RemoteRecord]:
        """Return people in scope who meet any of the conditions, at most 21.

        A condition is a list of (attribute, text, whole): all of them must hold; with
        `whole` the value is the text, otherwise it contains it. With `anywhere` whoever
        the account may see, whatever scope and filters say.
        """

    def exclusions(self, dn: str, *, now: datetime) -> Sequence[Message]:
        """Say which parts of the scope leave an entry out, each judged by itself; none: `pages` brings it."""

    def sample(self, attribute: str) -> list[bytes]:
        """Return some hundred values of the attribute of people in scope; fewer where the server gives fewer."""

    def write(self, jobs: Iterable[WriteJob], attributes: Sequence[str], *, now: datetime) -> Iterator[WriteResult]:
        """Carry out jobs, several in flight, and yield what became of each as it is known.

        Each entry is read (`attributes`) just before and after it is written. What
        this method remembers of refused attributes holds for the whole session. Of
        whom `prepare` said something, and no result came, it is not known whether he
        was written.
        """


# Of the settings of its own kind of endpoint.
OpenSession = Callable[[Any, Callable[[], None]], AbstractContextManager[EndpointSession]]
