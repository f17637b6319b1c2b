"""Who is whom: entries without a tie against employees without a record (rules A2 to A5, A7, C8).

The result does not depend on the order of entries or employees. Uniqueness is
counted over everybody known, tied or not, and never over who is left.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from syncapp.core.matters import Candidate, EntryKeys, HubKeys, Matter
from syncapp.core.similarity import NameIndex, words_in_common
from syncapp.core.vocabulary import MatchKey, MatterKind

_Value = tuple[MatchKey, str]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An entry without a tie. `refused`: employees whom a person said it is not (rule A4).

    `former`: employees whose account it was, or was said to be made anew (rule A7).
    """

    anchor: str
    keys: EntryKeys
    active: bool = True
    refused: frozenset[int] = frozenset()
    former: frozenset[int] = frozenset()


@dataclass(slots=True)
class Matches:
    """By anchor: whom an entry was joined with and by which key, or what must be decided.

    An anchor in neither of the two matched nobody. `left_over` are the employees
    without a record here whom no entry was joined with.
    """

    joined: dict[str, tuple[int, MatchKey]] = field(default_factory=dict)
    matters: dict[str, Matter] = field(default_factory=dict)
    left_over: dict[int, HubKeys] = field(default_factory=dict)

    def in_question(self) -> set[int]:
        """Employees whom some undecided entry may be."""
        return {candidate.employee_id for matter in self.matters.values() for candidate in matter.candidates}


