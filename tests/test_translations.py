"""The catalogues: complete, correct, compiled and in step with the code. `make messages` repairs."""

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
import unfold
from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real

APP = settings.BASE_DIR / "syncapp"
LANGUAGES = ("ru", "en")
# What a catalogue is made from.
SOURCES = ("syncapp", "templates", "ldapsync_project", "deploy", "manage.py")


def catalogue(language: str, root: Path = settings.BASE_DIR) -> Path:
    return root / "syncapp" / "locale" / language / "LC_MESSAGES" / "django.po"


def tool(*words: str | Path, project: str = "ldapsync_project.settings", folder: Path | None = None) -> str:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": project}
    command = [str(word) for word in words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def texts(content: str) -> set[str]:
    """Return what is to be translated (context, singular, plural) of a catalogue, without its header."""
    blocks = (block.partition("\nmsgstr")[0] for block in content.split("\n\n"))
    entries = ("\n".join(line for line in block.splitlines() if not line.startswith("#")) for block in blocks)
    return {entry for entry in entries if entry not in ("", 'msgid ""')}


def test_every_text_is_russian_too() -> None:
    assert texts(tool("msgattrib", "--no-wrap", "--untranslated", "--no-obsolete", catalogue("ru"))) == set()


def test_every_plural_form_is_russian() -> None:
    # msgattrib is content with the first form.
    assert re.findall(r'^msgstr\[\d\] ""\n(?!")', catalogue("ru").read_text(encoding="utf-8"), re.MULTILINE) == []


def test_no_russian_text_is_a_guess() -> None:
    assert texts(tool("msgattrib", "--no-wrap", "--only-fuzzy", "--no-obsolete", catalogue("ru"))) == set()


TRANSLATES = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "npgettext"}


def calls_inside_f_strings(code: str) -> list[int]:
    """Lines where a text is translated inside an f-string: there gettext's tools do not see it, and nobody translates it."""
    return [
        call.lineno
        for string in ast.walk(ast.parse(code))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in TRANSLATES
    ]


def test_no_text_is_hidden_in_an_f_string() -> None:
    hidden = {
        str(file.relative_to(settings.BASE_DIR)): lines
        for file in sorted(APP.rglob("*.py"))
        if (lines := calls_inside_f_strings(file.read_text(encoding="utf-8")))
    }

    assert hidden == {}
    assert calls_inside_f_strings("f\"{_('no run')}\"") == [1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_agree(language: str) -> None:
    tool("msgfmt", "--check", "--output-file=/dev/null", catalogue(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalogue_is_up_to_date(language: str, tmp_path: Path) -> None:
    compiled = catalogue(language).with_suffix(".mo")

    tool("msgfmt", f"--output-file={tmp_path / 'now.mo'}", catalogue(language))

    assert tool("msgunfmt", compiled) == tool("msgunfmt", tmp_path / "now.mo")


@pytest.fixture(scope="module")
def made_anew(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, with the catalogues that they make."""
    folder = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        source = settings.BASE_DIR / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    tool(folder / "deploy" / "messages.sh", sys.executable)
    return folder


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_has_the_texts_of_the_code(language: str, made_anew: Path) -> None:
    kept, now = (
        texts(catalogue(language, root).read_text(encoding="utf-8")) for root in (settings.BASE_DIR, made_anew)
    )

    assert kept ^ now == set()


def compiled_texts(compiled: Path) -> dict[Any, str]:
    """Return what a compiled catalogue says: text, or text and number of the plural form, to translation."""
    with compiled.open("rb") as file:
        found: dict[Any, str] = vars(gettext.GNUTranslations(file))["_catalog"]
    return {key: text for key, text in found.items() if key}


def shown_texts() -> Any:
    """Return what Django shows in Russian, from the catalogues of all apps."""
    return vars(trans_real.DjangoTranslation("ru"))["_catalog"]


def test_our_russian_wins_over_that_of_other_apps() -> None:
    shown = shown_texts()

    ours = compiled_texts(catalogue("ru").with_suffix(".mo"))

    assert {key: shown.get(key) for key, text in ours.items() if shown.get(key) != text} == {}


def other_parts(folder: str, names: list[str]) -> Collection[str]:
    """Name the optional parts of the theme that are not installed here: `shutil.copytree` leaves them out."""
    if Path(folder).name != "contrib":
        return []
    return [name for name in names if f"unfold.contrib.{name}" not in settings.INSTALLED_APPS]


@pytest.fixture(scope="module")
def texts_of_the_theme(tmp_path_factory: pytest.TempPathFactory) -> set[Any]:
    """The texts of the theme's templates and code, as a catalogue that is loaded names them."""
    folder = tmp_path_factory.mktemp("theme")
    made = folder / "locale" / "ru" / "LC_MESSAGES" / "django.po"
    made.parent.mkdir(parents=True)
    shutil.copytree(Path(unfold.__file__).parent, folder / "theme", ignore=other_parts)
    tool(sys.executable, "-m", "django", "makemessages", "--locale=ru", project="", folder=folder)
    # A compiled catalogue has no text without a translation: each is given itself.
    tool("msgen", f"--output-file={folder / 'all.po'}", made)
    tool("msgfmt", f"--output-file={folder / 'all.mo'}", folder / "all.po")
    return {key for key in compiled_texts(folder / "all.mo") if not (isinstance(key, tuple) and key[1])}


def test_theme_is_russian_too(texts_of_the_theme: set[Any]) -> None:
    """It ships no translations; what Django does not say either stands in templates/unfold_texts.txt."""
    known = shown_texts()

    assert len(texts_of_the_theme) > 100
    assert {key for key in texts_of_the_theme if key not in known} == set()


@pytest.mark.xdist_group("language")
@pytest.mark.parametrize("time", ["first", "second"])
def test_every_test_begins_in_the_default_language(time: str) -> None:
    """Whichever was looked at before, in the same process."""
    assert translation.get_language() == settings.LANGUAGE_CODE

    translation.activate("ru")
