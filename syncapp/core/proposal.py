"""Which attribute serves a field best, judged by a sample of people.

The usual mapping (rule B7) stands unless another attribute is clearly better: it
is what other systems read and write, too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from syncapp.core.composition import attributes_as_typed, attributes_of
from syncapp.core.converters import read_field
from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.core.telephones import is_mobile
from syncapp.core.vocabulary import TEXT_FIELDS, Direction, Field

Attributes = Mapping[str, list[bytes]]

EXAMPLES = 3
# Another attribute must serve so much of the people more than the usual one.
_CLEARLY = 10  # percent
# More foreign values than one in so many are worth a remark.
_FOREIGN_SHARE = 5

# Where else companies keep a field.
_ELSEWHERE: Mapping[Field, tuple[str, ...]] = {
    Field.NAME: ("displayName", "cn", "{givenName} {sn}"),
    Field.EXTENSION: ("ipPhone", "otherTelephone", "internationalISDNNumber", "pager"),
    Field.MOBILE: ("otherMobile",),
    Field.DEPARTMENT: ("department", "ou", "departmentNumber"),
    Field.PHOTO: ("thumbnailPhoto", "jpegPhoto"),
}
# Looked at only where nothing else has anything: each also holds what only looks like the field.
_AT_NEED: Mapping[Field, tuple[str, ...]] = {
    Field.EMAIL: ("userPrincipalName",),
    Field.EXTENSION: ("employeeNumber",),
    Field.MOBILE: ("homePhone", "telephoneNumber"),
    Field.DEPARTMENT: ("company", "o"),
}


# What may be typed as an attribute, and is shown to nobody.
_SECRETS = frozenset(
    {
        *("userpassword", "unicodepwd", "dbcspwd", "ntpwdhistory", "lmpwdhistory", "supplementalcredentials"),
        *("sambantpassword", "sambalmpassword", "ipanthash", "krbprincipalkey", "pwdhistory", "passwordhistory"),
        *("ms-mcs-admpwd", "mslaps-password", "ipatokenotpkey", "authpassword"),
    }
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the people of a sample have under one rule.

    `readable` people have a value that the field's converter reads, `fitting` one that
    looks like the field as well: a name of two words, a number of the mobile network.
    None of a figure that nobody counted. `at_need`: see above.
    """

    rule: FieldRule
    people: int
    filled: int | None
    readable: int
    fitting: int
    examples: tuple[str, ...] = ()
    foreign_example: str = ""
    at_need: bool = False

    @property
    def foreign(self) -> int:
        return (self.filled or 0) - self.readable


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """One field: the best rule, the others in whose attributes something stands, and why."""

    best: Candidate
    others: tuple[Candidate, ...]
    reasons: tuple[Message, ...]

    @property
    def field(self) -> Field:
        return self.best.rule.field


def rules_to_try(usual: Sequence[FieldRule], *, knows: Callable[[str], bool]) -> list[tuple[FieldRule, bool]]:
    """Return the rules of each field, the usual one first, each with whether it is for need alone.

    Left out is what the directory's schema does not know; a field of which nothing is
    left gets no rule.
    """
    found: list[tuple[FieldRule, bool]] = []
    for rule in usual:
        first = _known_part(rule, knows)
        names = [*([first.attribute] if first else []), *_ELSEWHERE.get(rule.field, ())]
        at_need = _AT_NEED.get(rule.field, ())
        for attribute in dict.fromkeys([*names, *at_need]):
            if all(knows(name) for name in attributes_as_typed(attribute)):
                found += [(each, attribute in at_need) for each in _rules_for(rule, attribute)]
    return found


def measure(rule: FieldRule, people: Sequence[Attributes], *, region: str, at_need: bool = False) -> Candidate:
    """Count how a text field is filled under a rule."""
    filled = readable = fitting = 0
    examples: dict[str, None] = {}
    foreign_example = ""
    for attributes in people:
        reading = read_field(rule, attributes, region=region)
        if not reading.values and not reading.foreign:
            continue
        filled += 1
        if not reading.values:
            foreign_example = foreign_example or reading.foreign[0]
            continue
        readable += 1
        fitting += any(_fits(rule.field, value) for value in reading.values)
        if len(examples) < EXAMPLES:
            examples[reading.values[0]] = None
    return Candidate(rule, len(people), filled, readable, fitting, tuple(examples), foreign_example, at_need)


def propose(candidates: Sequence[Candidate]) -> ProposedLine:
    """Choose among the candidates of one field, the usual one first."""
    by_attribute = _best_of_each(candidates)
    usual, *rest = by_attribute.values()
    in_need = not any(each.fitting for each in by_attribute.values() if not each.at_need)
    useful = [each for each in rest if in_need or not each.at_need]
    best = max([usual, *useful], key=lambda each: each.fitting)
    if (best.fitting - usual.fitting) * 100 < usual.people * _CLEARLY:
        best = usual
    return ProposedLine(best, _others(best, candidates), tuple(_reasons(best, candidates[0])))


