"""Sentences of codes."""

import pytest
from django.utils import translation

from syncapp.messages import render

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
