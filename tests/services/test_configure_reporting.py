"""What configuring prints: one line for a section, one for each changed key."""

from typing import Any

import pytest
from django.utils import translation

from syncapp.core.records import Message
from syncapp.fields import Secret
from syncapp.services.configure import Change, PlacedMistake, SectionReport
from syncapp.services.configure.reporting import mistake_line, report_lines


def lines(*changes: Change, created: bool = False) -> list[str]:
    with translation.override("en"):
        return list(report_lines(SectionReport("directory", "Head office", created, changes)))


HEADS: dict[str, tuple[list[Change], bool, str]] = {
    "created": ([Change("rank", None, 1)], True, "directory “Head office”: created"),
    "updated": ([Change("rank", 1, 2)], False, "directory “Head office”: updated"),
    "unchanged": ([], False, "directory “Head office”: nothing changed"),
}


@pytest.mark.parametrize(("changes", "created", "expected"), HEADS.values(), ids=HEADS.keys())
def test_first_line_says_what_became_of_the_section(changes: list[Change], created: bool, expected: str) -> None:
    assert lines(*changes, created=created)[0] == expected


SHOWN: dict[str, tuple[Any, Any, str]] = {
    "new_text": (None, "ldaps", '"ldaps"'),
    "changed_text": ("", "Отдел", '"" -> "Отдел"'),
    "changed_truth_value": (True, False, "true -> false"),
    "changed_list": (["a"], ["a", "b"], '["a"] -> ["a", "b"]'),
    "taken_away": ({"attribute": "mail"}, None, '{"attribute": "mail"} -> none'),
    "line_break_cannot_forge_a_line": (None, "a\nb", '"a\\nb"'),
}


@pytest.mark.parametrize(("before", "after", "expected"), SHOWN.values(), ids=SHOWN.keys())
def test_changed_key_is_shown(before: Any, after: Any, expected: str) -> None:
    assert lines(Change("key", before, after))[1] == f"    key: {expected}"


def test_caution_is_a_line_of_its_own() -> None:
    caution = Message("mapping_reads_secrets", {"field": "sip_secret", "attribute": "pager"})

    with translation.override("en"):
        printed = list(report_lines(SectionReport("directory", "Head office", False, (), (caution,))))

    assert printed[1].startswith("    ! SIP secrets are read from “pager”")


@pytest.mark.promise(9)
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, "hunter2", "password set"),
        ("old", "hunter2", "password set"),
        ("hunter2", "", "password taken away"),
    ],
    ids=["new", "changed", "taken_away"],
)
def test_password_is_never_shown(before: str | None, after: str, expected: str) -> None:
    sealed = None if before is None else Secret.seal(before)

    assert lines(Change("bind_password", sealed, Secret.seal(after)))[1] == f"    bind_password: {expected}"


def test_mistake_begins_with_its_place() -> None:
    with translation.override("en"):
        line = mistake_line(PlacedMistake('directory "A", rank', Message("boolean_expected")))

    assert line == 'directory "A", rank: true or false belongs here, without quotation marks.'


def test_mistake_of_the_whole_file_has_no_place() -> None:
    with translation.override("en"):
        line = mistake_line(PlacedMistake("", Message("configuration_empty")))

    assert line.startswith("The file is empty.")
