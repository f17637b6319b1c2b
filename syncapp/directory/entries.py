"""From a row as the library gives it to a `RemoteRecord`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from syncapp.core.account_state import account_state
from syncapp.core.records import RemoteRecord
from syncapp.core.vocabulary import State
from syncapp.directory.kinds import KindProfile
from syncapp.directory.schema import Schema
from syncapp.exceptions import DirectoryError

# Sets of names that rows have: people of a company share a few.
MOST_FORMS = 1000

_Pairs = tuple[tuple[str, str], ...]


class _Form(NamedTuple):
    """How rows with one set of names are read: pairs of a name that was asked for and the row's own for it."""

    asked: _Pairs
    wanted: _Pairs
    judged: _Pairs  # what tells the state of the account
    person: _Pairs  # what tells whether this is a person
    anchor: str


class EntryReader:
    """Reads rows for one list of wanted attributes.

    A server may answer by another spelling or alias than it was asked for
    (`sn` for `surname`), and adds variants with options (`displayName;lang-ru`)
    that nobody asked for: only exact names count, and they come back as asked,
    in lower case. How is worked out once for each set of names.
    """

    def __init__(self, profile: KindProfile, wanted: Sequence[str], schema: Schema | None, *, now: datetime) -> None:
        self._profile = profile
        self._now = now
        self._wanted = tuple(dict.fromkeys(name.lower() for name in wanted))
        self._anchor = profile.anchor_attribute.lower()
        ruled_by = (profile.disabled_when.attribute.lower(),) if profile.disabled_when else ()
        self._judged_by = (*profile.state_attributes, *ruled_by)
        # What must be asked for: operational attributes come only when named.
        self.requested = tuple(
            dict.fromkeys((*self._wanted, self._anchor, *self._judged_by, *profile.person_attributes))
        )
        self._asked_as = _answers(self.requested, schema)
        self._forms: dict[tuple[str, ...], _Form] = {}

    def read(self, dn: str, row: Mapping[str, list[bytes]]) -> RemoteRecord:
        """Return the entry; raise DirectoryError for one without an immutable id, or with several."""
        return self._record(dn, row, self._form(row))

    def read_person(self, dn: str, row: Mapping[str, list[bytes]]) -> RemoteRecord | None:
        """As `read`, but None for an entry that passed the filter and is no person (rule A8)."""
        form = self._form(row)
        if self._profile.person_attributes and not self._profile.is_person(_taken(form.person, row)):
            return None
        return self._record(dn, row, form)

    def values(self, row: Mapping[str, list[bytes]]) -> dict[str, list[bytes]]:
        """Return the row's values by the names that were asked for, in lower case."""
        return _taken(self._form(row).asked, row)

    def _record(self, dn: str, row: Mapping[str, list[bytes]], form: _Form) -> RemoteRecord:
        profile = self._profile
        ids = row.get(form.anchor, [])
        if len(ids) > 1:
            raise DirectoryError("anchor_several_values", dn=dn, attribute=profile.anchor_attribute)
        try:
            anchor = profile.decode_anchor(ids[0])
        except (IndexError, ValueError):
            code = "chosen_anchor_missing" if profile.anchor_is_chosen else "entry_without_anchor"
            raise DirectoryError(code, dn=dn, attribute=profile.anchor_attribute) from None
        state = State.ACTIVE
        if form.judged:  # of most accounts nothing says that they are not
            judged = _taken(form.judged, row)
            state = account_state(profile.state_attributes, judged, now=self._now, rule=profile.disabled_when)
        return RemoteRecord(anchor, dn, _taken(form.wanted, row), state)

    def _form(self, row: Mapping[str, list[bytes]]) -> _Form:
        names = tuple(row)
        return self._forms.get(names) or self._learn(names)

    def _learn(self, names: tuple[str, ...]) -> _Form:
        own = {asked: name for name in names for asked in self._asked_as.get(name.lower(), ())}

        def pairs(asked: Iterable[str]) -> _Pairs:
            return tuple((each, own[each]) for each in asked if each in own)

        form = _Form(
            asked=tuple(own.items()),
            wanted=pairs(self._wanted),
            judged=pairs(self._judged_by),
            person=pairs(self._profile.person_attributes),
            anchor=own.get(self._anchor, ""),
        )
        if len(self._forms) < MOST_FORMS:
            self._forms[names] = form
        return form


def _taken(pairs: _Pairs, row: Mapping[str, list[bytes]]) -> dict[str, list[bytes]]:
    return {asked: row[name] for asked, name in pairs}


def _answers(requested: Sequence[str], schema: Schema | None) -> Mapping[str, tuple[str, ...]]:
    """Map each name that a server may answer with to the names that were asked for."""
    answers: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for asked in requested:
        base, semicolon, options = asked.partition(";")
        for name in dict.fromkeys((base, *(schema.names_of(base) if schema else ()))):
            answers[f"{name}{semicolon}{options}"] += (asked,)
    return answers
