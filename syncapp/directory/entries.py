"""From a row as the library gives it to a `RemoteRecord`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from syncapp.core.account_state import account_state
from syncapp.core.records import RemoteRecord
from syncapp.core.vocabulary import State
from syncapp.directory.kinds import KindProfile
from syncapp.directory.schema import Schema
from syncapp.exceptions import DirectoryError

# So many forms of rows are remembered.
_SHAPES = 1024


class EntryReader:
    """Reads rows for one list of wanted attributes.

    A server may answer by another spelling or alias than it was asked for
    (`sn` for `surname`), and adds variants with options (`displayName;lang-ru`)
    that nobody asked for: only exact names count, and they come back as asked,
    in lower case.
    """

    def __init__(self, profile: KindProfile, wanted: Sequence[str], schema: Schema | None, *, now: datetime) -> None:
        self._profile = profile
        self._now = now
        self._wanted = tuple(dict.fromkeys(name.lower() for name in wanted))
        self._anchor = profile.anchor_attribute.lower()
        ruled_by = (profile.disabled_when.attribute.lower(),) if profile.disabled_when else ()
        # What must be asked for: operational attributes come only when named.
        judged_by = (*profile.state_attributes, *ruled_by, *profile.person_attributes)
        self.requested = tuple(dict.fromkeys((*self._wanted, self._anchor, *judged_by)))
        self._asked_as = _answers(self.requested, schema)
        self._judged_by = frozenset(name.lower() for name in (*profile.state_attributes, *ruled_by))
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def read(self, dn: str, row: Mapping[str, list[bytes]]) -> RemoteRecord:
        """Return the entry; raise DirectoryError for one without an immutable id, or with several."""
        shape = self._shape(row)
        return self._record(dn, shape, {asked: row[name] for asked, name in shape.pairs})

    def read_person(self, dn: str, row: Mapping[str, list[bytes]]) -> RemoteRecord | None:
        """As `read`, but None for an entry that passed the filter and is no person (rule A8)."""
        shape = self._shape(row)
        values = {asked: row[name] for asked, name in shape.pairs}
        return self._record(dn, shape, values) if self._profile.is_person(values) else None

    def values(self, row: Mapping[str, list[bytes]]) -> dict[str, list[bytes]]:
        """Return the row's values by the names that were asked for, in lower case."""
        return {asked: row[name] for asked, name in self._shape(row).pairs}

    def _record(self, dn: str, shape: "_Shape", values: Mapping[str, list[bytes]]) -> RemoteRecord:
        profile = self._profile
        ids = values.get(self._anchor, [])
        if len(ids) > 1:
            raise DirectoryError("anchor_several_values", dn=dn, attribute=profile.anchor_attribute)
        try:
            anchor = profile.decode_anchor(ids[0])
        except (IndexError, ValueError):
            code = "chosen_anchor_missing" if profile.anchor_is_chosen else "entry_without_anchor"
            raise DirectoryError(code, dn=dn, attribute=profile.anchor_attribute) from None
        return RemoteRecord(
            anchor=anchor,
            dn=dn,
            attributes={name: values[name] for name in shape.wanted},
            state=account_state(profile.state_attributes, values, now=self._now, rule=profile.disabled_when)
            if shape.is_judged
            else State.ACTIVE,
        )

    def _shape(self, row: Mapping[str, list[bytes]]) -> "_Shape":
        """What is to be taken of rows that came with these attributes: few forms, and many rows of each."""
        names = tuple(row)
        shape = self._shapes.get(names)
        if shape is None:
            answers = {asked: name for name in names for asked in self._asked_as.get(name.lower(), ())}
            wanted = tuple(name for name in self._wanted if name in answers)
            shape = _Shape(tuple(answers.items()), wanted, not self._judged_by.isdisjoint(answers))
            if len(self._shapes) >= _SHAPES:
                self._shapes.clear()
            self._shapes[names] = shape
        return shape


class _Shape(NamedTuple):
    """`pairs` of a name as it was asked for and as it came, those of them that are `wanted`, and whether any tells the state."""

    pairs: tuple[tuple[str, str], ...]
    wanted: tuple[str, ...]
    is_judged: bool


def _answers(requested: Sequence[str], schema: Schema | None) -> Mapping[str, tuple[str, ...]]:
    """Map each name that a server may answer with to the names that were asked for."""
    answers: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for asked in requested:
        base, semicolon, options = asked.partition(";")
        for name in dict.fromkeys((base, *(schema.names_of(base) if schema else ()))):
            answers[f"{name}{semicolon}{options}"] += (asked,)
    return answers
