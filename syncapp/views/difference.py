"""Two values side by side, with what differs marked: by lines, so that no colour is needed to see it."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Longer texts are marked as a whole: comparing takes the square of the length.
LONGEST = 300
# Words that have so much in common are compared sign by sign: 215 with 216, Petrov with Petrova.
ALIKE = 0.5
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")

_Parts = list[tuple[str, bool]]  # each with whether it differs


def marked(before: str, after: str) -> tuple[SafeString, SafeString]:
    """Return both values as HTML, the parts that only one of them has in `del` and `ins`."""
    old, new = _compared(before, after)
    return _html(old, "del"), _html(new, "ins")


def _compared(before: str, after: str) -> tuple[_Parts, _Parts]:
    if not before or not after or max(len(before), len(after)) > LONGEST:
        return [(before, True)], [(after, True)]
    old: _Parts = []
    new: _Parts = []
    for here, there, same in _pieces(_WORDS.findall(before), _WORDS.findall(after)):
        pieces = [(here, there, same)]
        if not same and SequenceMatcher(None, here, there, autojunk=False).ratio() >= ALIKE:
            pieces = _pieces(here, there)
        for left, right, equal in pieces:
            old += [(left, not equal)] if left else []
            new += [(right, not equal)] if right else []
    return old, new


def _pieces(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str, bool]]:
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [("".join(before[a:b]), "".join(after[c:d]), kind == "equal") for kind, a, b, c, d in steps]


def _html(parts: _Parts, tag: str) -> SafeString:
    tag_html = SafeString(tag)
    return format_html_join(
        "", "{}", ((format_html("<{0}>{1}</{0}>", tag_html, text) if differs else text,) for text, differs in parts)
    )
