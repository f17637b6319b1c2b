"""Who is whom: entries without a tie against employees without a record (rules A2 to A5, A7, C8).

The result does not depend on the order of entries or employees. Uniqueness is
counted over everybody known, tied or not, and never over who is left.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from syncapp.core.claims import (
    Claims,
    KeyValue,
    Unmatched,
    claims_of,
    compare,
    everybody_in,
    hub_value,
    joined_by_mail,
    key_values,
)
from syncapp.core.matters import EntryKeys, HubKeys, Matter
from syncapp.core.similarity import NameIndex
from syncapp.core.vocabulary import MatchKey, MatterKind


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
    owners: dict[KeyValue, list[HubKeys]] = defaultdict(list)
    for employee in everybody.values():
        for key in match_keys:
            value = (key, hub_value(employee, key))
            if value in wanted:
                owners[value].append(employee)
    active_counts: Counter[KeyValue] = Counter()
    all_counts: Counter[KeyValue] = Counter()
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
                anchor: claims_of(undecided[anchor], match_keys, owners, counts, available)
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


def _ask_the_rest(
    entries: Mapping[str, Unmatched], claims: Mapping[str, Claims], everybody: Mapping[int, HubKeys], result: Matches
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


def _decide(entries: Mapping[str, Unmatched], claims: Mapping[str, Claims], result: Matches) -> None:
    """Carry out A3 and A4 for one group of entries, the strongest claims first."""
    strong = joined_by_mail(claims)
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
    taken = set(everybody_in(claims)) - set(result.left_over)
    for anchor, claim in left.items():
        if anchor in open_conflicts:
            _propose(entries[anchor], sorted(claim.everybody()), MatterKind.MATCH_AMBIGUOUS, result)
        elif not claim.pointed and (still := claim.without(taken).everybody()):
            _propose(entries[anchor], sorted(still), MatterKind.MATCH_AMBIGUOUS, result)


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
