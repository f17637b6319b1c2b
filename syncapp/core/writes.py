"""What is to be written to an endpoint, and what became of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from syncapp.core.records import Message, RemoteRecord
from syncapp.core.vocabulary import Field, RefusalKind


class AttributeWrite(NamedTuple):
    """One change of one attribute: take `old` away, add `new`, leave the `others` alone.

    Raw values. `old` None: nothing stood there that is ours; `new` None: nothing
    comes in its place. `others` are the remaining values as just read, for servers
    that can only replace an attribute as a whole.
    """

    attribute: str
    old: bytes | None
    new: bytes | None
    others: tuple[bytes, ...] = ()


class WriteJob(NamedTuple):
    """One entry to be written. `prepare` is given the entry as it is now and says what to write.

    An empty answer means that nothing is to be written any more. `prepare` does no
    I/O of its own on the connection, and may be called a second time with fresher
    values. `known` is the entry as this session read it not long ago: an endpoint
    that refuses a write to any other entry or value need not read it once more.
    """

    anchor: str
    dn: str
    prepare: Callable[["RemoteRecord"], Sequence[AttributeWrite]]
    known: RemoteRecord | None = None


class WriteRefusal(NamedTuple):
    """Why an attribute was not taken. `message.params` name `attribute`, and `text`: what the server said, if it was asked."""

    kind: RefusalKind
    message: Message


class WriteResult(NamedTuple):
    """What became of one job.

    `before`: the entry as it was written to, None when no entry has this
    anchor any more. `written` and `drifted` are attributes as the job named them;
    drifted: the server refused because the value was not the one just read any
    more. `refused` maps attributes to the reason; `left_out` those that were not even
    tried, because nobody has the right. `after`: the entry as read back, None where
    nothing was sent or it could not be read. `answered`: it came with the answer to the
    write itself, so that whatever it shows is what became of our value. `unseen` are
    attributes that were taken and that no entry shows. `remarks` say what else is to be known.
    """

    anchor: str
    before: RemoteRecord | None = None
    written: frozenset[str] = frozenset()
    drifted: frozenset[str] = frozenset()
    refused: Mapping[str, WriteRefusal] = MappingProxyType({})
    left_out: Mapping[str, WriteRefusal] = MappingProxyType({})
    after: RemoteRecord | None = None
    answered: bool = False
    unseen: frozenset[str] = frozenset()
    remarks: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class MakeJob:
    """Somebody to be made at an endpoint where people may be made; `anchor` is only ours until then.

    `secret`: the SIP secret that the phone is to have, '' for one that nobody is told.
    """

    anchor: str
    values: Mapping[Field, str]
    picture: bytes = b""
    secret: str = field(default="", repr=False)


class MakeResult(NamedTuple):
    """What became of it: the new entry, or why there is none."""

    anchor: str
    entry: RemoteRecord | None = None
    refusal: WriteRefusal | None = None
    remarks: tuple[Message, ...] = ()