@dataclass(slots=True)
class _Claims:
    """Whom one entry's keys point to. `pointed`: by keys unique on both sides.

    `vague`: one set of employees for each key that hits without being unique.
    """

    pointed: dict[int, list[MatchKey]] = field(default_factory=dict)
    vague: list[tuple[MatchKey, frozenset[int]]] = field(default_factory=list)

    def everybody(self) -> set[int]:
        return set(self.pointed).union(*(ids for _key, ids in self.vague))

    def without(self, taken: Collection[int]) -> "_Claims":
        """The same claims after others with a better claim took `taken`."""
        vague = [(key, ids.difference(taken)) for key, ids in self.vague]
        return _Claims(
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


def key_values(keys: EntryKeys, match_keys: Collection[MatchKey]) -> list[_Value]:
    """All values of an entry that serve as match keys. A name needs two words (rule A3)."""
    values: list[_Value] = []
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


def match_entries(
    *,
    entries: Collection[Unmatched],
    known: Iterable[tuple[EntryKeys, bool]],
    employees: Iterable[HubKeys],
    match_keys: Collection[MatchKey],
) -> Matches:
    """Tie entries to employees, or say what a person must decide.

    `known` are the keys of all entries known of this server, with whether they
    are active, `entries` among them, but for those that are missing. Disabled
    entries come after the active ones, take only employees who are left over, and
    never make an active one ambiguous (rule A8). Whoever is missing here, or
    archived, is claimed like others and never joined: that a person must say
    (rules A7, C8).
    """
    everybody = {each.id: each for each in employees}
    result = Matches(left_over={each.id: each for each in everybody.values() if each.free_here})
    if result.left_over:
        _match(entries, known, everybody, match_keys, result)
    _ask_about_leavers(entries, everybody, result)
    _ask_about_former(entries, everybody, result)
    return result


def _match(
    entries: Collection[Unmatched],
    known: Iterable[tuple[EntryKeys, bool]],
    everybody: Mapping[int, HubKeys],
    match_keys: Collection[MatchKey],
    result: Matches,
) -> None:
    wanted = {value for entry in entries for value in key_values(entry.keys, match_keys)}
    owners: dict[_Value, list[HubKeys]] = defaultdict(list)
    for employee in everybody.values():
        for key in match_keys:
            value = (key, hub_value(employee, key))
            if value in wanted:
                owners[value].append(employee)
    active_counts: Counter[_Value] = Counter()
    all_counts: Counter[_Value] = Counter()
    for keys, active in known:
        for value in key_values(keys, match_keys):
            if value in wanted:
                all_counts[value] += 1
                active_counts[value] += active

    for active, counts in ((True, active_counts), (False, all_counts)):
        group = undecided = {entry.anchor: entry for entry in entries if entry.active is active}
        available = set(result.left_over) - result.in_question()
        if not active:  # whom a switched-off account comes back to is not hired again
            available = {id_ for id_ in available if not everybody[id_].archived}
        at_first = None
        while True:
            claims = {
                anchor: _claims(undecided[anchor], match_keys, owners, counts, available)
                for anchor in sorted(undecided)
            }
            at_first = at_first or claims
            _decide(undecided, claims, result)
            still = {anchor: entry for anchor, entry in undecided.items() if anchor in result.matters}
            if not still or available <= result.left_over.keys():
                break
            # Whoever was joined is nobody else's any more: what that settles is settled
            # now, or the next run would decide otherwise over the same people.
            for anchor in still:
                del result.matters[anchor]
            undecided, available = still, available & result.left_over.keys()
        _ask_the_rest(group, at_first, everybody, result)


def _claims(
    entry: Unmatched,
    match_keys: Collection[MatchKey],
    owners: Mapping[_Value, list[HubKeys]],
    counts: Mapping[_Value, int],
    available: Collection[int],
) -> _Claims:
    claims = _Claims()
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


def _ask_the_rest(
    entries: Mapping[str, Unmatched], claims: Mapping[str, _Claims], everybody: Mapping[int, HubKeys], result: Matches
) -> None:
    """Let entries wait that a better claim on somebody who left has beaten: a person may yet refuse that one."""
    asked = {id_ for id_, _key in result.joined.values() if everybody[id_].left}
    asked |= {id_ for id_ in result.in_question() if everybody[id_].left}
    for anchor, entry in entries.items():
        if anchor not in result.joined and anchor not in result.matters:
            beaten = sorted(asked & claims[anchor].everybody())
            if beaten:
                _ask(entry, [everybody[id_] for id_ in beaten], MatterKind.MATCH_AMBIGUOUS, result)


def _ask_about_leavers(entries: Iterable[Unmatched], everybody: Mapping[int, HubKeys], result: Matches) -> None:
    """Propose what would have been joined of people who left (rules A7, C8); none of them is left over."""
    for entry in entries:
        joined, matter = result.joined.get(entry.anchor), result.matters.get(entry.anchor)
        if joined is not None and everybody[joined[0]].left:
            del result.joined[entry.anchor]
            _ask(entry, [everybody[joined[0]]], _kind_of(everybody[joined[0]]), result)
        elif matter is not None and matter.kind is MatterKind.MATCH_PROPOSED:
            (candidate,) = matter.candidates
            if everybody[candidate.employee_id].left:
                kind = _kind_of(everybody[candidate.employee_id])
                result.matters[entry.anchor] = replace(matter, kind=kind)
    result.left_over = {id_: each for id_, each in result.left_over.items() if not each.left}


def _ask_about_former(entries: Iterable[Unmatched], everybody: Mapping[int, HubKeys], result: Matches) -> None:
    """Ask about active entries that were, or were said to be, the account of somebody (rule A7).

    The old account may come back beside the new one: then nobody is created because of it.
    """
    joined = {id_ for id_, _key in result.joined.values()}
    for entry in entries:
        former = sorted(id_ for id_ in entry.former - entry.refused if id_ in everybody)
        if not former or not entry.active or entry.anchor in result.joined or entry.anchor in result.matters:
            continue
        employees = [everybody[id_] for id_ in former]
        alone = len(employees) == 1 and employees[0].free_here and employees[0].id not in joined
        kind = _kind_of(employees[0]) if alone else MatterKind.MATCH_TWICE
        _ask(entry, employees, kind, result)


def _kind_of(employee: HubKeys) -> MatterKind:
    return MatterKind.MATCH_REHIRED if employee.archived else MatterKind.MATCH_RECREATED


def _decide(entries: Mapping[str, Unmatched], claims: Mapping[str, _Claims], result: Matches) -> None:
    """Carry out A3 and A4 for one group of entries, the strongest claims first."""
    strong = _strong(claims)
    for anchor, employee_id in strong.items():
        _join(result, anchor, employee_id, MatchKey.EMAIL)
    by_mail = set(strong.values())
    left = {anchor: claim.without(by_mail) for anchor, claim in claims.items() if anchor not in result.joined}

    clean: dict[int, list[str]] = defaultdict(list)
    doubtful: dict[int, list[str]] = defaultdict(list)
    open_conflicts: set[str] = set()
    for anchor, claim in left.items():
        only = claim.only()
        if only is None or any(key is MatchKey.EMAIL for key, _ids in claim.vague):
            open_conflicts.update([anchor] if claim.pointed else [])
        elif compare(entries[anchor].keys, result.left_over[only]).disagrees:
            doubtful[only].append(anchor)
        else:
            clean[only].append(anchor)

    disputed = {employee_id for anchor in open_conflicts for employee_id in left[anchor].pointed}
    for wanted, anchors in sorted(clean.items()):
        if len(anchors) == 1 and wanted not in disputed:
            _join(result, anchors[0], wanted, left[anchors[0]].pointed[wanted][0])
        else:
            open_conflicts.update(anchors)
            disputed.add(wanted)
    for wanted, anchors in sorted(doubtful.items()):
        if wanted not in result.left_over:
            continue  # somebody with a better claim was joined: no claim is left
        if len(anchors) == 1 and wanted not in disputed:
            _propose(entries[anchors[0]], [wanted], MatterKind.MATCH_PROPOSED, result)
        else:
            open_conflicts.update(anchors)
    taken = set(claims_ids(claims)) - set(result.left_over)
    for anchor, claim in left.items():
        if anchor in open_conflicts:
            _propose(entries[anchor], sorted(claim.everybody()), MatterKind.MATCH_AMBIGUOUS, result)
        elif not claim.pointed and (still := claim.without(taken).everybody()):
            _propose(entries[anchor], sorted(still), MatterKind.MATCH_AMBIGUOUS, result)


def claims_ids(claims: Mapping[str, _Claims]) -> set[int]:
    """Every employee whom any of the claims names."""
    return {employee_id for claim in claims.values() for employee_id in claim.everybody()}


def _strong(claims: Mapping[str, _Claims]) -> dict[str, int]:
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


def _join(result: Matches, anchor: str, employee_id: int, key: MatchKey) -> None:
    result.joined[anchor] = (employee_id, key)
    del result.left_over[employee_id]


def _propose(entry: Unmatched, employee_ids: Iterable[int], kind: MatterKind, result: Matches) -> None:
    _ask(entry, [result.left_over[id_] for id_ in employee_ids if id_ in result.left_over], kind, result)


def _ask(entry: Unmatched, employees: Iterable[HubKeys], kind: MatterKind, result: Matches) -> None:
    candidates = tuple(compare(entry.keys, employee) for employee in employees)
    result.matters[entry.anchor] = Matter(kind=kind, remote=entry.keys.name, candidates=candidates)


def near_matches(*, entries: Iterable[Unmatched], matches: Matches) -> None:
    """Propose entries that no key ties to anybody but whose name resembles a left-over employee's (rule A5).

    `entries` are those that would otherwise be created; their matters are added
    to `matches`.
    """
    if not matches.left_over:
        return
    index = NameIndex((employee.id, employee.name) for employee in matches.left_over.values())
    for entry in entries:
        similar = [id_ for id_ in index.similar(entry.keys.name) if id_ not in entry.refused]
        if similar:
            _propose(entry, sorted(similar), MatterKind.MATCH_SIMILAR, matches)
