"""What an unknown directory is, and how its people could be mapped; writes and stores nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from syncapp.core.account_state import account_state
from syncapp.core.composition import attributes_as_typed
from syncapp.core.options import FieldRule
from syncapp.core.proposal import (
    Candidate,
    ProposedLine,
    attributes_to_read,
    keep,
    measure,
    names_a_secret,
    propose,
    rules_to_try,
)
from syncapp.core.records import Message
from syncapp.core.vocabulary import ALL_FIELDS, TEXT_FIELDS, Field, State
from syncapp.directory.config import GENERIC
from syncapp.directory.connection import open_directory
from syncapp.directory.kinds import RootDse, profile_of
from syncapp.directory.sampling import Look, Person, count_everybody, count_pictures, knows, sample_people
from syncapp.directory.scope import people_filter
from syncapp.directory.search import read_bases
from syncapp.directory.survey import Directory
from syncapp.exceptions import SyncError

# What might tell people apart where no kind says it, the best first.
ANCHORS = (
    *("entryUUID", "nsUniqueId", "ipaUniqueID", "objectGUID", "GUID", "ibm-entryUuid"),
    *("employeeNumber", "employeeID", "uidNumber", "uid", "mail"),
)


class Feature(StrEnum):
    """What a server can do that matters here, as controls say that it names among those it supports."""

    PAGED = "1.2.840.113556.1.4.319"
    ASSERTION = "1.3.6.1.1.12"
    POST_READ = "1.3.6.1.1.13.2"
    SYNC = "1.3.6.1.4.1.4203.1.9.1.1"
    DIRSYNC = "1.2.840.113556.1.4.841"


@dataclass(frozen=True, slots=True)
class AnchorFound:
    """An attribute that may tell people apart: of the sample so many have it, with so many different values."""

    attribute: str
    people: int
    filled: int
    different: int
    several: int
    example: str

    @property
    def serves(self) -> bool:
        """Whether everybody has exactly one, and nobody another's."""
        return bool(self.people) and self.people == self.filled == self.different and not self.several


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out. `sample` people were looked at, `disabled` of them are switched off.

    `people`: in scope; at least so many unless `counted_all`. `problem`: why people could
    not be looked at, though the server answered. `anchors` only where the kind names none.
    """

    kind: str
    label: str
    uri: str
    base_dn: str
    naming_contexts: tuple[str, ...]
    filter: str
    features: Mapping[Feature, bool]
    lines: tuple[ProposedLine, ...] = ()
    anchors: tuple[AnchorFound, ...] = ()
    sample: int = 0
    disabled: int = 0
    people: int = 0
    counted_all: bool = True
    problem: Message | None = None
    notes: tuple[Message, ...] = ()


def discover(look: Look) -> Found:
    """Ask a directory what it is and how its people could be mapped; raise SyncError when it does not answer."""
    with open_directory(look.limited()) as directory:
        found = Found(
            kind=directory.kind,
            label=directory.profile.label,
            uri=directory.uri,
            base_dn=directory.base_dn,
            naming_contexts=directory.naming_contexts,
            filter=people_filter(look.config, directory.profile),
            features=features_of(directory.root_dse),
            notes=directory.notes,
        )
        tried = _rules(look, directory)
        try:
            return _with_people(look, directory, found, tried)
        except SyncError as error:
            lines = _lines(look, directory, tried, [], {})
            return replace(found, problem=Message(error.code, error.params), lines=lines)


def features_of(root_dse: RootDse) -> dict[Feature, bool]:
    """Tell which of the features a server names."""
    supported = {value.decode("ascii", "replace") for value in root_dse.get("supportedcontrol", ())}
    return {feature: feature.value in supported for feature in Feature}


Tried = list[tuple[FieldRule, bool]]


def _rules(look: Look, directory: Directory) -> Tried:
    own = [(rule, False) for rule in look.own]
    return [*own, *rules_to_try(look.usual(directory.kind), knows=knows(directory))]


def _with_people(look: Look, directory: Directory, found: Found, tried: Tried) -> Found:
    anchors = [name for name in ANCHORS if knows(directory)(name)] if directory.kind == GENERIC else []
    wanted = [*attributes_to_read([rule for rule, _ in tried]), *(name.lower() for name in anchors)]
    read_bases(directory, look.config)
    people, more = sample_people(look, directory, wanted)
    number, counted_all = (count_everybody(look, directory, at_least=len(people))) if more else (len(people), True)
    pictures = count_pictures(look, directory, [rule for rule, _ in tried], people)
    profile = directory.profile
    states = [
        account_state(profile.state_attributes, person.values, now=look.now, rule=profile.disabled_when)
        for person in people
    ]
    return replace(
        found,
        lines=_lines(look, directory, tried, people, pictures),
        anchors=tuple(_anchor(name, people) for name in anchors),
        sample=len(people),
        disabled=sum(state is not State.ACTIVE for state in states),
        people=number,
        counted_all=counted_all,
    )


def _lines(
    look: Look,
    directory: Directory,
    tried: Tried,
    people: Sequence[Person],
    pictures: Mapping[str, int | None],
) -> tuple[ProposedLine, ...]:
    values = [person.values for person in people]
    candidates: dict[Field, list[Candidate]] = {}
    for rule, at_need in tried:
        if rule.field in TEXT_FIELDS:
            found = measure(rule, values, region=look.region, at_need=at_need)
        else:
            count = pictures.get(rule.attribute)
            found = Candidate(rule, len(people), count, count or 0, count or 0, at_need=at_need)
        candidates.setdefault(rule.field, []).append(found)
    own = {rule.field for rule in look.own}
    return tuple(
        _judged(directory, *candidates[name]) if name in own else propose(candidates[name])
        for name in ALL_FIELDS
        if name in candidates
    )


def _judged(directory: Directory, own: Candidate, *others: Candidate) -> ProposedLine:
    """What becomes of a rule of somebody's own, beside what the field would have had."""
    line = keep(own, others)
    if names_a_secret(own.rule):
        return replace(line, reasons=(Message("proposal_secret", {"attribute": own.rule.attribute}),))
    unknown = [name for name in attributes_as_typed(own.rule.attribute) if not knows(directory)(name)]
    if not unknown:
        return line
    return replace(line, reasons=(Message("mapping_attribute_unknown", {"attributes": unknown}),))


def _anchor(attribute: str, people: Sequence[Person]) -> AnchorFound:
    decode = profile_of(GENERIC, anchor_attribute=attribute).decode_anchor
    values: set[str] = set()
    filled = several = 0
    example = ""
    for person in people:
        found = person.values.get(attribute.lower(), [])
        several += len(found) > 1
        try:
            anchor = decode(found[0])
        except (IndexError, ValueError):
            continue
        filled += 1
        values.add(anchor)
        example = example or anchor
    return AnchorFound(attribute, len(people), filled, len(values), several, example)
