"""Names that may mean one person although they differ (rules A3, A5)."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from syncapp.core.normalise import fold
from syncapp.core.transliteration import skeleton

# A word, hyphenated names in two, with the dot that makes an abbreviation of it.
_TOKEN = re.compile(r"((?:[^\W_]|['’‘ʼʹ`´\u0300-\u036f])+)(\.?)")
# The index keeps a hash in the high bits and a position in the low ones.
_HASH = 0xFFFF_FFFF_FF00_0000
_POSITION = 0x00FF_FFFF


class NameParts(NamedTuple):
    """A name taken apart: skeletons of its whole words, and first sounds of its initials."""

    words: tuple[str, ...]
    initials: tuple[str, ...]

    @property
    def size(self) -> int:
        return len(self.words) + len(self.initials)


def take_apart(name: str) -> NameParts:
    """Take a name apart into whole words and initials, Latin and Cyrillic evened out."""
    words, initials = [], []
    for word, dot in _TOKEN.findall(fold(name)):
        sounds = skeleton(word)
        if not sounds:
            continue
        # One letter, or Yu., Sh. and their like. A single sign without case is a whole word: 王.
        if (len(word) == 1 and word.upper() != word) or (dot and len(sounds) <= 2):
            initials.append(sounds[0])
        else:
            words.append(sounds)
    return NameParts(tuple(words), tuple(initials))


def words_in_common(a: str, b: str) -> bool:
    """Whether two names share a whole word, or are initials and equal (rule A3)."""
    one, other = take_apart(a), take_apart(b)
    if not one.words and not other.words:
        return one.size > 0 and sorted(one.initials) == sorted(other.initials)
    return not set(one.words).isdisjoint(other.words)


def resembles(a: NameParts, b: NameParts) -> bool:
    """Whether every part of one name has its counterpart in the other (rule A5).

    Two parts at least, one of them a whole word on both sides; an initial stands
    for a word or an initial that begins alike. Equal names resemble each other.
    """
    shorter, longer = (a, b) if a.size <= b.size else (b, a)
    if shorter.size < 2:
        return False
    words, initials = list(longer.words), list(longer.initials)
    abbreviated = []  # whole words that only an initial of the longer name can stand for
    for word in shorter.words:
        if word in words:
            words.remove(word)
        else:
            abbreviated.append(word[0])
    if len(abbreviated) == len(shorter.words):
        return False
    for first in abbreviated:
        if first not in initials:
            return False
        initials.remove(first)
    firsts = [word[0] for word in words] + initials
    for first in shorter.initials:
        if first not in firsts:
            return False
        firsts.remove(first)
    return True


class NameIndex:
    """Finds, among many names, those that resemble a given one.

    Two names that resemble each other share a whole word and, besides, either
    another whole word, or a word on one side that begins like an initial on the
    other, or an initial. Names are indexed by these pairs, as sorted hashes with
    the name's position: 8 bytes for each, and few names to look at for each query.
    """

    def __init__(self, names: Iterable[tuple[int, str]]) -> None:
        self._ids: list[int] = []
        self._parts: list[NameParts] = []
        entries: list[int] = []
        for position, (id_, name) in enumerate(names):
            parts = take_apart(name)
            self._ids.append(id_)
            self._parts.append(parts)
            entries += [hash(key) & _HASH | position for key in _index_keys(parts)]
        entries.sort()
        self._entries = array("Q", entries)

    def similar(self, name: str) -> tuple[int, ...]:
        """Ids whose name resembles this one, sorted. A single word resembles nobody."""
        parts = take_apart(name)
        positions = {position for key in _query_keys(parts) for position in self._positions(key)}
        return tuple(sorted(self._ids[position] for position in positions if resembles(parts, self._parts[position])))

    def _positions(self, key: str) -> Iterator[int]:
        wanted = hash(key) & _HASH
        for index in range(bisect_left(self._entries, wanted), len(self._entries)):
            entry = self._entries[index]
            if entry & _HASH != wanted:
                return
            yield entry & _POSITION


def _index_keys(parts: NameParts) -> set[str]:
    return _shared_keys(parts) | {f"{word} {other[0]}~" for word, other in _pairs(parts.words)}


def _query_keys(parts: NameParts) -> set[str]:
    """What is looked up: an initial also as the beginning of a word, a word also as an initial."""
    abbreviated = {f"{word} {other[0]}." for word, other in _pairs(parts.words)}
    written_out = {f"{word} {first}~" for word in parts.words for first in parts.initials}
    return _shared_keys(parts) | abbreviated | written_out


def _shared_keys(parts: NameParts) -> set[str]:
    """Both words of each pair, and each word with each initial."""
    both = {f"{word} {other}" for word, other in _pairs(parts.words) if word <= other}
    return both | {f"{word} {first}." for word in parts.words for first in parts.initials}


def _pairs(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for index, word in enumerate(words):
        for other_index, other in enumerate(words):
            if index != other_index:
                yield word, other
