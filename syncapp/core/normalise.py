"""Compared forms of values (rule A2), and what a text may be at all."""

import re
import unicodedata

# Stress marks and the like, where no composed letter exists: people paste them along.
_MARKS = re.compile("[\u0300-\u036f]")
# Letters by their kind, and apostrophes all the same.
_ODD_LETTERS = re.compile("[ʼʹ]")
_NOT_A_WORD = re.compile(r"[^\w'-]+")
# One spelling of apostrophe and hyphen: word processors exchange them unasked.
_PUNCTUATION = str.maketrans({**dict.fromkeys("’‘ʼʹ`´", "'"), **dict.fromkeys("‐‑‒–—−", "-")})


def collapse(text: str) -> str:
    """NFC, without leading, trailing and repeated white space.

    Servers compare so but keep what was sent, so that two spellings of one value
    would otherwise be a difference in every run.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def fold(text: str) -> str:
    """Case-folded, ё as е, white space evened out: SQLite itself folds ASCII alone."""
    if text.isascii():
        return collapse(text).lower()
    # Folding may decompose (İ becomes two signs): composed again, or a second folding would differ.
    return unicodedata.normalize("NFC", collapse(text).casefold()).replace("ё", "е")


def name_words(name: str) -> tuple[str, ...]:
    """Folded words of a name, in their order, without punctuation around them."""
    folded = fold(name)
    if folded.replace(" ", "").isalpha() and not _ODD_LETTERS.search(folded):
        return tuple(folded.split())  # most names, without looking at every sign
    if not folded.isascii():
        folded = _MARKS.sub("", folded.translate(_PUNCTUATION))
    return tuple(word for word in (part.strip("'-_") for part in _NOT_A_WORD.split(folded)) if word)


def name_key(name: str) -> str:
    """Compared form of a name: folded words, sorted, for people write either order."""
    return " ".join(sorted(name_words(name)))


def email_key(email: str) -> str:
    """Compared form of an e-mail address."""
    return fold(email)
