"""Compared forms (rule A2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.normalise import collapse, email_key, fold, name_key, name_words

NAMES = {
    # id: name, key
    "order_does_not_count": ("Петров Иван", "иван петров"),
    "case_does_not_count": ("ИВАН ПЕТРОВ", "иван петров"),
    "yo_is_ye": ("Пётр Королёв", "королев петр"),
    "white_space_is_evened_out": ("  Иван\u00a0\tПетров ", "иван петров"),
    "comma_and_dots_are_no_words": ("Петров, И. И.", "и и петров"),
    "hyphen_stays": ("Анна Петрова-Водкина", "анна петрова-водкина"),
    "typographic_hyphen_is_a_hyphen": ("Анна Петрова‑Водкина", "анна петрова-водкина"),
    "typographic_apostrophe_is_an_apostrophe": ("Pat O’Brien", "o'brien pat"),
    "apostrophe_that_counts_as_a_letter": ("Дем\u02bcян Солов\u02b9ев", "дем'ян солов'ев"),
    "stress_marks_vanish": ("Ива\u0301н Петров", "иван петров"),
    "decomposed_letters_are_composed": ("Андреи\u0306 Ле\u0308н", "андрей лен"),
    "sharp_s_is_two": ("Anna Groß", "anna gross"),
    "nothing_left": (" - ' ", ""),
}


@pytest.mark.parametrize(("name", "key"), NAMES.values(), ids=NAMES.keys())
def test_name_key_is_the_compared_form(name: str, key: str) -> None:
    assert name_key(name) == key


@given(
    st.lists(st.text(alphabet="abcабвгё-'", min_size=1, max_size=6), max_size=5).flatmap(
        lambda w: st.tuples(st.just(w), st.permutations(w))
    )
)
def test_name_key_is_independent_of_the_order_of_words(both: tuple[list[str], list[str]]) -> None:
    one, other = both

    assert name_key(" ".join(one)) == name_key(" ".join(other))


@given(st.text(max_size=40))
def test_fold_of_a_folded_text_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=40))
def test_collapse_leaves_no_white_space_to_collapse(text: str) -> None:
    collapsed = collapse(text)

    assert collapse(collapsed) == collapsed
    assert not any(sign.isspace() and sign != " " for sign in collapsed)


def test_name_words_keeps_their_order() -> None:
    assert name_words("Петров-Водкин, Кузьма С.") == ("петров-водкин", "кузьма", "с")


def test_email_key_folds_the_whole_address() -> None:
    assert email_key(" Anna.Smith@Corp.Example ") == "anna.smith@corp.example"
