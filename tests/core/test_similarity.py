"""Names that may mean one person (rules A3, A5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncapp.core.similarity import NameIndex, resembles, take_apart, words_in_common
from syncapp.core.transliteration import skeleton

SPELLINGS = {
    "Щукин": "Shchukin Schukin",
    "Юрий": "Yuri Yuriy Yury Iurii Jurij",
    "Яна": "Yana Jana Iana",
    "Хабаров": "Khabarov Habarov",
    "Исхаков": "Iskhakov",
    "Цветков": "Tsvetkov Cvetkov",
    "Цхакая": "Tskhakaya",
    "Жуков": "Zhukov Žukov",
    "Семён": "Semyon Semen",
    "Эдуард": "Eduard",
    "Дмитрий": "Dmitry Dmitri Dmitriy Dmitrii",
    "Александр": "Alexander Aleksandr Alexandr",
    "Ксения": "Xenia Kseniya Ksenia",
    "Васильев": "Vasiliev Vasilyev Vasilev",
    "Геннадий": "Gennady Genadi",
    "Чайковский": "Tchaikovsky Chaykovskiy Čajkovskij",
    "Пётр": "Petr Pyotr Peter",
    "Соловьёв": "Solovyov Soloviev Solovyev",
    "Евгений": "Evgeny Yevgeny Evgenii",
    "Илья": "Ilya Il'ya Il’ya Ilia",
    "Объедков": "Obyedkov Obedkov",
    "Достоевский": "Dostoyevsky Dostoevsky",
    "Виктор": "Victor Viktor",
    "Владимир": "Wladimir Vladimir",
    "Хрущёв": "Khrushchev Khrushchyov",
}


@pytest.mark.parametrize(
    ("cyrillic", "latin"), [(cyrillic, latin) for cyrillic, many in SPELLINGS.items() for latin in many.split()]
)
def test_skeleton_is_one_for_all_transliterations(cyrillic: str, latin: str) -> None:
    assert skeleton(cyrillic.casefold()) == skeleton(latin.casefold())


def test_skeleton_tells_different_names_apart() -> None:
    names = ["иванов", "петров", "сидоров", "жуков", "зуков", "щукин", "цукин", "чукин", "хукин"]

    assert len({skeleton(name) for name in names}) == len(names)


SIMILAR = {
    "equal_names": ("Иван Петров", "Иван Петров"),
    "other_order": ("Иван Петров", "Петров Иван"),
    "patronymic": ("Иван Петров", "Петров Иван Сергеевич"),
    "initial": ("И. Петров", "Иван Петров"),
    "initial_and_patronymic": ("Петров И.", "Петров Иван Сергеевич"),
    "two_initials": ("Petrov I.I.", "Иван Петров"),
    "two_initials_for_two_names": ("Петров И.С.", "Петров Иван Сергеевич"),
    "initials_on_both_sides": ("Петров И.", "Petrov I.S."),
    "initial_of_two_letters": ("Yu. Petrov", "Петров Юрий"),
    "latin_and_cyrillic": ("Yuri Shchukin", "Щукин Юрий"),
    "latin_and_cyrillic_with_patronymic": ("Dmitry Tchaikovsky", "Чайковский Дмитрий Алексеевич"),
    "half_of_a_double_name": ("Анна Петрова", "Анна Петрова-Водкина"),
    "apostrophe": ("Pat O'Brien", "Pat O’Brien"),
    "title_before_the_name": ("Dr. Ivan Petrov", "Иван Петров"),
    "signs_without_case": ("王 伟", "王 伟"),
}
DIFFERENT = {
    "single_word": ("Иван", "Иван Петров"),
    "equal_single_words": ("Касса", "Касса"),
    "only_one_word_shared": ("Иван Петров", "Иван Сидоров"),
    "only_initials": ("И. П.", "Иван Петров"),
    "other_initial": ("С. Петров", "Иван Петров"),
    "second_initial_fits_nobody": ("Петров И.И.", "Петров Иван Сергеевич"),
    "one_initial_for_two_words": ("Петров И.", "Сидоров Иван Петрович"),
    "two_patronymics": ("Петров Иван Сергеевич", "Петров Иван Андреевич"),
    "no_words_at_all": ("", ""),
}


@pytest.mark.parametrize(("one", "other"), SIMILAR.values(), ids=SIMILAR.keys())
def test_index_finds_a_similar_name(one: str, other: str) -> None:
    assert NameIndex([(7, other)]).similar(one) == (7,)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_index_does_not_find_a_different_name(one: str, other: str) -> None:
    assert NameIndex([(7, other)]).similar(one) == ()


# Few words and letters, so that chance meets all kinds of agreement.
WORDS = ["Иван", "Ivan", "Игорь", "Петров", "Petrov", "Петрович", "И.", "П.", "I.", "Юлия", "Yu.", "Ян", "Анна-Мария"]
names = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)


@given(names, names)
def test_similarity_is_symmetric(one: str, other: str) -> None:
    assert NameIndex([(1, one)]).similar(other) == NameIndex([(1, other)]).similar(one)


@given(st.lists(names, max_size=12), names)
def test_index_finds_what_comparing_everybody_finds(everybody: list[str], name: str) -> None:
    found = NameIndex(enumerate(everybody)).similar(name)

    assert found == tuple(id_ for id_, other in enumerate(everybody) if resembles(take_apart(name), take_apart(other)))


@given(st.text(max_size=30))
def test_index_takes_any_text(text: str) -> None:
    assert NameIndex([(1, text)]).similar(text) in ((), (1,))


COMMON = {
    # id: one, other, whether they agree
    "same_surname": ("Иван Петров", "Анна Петров", True),
    "latin_and_cyrillic": ("Petrov Ivan", "Иван Сидоров", True),
    "nothing_shared": ("Иван Петров", "Meeting room", False),
    "an_initial_is_no_word": ("И. Петров", "И. Сидоров", False),
    "only_initials_and_equal": ("И. П.", "П. И.", True),
    "one_is_empty": ("", "Иван Петров", False),
    "both_are_empty": ("", "", False),
    "half_of_a_double_name": ("Анна-Мария Шмидт", "Мария Кузнецова", True),
}


@pytest.mark.parametrize(("one", "other", "agree"), COMMON.values(), ids=COMMON.keys())
def test_words_in_common_says_whether_names_agree(one: str, other: str, agree: bool) -> None:
    assert words_in_common(one, other) is agree
    assert words_in_common(other, one) is agree
