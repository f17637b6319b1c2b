"""Why so many at once? What the people of a held plan have in common, said as a question (rule E4)."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncapp.core.branches import Branch, branch_name, branch_of, common_branch
from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.core.vocabulary import Field

# A branch or department with fewer people says nothing when it empties.
GROUP_MINIMUM = 5
LEAVING = ("lost", "disabled")
# Settings that widen or narrow who is read, or who counts as active, each with what is said when it was changed.
SCOPE = {
    "base_dn": "cause_base_changed",
    "search_bases": "cause_bases_changed",
    "departments": "cause_departments_changed",
    "user_filter": "cause_filter_changed",
    "bind_dn": "cause_account_changed",
    "disabled_attribute": "cause_disabled_attribute_changed",
    "disabled_value": "cause_disabled_value_changed",
}


@dataclass(slots=True)
class Concerned:
    """The people of one kind of change, put together one by one; nothing of them but what they share is kept.

    `branch`: the innermost that holds all of them. `departments`: at most two, for two
    are no common one. `fields`: in how many of them each field is concerned.
    """

    count: int = 0
    branch: Branch = ()
    departments: set[str] = field(default_factory=set)
    fields: Counter[Field] = field(default_factory=Counter)

    def add(self, *, dn: str, department: str, fields: Collection[Field]) -> None:
        branch = branch_of(dn)
        self.branch = common_branch(self.branch, branch) if self.count else branch
        if len(self.departments) < 2:
            self.departments.add(department)
        for each in set(fields) if fields else ():
            self.fields[each] += 1
        self.count += 1

    @property
    def department(self) -> str:
        """The one that all of them have, or ''."""
        return next(iter(self.departments)) if len(self.departments) == 1 else ""


@dataclass(slots=True)
class Everybody:
    """All active people who were tied to the server before, counted by branch and department.

    `leaving` are those of them who would leave.
    """

    total: int = 0
    branches: Counter[Branch] = field(default_factory=Counter)
    departments: Counter[str] = field(default_factory=Counter)
    leaving_branches: Counter[Branch] = field(default_factory=Counter)
    leaving_departments: Counter[str] = field(default_factory=Counter)
    _names: dict[Branch, Branch] = field(default_factory=dict)  # folded to how it is spelled

    def add(self, *, dn: str, department: str, leaving: bool) -> None:
        branch = branch_of(dn)
        folded = _folded(branch)
        self.total += 1
        self.branches[folded] += 1
        self._names.setdefault(folded, branch)
        self.departments[department] += 1
        if leaving:
            self.leaving_branches[folded] += 1
            self.leaving_departments[department] += 1

    def within(self, branch: Branch) -> int:
        folded = _folded(branch)
        return sum(count for each, count in self.branches.items() if each[: len(folded)] == folded)

    def vanished(self) -> Iterator[tuple[str, int]]:
        """Yield branches and departments of five or more of which everybody would leave, the outermost alone."""
        total, leaving = _with_outer(self.branches), _with_outer(self.leaving_branches)
        whole = {branch for branch, count in leaving.items() if count == total[branch] >= GROUP_MINIMUM}
        for branch in sorted(whole):
            if branch[:-1] not in whole:
                yield branch_name(self._spelled(_innermost(branch, leaving))), leaving[branch]
        for department, count in sorted(self.departments.items()):
            if department and count >= GROUP_MINIMUM and self.leaving_departments[department] == count:
                yield department, count

    def _spelled(self, branch: Branch) -> Branch:
        return next(name[: len(branch)] for folded, name in self._names.items() if folded[: len(branch)] == branch)


def _folded(branch: Branch) -> Branch:
    return tuple(part.casefold() for part in branch)


def _with_outer(counts: Mapping[Branch, int]) -> Counter[Branch]:
    """Count for every branch who is anywhere below it."""
    below: Counter[Branch] = Counter()
    for branch, count in counts.items():
        for depth in range(1, len(branch) + 1):
            below[branch[:depth]] += count
    return below


def _innermost(branch: Branch, counts: Mapping[Branch, int]) -> Branch:
    """Follow a branch inwards as long as all its people are in one branch below: `dc=test` says less than the OU."""
    for inner in sorted(counts, key=len):
        if len(inner) == len(branch) + 1 and inner[:-1] == branch and counts[inner] == counts[branch]:
            branch = inner
    return branch


def vanished_groups(everybody: Everybody) -> list[Message]:
    """Hold when everybody of a search base, OU or department of five or more vanishes at once (rule E3)."""
    return [Message("group_vanished", {"group": name, "count": count}) for name, count in everybody.vanished()]


def likely_cause(
    kind: str, concerned: Concerned, *, everybody: Everybody, rules: Sequence[FieldRule], unfilled: Collection[Field]
) -> Message | None:
    """Say what all people of one kind of change have in common that others have not.

    `unfilled` are fields of which nobody in the directory has a value.
    """
    fields = [name for name, count in concerned.fields.items() if count == concerned.count]
    if kind in ("replaced", "emptied", "written_back", "renumbered") and len(fields) == 1:
        attribute = next((rule.attribute for rule in rules if rule.field is fields[0]), "")
        params: dict[str, Any] = {"count": concerned.count, "field": fields[0].value, "attribute": attribute}
        if kind == "emptied":
            return Message("cause_unreadable" if fields[0] in unfilled else "cause_emptied", params)
        return Message("cause_field", params)
    params = {"count": concerned.count}
    if concerned.branch and everybody.within(concerned.branch) < everybody.total:
        code = "cause_branch_left" if kind in LEAVING else "cause_branch"
        return Message(code, {**params, "branch": branch_name(concerned.branch)})
    if concerned.department and everybody.departments[concerned.department] < everybody.total:
        return Message("cause_department", {**params, "department": concerned.department})
    return None


def changed_scope(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Message]:
    """Say which settings of the scope are others than in the last run over everybody."""
    if not before:
        return []
    return [
        Message(code, {"before": before.get(name, ""), "after": now.get(name, "")})
        for name, code in SCOPE.items()
        if (before.get(name) or "") != (now.get(name) or "")  # an older run may not have kept it
    ]
