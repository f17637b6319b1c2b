"""The grammar of a mapping's attribute: `mail`, `displayName|cn`, `{givenName} {sn}`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

# A name or an OID, perhaps with options (RFC 4512, section 2.5).
_NAME = r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*"
_ALTERNATIVES = re.compile(rf"\s*{_NAME}\s*(?:\|\s*{_NAME}\s*)*")
_PART = re.compile(r"\{\s*(" + _NAME + r")\s*\}")
# What touches the part before, what stands between, what touches the part after.
_AROUND_SPACE = re.compile(r"(\S*)(\s(?:.*\s)?)(\S*)", re.DOTALL)
# What separates parts and is left over at an end where a part is missing.
_SEPARATORS = " ,;:/|·–—-"


class AttributeGrammarError(ValueError):
    """The text is none of the three forms."""


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """A mapping's attribute, taken apart. `names` are lower-cased.

    Without `literals` the names are alternatives, of which the first that has a
    value serves; with them it is a composition: `literals` are the texts before,
    between and after the parts, always one more than `names`.
    """

    names: tuple[str, ...]
    literals: tuple[str, ...] = ()

    @property
    def composed(self) -> bool:
        return bool(self.literals)


@lru_cache(maxsize=1024)
def parse_attribute(attribute: str) -> AttributeSpec:
    """Take a mapping's attribute apart, or raise AttributeGrammarError."""
    names, literals = _names_and_literals(attribute)
    return AttributeSpec(tuple(name.lower() for name in names), literals)


def attributes_of(attribute: str) -> tuple[str, ...]:
    """Lower-cased names of the attributes that a mapping reads, each once, in their order."""
    return tuple(dict.fromkeys(parse_attribute(attribute).names))


def attributes_as_typed(attribute: str) -> tuple[str, ...]:
    """Return the same names in the mapping's own spelling: messages show what somebody typed."""
    names, _literals = _names_and_literals(attribute)
    return tuple(dict.fromkeys(names))


def _names_and_literals(attribute: str) -> tuple[list[str], tuple[str, ...]]:
    if "{" not in attribute and "}" not in attribute:
        if not _ALTERNATIVES.fullmatch(attribute):
            raise AttributeGrammarError(attribute)
        return [name.strip() for name in attribute.split("|")], ()
    pieces = _PART.split(attribute)
    literals, names = pieces[::2], pieces[1::2]
    if not names or any("{" in literal or "}" in literal for literal in literals):
        raise AttributeGrammarError(attribute)
    return names, tuple(literals)


def compose(spec: AttributeSpec, parts: Sequence[str]) -> str:
    """Put a composition together; a missing part vanishes with what stands around it.

    `parts` are the values of `spec.names`, '' where there is none. Signs that
    touch a part (a dot after initials, brackets) go with it, what stands between
    two parts goes with the second one that is missing.
    """
    before, after, between = _surroundings(spec.literals)
    composed, pending = "", ""
    for index, part in enumerate(parts):
        if part:
            composed += (pending if composed else "") + before[index] + part + after[index]
            pending = ""
        if not pending and index < len(between):
            pending = between[index]
    return composed if all(parts) else composed.strip(_SEPARATORS)


def _surroundings(literals: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Split each literal into what touches the part before it, what touches the next, and the rest."""
    before, after, between = [literals[0]], [], []
    for literal in literals[1:-1]:
        parted = _AROUND_SPACE.fullmatch(literal)
        touching_left, middle, touching_right = parted.groups() if parted else ("", literal, "")
        after.append(touching_left)
        between.append(middle)
        before.append(touching_right)
    return before, [*after, literals[-1]], between