def keep(own: Candidate, others: Sequence[Candidate]) -> ProposedLine:
    """Leave a field the rule that somebody chose; what others would bring is told beside it."""
    return ProposedLine(own, _others(own, others), tuple(_reasons(own, own)))


def _best_of_each(candidates: Sequence[Candidate]) -> dict[str, Candidate]:
    """Of several patterns for one attribute the first that reads most."""
    found: dict[str, Candidate] = {}
    for each in candidates:
        if each.fitting > found.setdefault(each.rule.attribute, each).fitting:
            found[each.rule.attribute] = each
    return found


def _others(best: Candidate, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    filled = [each for each in _best_of_each(candidates).values() if each.filled]
    others = [each for each in filled if each.rule.attribute != best.rule.attribute]
    return tuple(sorted(others, key=lambda each: -each.fitting))


def attributes_to_read(rules: Sequence[FieldRule]) -> list[str]:
    """Lower-cased names of all attributes of the text fields: neither pictures nor secrets are read."""
    wanted = {name for rule in rules if rule.field in TEXT_FIELDS for name in attributes_of(rule.attribute)}
    return sorted(wanted - _SECRETS)


def names_a_secret(rule: FieldRule) -> bool:
    """Whether a rule would show passwords or their hashes as examples (promise 9)."""
    return not _SECRETS.isdisjoint(attributes_of(rule.attribute))


def labelled(pattern: str) -> str:
    """Return the usual pattern of a whole value so that it also takes the extension behind a city number.

    `+7 495 123-45-67 доб. 215`, `(ext. 215)`, `#215`; '' where it is not of that form.
    """
    if not (pattern.startswith("^(") and pattern.endswith(")$")):
        return ""
    return rf"(?:^|(?i:доб[а-я]*|вн[а-я]*|ext[a-z]*|x)[.:]*\s*|#\s*){pattern[1:-1]}\)?$"


def _known_part(rule: FieldRule, knows: Callable[[str], bool]) -> FieldRule | None:
    """The usual `departmentNumber|ou` without what the directory does not know."""
    known = [name for name in attributes_as_typed(rule.attribute) if knows(name)]
    return replace(rule, attribute="|".join(known)) if known else None


def _rules_for(usual: FieldRule, attribute: str) -> list[FieldRule]:
    single = "|" not in attribute and "{" not in attribute
    own = attribute == usual.attribute or (single and attribute not in _AT_NEED.get(usual.field, ()))
    rule = replace(usual, attribute=attribute, direction=usual.direction if own else Direction.PULL)
    behind_a_number = labelled(usual.pattern) if usual.field is Field.EXTENSION else ""
    return [rule, replace(rule, pattern=behind_a_number)] if behind_a_number else [rule]


def _fits(field: Field, value: str) -> bool:
    if field is Field.NAME:
        return len(value.split()) > 1
    if field is Field.MOBILE:
        return is_mobile(value)
    if field is Field.DEPARTMENT:
        return any(sign.isalpha() for sign in value)
    return True


def _reasons(best: Candidate, usual: Candidate) -> list[Message]:
    attribute, field = best.rule.attribute, best.rule.field.value
    figures = {"attribute": attribute, "field": field, "people": best.people}
    if best.filled is None:
        return [Message("proposal_not_counted", figures)]
    if not best.filled:
        return [Message("proposal_empty", figures)]
    reasons = []
    counted = {**figures, "count": best.fitting, "usual": usual.rule.attribute, "usual_count": usual.fitting}
    if best.rule.attribute != usual.rule.attribute:
        reasons.append(Message(_BETTER.get(best.rule.field, "proposal_better"), counted))
    elif best.rule.pattern != usual.rule.pattern:
        reasons.append(Message("proposal_pattern", {**counted, "example": usual.foreign_example}))
    else:
        reasons.append(Message(_FITS.get(best.rule.field, "proposal_usual"), counted))
    if best.foreign * _FOREIGN_SHARE > best.filled:
        shown = {"foreign": best.foreign, "filled": best.filled, "example": best.foreign_example}
        reasons.append(Message("proposal_foreign", {**figures, **shown}))
    return reasons


_BETTER = {
    Field.NAME: "proposal_better_name",
    Field.EXTENSION: "proposal_better_extension",
    Field.MOBILE: "proposal_better_mobile",
    Field.PHOTO: "proposal_better_photo",
}
_FITS = {
    Field.NAME: "proposal_usual_name",
    Field.EXTENSION: "proposal_usual_extension",
    Field.MOBILE: "proposal_usual_mobile",
    Field.PHOTO: "proposal_usual_photo",
}
