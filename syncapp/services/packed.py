"""What a run keeps of many people until it is their turn, in a tenth of the memory of what it was made of."""

import marshal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncapp.core.records import RemoteRecord
from syncapp.core.vocabulary import State


def pack_entry(record: RemoteRecord) -> bytes:
    return marshal.dumps((record.anchor, record.dn, dict(record.attributes), record.state.value))


def unpack_entry(packed: bytes) -> RemoteRecord:
    anchor, dn, attributes, state = marshal.loads(packed)  # noqa: S302 - packed by ourselves in this process
    return RemoteRecord(anchor, dn, attributes, State(state))


def pack_row(row: Sequence[Any]) -> bytes:
    """Pack column values: texts, numbers, flags and nothing else."""
    return marshal.dumps(tuple(row))


def unpack_row(packed: bytes) -> tuple[Any, ...]:
    row: tuple[Any, ...] = marshal.loads(packed)  # noqa: S302 - packed by ourselves in this process
    return row


@dataclass(slots=True)
class PackedEntries:
    """Entries as they were read, by anchor."""

    _packed: dict[str, bytes] = field(default_factory=dict)

    def add(self, record: RemoteRecord) -> None:
        self._packed[record.anchor] = pack_entry(record)

    def get(self, anchor: str) -> RemoteRecord | None:
        packed = self._packed.get(anchor)
        return unpack_entry(packed) if packed is not None else None


@dataclass(slots=True)
class PackedRows:
    """Rows in the order in which they came."""

    _packed: list[bytes] = field(default_factory=list)

    def append(self, row: Sequence[Any]) -> None:
        self._packed.append(pack_row(row))

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return map(unpack_row, self._packed)
