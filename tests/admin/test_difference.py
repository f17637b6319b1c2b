"""What differs between two values is marked, and nothing of a value becomes HTML."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.views.difference import LONGEST, marked

CASES = {
    # id                 before             after                expected
    "one_word":        ("Sales manager",   "Sales director",    ("Sales <del>manager</del>", "Sales <ins>director</ins>")),
    "one_digit":       ("215",             "216",               ("21<del>5</del>", "21<ins>6</ins>")),
    "last_letter":     ("Анна Петров",     "Анна Петрова",      ("Анна Петров", "Анна Петров<ins>а</ins>")),
    "word_added":      ("Anna Petrova",    "Anna Maria Petrova", ("Anna Petrova", "Anna <ins>Maria </ins>Petrova")),
    "nothing_alike":   ("101",             "222",               ("<del>101</del>", "<ins>222</ins>")),
    "html":            ("<b>",             "<i>",               ("&lt;<del>b</del>&gt;", "&lt;<ins>i</ins>&gt;")),
    "too_long":        ("a" * 301,         "a",                 (f"<del>{'a' * 301}</del>", "<ins>a</ins>")),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=CASES)
def test_difference_is_marked(before: str, after: str, expected: tuple[str, str]) -> None:
    assert marked(before, after) == expected


@given(st.text("ab <&>0é", max_size=LONGEST), st.text("ab <&>0é", max_size=LONGEST))
def test_nothing_of_a_value_is_lost_and_equal_values_have_no_mark(before: str, after: str) -> None:
    old, new = marked(before, after)

    for shown, value in ((old, before), (new, after)):
        bare = re.sub("</?(?:del|ins)>", "", shown)
        assert bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == value
    if before == after != "":
        assert "<del>" not in old
        assert "<ins>" not in new
