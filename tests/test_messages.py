"""Sentences of codes."""

import re
from collections import defaultdict

import pytest
from django.utils import translation

from syncapp.messages import limits, people, render, runs, writing
from syncapp.messages.naming import OF_PHONES

SAID = {
    "field_begins": ("en", "several_contents", {"field": "photo"}, "The domain has several values for photo."),
    "sentence_begins_with_the_field": (
        "en",
        "difference",
        {"field": "title", "local": "Chief", "remote": ""},
        "Job title differs: “Chief” here, “–” in the domain.",
    ),
}


@pytest.mark.parametrize(("language", "code", "params", "begins"), SAID.values(), ids=SAID.keys())
def test_render_puts_labels_into_sentences(language: str, code: str, params: dict[str, str], begins: str) -> None:
    with translation.override(language):
        assert render(code, params).startswith(begins)


SAID_OF_PHONES = {
    "sentence_begins_with_the_end": (
        "en",
        "number_claimed_twice",
        {"number": "215", "got": "216"},
        "The phone system says 215, but several entries claim that number.",
    ),
    "plural": (
        "en",
        "limit_written_back",
        {"count": 1, "recent": 0, "limit": 0, "tied": 4},
        "1 person would be changed in the phone system, 0 more",
    ),
    "russian_begins_with_the_end": (
        "ru",
        "several_contents",
        {"field": "photo"},
        "Станция хранит несколько значений поля «фото».",
    ),
    "russian_cases": (
        "ru",
        "decision_empty_number",
        {},
        "Внутреннего номера здесь нет, а со станции номера никогда не удаляются. Примите номер станции,",
    ),
}


@pytest.mark.parametrize(("language", "code", "params", "begins"), SAID_OF_PHONES.values(), ids=SAID_OF_PHONES.keys())
def test_render_calls_a_phone_system_so(language: str, code: str, params: dict[str, str], begins: str) -> None:
    with translation.override(language):
        assert render(code, params, OF_PHONES).startswith(begins)


def test_what_is_said_of_any_endpoint_leaves_its_name_open() -> None:
    """Runs of phone systems say these, too: whoever writes "the domain" into one means `%(in_it)s`."""
    templates = {**limits.TEMPLATES, **people.TEMPLATES, **runs.TEMPLATES, **writing.TEMPLATES}

    said = {code: str(template % defaultdict(int)) for code, template in templates.items()}

    assert {code: text for code, text in said.items() if re.search(r"\b(domain|PBX)\b", text)} == {}
