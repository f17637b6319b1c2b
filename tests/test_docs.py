"""What the program offers is in the README, and what the README offers is in the program."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from syncapp.services.configure.sections import MAPPING_KEYS, directory_readers, phone_system_readers, pool_readers

ROOT = settings.BASE_DIR
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = {
    path.stem for path in (ROOT / "syncapp" / "management" / "commands").glob("*.py") if not path.stem.startswith("_")
}
KEYS = {
    "[[number_pool]]": set(pool_readers()),
    "[[directory]]": set(directory_readers(Path())),
    "[[phone_system]]": set(phone_system_readers(Path())),
    "[[directory.mapping]]": set(MAPPING_KEYS),
}


def section(title: str) -> str:
    """Return the text below a heading, up to the next of the same or a higher level."""
    heading = re.search(rf"^(#+) {re.escape(title)}\s*$", README, re.MULTILINE)
    assert heading, f"README has no section {title}"
    rest = README[heading.end() :]
    following = re.search(rf"^#{{1,{len(heading[1])}}} ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


def first_column(table: str) -> set[str]:
    """Return what stands in code marks in the first column of the tables."""
    cells = re.findall(r"^\| (`[^|]*)\|", table, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def environment_names() -> set[str]:
    """Return every setting that is read from the environment: `env.bool("DEBUG", …)`, `_key("SECRET_KEY")`."""
    tree = ast.parse((ROOT / "ldapsync_project" / "settings.py").read_text(encoding="utf-8"))
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and (
            (
                isinstance(call.func, ast.Attribute)
                and isinstance(call.func.value, ast.Name)
                and call.func.value.id == "env"
            )
            or (isinstance(call.func, ast.Name) and call.func.id == "_key")
        )
    }


def test_settings_of_the_readme_are_those_of_the_program() -> None:
    described = {name for name in first_column(section("Settings")) if not name.startswith("syncapp.")}

    assert described == environment_names()


def test_checks_of_the_readme_are_those_of_the_program() -> None:
    checks = (ROOT / "syncapp" / "checks.py").read_text(encoding="utf-8")
    described = {name.removeprefix("syncapp.") for name in first_column(section("Settings")) if "." in name}

    assert described == set(re.findall(r"\b[EW]\d{3}\b", checks))


def test_settings_of_the_example_are_those_of_the_program() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert set(re.findall(r"^# ([A-Z_]+)=", example, re.MULTILINE)) == environment_names()


def test_no_value_of_the_example_has_a_comment_behind_it() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert re.findall(r"^# [A-Z_]+=.*#.*$", example, re.MULTILINE) == []


def test_commands_of_the_readme_are_those_of_the_program() -> None:
    assert set(re.findall(r"^### `([a-z_]+)", section("Commands"), re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_options_of_the_readme_are_those_of_the_command(command: str) -> None:
    heading = re.search(rf"^### `({command}[^`]*)`", README, re.MULTILINE)
    assert heading
    general = {option for action in BaseCommand().create_parser("", "")._actions for option in action.option_strings}
    actions = load_command_class("syncapp", command).create_parser("manage.py", command)._actions
    offered = {option for action in actions for option in action.option_strings} - general

    described = {option.partition(" ")[0] for option in first_column(section(f"`{heading[1]}`"))}

    assert described == offered


@pytest.mark.parametrize("title", KEYS)
def test_keys_of_the_readme_are_those_of_the_configuration_file(title: str) -> None:
    assert first_column(section(f"`{title}`")) == KEYS[title]


def test_make_targets_of_the_readme_are_those_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)) - {"help"}

    assert set(re.findall(r"`([a-z-]+)`", section("make").partition(":")[2])) == targets


@pytest.mark.parametrize(
    "page", ["README.md", "CHANGELOG.md", "docs/installation.md", "docs/decisions.md", "docs/performance.md"]
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)

    assert [
        target for target in targets if "://" not in target and not (ROOT / page).parent.joinpath(target).exists()
    ] == []


def test_contents_of_the_readme_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    }

    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= headings
