"""Whom the match keys of one entry point at."""

from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from syncapp.core.matters import Candidate, EntryKeys, HubKeys
from syncapp.core.similarity import words_in_common
from syncapp.core.vocabulary import MatchKey

KeyValue = tuple[MatchKey, str]


class Unmatched(NamedTuple):
    """An entry without a tie. `refused`: employees whom a person said it is not (rule A4).

    `former`: employees whose account it was, or was said to be made anew (rule A7).
    """

    anchor: str
    keys: EntryKeys
    active: bool = True
    refused: frozenset[int] = frozenset()
    former: frozenset[int] = frozenset()


@dataclass(slots=True)
class Claims:
    """Whom one entry's keys point to. `pointed`: by keys unique on both sides.

    `vague`: one set of employees for each key that hits without being unique.
    """

    pointed: dict[int, list[MatchKey]] = field(default_factory=dict)
    vague: list[tuple[MatchKey, frozenset[int]]] = field(default_factory=list)

    def everybody(self) -> set[int]:
        return set(self.pointed).union(*(ids for _key, ids in self.vague))

    def without(self, taken: Collection[int]) -> "Claims":
        """The same claims after others with a better claim took `taken`."""
        vague = [(key, ids.difference(taken)) for key, ids in self.vague]
        return Claims(
            pointed={id_: keys for id_, keys in self.pointed.items() if id_ not in taken},
            vague=[(key, ids) for key, ids in vague if ids],
        )

    def only_but_for(self, employee_id: int, taken: Collection[int]) -> bool:
        """Whether everything points to this employee, not counting others who are taken."""
        return all(id_ == employee_id or id_ in taken for id_ in self.pointed) and all(
            employee_id in ids or all(id_ in taken for id_ in ids) for _key, ids in self.vague
        )

    def only(self) -> int | None:
        """The one employee whom everything points to, if there is just one."""
        if len(self.pointed) != 1:
            return None
        (employee_id,) = self.pointed
        return employee_id if all(employee_id in ids for _key, ids in self.vague) else None


def key_values(keys: EntryKeys, match_keys: Collection[MatchKey]) -> list[KeyValue]:
    """All values of an entry that serve as match keys. A name needs two words (rule A3)."""
    values: list[KeyValue] = []
    for key in match_keys:
        if key is MatchKey.EMAIL:
            values += [(key, email) for email in keys.emails]
        elif key is MatchKey.NAME:
            values += [(key, name) for name in keys.name_keys if " " in name]
        elif key is MatchKey.MOBILE:
            values += [(key, mobile) for mobile in keys.mobiles]
        elif key is MatchKey.EXTENSION:
            values += [(key, extension) for extension in keys.extensions]
    return values


def hub_value(employee: HubKeys, key: MatchKey) -> str:
    """An employee's compared form; a number that this program issued is no key (rule A2)."""
    if key is MatchKey.EMAIL:
        return employee.email_key
    if key is MatchKey.NAME:
        return employee.name_key
    if key is MatchKey.MOBILE:
        return employee.mobile
    return "" if employee.number_issued else employee.extension


def compare(keys: EntryKeys, employee: HubKeys) -> Candidate:
    """Say which keys speak for and which against an entry being an employee (rule A3).

    All four are looked at, whichever the server matches by: evidence against a
    pair counts even where the key may not tie. Names disagree when they have no
    word in common, the others when both sides are filled and differ.
    """
    agrees, disagrees = [], []
    for key, values in (
        (MatchKey.EMAIL, keys.emails),
        (MatchKey.NAME, keys.name_keys),
        (MatchKey.MOBILE, keys.mobiles),
        (MatchKey.EXTENSION, keys.extensions),
    ):
        mine = hub_value(employee, key)
        if not mine or not values:
            continue
        if mine in values:
            agrees.append(key)
        elif key is not MatchKey.NAME or not words_in_common(keys.name, employee.name):
            disagrees.append(key)
    return Candidate(employee.id, tuple(agrees), tuple(disagrees))


def claims_of(
    entry: Unmatched,
    match_keys: Collection[MatchKey],
    owners: Mapping[KeyValue, list[HubKeys]],
    counts: Mapping[KeyValue, int],
    available: Collection[int],
) -> Claims:
    claims = Claims()
    for value in key_values(entry.keys, match_keys):
        hit = owners.get(value, [])
        candidates = [
            owner.id
            for owner in hit
            if owner.id in available and owner.id not in entry.refused and _is_claim(value[0], entry.keys, owner)
        ]
        if not candidates:
            continue
        if len(hit) == 1 and counts[value] <= 1:
            claims.pointed.setdefault(candidates[0], []).append(value[0])
        else:
            claims.vague.append((value[0], frozenset(candidates)))
    return claims


def _is_claim(key: MatchKey, keys: EntryKeys, owner: HubKeys) -> bool:
    """Whether a key that hits says anything of somebody who left; of all others it does.

    Archived people are known again by their e-mail alone (rule C8). An extension passes
    on to a successor: without a name in common it does not say that an account was
    made anew (rules A7, C4).
    """
    if owner.archived:
        return key is MatchKey.EMAIL
    if owner.left and key is MatchKey.EXTENSION:
        return not (keys.name and owner.name) or words_in_common(keys.name, owner.name)
    return True


def everybody_in(claims: Mapping[str, Claims]) -> set[int]:
    """Every employee whom any of the claims names."""
    return {employee_id for claim in claims.values() for employee_id in claim.everybody()}


def joined_by_mail(claims: Mapping[str, Claims]) -> dict[str, int]:
    """Entries that e-mail joins by itself (rule A3).

    Where another key of the same entry points to somebody else it is a conflict
    (rule A4), unless that somebody is himself taken by e-mail. Taking one out can
    bring another conflict to light: those who point to its employee are looked at
    once more.
    """
    strong = {
        anchor: employee_id
        for anchor, claim in claims.items()
        for employee_id, keys in claim.pointed.items()
        if MatchKey.EMAIL in keys
    }
    by_mail = set(strong.values())
    pointing: dict[int, list[str]] = defaultdict(list)
    for anchor in strong:
        for employee_id in claims[anchor].everybody():
            pointing[employee_id].append(anchor)
    waiting = deque(strong)
    while waiting:
        anchor = waiting.popleft()
        claimed = strong.get(anchor)
        if claimed is not None and not claims[anchor].only_but_for(claimed, by_mail):
            del strong[anchor]
            by_mail.discard(claimed)
            waiting.extend(pointing[claimed])
    return strong
